"""Foreign bytes and text made safe to show."""
