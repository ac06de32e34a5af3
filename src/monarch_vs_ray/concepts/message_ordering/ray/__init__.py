"""Message ordering in Ray."""
