"""What the advice rests on beyond the concepts, in Monarch."""
