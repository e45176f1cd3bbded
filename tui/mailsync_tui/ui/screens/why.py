"""Why a line is in a plan: reason, evidence, what it needs, whether it can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.actions import bindings
from mailsync_tui.ui.widgets.key_bar import KeyBar


class WhyScreen(ModalScreen[None]):
    """A title, and a few facts with their names."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("why")]
    AUTO_FOCUS = "#box"
    DEFAULT_CSS = """
    WhyScreen {
        align: center middle;
        #box { width: 76; max-width: 100%; height: auto; max-height: 100%;
               background: $surface; border: ascii $accent; padding: 0 1; }
        #title { text-style: bold; margin-bottom: 1; }
        .fact { height: auto; }
    }
    """

    def __init__(self, title: str, facts: Sequence[tuple[str, str]]) -> None:
        """Tell.

        Args:
            title: What it is about; foreign text may stand in it.
            facts: Name and text of each; an empty name goes on with the one before.
        """
        super().__init__()
        self.about = safe_text(title, 600)
        self.facts = facts

    def compose(self) -> ComposeResult:
        """One after the other; what is too long scrolls."""
        with VerticalScroll(id="box"):
            yield Static(self.about, id="title", markup=False)
            for name, text in self.facts:
                label = (f"{name}: " if name else "  ", "bold")
                yield Static(Content.assemble(label, safe_text(text, 1000)), classes="fact")
        yield KeyBar()

    def action_close(self) -> None:
        """Back to the plan."""
        self.dismiss(None)
