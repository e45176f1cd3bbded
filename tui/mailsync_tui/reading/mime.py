"""The parts of a message (RFC 2045, 2046), found in one pass over the bytes, without recursion.

The parser of the standard library calls itself for every level of nesting and looks through every
line once for each of them: mail that is nested a thousand deep, which anyone can send, makes it
raise, and less deep mail makes it slow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailsync_tui.reading.fields import main_value, parameters, read_fields
from mailsync_tui.reading.transfer import ENCODED

PARTS_READ = 10_000
"""Parts of one message that are read at most; what follows is reported as cut."""

_EMPTY_LINE = re.compile(rb"\n\r*\n")
_DELIMITER = re.compile(rb"\n--([^\n]*)")
_ANY_FIELD = re.compile(rb"\n[!-9;-~]+[ \t]*:")
# RFC 6838, 4.2; the asterisk is for "multipart/*", which some mail says.
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+*-]{1,80}\Z")

_MESSAGES = frozenset({"message/rfc822", "message/global"})


@dataclass(slots=True, eq=False)
class Part:
    """One node of the tree: a leaf with content, a multipart, or a message within the message."""

    type: str
    """The media type in lower case; ``text/plain`` where there is none or it is malformed."""
    parameters: dict[str, str]
    """Those of Content-Type; one character for each byte."""
    encoding: str
    """Content-Transfer-Encoding in lower case; empty if there is none."""
    disposition: str
    """Content-Disposition in lower case; empty if there is none."""
    filename: str | None
    """As the sender wrote it, one character for each byte, or decoded by RFC 2231."""
    content_id: str
    header: tuple[int, int]
    """Where its header stands in the bytes."""
    start: int
    """Where its content begins."""
    end: int
    """Where it ends, without the line end that belongs to the delimiter."""
    children: list[Part] = field(default_factory=list)
    """In their order; the one message of a ``message/rfc822``."""

    @property
    def is_multipart(self) -> bool:
        """Whether it holds other parts; not one whose boundary was never found."""
        return bool(self.children) and self.type.startswith("multipart/")

    @property
    def is_message(self) -> bool:
        """Whether it holds a message that was read as such."""
        return bool(self.children) and not self.type.startswith("multipart/")

    @property
    def charset(self) -> str:
        """The label of its charset in lower case; empty if there is none."""
        return self.parameters.get("charset", "").strip(" '\"").partition(" ")[0].lower()


@dataclass(frozen=True, slots=True)
class Tree:
    """A message that was read."""

    data: bytes
    """What the positions in the parts count in: the raw bytes between two more line ends, with LF
    for CR where there is no LF."""
    root: Part
    cut: bool
    """Whether there were more than :data:`PARTS_READ` parts."""


def parse(raw: bytes) -> Tree:
    """Find all parts of a message. Never raises; takes time linear in the size."""
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    return _Parser(b"\n" + raw + b"\n").parse()


class _Parser:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._end = len(data) - 1
        self._open: list[tuple[Part, bytes | None]] = []
        """Containers from the outside in, each with its boundary; a message has none."""
        self._boundaries: set[bytes] = set()
        self._empty_line = (-1, -1)
        """The last one found; it is looked for once, however many headers lack one."""

    def parse(self) -> Tree:
        part = root = self._entity(1, "text/plain")
        count, cut = 1, False
        while True:
            if part.type in _MESSAGES and part.encoding not in ENCODED:
                self._open.append((part, None))
                at: int | None = part.start
                default = "text/plain"
            else:
                self._enter_multipart(part)
                at = self._next_part(part)
                default = "text/plain"
                if at is not None and self._open[-1][0].type == "multipart/digest":
                    default = "message/rfc822"  # RFC 2046, 5.1.5
            cut = at is not None and count >= PARTS_READ
            if at is None or cut:
                break
            part = self._entity(at, default)
            self._open[-1][0].children.append(part)
            count += 1
        while self._open:
            self._leave(self._end)
        return Tree(self._data, root, cut=cut)

    def _entity(self, at: int, default: str) -> Part:
        """Read the header that begins at a line start; the content has no end as yet."""
        header_end, start = self._end_of_header(at)
        if header_end > at and not _ANY_FIELD.search(self._data, at - 1, header_end):
            header_end = start = at  # text without a header, as people write it by hand
        found: dict[str, str] = {}
        for name, value in read_fields(self._data[at:header_end]):
            if name[:8].lower() == "content-":
                found.setdefault(name[8:].lower(), value.decode("latin-1").strip())
        type_ = main_value(found.get("type", ""))
        disposition = found.get("disposition", "")
        parameters_ = parameters(found.get("type", ""))
        boundary = _boundary(parameters_)
        if type_.startswith("multipart/") and boundary:
            own = self._data.find(b"\n--" + boundary, at - 1, header_end)
            if own >= 0:  # the empty line after the header is missing
                header_end, start = max(at, own), own + 1
        return Part(
            # RFC 2045, 5.2: what is not understood is text.
            type=type_ if _TYPE.match(type_) else default if not type_ else "text/plain",
            parameters=parameters_,
            encoding=main_value(found.get("transfer-encoding", "")),
            disposition=main_value(disposition),
            filename=parameters(disposition).get("filename") or parameters_.get("name"),
            content_id=found.get("id", ""),
            header=(at, header_end),
            start=start,
            end=max(start, self._end),
        )

    def _end_of_header(self, at: int) -> tuple[int, int]:
        """Where the header ends, and where the content begins."""
        if self._empty_line[0] < at - 1:
            line = _EMPTY_LINE.search(self._data, at - 1)
            self._empty_line = line.span() if line else (self._end, self._end + 1)
        header_end, start = self._empty_line
        # A header that is never ended goes no further than to the next delimiter.
        if self._boundaries and (delimiter := self._delimiter(at, header_end)):
            return max(at, delimiter[0]), delimiter[0] + 1
        return max(at, header_end), start

    def _enter_multipart(self, part: Part) -> None:
        """Look for the boundary of this part from now on, if it is one that has parts."""
        # Its own transfer encoding does not count: none but the plain ones is allowed, and where
        # real mail names another, the parts are plain all the same (RFC 2045, 6.4).
        boundary = _boundary(part.parameters) if part.type.startswith("multipart/") else b""
        # With the boundary of an outer multipart, the delimiters are taken for the outer one's.
        if boundary and boundary not in self._boundaries:
            self._boundaries.add(boundary)
            self._open.append((part, boundary))

    def _next_part(self, part: Part) -> int | None:
        """End this part and all that the next delimiters end; where the next part begins."""
        at = part.start
        leaf: Part | None = part
        while self._boundaries and (delimiter := self._delimiter(at, self._end)):
            begin, at, boundary, closes = delimiter
            content_end = begin - 1 if self._data.endswith(b"\r", 0, begin) else begin
            if leaf is not None:
                leaf.end = max(leaf.start, content_end)
                leaf = None
            while self._open[-1][1] != boundary:
                self._leave(content_end)
            if not closes:
                return at
            self._leave(content_end)
        return None

    def _leave(self, end: int) -> None:
        part, boundary = self._open.pop()
        part.end = max(part.start, end)
        if boundary is not None:
            self._boundaries.remove(boundary)

    def _delimiter(self, at: int, end: int) -> tuple[int, int, bytes, bool] | None:
        """The first delimiter of any open multipart from a line start on.

        Returns:
            the line end before it, the start of the line after it, the boundary, and whether it
            closes the multipart.
        """
        for line in _DELIMITER.finditer(self._data, at - 1, end):
            boundary = line[1].rstrip(b" \t\r")
            if boundary in self._boundaries:
                return line.start(), line.end() + 1, boundary, False
            if boundary.endswith(b"--") and boundary[:-2] in self._boundaries:
                return line.start(), line.end() + 1, boundary[:-2], True
        return None


def _boundary(parameters_: dict[str, str]) -> bytes:
    """What stands between two parts; empty if it was not said."""
    return parameters_.get("boundary", "").encode("latin-1", "replace").rstrip()
