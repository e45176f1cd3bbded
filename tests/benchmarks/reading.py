"""How long large and hostile messages take to read: ``python -m tests.benchmarks.reading``.

Prints seconds, the peak of what Python allocated, and what came of it, for each case.
"""

from __future__ import annotations

import base64
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

from mailsync_tui.reading import Reading, read_message, write_attachment
from tests.builders import one_part

MB = 1_000_000


def filled(unit: str, size: int = 5 * MB) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def mixed(parts: Iterator[str]) -> bytes:
    text = "".join(f"--b\n{part}\n" for part in parts)
    return one_part(f"{text}--b--\n", 'multipart/mixed; boundary="b"')


def nested(depth: int, *, closed: bool) -> bytes:
    opened = "".join(
        f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"
        for level in range(depth)
    )
    ends = "".join(f"\n--b{level}--\n" for level in reversed(range(depth))) if closed else ""
    return f"{opened}Content-Type: text/plain\n\ntext\n{ends}".encode()


def newsletter(size: int = 5 * MB) -> str:
    row = (
        '<tr><td style="font:12px Arial;color:#333" class="c1"><p>Hello <b>reader {n}</b>, see '
        '<a href="https://example.com/x?y={n}&amp;z=1">this &eacute; link</a><br>and more.</p>'
        '</td><td><img src="https://example.com/{n}.png" alt="picture {n}"></td></tr>\n'
    )
    rows = "".join(row.format(n=n) for n in range(size // len(row)))
    return f"<html><body><table>{rows}</table></body></html>"


HTML = {
    "newsletter": newsletter(),
    "tags, no text": filled('<td style="width:1px"></td>'),
    "<": filled("<"),
    "<b>": filled("<b>"),
    "<a ": filled("<a "),
    "<a href=x>": filled("<a href=x>"),
    "<a href=x> <br>": "<a href=x>" + filled(" <br>"),
    "<div>": filled("<div>"),
    "<font><p>": filled("<font><p>"),
    "<blockquote>": filled("<blockquote>"),
    "<ul><li>x": filled("<ul><li>x"),
    "<table><a>": filled("<table><a>"),
    "<!--": filled("<!--"),
    "&": filled("&"),
    "&amp;": filled("&amp;"),
    "attributes": "<a " + " ".join(f"a{n}=1" for n in range(500_000)) + ">x",
    "</scrip": "<script>" + filled("</scrip"),
    '<a href="': filled('<a href="'),
    "one word": filled("x"),
    "joiners": filled("\u200c", 5 * MB // 3),
    "blanks": filled(" ") + "x",
    "<pre> lines": "<pre>" + filled("\n"),
    "like a domain": filled('<a href="q">a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a-</a> '),
}

CASES: dict[str, Callable[[], bytes]] = {
    "plain, 5 MB": lambda: one_part(filled("An ordinary line of text, as people write it.\r\n")),
    "plain, empty lines": lambda: one_part(filled("\n")),
    "plain, one line": lambda: one_part(filled("x")),
    "plain, tabs": lambda: one_part(filled("\t")),
    "plain, CR": lambda: one_part(filled("\r") + "\n"),
    "plain, like delimiters": lambda: one_part(
        filled("--b-\n"), "multipart/mixed; boundary=b", "\n--b\n"
    ),
    "plain, controls": lambda: one_part(filled("\x1b[31m\u202e")),
    "plain, base64": lambda: one_part(
        base64.encodebytes(filled("Text. ").encode()), more="Content-Transfer-Encoding: base64\n"
    ),
    "plain, broken base64": lambda: one_part(
        filled("A=A"), more="Content-Transfer-Encoding: base64\n"
    ),
    "plain, =": lambda: one_part(filled("="), more="Content-Transfer-Encoding: quoted-printable\n"),
    "plain, = blank": lambda: one_part(
        filled("=" + " " * 999), more="Content-Transfer-Encoding: quoted-printable\n"
    ),
    "flowed, quoted": lambda: one_part(filled("> > text \n"), "text/plain; format=flowed"),
    "flowed, >": lambda: one_part(filled(">"), "text/plain; format=flowed"),
    "attachment, 50 MB": lambda: one_part(
        base64.encodebytes(bytes(50 * MB)),
        "application/pdf",
        "Content-Transfer-Encoding: base64\n",
    ),
    "3,000 texts": lambda: mixed(f"Content-Type: text/plain\n\npart {n}" for n in range(3000)),
    "3,000 HTML texts": lambda: mixed(
        f"Content-Type: text/html\n\n<p>part <b>{n}</b>" for n in range(3000)
    ),
    "3,000 attachments": lambda: mixed(
        f"Content-Type: image/png; name={n}.png\nContent-Transfer-Encoding: base64\n\nAAAA"
        for n in range(3000)
    ),
    "1,000,000 parts": lambda: mixed("" for _ in range(1_000_000)),
    "depth 100": lambda: nested(100, closed=True),
    "depth 10,000": lambda: nested(10_000, closed=True),
    "depth 10,000, open": lambda: nested(10_000, closed=False),
    "depth 10,000, messages": lambda: b"Content-Type: message/rfc822\n\n" * 10_000 + b"\nx",
    "headers without end": lambda: one_part("--b\nA: b\n" * 400_000, "multipart/mixed; boundary=b"),
    "header of 1 MB, one field": lambda: b"To: " + filled("a@example.org, ", MB).encode() + b"\n\n",
    "header of 1 MB, fields": lambda: b"X: y\n" * 200_000 + b"\n",
    "header of 1 MB, words": lambda: b"To: " + filled("=?q?q?q?= ", MB).encode() + b"\n\n",
    "header of 1 MB, parameters": lambda: (
        b'Content-Type: text/plain; a="' + filled(";a=\\", MB).encode() + b"\n\n"
    ),
    **{
        f"HTML, {name}": lambda body=body: one_part(body, "text/html; charset=utf-8")  # type: ignore[misc]
        for name, body in HTML.items()
    },
}


def measured(raw: bytes) -> tuple[float, Reading]:
    begin = time.perf_counter()
    reading = read_message(raw)
    return time.perf_counter() - begin, reading


def main(chosen: list[str]) -> None:
    print(f"{'case':34} {'MB':>5} {'s':>6} {'peak MB':>8}  lines, attachments, notes")
    for name, make in CASES.items():
        if chosen and not any(word in name for word in chosen):
            continue
        raw = make()
        seconds, reading = measured(raw)
        tracemalloc.start()
        read_message(raw)
        peak = tracemalloc.get_traced_memory()[1] / MB
        tracemalloc.stop()
        print(
            f"{name:34} {len(raw) / MB:5.1f} {seconds:6.2f} {peak:8.0f}  "
            f"{len(reading.lines):,}, {len(reading.attachments):,}, {list(reading.notes)}",
            flush=True,
        )
    raw = CASES["attachment, 50 MB"]()
    with tempfile.TemporaryDirectory() as directory:
        begin = time.perf_counter()
        write_attachment(raw, 1, Path(directory))
        seconds = time.perf_counter() - begin
        print(f"{'attachment, 50 MB, written':34} {len(raw) / MB:5.1f} {seconds:6.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
