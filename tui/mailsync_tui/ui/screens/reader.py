"""Reading one message, from whichever side holds it; nothing is left behind that shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from platformdirs.unix import Unix
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input, Static

from mailsync_tui.errors import UserError
from mailsync_tui.reading import Attachment, Reading, read_message, write_attachment
from mailsync_tui.report.plan import cannot_mark
from mailsync_tui.report.words import size_in_words
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.actions import bindings
from mailsync_tui.ui.rows.message import MessageText, PlainDocument
from mailsync_tui.ui.rows.wrap import Document, TextLine, Wrapped, find
from mailsync_tui.ui.screens.base import Mailsync, MailsyncScreen
from mailsync_tui.ui.screens.dialogs import AskScreen, typed_path
from mailsync_tui.ui.widgets.key_bar import KeyBar
from mailsync_tui.ui.widgets.text_view import TextView

if TYPE_CHECKING:
    from mailsync_tui.engine.comparison import Key
    from mailsync_tui.engine.model import Place
    from mailsync_tui.ui.background import Background

_HITS = 10_000
"""Places with the words that were looked for; nobody goes through more."""
_NAMED = 12
"""Attachments that a question names."""


class ReaderScreen(MailsyncScreen):
    """Header fields, attachments and text of one message."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("reader")]

    def __init__(
        self,
        mailsync: Mailsync,
        key: Key | None,
        subject: str,
        kept: tuple[str, Callable[[], bytes]] | None,
    ) -> None:
        """Show nothing yet.

        Args:
            mailsync: The app.
            key: Which message; ``None`` if only a copy was kept of it.
            subject: Shown until it is there.
            kept: A copy that no mailbox holds; see :meth:`Mailsync.open_reader`.
        """
        super().__init__(mailsync)
        self.subject = safe_text(subject, 400) or "(no subject)"
        self.reading: Reading | None = None
        self.all_headers = False
        self.note = ""
        self.problem = ""
        self._key = key
        self._kept = kept
        self._raw = b""
        self._failures: Sequence[str] = ()
        self._sources: Sequence[Source] = ()
        self._at = 0
        self._document: Document = PlainDocument(())
        self._words = ""

    @property
    def _view(self) -> TextView:
        return self.query_one(TextView)

    @property
    def _wrapped(self) -> Wrapped | None:
        lines = self._view.lines
        return lines if isinstance(lines, Wrapped) else None

    def compose(self) -> ComposeResult:
        """Where it is read from, the message, how far one is, keys."""
        yield Static(id="title", markup=False)
        yield TextView(id="text")
        yield Static(id="status", markup=False)
        yield Input(id="words", placeholder="words to find; Enter, Esc ends")
        yield KeyBar()

    def on_mount(self) -> None:
        """Read it."""
        self._view.focus()
        self._read(0)

    # --- reading

    @work(exclusive=True, group="read", exit_on_error=False)
    async def _read(self, at: int) -> None:
        """Read it from one of the mailboxes, or else from the next that can give it."""
        self.reading, self.note, self.problem = None, "", ""
        self.refresh_bindings()
        failures: list[str] = []
        try:
            if not self._sources:
                self._show_state("looking where it is ...", ())
                self._sources = await self._find_sources()
            for step in range(len(self._sources)):
                self._at = (at + step) % len(self._sources)
                source = self._sources[self._at]
                raw = await self._read_from(source, failures)
                if raw is not None:
                    await self._open(raw, failures)
                    return
        except UserError as error:
            failures.append(safe_text(str(error), 400))
        self._give_up(failures)

    async def _find_sources(self) -> Sequence[Source]:
        found: list[Source] = []
        if self._key is not None:
            found += await mailboxes_with(self.background, self._key)
        if self._kept is not None:
            found.append(kept_copy(self.background, *self._kept))
        return found

    async def _read_from(self, source: Source, failures: list[str]) -> bytes | None:
        self._show_state(f"reading from {source.where} ...", failures)
        try:
            return await source.read()
        except UserError as error:
            failures.append(f"{source.where}: {safe_text(str(error), 400)}")
            return None

    async def _open(self, raw: bytes, failures: Sequence[str]) -> None:
        self._raw, self._failures = raw, failures
        self.reading = await self.background.aside(lambda: read_message(raw))
        source = self._sources[self._at]
        also = others(self._sources, self._at)
        more = f"; also in {', '.join(also)}" if also else ""
        self.write("#title", f" read from {source.where}{more}")
        self.refresh_bindings()
        self._arrange()

    def _give_up(self, failures: Sequence[str]) -> None:
        advice = "Esc: back, and there F5 lists the mailboxes anew." if self._key else "Esc: back."
        none = [] if failures else ["No mailbox that was reached holds it."]
        self._show_state("it cannot be read", failures, *none, advice)

    def _show_state(self, state: str, failures: Sequence[str], *more: str) -> None:
        """What is waited for, or why there is nothing to read."""
        self.write("#title", f" {state}")
        lines = [TextLine(self.subject, "strong"), TextLine(""), *map(_failed, failures)]
        if failures:
            lines.append(TextLine(""))
        self._show(PlainDocument([*lines, *map(TextLine, more)]))

    def action_other_mailbox(self) -> None:
        """Read it from the next mailbox that holds it."""
        self._read(next_mailbox(self._sources, self._at))

    # --- showing

    def _arrange(self) -> None:
        if self.reading is not None:
            notes = [_failed(each) for each in self._failures]
            self._show(MessageText(self.reading, notes, all_headers=self.all_headers))

    def _show(self, document: Document) -> None:
        self._document = document
        self._wrap(self._view.line_width)

    @on(TextView.WidthChanged)
    def _width_changed(self, message: TextView.WidthChanged) -> None:
        self._wrap(message.width)

    @work(exclusive=True, group="wrap", exit_on_error=False)
    async def _wrap(self, width: int) -> None:
        """Break the text for a width, off the event loop: it may be long."""
        if width <= 0:
            return  # not laid out yet
        document, before = self._document, self._wrapped
        wrapped = await self.background.aside(lambda: Wrapped(document, width))
        if before is not None and before.document is document:
            wrapped.hits, wrapped.hit = before.hits, before.hit
        else:
            self._view.action_top()
        self._view.show(wrapped)
        self.refresh_bindings()

    @on(TextView.Moved)
    def _show_status(self) -> None:
        if self.problem:
            self.write("#status", Content.styled(f" {self.problem}", "$text-error"))
            return
        view, wrapped = self._view, self._wrapped
        parts = [self.note] if self.note else []
        if wrapped is not None and wrapped.hits:
            at = wrapped.hit + 1
            many = "more than " if len(wrapped.hits) >= _HITS else ""
            parts.append(f"'{self._words}': {at:,} of {many}{len(wrapped.hits):,}")
        total = len(view.lines)
        if self.reading is not None and total:
            last = min(view.first + view.size.height, total)
            parts.append(f"lines {view.first + 1:,}-{last:,} of {total:,}")
        self.write("#status", f" {'    '.join(parts)}")

    async def action_mark(self) -> None:
        """Mark the message for deletion, or lift its mark."""
        viewer, key = self.background.viewer, self._key
        if key is None:
            return
        try:
            changed, refused = await self.background.engine(lambda: viewer.mark([key]))
        except UserError as error:
            self.note = safe_text(str(error), 200)
        else:
            marked = "marked for deletion" if changed > 0 else "the mark is lifted"
            self.note = cannot_mark(0, refused) if refused else marked
        self._show_status()

    def action_headers(self) -> None:
        """Show all header fields, or the usual ones."""
        self.all_headers = not self.all_headers
        self._arrange()

    # --- finding words

    def action_find(self) -> None:
        """Type what is to be found."""
        self.add_class("finding")
        self.query_one(Input).focus()
        self.refresh_bindings()

    @on(Input.Submitted, "#words")
    def _entered(self, event: Input.Submitted) -> None:
        self._end_finding()
        self._find(event.value)

    @work(exclusive=True, group="find", exit_on_error=False)
    async def _find(self, words: str) -> None:
        document = self._document
        hits = await self.background.aside(lambda: find(document, words, _HITS)) if words else []
        wrapped = self._wrapped
        if wrapped is None or wrapped.document is not document:
            return
        self._words = safe_text(words, 40)
        self.note = f"'{self._words}' is not in it" if words and not hits else ""
        wrapped.hits = hits
        first = wrapped.key(self._view.first)
        wrapped.hit = next((n for n, hit in enumerate(hits) if (hit.line, hit.start) >= first), 0)
        self._go_to_hit()

    def _go_to_hit(self) -> None:
        wrapped = self._wrapped
        if wrapped is not None:
            if wrapped.hits:
                hit = wrapped.hits[wrapped.hit]
                self._view.move(wrapped.index((hit.line, hit.start)) or 0)
            self._view.redraw()
        self._show_status()
        self.refresh_bindings()

    def action_next_hit(self, step: int = 1) -> None:
        """Go to the next place with the words; after the last comes the first."""
        wrapped = self._wrapped
        if wrapped is not None and wrapped.hits:
            wrapped.hit = (wrapped.hit + step) % len(wrapped.hits)
            self._go_to_hit()

    def action_previous_hit(self) -> None:
        """Go to the previous place with the words."""
        self.action_next_hit(-1)

    def _end_finding(self) -> None:
        self.remove_class("finding")
        self._view.focus()
        self.refresh_bindings()

    # --- saving an attachment

    @work(exclusive=True, group="save", exit_on_error=False)
    async def action_save(self) -> None:
        """Save an attachment, under its safe name, where the person wants it."""
        reading, raw = self.reading, self._raw
        if reading is None or not reading.attachments:
            return
        one = await self._choose(reading.attachments)
        if one is None:
            return
        asking = AskScreen(
            f"Save {one.name} to which directory?",
            ["Nothing is overwritten: where the name is taken, the file gets a number."],
            answer=_suggested_directory(),
            problem=_directory_problem,
        )
        directory = await self.app.push_screen_wait(asking)
        if directory is None:
            return
        save = self.background.aside(lambda: _save(raw, one.number, directory))
        path, self.problem = await save
        self.note = f"saved to {path}" if path else ""
        self._show_status()

    async def _choose(self, attachments: Sequence[Attachment]) -> Attachment | None:
        if len(attachments) == 1:
            return attachments[0]
        asking = AskScreen(
            "Save which attachment? Type its number.",
            _choices(attachments),
            problem=lambda answer: _number_problem(answer, attachments),
        )
        number = await self.app.push_screen_wait(asking)
        return None if number is None else _chosen(number, attachments)

    # --- what works now

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While words are typed, only what ends that works."""
        del parameters
        if self.has_class("finding"):
            return action in ("back", "interrupt", "app.interrupt")
        match action:
            case "other_mailbox":
                return bool(self._sources) and bool(others(self._sources, self._at))
            case "save":
                return self.reading is not None and bool(self.reading.attachments)
            case "mark":
                return self._key is not None and self.background.viewer.last is not None
            case "headers" | "find":
                return self.reading is not None
            case "next_hit" | "previous_hit":
                return self._wrapped is not None and bool(self._wrapped.hits)
            case _:
                return True

    def action_back(self) -> None:
        """End the search; without one, go back to where one came from."""
        if self.has_class("finding"):
            self._end_finding()
        else:
            self.dismiss()


def _failed(failure: str) -> TextLine:
    return TextLine(f"! not read from {failure}", "warn", hang=2)


@dataclass(frozen=True, slots=True)
class Source:
    """One copy of a message."""

    name: str
    """The mailbox's, or what else holds the copy; sanitised."""
    where: str
    """The same with the folder."""
    read: Callable[[], Awaitable[bytes]]
    """Reads it; raises :class:`UserError`."""


