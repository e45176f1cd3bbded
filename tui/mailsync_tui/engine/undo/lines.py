"""What an undo of a run would put back, and where; reads only."""

from __future__ import annotations

from collections.abc import Sequence

from mailsync_tui.config.model import CONSOLIDATED, UserConfig
from mailsync_tui.engine.detect.match import MatchedMailboxes, match_mailboxes
from mailsync_tui.engine.model import Undo, UndoLine
from mailsync_tui.errors import UnknownRun
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.journal import Deletion
from mailsync_tui.ledger.quarantine import Quarantine
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import ActionRow

GONE = "its copy is no longer in the quarantine"


def undoable(
    config: UserConfig, ledger: LedgerReader, quarantine: Quarantine, run: str
) -> tuple[UndoLine, ...]:
    """The lines of a run whose deletions are not undone yet, in the order of the run.

    A run that was killed may have lines of which it is not known yet whether they were done.

    Args:
        config: The person's configuration.
        ledger: Read in one snapshot.
        quarantine: Asked which copies are there; nothing is read.
        run: The run's number, as the history shows it.

    Raises:
        UnknownRun: there is no such run.
        QuarantineError: the quarantine cannot be read.
    """
    numbers = {str(row.id): row.id for row in journal.runs(ledger)}
    if run not in numbers:
        raise UnknownRun(f"there is no run {run}; `history` lists those that there are")
    matched = match_mailboxes(config, ledger)
    lines: dict[str, list[Deletion]] = {}
    for deletion in journal.deletions(ledger, numbers[run]):
        if not deletion.undone:
            lines.setdefault(deletion.action.line, []).append(deletion)
    return tuple(_line(config, matched, quarantine, copies) for copies in lines.values())


def chosen(
    offered: Sequence[UndoLine], ids: frozenset[str] | None, of_run: Sequence[ActionRow]
) -> tuple[UndoLine, ...]:
    """The lines that are meant.

    Args:
        offered: What :func:`undoable` gave.
        ids: Of the lines to undo; ``None``: all.
        of_run: All that the run did.

    Raises:
        UnknownRun: a line is not one of the run, or deleted nothing.
    """
    if ids is None:
        return tuple(offered)
    deletions = {action.line for action in of_run if action.kind in journal.DELETIONS}
    known = {action.line for action in of_run}
    for wanted in sorted(ids):
        if wanted not in known:
            raise UnknownRun(f"the run has no line {wanted}; `history RUN` lists its lines")
        if wanted not in deletions:
            raise UnknownRun(f"the line {wanted} is no deletion: there is nothing to put back")
    return tuple(line for line in offered if line.id in ids)


def _line(
    config: UserConfig, matched: MatchedMailboxes, quarantine: Quarantine, copies: list[Deletion]
) -> UndoLine:
    action = copies[0].action
    name, problem = _mailbox(matched, action.mailbox)
    mailbox, folder = name, action.location.folder
    undo: Undo = "full"
    account = next((a for a in config.external if a.name == name), None)
    if account is not None and account.type == "pop3":
        mailbox, folder = CONSOLIDATED, account.into or config.consolidated.folder
        undo = "consolidated-only"
        problem = problem or _mailbox(matched, CONSOLIDATED)[1]
    if problem is None and not any(
        c.action.quarantine and quarantine.holds(c.action.quarantine) for c in copies
    ):
        problem = GONE
    return UndoLine(
        id=action.line,
        kind=next(kind for kind in journal.DELETIONS if kind == action.kind),
        account=action.account.partition(",")[0],
        message_id=action.message_id,
        subject=action.subject,
        mailbox=mailbox,
        folder=folder,
        undo=undo,
        problem=problem,
        copies=tuple(copies),
    )


def _mailbox(matched: MatchedMailboxes, in_journal: str) -> tuple[str, str | None]:
    """What a mailbox of the journal is called now, and why nothing can be put there."""
    name = matched.names.get(in_journal)
    if name is None:
        shown = in_journal.partition(" ")[0]
        return shown, f"the configuration has no {shown} that is the mailbox it was deleted from"
    if name in matched.changed:
        return name, f"{name} is another mailbox than the one it was deleted from"
    return name, None
