"""Questions and answers above a screen: an answer that is typed, a last yes or no, why."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.actions import bindings
from mailsync_tui.ui.widgets.key_bar import KeyBar

_DIGITS = "0123456789"
_LONGEST = 12
"""Digits that are typed at most."""

T = TypeVar("T")


class Dialog(ModalScreen[T]):
    """A box above a screen, with a title; what is too long scrolls."""


class AskScreen(Dialog[str | None]):
    """Gives what was typed; ``None``: the person left it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("ask")]
    AUTO_FOCUS = "#answer"

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


class Choices(Static, can_focus=True):
    """No, which has the focus and is what every key but one means; and yes."""


def typed_path(answer: str) -> Path:
    """The path that an answer names, from the person's home where it begins so."""
    # Not Path.expanduser: that raises RuntimeError for an unknown user.
    return Path(os.path.abspath(os.path.expanduser(answer.strip())))  # noqa: PTH100, PTH111


class ConfirmScreen(Dialog[bool]):
    """Asks; the answer is ``True`` only if the person said exactly that."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("confirm")]
    AUTO_FOCUS = "#choices"

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
        with Vertical(id="box"):
            with VerticalScroll(id="said", can_focus=False):
                yield Static(self.question, id="title", markup=False)
                yield Static("\n".join(self.sentences), id="sentences", markup=False)
            yield Choices(self._choices(), id="choices", markup=False)
        yield KeyBar()

    def on_resize(self) -> None:
        """What is asked for is seen however low the screen is; what leads to it scrolls."""
        rest = 5 if self.number is None else 8
        self.query_one("#said").styles.max_height = max(self.size.height - rest, 1)

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


class WhyScreen(Dialog[None]):
    """A title, and a few facts with their names."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("why")]
    AUTO_FOCUS = "#box"

    def __init__(self, title: str, facts: Sequence[tuple[str, str]]) -> None:
        """Explain.

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
