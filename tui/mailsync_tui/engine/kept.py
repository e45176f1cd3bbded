"""The plan of a listing that showed nothing new: as long as nothing changes, it is every plan.

It is kept in the ledger with the versions of the listings it was made from. Where the mailboxes
have these versions still, and ledger, configuration, options and program are the same, a plan made
in full would be equal; that is only true of one that does not depend on the clock.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mailsync_tui import __version__
from mailsync_tui.config.model import UserConfig
from mailsync_tui.engine.model import (
    Blocked,
    HeldLine,
    MailboxReport,
    Options,
    Plan,
    Waiting,
)
from mailsync_tui.errors import LedgerBusy, LedgerError, LockError
from mailsync_tui.ledger.lock import LOCK_NAME, RunLock
from mailsync_tui.ledger.reader import LedgerMark, LedgerReader, sqlite_errors
from mailsync_tui.ledger.schema import MIGRATIONS
from mailsync_tui.ledger.uptime import Uptime
from mailsync_tui.ledger.writer import LedgerWriter

if TYPE_CHECKING:
    from mailsync_tui.engine.detect.observe import Observation


class KeptPlan(NamedTuple):
    """A plan that holds as long as no mailbox has another version."""

    plan: Plan
    mark: LedgerMark
    versions: Mapping[str, str]
    """Of the listings, by mailbox."""
    rows: tuple[int, ...]
    """The mailboxes in the ledger."""

    def note_reached(self, directory: Path, path: Path, command: str, uptime: Uptime) -> None:
        """Write down when all mailboxes were reached; see :func:`note`."""

        def write(ledger: LedgerWriter) -> None:
            ledger.note_clock(self.plan.created, uptime)
            ledger.count_sync()
            ledger.mark_reached(self.rows, self.plan.created)

        note(directory, path, command, self.mark.serial, write)


def kept_plan(ledger: LedgerReader, config: UserConfig, options: Options) -> KeptPlan | None:
    """The plan that was kept, if it is one for this ledger, this configuration and these options.

    Args:
        ledger: Read in one snapshot.
        config: The person's configuration.
        options: What the person asks for.
    """
    text = ledger.kept_plan
    kept = json.loads(text) if text is not None else {}
    mark = ledger.mark
    if kept.get("for") != _conditions(config, options, mark):
        return None
    plan = Plan(
        user=config.name,
        created=datetime.fromisoformat(kept["created"]),
        ledger_id=ledger.id,
        serial=mark.serial,
        options=options,
        mailboxes={
            name: report._replace(unmatched=tuple(report.unmatched))
            for name, row in kept["mailboxes"].items()
            for report in (MailboxReport._make(row),)
        },
        lines=(),
        held=tuple(
            held._replace(since=held.since and datetime.fromisoformat(str(held.since)))
            for held in (HeldLine(*row) for row in kept["held"])
        ),
        blocked=tuple(Blocked(*row) for row in kept["blocked"]),
        waiting=tuple(Waiting(*row) for row in kept["waiting"]),
        waits={(what, name, kind, rule): n for what, name, kind, rule, n in kept["waits"]},
    )
    return KeptPlan(plan, mark, kept["versions"], tuple(kept["rows"]))


def keep(ledger: LedgerWriter, config: UserConfig, observation: Observation, plan: Plan) -> None:
    """Keep a plan without lines, of a listing that shows just what the ledger has.

    Not one that only part of the mailboxes was listed for, or that another moment would change.
    """
    versions = {name: here.version for name, here in observation.listed.items()}
    if None in versions.values() or _dated(observation, plan):
        return
    if ledger.read.mark != observation.mark:
        return
    document = {
        "for": _conditions(config, plan.options, observation.mark),
        "created": plan.created,
        "versions": versions,
        "rows": [row.id for row in observation.matched.rows.values()],
        "mailboxes": {name: _row(report) for name, report in plan.mailboxes.items()},
        "held": [_row(held) for held in plan.held],
        "blocked": [_row(blocked) for blocked in plan.blocked],
        "waiting": [_row(waiting) for waiting in plan.waiting],
        "waits": [[*key, count] for key, count in plan.waits.items()],
    }
    ledger.keep_plan(json.dumps(document, default=datetime.isoformat, separators=(",", ":")))


def _dated(observation: Observation, plan: Plan) -> bool:
    """Whether a plan may differ only because time passes, or some mailbox is asked once more.

    What is younger than some days grows older, where a server hung is tried again, what went from a
    POP3 account within a week is judged together (:mod:`mailsync_tui.engine.detect.doubt`), and so
    is what was deleted within a day, where no block sticks.
    """
    snapshot = observation.snapshot
    options = plan.options
    if plan.waits and snapshot.config.holds.younger_than:
        return True
    if options.marks or not all(options.asked(kind) for _, _, kind, _ in plan.waits):
        return True
    if any(hold.rule == "hung" for message in snapshot.messages for hold in message.holds):
        return True
    return not all(
        snapshot.listed_completely(name) and not (state.type == "pop3" and state.scans)
        for name, state in snapshot.mailboxes.items()
    )


def _row(value: Any) -> list[object]:
    return [getattr(value, name) for name in value.__match_args__]


def _conditions(config: UserConfig, options: Options, mark: LedgerMark) -> str:
    parts = (__version__, len(MIGRATIONS), config, options, mark)
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def note(
    directory: Path, path: Path, command: str, serial: int, write: Callable[[LedgerWriter], None]
) -> None:
    """Write down what no plan is made stale by; the next listing does where this cannot.

    Args:
        directory: Where the lock lies.
        path: The ledger.
        command: Told to who waits for the lock meanwhile.
        serial: Nothing is written to a ledger that another run has changed since.
        write: Does it, in a transaction.
    """
    with contextlib.suppress(LedgerBusy, LockError, LedgerError):
        lock = RunLock(directory / LOCK_NAME, command).acquire(timeout=0)
        with lock, contextlib.closing(LedgerWriter(path)) as ledger, sqlite_errors():
            if ledger.read.serial == serial:
                with ledger.transaction(alters_plans=False):
                    write(ledger)
