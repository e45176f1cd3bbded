"""The last question before mail is changed: ``y`` alone is yes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.actions import bindings
from mailsync_tui.ui.widgets.key_bar import KeyBar

_DIGITS = "0123456789"
_LONGEST = 12


class Choices(Static, can_focus=True):
    """No, which has the focus and is what every key but one means; and yes."""


class ConfirmScreen(ModalScreen[bool]):
    """Asks; the answer is ``True`` only if the person said exactly that."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("confirm")]
    AUTO_FOCUS = "#choices"
    DEFAULT_CSS = """
    ConfirmScreen {
        align: center middle;
        #box { width: 74; max-width: 100%; height: auto; max-height: 100%;
               background: $surface; border: ascii $warning; padding: 0 1; }
        #title { text-style: bold; margin-bottom: 1; }
        #sentences { height: auto; }
        #choices { margin-top: 1; }
    }
    """

    def __init__(
        self, title: str, sentences: Sequence[str], number_to_type: int | None = None
    ) -> None:
        """Ask.

        Args:
            title: The question itself.
            sentences: What, where, how many, whether it can be undone, what a failure means.
            number_to_type: To be typed instead of ``y``.
        """
        super().__init__()
        self.question = safe_text(title, 200)
        self.sentences = [safe_text(each, 600) for each in sentences]
        self.number = number_to_type
        self.typed = ""

    def compose(self) -> ComposeResult:
        """The question, what it means, and the choices."""
        with VerticalScroll(id="box", can_focus=False):
            yield Static(self.question, id="title", markup=False)
            yield Static("\n".join(self.sentences), id="sentences", markup=False)
            yield Choices(self._choices(), id="choices", markup=False)
        yield KeyBar()

    def _choices(self) -> Content:
        no = (" > No (any other key) < ", "bold reverse")
        if self.number is None:
            return Content.assemble(no, "    ", (" Yes (y) ", ""))
        yes = f"To say yes, type {self.number} and press Enter: {self.typed}_"
        return Content.assemble(no, "\n\n", (yes, "bold"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where a number is to be typed, ``y`` is no answer."""
        del parameters
        return not (action == "yes" and self.number is not None)

    def on_key(self, event: events.Key) -> None:
        """Digits are typed where a number is asked for; what is not yes is no."""
        if event.key in ("ctrl+c", "ctrl+q"):
            return
        event.stop()
        event.prevent_default()
        if self.number is None:
            self.dismiss(event.key == "y")
        elif event.character and event.character in _DIGITS:
            self.typed = (self.typed + event.character)[:_LONGEST]
            self._draw()
        elif event.key == "backspace":
            self.typed = self.typed[:-1]
            self._draw()
        else:
            self.dismiss(event.key == "enter" and self.typed == str(self.number))

    def _draw(self) -> None:
        self.query_one("#choices", Choices).update(self._choices())

    def action_yes(self) -> None:
        """Do it."""
        if self.number is None:
            self.dismiss(True)

    def action_no(self) -> None:
        """Do nothing."""
        self.dismiss(False)
