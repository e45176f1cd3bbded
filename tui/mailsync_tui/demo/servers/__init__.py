"""The mail servers of the demo, on loopback."""
