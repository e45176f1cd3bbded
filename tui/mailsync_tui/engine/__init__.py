"""The engine: listings and ledger to a plan, and a plan to its outcome."""
