"""What signs in to a server: asked for when it is needed, sent, and kept out of every text.

XOAUTH2 logs in with an OAuth 2 token instead of a password, over IMAP and POP3. The client sends
user and token in one answer; a server that refuses them says why in a challenge of JSON, which the
client answers by nothing; only then does the server refuse.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from mailsync_tui.config.secrets import resolve
from mailsync_tui.errors import SecretError, short
from mailsync_tui.mailboxes.base import Cancelled, LoginRefused

if TYPE_CHECKING:
    from mailsync_tui.config.model import MailboxConfig

_PIECE = 6
"""Characters in a row that a text and a secret must share, so that they are taken out: a server
may have cut the line that it repeats anywhere."""
_MARK = "…"
_STRAY = re.compile("[\ud800-\udfff]")
"""A byte of a secret that is no UTF-8, as Python keeps it."""
_SAID = ("status", "error", "error_description", "scope", "schemes")
"""What servers say in that JSON that a person can use, in this order."""
_LONGEST = 4096


def secret_of(config: MailboxConfig, cancelled: Cancelled) -> Callable[[], str]:
    """What gives a mailbox its password or token.

    Args:
        config: Says where it comes from.
        cancelled: Ends a command that is to print it.

    Returns:
        A function that raises :class:`LoginRefused` where there is none.
    """

    def secret() -> str:
        if config.secret is None:
            raise LoginRefused("no password is configured")
        try:
            return resolve(config.secret, config.name, cancelled=cancelled)
        except SecretError as error:
            raise LoginRefused(str(error)) from error

    return secret


class Redaction:
    """Masks one log-in's secret, in every form in which it goes over the wire.

    Args:
        user: The name that is logged in with.
        secret: The password or token.
    """

    def __init__(self, user: str, secret: str) -> None:
        sent = {
            secret,
            secret.replace("\\", "\\\\").replace('"', '\\"'),  # as a quoted string (RFC 9051, 9)
            *map(_base64, (secret, f"\0{user}\0{secret}", xoauth2(user, secret))),
        }
        # imaplib quotes what it does not understand as Python writes bytes down.
        sent |= {repr(form.encode("utf-8", "replace"))[2:-1] for form in sent}
        # Bytes that are no UTF-8 are read as such in what a server says.
        sent |= {_STRAY.sub("\ufffd", form) for form in sent}
        self._forms = {_lower(form) for form in sent if form}

    def __call__(self, text: str) -> str:
        """The text with a mark instead of each piece of the secret, whatever the case."""
        lower = _lower(text)
        masked: set[int] = set()
        for form in self._forms:
            size = min(_PIECE, len(form))
            pieces = {form[at : at + size] for at in range(len(form) - size + 1)}
            for at in range(len(lower) - size + 1):
                if lower[at : at + size] in pieces:
                    masked.update(range(at, at + size))
        if not masked:
            return text
        return "".join(
            letter if at not in masked else "" if at - 1 in masked else _MARK
            for at, letter in enumerate(text)
        )


def xoauth2(user: str, token: str) -> str:
    """What a client sends to log in by XOAUTH2, without its base64."""
    return f"user={user}\1auth=Bearer {token}\1\1"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


def _lower(text: str) -> str:
    """In lower case, every letter where it was."""
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


class Exchange:
    """One log-in.

    Args:
        user: The name to log in with.
        token: The access token; it is not repeated in what :attr:`refusal` says.
    """

    def __init__(self, user: str, token: str) -> None:
        self._first: bytes | None = xoauth2(user, token).encode()
        self._redact = Redaction(user, token)
        self.refusal = ""
        """What the server said in its challenge, in words for a person; empty if nothing."""

    def answer(self, challenge: bytes) -> bytes:
        """What to send for a challenge, both without their base64."""
        first, self._first = self._first, None
        if first is not None:
            return first
        self.refusal = self._words(challenge)
        return b""

    def _words(self, challenge: bytes) -> str:
        try:
            said = json.loads(challenge[:_LONGEST])
        except (ValueError, RecursionError):
            said = challenge[:_LONGEST].decode("utf-8", "replace")
        if isinstance(said, dict):
            parts = [f"{key} {said[key]}" for key in _SAID if isinstance(said.get(key), str | int)]
            said = ", ".join(parts)
        text = said if isinstance(said, str) else ""
        # A careless server may repeat what it was sent.
        return short(self._redact(text), 200)
