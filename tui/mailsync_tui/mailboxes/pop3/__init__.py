"""POP3 accounts (RFC 1939, 2449)."""
