"""What goes wrong and reaches a person: one base that the commands and the app catch once.

A kind knows the exit code of a command that ends with it. What is worded elsewhere (a mailbox that
could not be used, :class:`mailsync_tui.mailboxes.base.MailboxError`) derives from the same base.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from mailsync_tui.text.safe import safe_text

OK, FAILED, WRONG, PARTLY, BLOCKED, STALE, BUSY, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130
"""The exit codes."""
_WORST_FIRST = (INTERRUPTED, BUSY, STALE, WRONG, FAILED, PARTLY, BLOCKED)


def worst_exit_code(codes: Iterable[int]) -> int:
    """The one exit code of several."""
    found = set(codes)
    return next((code for code in _WORST_FIRST if code in found), OK)


def short(text: str, limit: int) -> str:
    """Text for an error's sentence; what is longer than so many characters ends in an ellipsis."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


class UserError(Exception):
    """Something that a person has to know: ``str()`` is safe to show, and says why.

    Args:
        lines: Each becomes one line; what would make two of it, or anything else, is replaced.
    """

    exit_code: ClassVar[int] = FAILED
    """Of a command that ends with it."""
    hint: ClassVar[str] = "Mend this first"
    """What to do before it is tried again, as the first half of a sentence."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(safe_text(line) for line in lines))


class CommandError(UserError):
    """The command line is wrong, or a question could not be asked."""

    exit_code = WRONG


class Interrupted(UserError):
    """A signal ended the run before it did anything."""

    exit_code = INTERRUPTED

    def __init__(self) -> None:
        super().__init__("interrupted; nothing was done")


class OutputError(UserError):
    """Standard output cannot be written to."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing in the configuration that has to be mended."""

    key: str
    """The dotted key; empty where the file as a whole is meant."""
    message: str
    """What is wrong and what was expected; never a value that may be a secret."""
    nearest: str | None = None
    """The dotted key that was probably meant."""

    def __post_init__(self) -> None:
        """All of it is safe to show."""
        object.__setattr__(self, "key", safe_text(self.key))
        object.__setattr__(self, "message", safe_text(self.message))
        object.__setattr__(self, "nearest", self.nearest and safe_text(self.nearest))

    def __str__(self) -> str:
        text = f"{self.key}: {self.message}" if self.key else self.message
        return f"{text}; nearest known key: {self.nearest}" if self.nearest else text


class ConfigError(UserError):
    """The configuration cannot be used; ``str()`` lists every problem, one a line.

    Attributes:
        problems: Every problem of the file, at least one.
    """

    exit_code = WRONG

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(*(str(problem) for problem in self.problems))


class SecretError(UserError):
    """A password or token could not be had; the text never holds it."""


class PlanFileError(UserError):
    """The file is no plan, or was altered in another way than by taking lines out."""

    exit_code = WRONG


class UnknownRun(UserError):
    """There is no such run, or no such line of it that could be undone."""

    exit_code = WRONG


class UnknownMessage(UserError):
    """What is to be marked for deletion is no message, or several, or must not be deleted."""

    exit_code = WRONG


class SessionError(UserError):
    """Nothing was done: too little was reached."""

    hint = "See which mailbox was not reached"


class StalePlan(UserError):
    """The ledger was written since the plan was made; nothing was done."""

    exit_code = STALE
    hint = "Discard this plan"


class LedgerError(UserError):
    """The ledger cannot be used; the text says what to do."""

    hint = "Mend this first (is the disk full?)"


class EndNotRecorded(LedgerError):
    """Every line of a run was dealt with, and then the ledger could not take the run's end."""

    exit_code = PARTLY


class LedgerBusy(UserError):
    """Another run is applying to this ledger; the text names it."""

    exit_code = BUSY
    hint = "Wait until that run has ended"


class LockError(UserError):
    """The ledger's lock file cannot be made or locked at all."""


class QuarantineError(UserError):
    """The quarantine cannot be used, or a copy in it is missing or damaged."""

    hint = "Nothing is deleted without a copy in the quarantine: mend this first"


class NoSpace(QuarantineError):
    """There is no room for the copies; nothing may be deleted that has none."""


class DemoUnavailable(UserError):
    """The demo cannot run here; the text says what to install."""
