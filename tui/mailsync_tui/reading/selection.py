"""Which parts of a message are shown as its text, and which are listed as attachments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from mailsync_tui.reading.fields import main_value
from mailsync_tui.reading.mime import Part, Tree
from mailsync_tui.reading.transfer import Decoder
from mailsync_tui.text.encoded_words import text_of

_BLANK_READ = 1 << 16
"""Bytes of a part that are looked at to see whether it is blank."""

_REPORTS = frozenset(
    {
        "message/delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
        "message/global-delivery-status",
        "message/global-disposition-notification",
    }
)
"""Parts of a ``multipart/report`` that are lines of text (RFC 3464, 8098, 5965, 6533)."""

_DATA = frozenset(
    {
        "text/calendar",
        "text/css",
        "text/directory",
        "text/javascript",
        "text/richtext",
        "text/rtf",
        "text/vcard",
        "text/x-amp-html",
        "text/x-vcard",
    }
)
"""Text that is written for programs: listed, and shown only where there is nothing else."""

_PLAIN, _HOLDS_PLAIN, _HTML, _OTHER_TEXT, _NOTHING = range(5)
"""How well a part serves as the text of a ``multipart/alternative``, best first."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is done with the parts of one message, in their order."""

    shown: list[tuple[Literal["text", "message", "end"], Part]] = field(default_factory=list)
    """Parts with text; where a message within the message begins, and where it ends."""
    attachments: list[Part] = field(default_factory=list)
    """All that can be saved by itself; among them alternatives that are not shown."""
    notes: list[str] = field(default_factory=list)
    """What a person should know of the parts that are no text."""


def select(tree: Tree) -> Selection:
    """Decide for every part of a message. Takes time linear in the number of parts."""
    selection = Selection()
    ranks = _ranks(tree)
    todo: list[tuple[Part, bool] | Part] = [(tree.root, True)]
    """Parts that remain, each with whether it may be shown; or a message that ends here."""
    while todo:
        item = todo.pop()
        if isinstance(item, Part):
            selection.shown.append(("end", item))
            continue
        part, shown = item
        if part.is_multipart:
            selection.notes.extend(_notes(part))
            chosen = _chosen(part, ranks) if shown else []
            todo.extend((child, child in chosen) for child in reversed(part.children))
        elif part.is_message:
            selection.attachments.append(part)
            if shown:  # also what was forwarded as an attachment: it is there to be read
                selection.shown.append(("message", part))
                todo.extend((part, (part.children[0], True)))
        else:
            if part.start < part.end:
                selection.notes.extend(_notes(part))
            shown = shown and ranks[part] < _NOTHING
            if shown:
                selection.shown.append(("text", part))
            if part.filename or not (shown or _is_blank_text(tree.data, part)):
                selection.attachments.append(part)
    _show_something(selection, tree)
    return selection


def _show_something(selection: Selection, tree: Tree) -> None:
    """Show the first text for programs where there is none for people."""
    if any(kind == "text" for kind, _ in selection.shown):
        return
    for part in selection.attachments:
        if part.type in _DATA and part.disposition != "attachment":
            selection.shown.append(("text", part))
            if part is tree.root and not part.filename:
                selection.attachments.remove(part)
            return


def _chosen(part: Part, ranks: dict[Part, int]) -> list[Part]:
    """Those of its parts that may be shown."""
    if part.type == "multipart/alternative":
        return [min(part.children, key=ranks.__getitem__)]
    if part.type == "multipart/related":  # RFC 2387, 3.2: what the others belong to
        start = part.parameters.get("start")
        roots = (child for child in part.children if start and child.content_id == start)
        return [next(roots, part.children[0])]
    return part.children


def _ranks(tree: Tree) -> dict[Part, int]:
    """How well each part serves as text; a container as well as the best that it holds."""
    order = [tree.root]
    for part in order:  # it grows on the way: parents before their children
        order.extend(part.children)
    ranks: dict[Part, int] = {}
    for part in reversed(order):
        if not part.children:
            ranks[part] = _rank(tree.data, part)
        else:
            ranks[part] = max(_HOLDS_PLAIN, min(ranks[child] for child in part.children))
    return ranks


def _rank(data: bytes, part: Part) -> int:
    if part.disposition == "attachment" or part.type in _DATA:
        return _NOTHING
    if part.type == "text/html":
        return _HTML
    if part.type == "text/plain":
        return _OTHER_TEXT if _is_blank_text(data, part) else _PLAIN
    if part.type.startswith(("text/", "multipart/")) or part.type in _REPORTS:
        return _OTHER_TEXT
    return _NOTHING


def _is_blank_text(data: bytes, part: Part) -> bool:
    """Whether it is the empty text that programs put beside the parts that matter."""
    if part.type != "text/plain":
        return False
    end = min(part.end, part.start + _BLANK_READ)
    pieces = Decoder(part.encoding).decode(data, part.start, end)
    return not any(text_of(piece).strip() for piece in pieces)


def _notes(part: Part) -> Iterator[str]:
    protocol = main_value(part.parameters.get("protocol", ""))
    if part.type == "multipart/signed":
        how = " with S/MIME" if "pkcs7" in protocol else " with PGP" if "pgp" in protocol else ""
        yield f"Signed{how}; the signature was not verified."
    elif part.type == "multipart/encrypted":
        yield "Encrypted with PGP; it cannot be read here."
    elif part.type in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        if part.parameters.get("smime-type", "").startswith("signed"):
            yield "Signed with S/MIME as a whole; the text is inside the attachment."
        else:
            yield "Encrypted or signed with S/MIME; it cannot be read here."
    elif part.type.startswith("multipart/") and not part.children:
        yield "The boundary between the parts is missing; they are shown as they stand."
