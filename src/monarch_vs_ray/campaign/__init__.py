"""Campaigns: plan, schedule and run many experiments, and judge the claims that rest on them."""
