"""``undo``: ask, put back what a run deleted, and tell what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mailsync_tui.cli import json_form, render
from mailsync_tui.cli.confirm import confirmed
from mailsync_tui.cli.runs import ended
from mailsync_tui.cli.screen import Screen
from mailsync_tui.engine.model import CONSOLIDATED
from mailsync_tui.engine.outcome import THERE
from mailsync_tui.errors import OK
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.cli.runs import Command
    from mailsync_tui.engine.model import UndoLine
    from mailsync_tui.engine.outcome import UndoResult
    from mailsync_tui.session.person import Person

_FIRST_LINES = 5
_SUBJECT = 200
"""Characters of a subject that are looked at."""


def undo_run(
    command: Command, person: Person, number: str, lines: tuple[str, ...], *, yes: bool
) -> int:
    """Undo a run, or some lines of it, for one person."""
    output = command.settings.output
    asked = False
    with command.session(person) as (session, progress):

        def confirm(shown: tuple[UndoLine, ...]) -> bool:
            nonlocal asked
            asked = True
            if yes:
                return True
            progress.pause()
            screen = Screen(output, "stderr")
            question(screen, number, shown)
            screen.show()
            return confirmed(output, command.interrupts, "Put back?")

        found = session.undo(number, frozenset(lines) if lines else None, confirm)
    if command.json:
        output.result(json_form.line(json_form.result(found)))
    elif found.run is None:
        if found.exit == OK:
            output.result(
                "Nothing was put back."
                if asked
                else f"There is nothing left to undo in run {safe_text(number, 40)}."
            )
    else:
        screen = Screen(output)
        result(screen, number, found)
        screen.show()
    return ended(command, found.exit, found.run)


def question(screen: Screen, number: str, shown: Sequence[UndoLine]) -> None:
    """What a person needs to see before saying yes: what goes where, and what cannot."""
    screen.line((f"Undo of run {number}", "strong"))
    for (mailbox, folder), lines in _by_place(line for line in shown if not line.problem):
        screen.line("")
        screen.line(
            ("+", "new"),
            (f" {mailbox}", "strong"),
            f", folder {safe_text(folder)}: {len(lines)} put back",
        )
        _some(screen, lines)
        pop3 = Counter(line.account for line in lines if line.undo == "consolidated-only")
        for account, count in pop3.items():
            screen.text(
                f"{count} of them were deleted on {account}, a POP3 server, which takes no mail "
                "back: they return to the consolidated mailbox only, as its own mail",
                "note",
                indent=4,
            )
        if mailbox == CONSOLIDATED:
            screen.text("its own mail from then on: no run deletes it", "dim", indent=4)
        else:
            screen.text("held there from then on: neither collected nor deleted", "dim", indent=4)
    for line in shown:
        if line.problem:
            screen.line(
                ("! ", "gone"), (line.mailbox, "name"), f" {_subject(line)}: cannot be put back"
            )
            screen.text(safe_text(line.problem), "gone", indent=4)
    screen.line("")


def result(screen: Screen, number: str, found: UndoResult) -> None:
    """What an undo did: sums for each mailbox, and every line that has something to tell."""
    screen.line((f"Run {found.run} for {found.user}: undo of run {number}", "strong"))
    sums: dict[str, Counter[str]] = {}
    for each in found.lines:
        word: str = each.outcome
        if word == "done":
            word = "there already" if each.reason == THERE else "put back"
        sums.setdefault(each.line.mailbox, Counter())[word] += 1
    for mailbox, words in sums.items():
        told = ", ".join(f"{count} {word}" for word, count in words.items())
        screen.text(f"{mailbox}: {told}", indent=2)
    for each in found.lines:
        if each.reason and each.reason != THERE:
            render.outcome_line(
                screen, each.outcome, each.line.kind, each.line.account, each.line.subject
            )
            screen.text(safe_text(each.reason), "dim", indent=4)


def _by_place(lines: Iterable[UndoLine]) -> list[tuple[tuple[str, str], list[UndoLine]]]:
    places: dict[tuple[str, str], list[UndoLine]] = {}
    for line in lines:
        places.setdefault((line.mailbox, line.folder), []).append(line)
    return list(places.items())


def _some(screen: Screen, lines: Sequence[UndoLine]) -> None:
    for line in lines[:_FIRST_LINES]:
        screen.line("    ", screen.fit(line.kind, 15), _subject(line))
    if len(lines) > _FIRST_LINES:
        screen.line((f"    … and {len(lines) - _FIRST_LINES} more", "dim"))


def _subject(line: UndoLine) -> str:
    return safe_text(line.subject, _SUBJECT) or "(no subject)"
