"""The stage: folds events into state, and shows the state; live and replay are the same code."""
