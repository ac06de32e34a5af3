"""The environment scripts, run for real against make-believe machines."""
