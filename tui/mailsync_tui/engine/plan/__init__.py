"""A snapshot to a plan, purely."""
