"""XOAUTH2: logging in with an OAuth 2 token instead of a password, over IMAP and POP3.

The client sends user and token in one answer. A server that refuses them says why in a challenge
of JSON, which the client answers by nothing; only then does the server refuse.
"""

from __future__ import annotations

import json

from mailsync_tui.mailboxes.net.redact import Hiding, xoauth2
from mailsync_tui.text.safe import safe_text

_TOLD = ("status", "error", "error_description", "scope", "schemes")
"""What servers tell in that JSON and a person can use, in this order."""
_LONGEST = 4096


class Exchange:
    """One log-in.

    Args:
        user: The name to log in with.
        token: The access token; it is not repeated in what :attr:`refusal` says.
    """

    def __init__(self, user: str, token: str) -> None:
        self._first: bytes | None = xoauth2(user, token).encode()
        self._hide = Hiding(user, token)
        self.refusal = ""
        """What the server told in its challenge, in words for a person; empty if nothing."""

    def answer(self, challenge: bytes) -> bytes:
        """What to send for a challenge, both without their base64."""
        first, self._first = self._first, None
        if first is not None:
            return first
        self.refusal = self._words(challenge)
        return b""

    def _words(self, challenge: bytes) -> str:
        try:
            told = json.loads(challenge[:_LONGEST])
        except (ValueError, RecursionError):
            told = challenge[:_LONGEST].decode("utf-8", "replace")
        if isinstance(told, dict):
            parts = [f"{key} {told[key]}" for key in _TOLD if isinstance(told.get(key), str | int)]
            told = ", ".join(parts)
        text = told if isinstance(told, str) else ""
        # A careless server may repeat what it was sent.
        return safe_text(self._hide(text), 200)
