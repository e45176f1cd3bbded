"""Messages put together by hand, wrong ones included."""

from __future__ import annotations

from mailsync_tui.reading import Reading, read_message


def message(
    body: bytes | str = "text", type_: str = "text/plain; charset=utf-8", more: str = ""
) -> bytes:
    """A message of one part."""
    content = body.encode() if isinstance(body, str) else body
    return f"From: a@example.org\nContent-Type: {type_}\n{more}\n".encode() + content


def part(content: str, type_: str = "text/plain", more: str = "") -> str:
    """A part of a multipart."""
    return f"Content-Type: {type_}\n{more}\n{content}"


def multipart(*parts: str, subtype: str = "mixed", boundary: str = "b", more: str = "") -> str:
    """A multipart with its header."""
    body = "".join(f"--{boundary}\n{part_}\n" for part_ in parts)
    return (
        f'Content-Type: multipart/{subtype}; boundary="{boundary}"{more}\n\n{body}--{boundary}--\n'
    )


def read(raw: bytes | str) -> Reading:
    """Read a message."""
    return read_message(raw.encode() if isinstance(raw, str) else raw)


def lines(raw: bytes | str) -> list[str]:
    """The text of a message."""
    return list(read(raw).lines)


def html(body: str) -> list[str]:
    """The text of a message of HTML."""
    return lines(message(body, "text/html; charset=utf-8"))
