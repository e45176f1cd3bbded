"""A message as a person reads it, from its raw bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailsync_tui.reading.attachments import ATTACHMENTS_LISTED, Attachment, attachment_of
from mailsync_tui.reading.fields import FIELDS_READ, read_fields, shown_value
from mailsync_tui.reading.htmltext import HTML_READ, Links, write_text
from mailsync_tui.reading.mime import PARTS_READ, Part, Tree, parse
from mailsync_tui.reading.plaintext import flowed_lines, plain_lines, shown_line
from mailsync_tui.reading.selection import Selection, select
from mailsync_tui.reading.transfer import ENCODED, PLAIN, Decoder
from mailsync_tui.text.encoded_words import codec_of, text_of
from mailsync_tui.text.safe import safe_text

TEXT_SHOWN = 1_000_000
"""Characters of text that one message shows at most, line ends included."""

_MAIN_FIELDS = ("from", "to", "cc", "date", "subject", "message-id")
_INNER_FIELDS = _MAIN_FIELDS[:5]

_META_CHARSET = re.compile(rb"(?i)<meta[^>]{0,200}?charset\s*=\s*[\"']?([a-z0-9_:.-]{1,40})")


@dataclass(frozen=True, slots=True)
class Reading:
    """What is shown of a message: decoded, sanitised, never markup, in limits of its own."""

    headers: tuple[tuple[str, str], ...]
    """From, To, Cc, Date, Subject and Message-ID, in this order, as far as they are there; each
    as often as it is there."""
    other_headers: tuple[tuple[str, str], ...]
    """All other fields in the order of the message."""
    lines: tuple[str, ...]
    """The text, not wrapped; a line may be as long as all of it."""
    attachments: tuple[Attachment, ...]
    notes: tuple[str, ...]
    """Sentences about what is missing, guessed or not verified."""


def read_message(raw: bytes) -> Reading:
    """Read a message. Never raises, whatever the bytes; the work is limited whatever the size."""
    tree = parse(raw)
    selection = select(tree)
    writer = _Writer(tree)
    if tree.cut:
        writer.note(f"The message has more than {PARTS_READ:,} parts; the others were not read.")
    headers, others = _headers(writer)
    writer.write_all(selection)
    attachments = selection.attachments
    if len(attachments) > ATTACHMENTS_LISTED:
        writer.note(f"Only {ATTACHMENTS_LISTED:,} of {len(attachments):,} attachments are listed.")
    return Reading(
        headers=headers,
        other_headers=others,
        lines=tuple(writer.lines),
        attachments=tuple(
            attachment_of(tree, part, number)
            for number, part in enumerate(attachments[:ATTACHMENTS_LISTED], 1)
        ),
        notes=tuple(dict.fromkeys(writer.notes)),
    )


_Headers = tuple[tuple[str, str], ...]


def _headers(writer: _Writer) -> tuple[_Headers, _Headers]:
    """The main fields, and the others."""
    begin, end = writer.tree.root.header
    main: dict[str, list[tuple[str, str]]] = {name: [] for name in _MAIN_FIELDS}
    others: list[tuple[str, str]] = []
    for count, field in enumerate(read_fields(writer.tree.data[begin:end])):
        if count >= FIELDS_READ:
            writer.note(f"Only the first {FIELDS_READ:,} fields of the header are shown.")
            break
        shown = (safe_text(field.name, 100), shown_value(field))
        main.get(field.name.lower(), others).append(shown)
    return tuple(pair for found in main.values() for pair in found), tuple(others)


class _Writer:
    """Collects the lines of a message, and what is to be noted, until the limits are reached."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.lines: list[str] = []
        self.notes: list[str] = []
        self._room = TEXT_SHOWN
        self._html_room = HTML_READ
        self._links = Links()

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def write_all(self, selection: Selection) -> None:
        """Write all that is to be shown, and the list of links after it."""
        self.notes.extend(selection.notes)
        ended = False
        for kind, part in selection.shown:
            if self._room <= 0:
                break
            if kind == "end":
                ended = True
                continue
            self._separate()
            if kind == "message":
                self._write_heading(part)
            else:
                if ended:
                    self._write("---------- End of the attached message ----------")
                    self._separate()
                self._write_text(part)
            ended = False
        self._cut_blank_end()
        if not self.lines:
            self.note("The message holds no text.")
        if links := self._links.lines():
            self._separate()
            # They have a limit of their own: links of a text that was cut are shown too.
            self.lines.extend(links)

    def _separate(self) -> None:
        self._cut_blank_end()
        if self.lines:
            self._write("")

    def _cut_blank_end(self) -> None:
        while self.lines and not self.lines[-1]:
            self.lines.pop()

    def _write_heading(self, message: Part) -> None:
        """What a message within the message says about itself."""
        begin, end = message.children[0].header
        self._write("---------- Attached message ----------")
        for field in read_fields(self.tree.data[begin:end]):
            if field.name.lower() in _INNER_FIELDS:
                self._write(f"{field.name}: {shown_value(field)}")

    def _write_text(self, part: Part) -> None:
        if part.encoding not in PLAIN | ENCODED:
            encoding = safe_text(part.encoding, 40)
            self.note(f"The encoding {encoding} is not known; shown as it stands.")
        if part.type == "text/html":
            self._write_html(part)
            return
        # No charset takes more than four bytes for most of its characters.
        text = self._decoded(part, self._content(part, 4 * self._room + 4))
        lines: Iterable[str]
        if part.parameters.get("format", "").lower() == "flowed":
            delete_space = part.parameters.get("delsp", "").lower() == "yes"
            lines = flowed_lines(text, delete_space=delete_space)
        else:
            lines = plain_lines(text)
        for line in lines:
            if not self._write(line):
                break

    def _write_html(self, part: Part) -> None:
        content = self._content(part, self._html_room + 1)
        if len(content) > self._html_room:
            self.note(f"Only {HTML_READ:,} bytes of the HTML were read.")
        self._html_room = max(0, self._html_room - len(content))
        if not write_text(self._decoded(part, content), self._links, self._write):
            self.note("The HTML is damaged; it is shown as far as it could be read.")

    def _content(self, part: Part, limit: int) -> bytes:
        """At most ``limit`` decoded bytes."""
        decoder = Decoder(part.encoding)
        pieces: list[bytes] = []
        for piece in decoder.decode(self.tree.data, part.start, part.end):
            pieces.append(piece[:limit])
            limit -= len(pieces[-1])
            if limit <= 0:
                break
        if decoder.damaged:
            self.note("The encoding of the text is damaged; some of the text may be missing.")
        return b"".join(pieces)

    def _decoded(self, part: Part, content: bytes) -> str:
        charset = part.charset
        if not charset and part.type == "text/html":
            declared = _META_CHARSET.search(content, 0, 4096)
            charset = declared[1].decode("ascii").lower() if declared else ""
        if not charset:
            return text_of(content)
        codec = codec_of(charset) or codec_of(charset.removeprefix("x-"))
        if codec is not None:
            return content.decode(codec, "replace")
        text = text_of(content)
        if text.isascii():
            return text
        guess = "Latin-1" if len(text) == len(content) else "UTF-8"
        self.note(f"The charset {safe_text(charset, 40)} is not known; shown as {guess}.")
        return text

    def _write(self, line: str) -> bool:
        """Add one line; whether there is room for another."""
        if self._room <= 0:
            return False
        shown = shown_line(line[: self._room])
        if len(line) > self._room or len(shown) > self._room:
            shown = shown[: self._room]
            self._room = 0
        else:
            self._room -= len(shown) + 1
        if shown or self.lines:
            self.lines.append(shown)
        if self._room <= 0:
            self.note(f"The text was cut after {TEXT_SHOWN:,} characters.")
        return self._room > 0
