"""The embedded demo: real servers on loopback, filled with realistic mail."""
