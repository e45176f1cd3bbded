"""A question that is answered by typing: a name to let something through, a path to save to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.actions import bindings
from mailsync_tui.ui.widgets.key_bar import KeyBar


class AskScreen(ModalScreen[str | None]):
    """Gives what was typed; ``None``: the person left it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("ask")]
    AUTO_FOCUS = "#answer"
    DEFAULT_CSS = """
    AskScreen {
        align: center middle;
        #box { width: 74; max-width: 100%; height: auto; max-height: 100%;
               background: $surface; border: ascii $accent; padding: 0 1; }
        #title { text-style: bold; margin-bottom: 1; }
        #sentences { height: auto; margin-bottom: 1; }
        #answer { height: 1; border: none; padding: 0; background: $boost; }
        #problem { color: $text-error; }
    }
    """

    def __init__(
        self,
        title: str,
        sentences: Sequence[str],
        *,
        answer: str = "",
        problem: Callable[[str], str] = lambda _: "",
    ) -> None:
        """Ask.

        Args:
            title: The question itself.
            sentences: What an answer brings about.
            answer: What stands there already.
            problem: What is wrong with an answer; empty if nothing is.
        """
        super().__init__()
        self.question = safe_text(title, 200)
        self.sentences = [safe_text(each, 600) for each in sentences]
        self._answer = answer
        self._problem = problem

    def compose(self) -> ComposeResult:
        """The question, what it means, and the place to type."""
        with VerticalScroll(id="box", can_focus=False):
            yield Static(self.question, id="title", markup=False)
            yield Static("\n".join(self.sentences), id="sentences", markup=False)
            yield Input(self._answer, id="answer", select_on_focus=False)
            yield Static("Enter: go on    Esc: leave it", id="problem", markup=False)
        yield KeyBar()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        problem = self._problem(event.value)
        if problem:
            self.query_one("#problem", Static).update(Content(safe_text(problem, 300)))
        else:
            self.dismiss(event.value)

    def action_leave_it(self) -> None:
        """Do nothing."""
        self.dismiss(None)
