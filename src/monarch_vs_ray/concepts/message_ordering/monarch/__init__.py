"""Message ordering in Monarch."""