async def mailboxes_with(background: Background, key: Key) -> Sequence[Source]:
    """The copies of a message, in the order in which they are to be tried.

    Raises:
        UserError: the ledger cannot be used.
    """
    places = await background.aside(lambda: background.viewer.places(key))
    return [_at(background, place) for place in places]


def _at(background: Background, place: Place) -> Source:
    async def read() -> bytes:
        connections = background.session.connections
        raw = await asyncio.wrap_future(connections.read(place.mailbox, place.location))
        if raw is None:
            raise UserError("the message is not there any more")
        return raw.data

    name = safe_text(place.mailbox, 64)
    return Source(name, f"{name}, {safe_text(place.location.folder, 100)}", read)


def kept_copy(background: Background, holder: str, load: Callable[[], bytes]) -> Source:
    """A copy that no mailbox holds.

    Args:
        background: Its thread reads it.
        holder: What holds it, for "read from ...".
        load: Gives the bytes; may block.
    """
    name = safe_text(holder, 200)
    return Source(name, name, lambda: background.aside(load))


def others(sources: Sequence[Source], at: int) -> list[str]:
    """The other mailboxes that hold it, each once."""
    return [name for name in dict.fromkeys(s.name for s in sources) if name != sources[at].name]


def next_mailbox(sources: Sequence[Source], at: int) -> int:
    """The first copy in another mailbox, going round; the same where there is none."""
    turn = [(at + step) % len(sources) for step in range(len(sources))]
    return next((n for n in turn if sources[n].name != sources[at].name), at)


