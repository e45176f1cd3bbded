"""Taking a password or token out of what a server says: careless ones repeat what they hear."""

from __future__ import annotations

import base64

from mailsync_tui.text.safe import safe_text

_PIECE = 6
"""Characters in a row that a text and a secret must share, so that they are taken out: a server
may have cut the line that it repeats anywhere."""
_MARK = "…"


class Hiding:
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
        # imaplib tells what it does not understand as Python writes bytes down.
        sent |= {repr(form.encode("utf-8", "replace"))[2:-1] for form in sent}
        self._forms = {_lower(form) for form in sent | set(map(safe_text, sent)) if form}

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
