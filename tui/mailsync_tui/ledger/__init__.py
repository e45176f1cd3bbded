"""The ledger: what was synchronised, and the journal of every action."""
