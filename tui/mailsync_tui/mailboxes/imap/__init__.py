"""IMAP accounts (RFC 3501, 4315, 7162)."""
