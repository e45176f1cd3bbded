"""What the widgets draw, as plain values."""
