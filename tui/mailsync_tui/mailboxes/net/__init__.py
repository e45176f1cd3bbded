"""Sockets, TLS, secrets and redaction that every wire protocol shares."""
