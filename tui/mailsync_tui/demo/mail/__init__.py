"""The mail of the demo."""
