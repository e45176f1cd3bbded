"""Asking before anything is changed; the answer defaults to no."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from mailsync_tui.cli import render
from mailsync_tui.cli.interrupts import Interrupts
from mailsync_tui.cli.output import Output, is_terminal
from mailsync_tui.cli.screen import Screen
from mailsync_tui.engine.outcome import Choose, asks
from mailsync_tui.errors import CommandError
from mailsync_tui.report.choice import Choice
from mailsync_tui.report.plan import question

if TYPE_CHECKING:
    from mailsync_tui.engine.model import Plan


def require_terminal(*, yes: bool) -> None:
    """To be called before anything is contacted.

    Raises:
        CommandError: Nobody can be asked, and ``--yes`` was not given.
    """
    # The question goes to standard error, so that results can be redirected.
    if not yes and not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise CommandError("there is no terminal to ask on, and no --yes: nothing was contacted")


def confirmed(output: Output, interrupts: Interrupts, question: str) -> bool:
    """Ask; only ``y`` and ``yes`` are a yes.

    Raises:
        KeyboardInterrupt: A signal came instead of an answer.
    """
    with interrupts.asking():
        return answered(output, question)


def answered(output: Output, question: str) -> bool:
    """Ask where nothing is under way; only ``y`` and ``yes`` are a yes."""
    output.written(sys.stderr, f"{question} [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def chooser(output: Output, interrupts: Interrupts, keep_days: int, *, yes: bool) -> Choose:
    """What a session asks before it applies a plan: all of it, or ``None`` for no."""

    def choose(plan: Plan) -> frozenset[str] | None:
        if yes or not asks(plan):
            return frozenset()
        return frozenset() if plan_confirmed(output, interrupts, Choice(plan), keep_days) else None

    return choose


def plan_confirmed(output: Output, interrupts: Interrupts, choice: Choice, keep_days: int) -> bool:
    """Show what is left of a plan, and ask whether it is to be applied."""
    asked = question(choice, keep_days)
    screen = Screen(output, "stderr")
    render.question(screen, replace(choice.plan, lines=choice.doing), asked)
    screen.show()
    return confirmed(output, interrupts, asked.title)
