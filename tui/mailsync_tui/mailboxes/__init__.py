"""Mailboxes: one protocol, and an adapter for each kind of server or store."""
