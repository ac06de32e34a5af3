"""Supervision put to the test: who is notified, who decides, and what is left."""
