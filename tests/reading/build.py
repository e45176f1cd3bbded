"""Messages put together by hand, wrong ones included."""

from __future__ import annotations

from mailsync_tui.reading import Reading, read_message
from tests.builders import one_part


def read(raw: bytes | str) -> Reading:
    """Read a message."""
    return read_message(raw.encode() if isinstance(raw, str) else raw)


def lines(raw: bytes | str) -> list[str]:
    """The text of a message."""
    return list(read(raw).lines)


def html(body: str) -> list[str]:
    """The text of a message of HTML."""
    return lines(one_part(body, "text/html; charset=utf-8"))
