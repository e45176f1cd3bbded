"""Listings and ledger to a snapshot: what is new, absent, moved or doubtful."""
