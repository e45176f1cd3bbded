"""What a stranger may write, and a look at what is drawn of it."""

from __future__ import annotations

import re

from mailsync_tui.ui.app import MailsyncApp

MARKUP = "[/bold] [@click=app.quit]x[/] [#fff] [/"
ESCAPES = "\x1b]52;c;aGk=\x07 \x1b[38;5;201;6m \x9b31m \x90q\x9c \x7f\x08\x00"
BIDI = "\u202egnp.exe\u2066\u200f"
LONG = "W" * 10_000
NASTY = f"{MARKUP} {ESCAPES} {BIDI}"

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


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


def check(app: MailsyncApp, *, shows: str = MARKUP[:20]) -> None:
    """Nothing unsafe is drawn, no markup was obeyed, and what is nasty is there literally."""
    strips = app.screen._compositor.render_strips()
    drawn = "\n".join(strip.text for strip in strips)
    assert not _UNSAFE.search(drawn.replace("\n", "")), drawn
    assert shows in drawn, f"{type(app.screen).__name__}: {drawn}"
    for strip in strips:
        for segment in strip:
            assert segment.style is None or "@click" not in segment.style.meta
