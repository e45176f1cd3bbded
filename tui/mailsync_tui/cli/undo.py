"""``undo``: ask, put back what a run deleted, and tell what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mailsync_tui.cli import json_form
from mailsync_tui.cli.confirm import confirmed
from mailsync_tui.cli.runs import ended
from mailsync_tui.cli.screen import Screen
from mailsync_tui.engine.model import UNDO
from mailsync_tui.errors import OK
from mailsync_tui.report.undo import nothing_to_undo, undo_page, undo_question
from mailsync_tui.report.words import NO_SUBJECT, doing
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.cli.runs import Command
    from mailsync_tui.engine.model import UndoLine
    from mailsync_tui.report.plan import Question
    from mailsync_tui.session.person import Person

_FIRST_LINES = 5
_SUBJECT = 200
"""Characters of a subject that are looked at."""


def undo_run(
    command: Command, person: Person, number: str, lines: tuple[str, ...], *, yes: bool
) -> int:
    """Undo a run, or some lines of it, for one person."""
    output = command.settings.output
    offered: tuple[UndoLine, ...] = ()
    with command.session(person) as (session, progress):

        def confirm(shown: tuple[UndoLine, ...]) -> bool:
            nonlocal offered
            offered = shown
            if yes:
                return True
            progress.pause()
            screen = Screen(output, "stderr")
            asked = undo_question(number, shown)
            question(screen, asked, shown)
            screen.show()
            return confirmed(output, command.interrupts, asked.title)

        found = session.undo(number, frozenset(lines) if lines else None, confirm)
    if command.json:
        output.result(json_form.line(json_form.result(found)))
    elif found.run is None:
        if found.exit == OK:
            shown_number = safe_text(number, 40)
            output.result("Nothing was put back." if offered else nothing_to_undo(shown_number, ()))
    else:
        screen = Screen(output)
        screen.page(undo_page(number, found, offered))
        screen.show()
    return ended(command, found.exit, found.run)


def question(screen: Screen, asked: Question, shown: Sequence[UndoLine]) -> None:
    """What a person needs to see before saying yes: what goes where, and what cannot."""
    for sentence in asked.sentences:
        screen.text(sentence)
    able = [line for line in shown if line.problem is None]
    for line in able[:_FIRST_LINES]:
        what = screen.fit(doing(UNDO + line.kind, line.account), 26)
        screen.line(("< ", "new"), (f"{what} ", "dim"), _subject(line))
    if len(able) > _FIRST_LINES:
        screen.line((f"  … and {len(able) - _FIRST_LINES:,} more", "dim"))
    for line in shown:
        if line.problem is not None:
            screen.line(("! ", "warn"), _subject(line))
            screen.text(safe_text(line.problem), "warn", indent=4)


def _subject(line: UndoLine) -> str:
    return safe_text(line.subject, _SUBJECT) or NO_SUBJECT
