"""The ledger: claims, checkers, verdicts and evidence; it reads histories and starts nothing."""
