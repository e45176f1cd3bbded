"""The configuration as typed values."""
