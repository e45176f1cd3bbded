"""Messages for the tests, put together by hand, wrong and hostile ones included."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

MARKUP = "[/bold] [@click=app.quit]x[/] [#fff] [/"
ESCAPES = "\x1b]52;c;aGk=\x07 \x1b[38;5;201;6m \x9b31m \x90q\x9c \x7f\x08\x00"
BIDI = "\u202egnp.exe\u2066\u200f"
LONG = "W" * 10_000
NASTY = f"{MARKUP} {ESCAPES} {BIDI}"
"""What a stranger may write."""

_SENT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def mail(
    n: object,
    body: str = "text",
    *,
    sender: str = "ann@example.org",
    message_id: bool = True,
    date: datetime = _SENT,
) -> bytes:
    """A small message; the same ``n`` gives the same headers."""
    ident = f"Message-ID: <m{n}@example.org>\r\n" if message_id else ""
    return (
        f"From: Ann <{sender}>\r\nTo: bob@example.org\r\nSubject: message {n}\r\n"
        f"Date: {format_datetime(date)}\r\n{ident}\r\n{body} {n}\r\n"
    ).encode()


def letter(number: int, body: bytes = b"Hello.\r\n") -> bytes:
    """A small message that ends with exactly this body; the next number is a second younger."""
    return (
        b"From: Ann <ann@example.org>\r\nTo: bob@example.org\r\n"
        b"Date: Thu, 1 Feb 2024 10:%02d:%02d +0000\r\n"
        b"Message-ID: <letter-%d@example.org>\r\nSubject: letter %d\r\n\r\n"
        % (number // 60 % 60, number % 60, number, number)
    ) + body


def maildir_mail(name: str, subject: str = "") -> bytes:
    """A small message with LF, as a Maildir has it."""
    return (
        f"Message-ID: <{name}@example.org>\nFrom: Ann <ann@example.org>\n"
        f"Date: Mon, 05 Jan 2026 10:00:00 +0000\nSubject: {subject or 'About ' + name}\n\n"
        f"Body of {name}.\n"
    ).encode()


def sized_mail(number: int, size: int = 900) -> bytes:
    """A message of about this size; the number is in its Message-ID and in its body."""
    head = (
        f"From: Ann Example <ann{number % 7}@example.org>\r\nTo: bob@example.com\r\n"
        f"Subject: message {number}\r\n"
        f"Date: Mon, 05 Jan 2026 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"
        f" +0000\r\nMessage-ID: <m{number}@e2e.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=us-ascii\r\n\r\n"
    )
    line = f"This is what message {number} says, and it says it again and again.\r\n"
    body = line * max(1, (size - len(head)) // len(line))
    return (head + body).encode()


def number_of(data: bytes) -> int:
    """Which :func:`sized_mail` it is."""
    start = data.index(b"Message-ID: <m") + len(b"Message-ID: <m")
    return int(data[start : data.index(b"@", start)])


def one_part(
    body: bytes | str = "text", type_: str = "text/plain; charset=utf-8", more: str = ""
) -> bytes:
    """A message of one part of this type."""
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


def nasty_mail(name: str, *, attachment: bool = True) -> bytes:
    """A message that is nasty in every field, in its text and in the name of what it brings."""
    nasty = NASTY.replace("\x00", "").encode()
    named = f'"{MARKUP} \x1b]52;c;aGk=\x07{BIDI}.pdf"'.encode()
    file = (
        b"--cut\r\nContent-Type: application/pdf; name=" + named + b"\r\n"
        b"Content-Disposition: attachment; filename=" + named + b"\r\n\r\nxyz\r\n"
    )
    html = b"<p>the-end \x1b]52;c;aGk=\x07&#27;]52;c;aGk= [@click=app.quit]x[/]</p><img src=http://x.example>"
    return (
        b"From: " + nasty + b" <" + name.encode() + b"@example.org>\r\nTo: " + nasty + b"\r\n"
        b"Subject: " + name.encode() + b" " + nasty + b"\r\n"
        b"Message-ID: <" + name.encode() + b"\x1b[31m@example.org>\r\n"
        b"Date: Mon, 05 Jan 2026 09:00:00 +0000\r\n"
        b"X-" + LONG[:900].encode() + b": " + LONG.encode() + nasty + b"\r\n"
        b"Content-Type: multipart/mixed; boundary=cut\r\n\r\n"
        b"--cut\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + NASTY.encode() + b"\r\n"
        b"" + LONG.encode() + b"\r\n--cut\r\nContent-Type: text/html\r\n\r\n" + html + b"\r\n"
        b"" + (file if attachment else b"") + b"--cut--\r\n"
    )
