"""The list that all screens are made of: any number of lines, only the visible ones are drawn."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import ClassVar, Protocol

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.app import RenderResult
from textual.binding import BindingType
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from mailsync_tui.report.words import STYLES, Span
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.actions import movements
from mailsync_tui.ui.rows.columns import BAR, LONGEST, fit

_THUMB = "┃"
_COLOURLESS = f" {BAR}{_THUMB}"
_FEW_COLOURS = {
    "new": ("#55ff55", "#00aa00"),
    "gone": ("#ff5555", "#aa0000"),
    "warn": ("#ffff55", "#aa00aa"),
    "note": ("#ffff55", "#aa00aa"),
    "name": ("#55ffff", "#0000aa"),
    "key": ("#55ffff", "#0000aa"),
}
"""Letters on a dark ground and on a light one, where a terminal has 16 or 256 colours: the nearest
to those of a theme would be white or grey, as they are pale."""


class Lines(Protocol):
    """What a view shows."""

    def __len__(self) -> int:
        """How many lines there are."""

    def key(self, index: int) -> Hashable:
        """What a line is, wherever it stands: cursor and marks stick to it."""

    def index(self, key: Hashable) -> int | None:
        """Where that line stands now."""
        ...

    def spans(self, index: int, width: int) -> Sequence[Span]:
        """A line as it is drawn in so many cells."""


class NoLines:
    """An empty list."""

    def __len__(self) -> int:
        return 0

    def key(self, index: int) -> Hashable:
        """There is none."""
        raise IndexError(index)

    def index(self, key: Hashable) -> int | None:
        """It is nowhere."""
        del key
        return None

    def spans(self, index: int, width: int) -> Sequence[Span]:
        """There is none."""
        raise IndexError(index, width)


class LineView(ScrollView, can_focus=True):
    """Lines with a cursor that sticks to what it stands on.

    Subclasses or :class:`Lines` say what a line holds. No line is kept as a widget, none is
    measured before it is seen, and moving the cursor repaints two lines.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*movements()]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"line--{name}" for name in STYLES),
        "line--cursor",
        "line--cursor-blurred",
    }
    shows_cursor: ClassVar[bool] = True
    DEFAULT_CSS = """
    LineView {
        height: 1fr;
        scrollbar-size: 0 0;
        overflow-x: hidden;
        & > .line--dim { color: $foreground 60%; }
        & > .line--new { color: $text-success; }
        & > .line--gone { color: $text-error; }
        & > .line--warn { color: $text-warning; text-style: bold; }
        & > .line--note { color: $text-warning; }
        & > .line--name { color: $text-accent; }
        & > .line--strong { text-style: bold; }
        & > .line--key { color: $text-accent; text-style: bold; }
        & > .line--cursor { background: $primary 60%; text-style: bold; }
        & > .line--cursor-blurred { background: $primary 25%; }
    }
    """

    class Moved(Message):
        """The cursor stands on another line."""

        def __init__(self, view: LineView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> LineView:
            """The view whose cursor moved."""
            return self.view

        def can_replace(self, message: Message) -> bool:
            """Only the newest counts."""
            return isinstance(message, LineView.Moved) and message.view is self.view

    def __init__(self, lines: Lines | None = None, *, id: str | None = None) -> None:  # noqa: A002
        """Show these lines.

        Args:
            lines: Nothing if left out.
            id: The widget's.
        """
        super().__init__(id=id)
        self.lines: Lines = lines or NoLines()
        self.cursor = 0
        self.nothing = ""
        """Stands where the lines would be, if there are none."""
        self._placed = False
        self._strips: LRUCache[tuple[int, int, int, bool], Strip] = LRUCache(1024)
        self._styles: dict[str, Style] = {}

    # --- what stands here

    @property
    def cursor_key(self) -> Hashable | None:
        """What the cursor stands on."""
        return self.lines.key(self.cursor) if self.cursor < len(self.lines) else None

    def show(self, lines: Lines, key: Hashable | None = None) -> None:
        """Show other lines; cursor and scrolling stay on what they were on, if that is there.

        A cursor that was never moved stays at the top, where what is new may be.

        Args:
            lines: The lines.
            key: What the line under the cursor is called among them, if it is not called as before.
        """
        if key is None:
            key = self.cursor_key
        before = self.cursor - self.scroll_offset.y
        self.lines = lines
        self._strips.clear()
        index = lines.index(key) if key is not None and self._placed else None
        if index is None:
            index = min(self.cursor, max(len(lines) - 1, 0))
        self.virtual_size = Size(self.line_width, len(lines))
        if index != self.cursor:
            self.cursor = index
            self.scroll_to(y=index - before, animate=False, immediate=True, force=True)
        self.refresh()
        self.post_message(self.Moved(self))

    def redraw(self) -> None:
        """The same lines look different now."""
        self._strips.clear()
        self.refresh()

    def move(self, index: int) -> None:
        """Put the cursor on a line, and scroll as little as that needs."""
        index = max(0, min(index, len(self.lines) - 1))
        if index == self.cursor or not len(self.lines):
            return
        before, self.cursor = self.cursor, index
        self._placed = True
        self.refresh_line(before)
        self.refresh_line(index)
        top, height = self.scroll_offset.y, max(self.size.height, 1)
        if not top <= index < top + height:
            target = index if index < top else index - height + 1
            self.scroll_to(y=target, animate=False, immediate=True, force=True)
        self.post_message(self.Moved(self))

    # --- moving

    def action_cursor(self, by: int) -> None:
        """Some lines up or down."""
        self.move(self.cursor + by)

    def action_page(self, pages: int) -> None:
        """Some pages up or down."""
        height = max(self.size.height - 1, 1)
        target = max(0, self.scroll_offset.y + pages * height)
        before = self.cursor
        self.scroll_to(y=target, animate=False, immediate=True, force=True)
        self.move(before + pages * height)

    def action_top(self) -> None:
        """To the first line."""
        self.move(0)

    def action_bottom(self) -> None:
        """To the last line."""
        self.move(len(self.lines) - 1)

    # --- drawing

    def on_mount(self) -> None:
        """Know how long the list is."""
        self.virtual_size = Size(self.line_width, len(self.lines))

    def on_resize(self) -> None:
        """Lines are drawn for a width."""
        self._strips.clear()
        self.virtual_size = Size(self.line_width, len(self.lines))
        if self.cursor >= self.scroll_offset.y + self.size.height:
            self.scroll_to(
                y=self.cursor - self.size.height + 1, animate=False, immediate=True, force=True
            )

    @property
    def line_width(self) -> int:
        """Cells of a line: without the last column, which shows how far the view is scrolled."""
        return max(self.scrollable_content_region.width - 1, 0)

    def notify_style_update(self) -> None:
        """Another theme has other colours."""
        super().notify_style_update()
        self._strips.clear()
        self._styles.clear()

    def on_focus(self) -> None:
        """The cursor looks different with the focus."""
        self.refresh_line(self.cursor)

    def on_blur(self) -> None:
        """The cursor looks different without the focus."""
        self.refresh_line(self.cursor)

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        top = self.scroll_offset.y
        index = top + y
        width = self.line_width
        if index >= len(self.lines):
            if index == 0 and self.nothing:
                return Strip([Segment(fit(self.nothing, width + 1), self.rich_style)])
            return Strip.blank(width + 1, self.rich_style)
        state = 1 + self.has_focus if self.shows_cursor and index == self.cursor else 0
        place = (index, width, state, y in self._thumb(top))
        strip = self._strips.get(place)
        if strip is None:
            base = self.rich_style + self._style(("", "cursor-blurred", "cursor")[state])
            line = Strip(self.segments(index, width, base)).adjust_cell_length(width, base)
            strip = Strip(joined([*line, Segment(_THUMB if place[3] else " ", base)]), width + 1)
            self._strips[place] = strip
        return strip

    def _thumb(self, top: int) -> range:
        """The lines of the screen that show where in the list they are.

        A scroll bar of Textual's would be written anew, line by line, at each page.
        """
        height, total = self.size.height, len(self.lines)
        if total <= height:
            return range(0)
        size = max(1, height * height // total)
        first = top * (height - size) // (total - height)
        return range(first, first + size)

    def segments(self, index: int, width: int, base: Style) -> list[Segment]:
        """A line's text with its styles; all of it passes the sanitiser once more here.

        Where the cursor is reversed, its line has one colour: the others would become grounds.
        """
        return [
            Segment(safe_text(text, LONGEST), base if base.reverse else base + self._style(style))
            for text, style in self.lines.spans(index, width)
        ]

    def _style(self, name: str) -> Style:
        """A component's style; the colour of a cursor's ground, the colour of any other's letters.

        Only the whole style has colours that are blended with what lies below.
        """
        if not name:
            return Style.null()
        if name not in self._styles:
            self._styles[name] = self._look(name)
        return self._styles[name]

    def _look(self, name: str) -> Style:
        app = self.app
        whole = self.get_component_rich_style(f"line--{name}")
        few = app.console.color_system != "truecolor"
        if name.startswith("cursor"):
            if app.no_color or app.native_ansi_color or app.console.color_system == "standard":
                focused = name == "cursor"
                return Style(reverse=focused or None, underline=not focused or None, bold=True)
            return Style(bgcolor=whole.bgcolor, bold=whole.bold or None)
        color = whole.color
        if few and name in _FEW_COLOURS and not app.native_ansi_color:
            color = Color.parse(_FEW_COLOURS[name][not app.current_theme.dark])
        return Style(color=color, bold=whole.bold or None, dim=whole.dim or None)

    def refresh_line(self, y: int) -> None:
        """Repaint one line of the list, if it is to be seen."""
        top = y - self.scroll_offset.y
        if 0 <= top < self.size.height:
            self.refresh(Region(0, top, self.size.width, 1))


def joined(segments: Iterable[Segment]) -> list[Segment]:
    """The same line in fewer segments: each costs some 30 octets on its way to the terminal.

    Blanks and bars look alike in any colour, so they take that of what they stand beside.
    """
    result: list[Segment] = []
    blank = True
    for segment in segments:
        text, style, _ = segment
        empty = not text.strip(_COLOURLESS)
        if result:
            before, other, _ = result[-1]
            if style == other or ((empty or blank) and _alike_when_blank(style, other)):
                result[-1] = Segment(before + text, style if blank else other)
                blank = blank and empty
                continue
        result.append(segment)
        blank = empty
    return result


def _alike_when_blank(one: Style | None, other: Style | None) -> bool:
    return (
        one is not None
        and other is not None
        and one.bgcolor == other.bgcolor
        and not any(s.underline or s.reverse or s.strike for s in (one, other))
    )


class Heading(Widget):
    """One line that is made for the width of the screen."""

    DEFAULT_CSS = """
    Heading { height: 1; color: $text-muted; text-style: underline; }
    """

    def __init__(self, text: Callable[[int], str]) -> None:
        """Show the names of columns.

        Args:
            text: Gives them for so many cells; our own words.
        """
        super().__init__()
        self._text = text

    def render(self) -> RenderResult:
        """The line."""
        return Content(self._text(self.size.width - 1))
