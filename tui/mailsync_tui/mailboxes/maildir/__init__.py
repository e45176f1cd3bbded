"""Maildirs on the local disk."""
