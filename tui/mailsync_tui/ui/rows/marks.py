"""How the states of a message look: a sign, a word and a colour, each enough by itself."""

from __future__ import annotations

from typing import NamedTuple

from mailsync_tui.engine.comparison import Cell


class Mark(NamedTuple):
    """One state as it is drawn."""

    sign: str
    """One ASCII character, so that every terminal has it."""
    word: str
    style: str
    """A name in :data:`mailsync_tui.report.words.STYLES`."""
    meaning: str
    """For the help: half a sentence."""


MARKS: dict[Cell, Mark] = {
    Cell.ABSENT: Mark(" ", "", "", "never was in this mailbox"),
    Cell.SAME: Mark("=", "sync", "dim", "in sync: there, and nothing is to be done"),
    Cell.OWN: Mark(".", "own", "dim", "the consolidated mailbox's own mail: never touched"),
    Cell.SAME_HEADER: Mark(
        "~", "twin", "note", "in sync; another message has the same headers, not the same text"
    ),
    Cell.UNKNOWN: Mark(
        "?", "unknown", "note", "was there; not known now, as the mailbox was not reached"
    ),
    Cell.GONE: Mark("x", "gone", "gone", "gone from here: this is why it may be deleted elsewhere"),
    Cell.HELD: Mark(":", "held", "note", "a line about it waits for you (x)"),
    Cell.KEPT: Mark("!", "kept", "warn", "a guard keeps it from being deleted"),
    Cell.NEW: Mark("+", "new", "new", "new: will be collected (c)"),
    Cell.GOES: Mark("-", "delete", "gone", "will be deleted here (f, r or b)"),
}