def _suggested_directory() -> str:
    """The person's download directory if there is one, else the current directory."""
    downloads = Path(Unix().user_downloads_dir)
    return str(downloads if downloads.is_dir() else Path.cwd())


def _directory_problem(answer: str) -> str:
    """What is wrong with the name of a directory; empty if nothing is."""
    if not answer.strip():
        return "Type the name of a directory, or press Esc."
    try:
        found = typed_path(answer).is_dir()
    except (OSError, ValueError):
        found = False
    return "" if found else "There is no such directory."


def _choices(attachments: Sequence[Attachment]) -> list[str]:
    """The attachments, in sentences of a question."""
    named = [f"{one.number}  {one.name}, {size_in_words(one.size)}" for one in attachments[:_NAMED]]
    more = len(attachments) - _NAMED
    return (
        [*named, f"... to {attachments[-1].number}, as listed in the message"]
        if more > 0
        else named
    )


def _number_problem(answer: str, attachments: Sequence[Attachment]) -> str:
    """What is wrong with the number of an attachment; empty if nothing is."""
    if _chosen(answer, attachments) is None:
        return f"Type a number from 1 to {len(attachments)}, or press Esc."
    return ""


def _chosen(answer: str, attachments: Sequence[Attachment]) -> Attachment | None:
    """The attachment with that number."""
    return next((one for one in attachments if str(one.number) == answer.strip()), None)


def _save(raw: bytes, number: int, directory: str) -> tuple[str, str]:
    """Save an attachment under its safe name; nothing is ever overwritten.

    Args:
        raw: The message.
        number: The attachment's.
        directory: As the person typed it.

    Returns:
        Where it lies, and what went wrong: one of them is empty.
    """
    try:
        path = write_attachment(raw, number, typed_path(directory))
    except (OSError, LookupError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return "", safe_text(f"not saved to {directory}: {reason}", 300)
    return safe_text(str(path), 300), ""
