"""mailsync-tui: one mailbox for all accounts, with deletions previewed and propagated."""

__version__ = "0.1.0"
