"""The vocabulary of both faces: kinds, rules, outcomes and states as words; counts, sizes, moments.

A word stands here once; the modules beside make sentences of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from mailsync_tui.engine.events import ListingDone, ListingProgress, ReadingProgress
from mailsync_tui.engine.model import UNDO, Cell
from mailsync_tui.engine.outcome import RunState
from mailsync_tui.text.safe import safe_text


class Sign(NamedTuple):
    """A state as it is drawn: sign, word and style, each enough by itself."""

    sign: str
    """One ASCII character."""
    word: str
    style: str
    """A name in :data:`STYLES`, or empty."""
    meaning: str
    """For details and help: half a sentence."""


NO_SUBJECT = "(no subject)"
STYLES = ("dim", "new", "gone", "warn", "note", "name", "strong", "key")
"""The names of styles; the app and the commands give each a look. Empty: plain."""
Span = tuple[str, str]
"""Text, and the name of its style."""


OUTCOMES: dict[str | None, Sign] = {
    "done": Sign("=", "done", "", "done, and proved to be"),
    "skipped": Sign("~", "skipped", "note", "left alone: the reason held no more, or was not sure"),
    "failed": Sign("!", "failed", "warn", "tried, and not done"),
    "vanished": Sign(".", "vanished", "dim", "gone before it could be fetched: no failure"),
    None: Sign(
        "?", "unknown", "warn", "interrupted before its outcome was known: the next run looks"
    ),
}
"""What became of a line; ``None``: the run was killed there."""

NOT_STARTED = Sign("?", "not started", "note", "the run was stopped before")
DECLINED = Sign(":", "held back from now on", "note", "you took them out of the plan")
PUT_BACK = Sign("<", "put back", "new", "with a remark")
THERE_ALREADY = Sign("=", "there already", "dim", "nothing was stored")
"""What else became of lines."""

STATES: dict[RunState, Sign] = {
    "done": Sign("=", "done", "", "all of it was done"),
    "partly": Sign("~", "partly", "note", "not all was done or reached, or some was put back"),
    "interrupted": Sign("~", "interrupted", "note", "stopped after a message; the rest was left"),
    "undone": Sign("<", "undone", "note", "what it deleted was put back"),
    "unfinished": Sign("!", "unfinished", "warn", "it did not end by itself: it was killed"),
}
"""What became of a run."""

CELLS: dict[Cell, Sign] = {
    Cell.ABSENT: Sign(" ", "", "", "never was in this mailbox"),
    Cell.SAME: Sign("=", "sync", "dim", "in sync: there, and nothing is to be done"),
    Cell.OWN: Sign(".", "own", "dim", "the consolidated mailbox's own mail: never touched"),
    Cell.SAME_HEADER: Sign(
        "~", "twin", "note", "in sync; another message has the same headers, not the same text"
    ),
    Cell.UNKNOWN: Sign(
        "?", "unknown", "note", "was there; not known now, as the mailbox was not reached"
    ),
    Cell.GONE: Sign("x", "gone", "gone", "gone from here: this is why it may be deleted elsewhere"),
    Cell.HELD: Sign(":", "held", "note", "a line about it waits for you (x)"),
    Cell.KEPT: Sign("!", "kept", "warn", "a guard keeps it from being deleted"),
    Cell.NEW: Sign("+", "new", "new", "new: will be collected (c)"),
    Cell.GOES: Sign("-", "delete", "gone", "will be deleted here (f, r or b)"),
}
"""How a message stands in a mailbox."""

HOLDS: dict[str, tuple[str, str]] = {
    "declined": (
        "you took these lines out of a plan",
        "You took this line out of a plan before it was applied: that is remembered.",
    ),
    "late-copy": (
        "deleted or forgotten, then turned up elsewhere",
        "The message was deleted or forgotten, and then turned up on an account that never held "
        "it, as a forward that comes late does. It is neither collected nor deleted.",
    ),
    "moved-out": (
        "you moved them out of the consolidated mailbox",
        "You moved the message out of the consolidated mailbox, to an account; that is no "
        "deletion.",
    ),
    "kept-on": (
        "gone from consolidated, and no reverse is allowed",
        "The message is gone from the consolidated mailbox, and still on an account from which "
        "nothing may be deleted: allow has no reverse there. Brought back, it is collected again.",
    ),
    "hold": (
        "protected by the configuration",
        "What [hold] in the configuration protects is never deleted. It cannot be brought back "
        "here: change the configuration, or what it asks for, such as the flag. What adopted in "
        "[guards] holds can be brought back.",
    ),
    "refused": (
        "a server says OK, and does not keep them whole",
        "A server said that it had stored the message, and kept only a part of it, which was "
        "deleted there again. Brought back, it is tried once more.",
    ),
    "hung": (
        "a server hung at them: tried again later",
        "A server said nothing any more when it was asked for this message. It is tried again, "
        "last of all, after 1, 2, 4 ... syncs, and once a day at least. Brought back, it is tried "
        "now.",
    ),
    "too-large": (
        "larger than max_size of their account",
        "The message is larger than max_size of its account in the configuration, and is not "
        "collected. Brought back, it is.",
    ),
    "undone": (
        "put back by an undo: kept where they are",
        "An undo put the message back: it is neither collected nor deleted.",
    ),
}
"""By rule: what holds a line, short (60 cells) and whole. Our own text."""

RULES = {
    "changed": "it is another mailbox now",
    "folder-gone": "a folder is missing",
    "uidvalidity": "not all found again",
    "went-backwards": "an older backup?",
    "hidden": "hidden by the provider?",
    "expired": "a provider's clean-up?",
    "all-changed": "nothing bears the number it had",
    "side-empty": "it lists nothing at all",
    "same-mailbox": "one mailbox by two doors?",
    "unreached": "moved to where none can look?",
    "max-delete": "unusually many",
}
"""What guards take for the cause, as short as can be."""

_ADDRESS = re.compile(r"^\S+:\d+ (?=\S)")
_DOING = {
    "collect": "collect from {}",
    "adopt": "adopt {}'s copy",
    "forget": "forget",
    "forward-delete": "delete in consolidated",
    "reverse-delete": "delete on {}",
    "delete": "delete the marked on {}",
    UNDO + "delete": "put back on {}",
    UNDO + "forward-delete": "put back in consolidated",
    UNDO + "reverse-delete": "put back what {} lost",
}
_DONE = {
    "collect": "collected from {}",
    "adopt": "adopted {}'s copy",
    "forget": "forgotten",
    "forward-delete": "deleted in consolidated, gone from {}",
    "reverse-delete": "deleted on {}",
    "delete": "deleted by hand on {}",
    UNDO + "delete": "put back on {}",
    UNDO + "forward-delete": "put back in consolidated",
    UNDO + "reverse-delete": "put back what {} lost",
}
_COUNTED = {
    "collect": "collected",
    "adopt": "adopted",
    "forward-delete": "deleted in consolidated",
    "reverse-delete": "deleted on accounts",
    "forget": "forgotten",
    "delete": "deleted by hand",
    UNDO + "delete": "put back that were deleted by hand",
    UNDO + "forward-delete": "put back in consolidated",
    UNDO + "reverse-delete": "put back for accounts",
    "there-already": "there already",
}


def doing(kind: str, account: str) -> str:
    """What a line is going to do."""
    return _DOING.get(kind, kind).format(account)


def hold_in_words(hold: str) -> str:
    """What protects a message, said as a person would.

    Args:
        hold: A key of ``[hold]`` and its value, as the engine names them: ``from = "*@bank.x"``;
            or that of ``[guards]`` which holds.
    """
    key, _, value = hold.partition(" = ")
    if key == "adopted":
        return "adopted in [guards] holds it, as it was in the consolidated mailbox before"
    value = value.strip('"')
    meant = {
        "flagged": "it is flagged",
        "from": f"its sender is like {value}",
        "folders": f"it lies in a folder like {value}",
        "younger_than": f"it is younger than {value}",
    }
    return safe_text(f"[hold] protects it, as {meant.get(key, hold)}", 200)


def did(kind: str, account: str, outcome: str | None) -> str:
    """What a line of a run did, or was going to do."""
    if outcome == "done":
        return _DONE.get(kind, kind).format(account)
    return doing(kind, account)


def counted(counts: Mapping[str, int]) -> str:
    """What a run did, as sums; the empty run did nothing."""
    known = [kind for kind in _COUNTED if counts.get(kind)]
    others = [kind for kind in counts if kind not in _COUNTED and counts[kind]]
    parts = [
        f"{counts[kind]:,} {_COUNTED.get(kind, safe_text(kind, 40))}" for kind in known + others
    ]
    return ", ".join(parts) or "nothing"


def local_moment(moment: datetime) -> str:
    """Day and minute where the person is."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def local_day(moment: datetime | None) -> str:
    """The day where the person is; empty without one."""
    return f"{moment.astimezone():%Y-%m-%d}" if moment else ""


