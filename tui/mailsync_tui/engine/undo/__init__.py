"""What an earlier run deleted, put back."""