def several(count: int, one: str, more: str | None = None) -> str:
    """A number with its noun: ``1 line``, ``2 lines``."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def not_reached(messages: int | None, error: str) -> str:
    """Why a mailbox, or a part of it, is not known; ``messages``: what is listed all the same."""
    return f"{'not reached' if messages is None else 'not complete'}: {safe_text(error, 500)}"


def listing_text(event: ListingProgress | ReadingProgress | ListingDone, *, short: bool) -> str:
    """How far a mailbox is listed.

    Args:
        event: What happened there.
        short: An error goes without the server's address, and without what was listed before.
    """
    match event:
        case ListingDone(_, messages, error):
            listed = "" if messages is None else f"listed {several(messages, 'message')}"
            if error is None:
                return listed
            if short:
                return not_reached(messages, short_error(error))
            return f"{listed}{', ' if listed else ''}{not_reached(messages, error)}"
        case ListingProgress(_, done, total):
            doing = "listing"
        case ReadingProgress(_, done, total):
            doing = "reading headers"
    return f"{doing} {done:,}" + ("" if total is None else f" of {total:,}")


def short_error(error: str) -> str:
    """An error in little room: without the server's address, as the mailbox's name stands there."""
    return _ADDRESS.sub("", safe_text(error, 300))


def sentence(text: str) -> str:
    """A text as a sentence of its own."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


_RECENT = timedelta(days=300)
"""So long the name of a month says by itself which one is meant."""


def short_date(stamp: str, now: datetime) -> str:
    """A date in six cells: day and month, or of what is old, or yet to come, month and year."""
    if not stamp:
        return ""
    moment = datetime.fromisoformat(stamp).astimezone()
    if -timedelta(days=2) < now - moment < _RECENT:
        return f"{moment.day:2} {_MONTHS[moment.month - 1]}"
    return f"{_MONTHS[moment.month - 1]}'{moment.year % 100:02}"  # not to be taken for a day


def short_name(sender: str) -> str:
    """The name of a sender, or the address where there is none."""
    return sender.partition(" <")[0].strip('" ') or sender


def size_in_words(octets: int) -> str:
    """A size as a person reads it."""
    if octets < 1000:
        return f"{octets} B"
    if octets < 1_000_000:
        return f"{octets / 1000:.0f} kB"
    return f"{octets / 1_000_000:.1f} MB"
