"""Applying deletions: look again, keep a copy, write the intent, delete, write the outcome.

DESIGN.md, rules 4 to 6, in this order for each batch; nothing is deleted that has not passed them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.apply.collect import split_off
from mailsync_tui.engine.apply.deleting import deleting, restore_marks
from mailsync_tui.engine.apply.run import NOT_TRIED, Run, batches, by, conclude, intent, needs_met
from mailsync_tui.engine.model import Line, Place
from mailsync_tui.engine.outcome import Outcome, cut_short
from mailsync_tui.engine.plan.protected import protected_now
from mailsync_tui.errors import QuarantineError
from mailsync_tui.ledger.rows import CopyRow, MessageRow
from mailsync_tui.mailboxes.base import DeleteResult, Location, MailboxDown, MailboxError, Raw
from mailsync_tui.mailboxes.bisect import GivenUp, SomeFailed, bisecting
from mailsync_tui.message import content_digest, identity_of

BACK = "back since the preview, or the reason holds no more"
LAST = "it is the only copy now"
OTHER = "what lies there now is not the message of the plan"

StillHolds = Callable[[], "frozenset[str] | None"]
"""The ids of lines whose reason a fresh listing confirms; ``None`` while the listing is fresh."""


class _CheckedCopy(NamedTuple):
    """One copy that is to be deleted: what lies there is still the message of the plan."""

    line: Line
    place: Place
    row: CopyRow
    raw: Raw


def delete(run: Run[Line], lines: Sequence[Line], still_holds: StillHolds) -> None:
    """Apply deletions, mailbox by mailbox, in batches.

    Args:
        run: The run.
        lines: Deletions, all forward or all reverse.
        still_holds: Asked before each batch.

    Raises:
        LedgerError: the ledger cannot be written: nothing more is deleted.
    """
    for mailbox, group in by(lines, lambda line: line.target.mailbox).items():
        if run.cancelled():
            return
        ready = [line for line in group if needs_met(run, line)]
        for batch in batches(ready, lambda line: line.size * len(line.copies)):
            if run.cancelled():
                return
            _delete_batch(run, mailbox, batch, still_holds)


def _delete_batch(
    run: Run[Line], mailbox: str, lines: Sequence[Line], still_holds: StillHolds
) -> None:
    if mailbox in run.broken:
        conclude(run, lines, "failed", NOT_TRIED.format(run.broken[mailbox]))
        return
    valid = still_holds()
    if valid is not None:
        conclude(run, [line for line in lines if line.id not in valid], "skipped", BACK)
        lines = [line for line in lines if line.id in valid]
    targets = _look_again(run, mailbox, lines)
    if not targets:
        return
    try:
        names = run.quarantine.put_all([target.raw.data for target in targets])
    except QuarantineError as error:
        for name in run.mailboxes:
            run.broken[name] = f"no copy could be kept, so nothing more is deleted: {error}"
        conclude(run, _lines(targets), "failed", run.broken[mailbox])
        return
    _act(run, mailbox, targets, names)


def _lines(targets: Sequence[_CheckedCopy]) -> list[Line]:
    return list({target.line.id: target.line for target in targets}.values())


def _look_again(run: Run[Line], mailbox: str, lines: Sequence[Line]) -> list[_CheckedCopy]:
    """Read what lies at each location: only what is still the plan's message is deleted."""
    wanted = [place.location for line in lines for place in line.copies]
    raws: dict[Location, Raw] = {}
    failures: Mapping[Location, MailboxError] = {}
    try:
        raws.update((raw.location, raw) for raw in bisecting(run.mailboxes[mailbox].fetch, wanted))
    except MailboxDown as error:
        run.failed(mailbox, error)
        conclude(run, lines, "failed", f"{error}; nothing was deleted")
        return []
    except SomeFailed as error:  # the others are dealt with
        failures = error.failures
    rows = {place: run.row(place) for line in lines for place in line.copies}
    messages = run.messages({row.message for row in rows.values() if row})
    last = _last_copies(run, rows, messages)
    holds = run.config.holds
    result: list[_CheckedCopy] = []
    for line in lines:
        targets: list[_CheckedCopy] = []
        refused = LAST if line.kind != "delete" and last.issuperset(line.copies) else ""
        for place in line.copies:
            raw, row = raws.get(place.location), rows[place]
            if raw is None:
                continue
            if row is not None and line.kind == "delete":
                _learn(run, messages[row.message], raw)
            if row is None or content_digest(raw.data) not in messages[row.message].digests:
                refused = OTHER
                if row is not None and mailbox != CONSOLIDATED:
                    split_off(run, row, identity_of(raw.data), raw)
            elif why := protected_now(raw.flags, holds, consolidated=mailbox == CONSOLIDATED):
                refused = why
            else:
                targets.append(_CheckedCopy(line, place, row, raw))
        if refused:
            conclude(run, [line], "skipped", refused)
        elif failed := [failures[p.location] for p in line.copies if p.location in failures]:
            run.hung(line, line.message, failed[0])
            conclude(run, [line], "failed", f"{failed[0]}; nothing was deleted")
        elif not targets:
            conclude(run, [line], "vanished", "it was gone before it was deleted")
        else:
            result += targets
    return result


def _learn(run: Run[Line], message: MessageRow, raw: Raw) -> None:
    """What a person marked was never read, as it is no mail of ours: by its header it is that."""
    identity = identity_of(raw.data)
    if not message.digests and message.identity and message.identity.key == identity.key:
        with run.ledger.transaction():
            run.ledger.add_identity(message.id, identity)
        message.digests.add(content_digest(raw.data))


def _last_copies(
    run: Run[Line], rows: Mapping[Place, CopyRow | None], messages: Mapping[int, MessageRow]
) -> set[Place]:
    """Late duplicates whose message has no other copy there: it went since the listing."""
    late = {place: row.message for place, row in rows.items() if row and row.late_duplicate}
    others = {
        copy.location: number
        for number in set(late.values())
        for copy in run.there(messages[number])
        if copy.adopted and not copy.late_duplicate
    }
    stay: set[int] = set()
    try:
        if others:
            found = bisecting(run.mailbox(CONSOLIDATED).heads, list(others))
            stay.update(others[head.location] for head in found)
    except MailboxError as error:
        run.failed(CONSOLIDATED, error)
    return {place for place, number in late.items() if number not in stay}


def _act(
    run: Run[Line], mailbox: str, targets: Sequence[_CheckedCopy], names: Sequence[str]
) -> None:
    intents = [
        intent(target.line, target.row.message, target.place, quarantine=name)
        for target, name in zip(targets, names, strict=True)
    ]
    raws = [target.raw for target in targets]
    with run.ledger.transaction():
        actions = run.ledger.intend(run.number, intents, run.now())
        run.ledger.note_removed(actions, raws)
    failures: Mapping[Location, MailboxError] = {}
    answers: list[DeleteResult] = []
    try:
        answers.extend(deleting(run, mailbox, raws))
    except SomeFailed as error:
        failures = error.failures
        restore_marks(run)
    except MailboxDown as error:
        run.broken[mailbox] = str(error)
        named = error.failures if isinstance(error, GivenUp) else {}
        failures = {raw.location: named.get(raw.location, error) for raw in raws}
    outcomes = {answer.location: _outcome(answer) for answer in answers}
    with run.ledger.transaction():
        for action, raw in zip(actions, raws, strict=True):
            if raw.location in outcomes:  # else it stays open: the next run looks what became of it
                run.ledger.outcome(action, *outcomes[raw.location])
        ended = {at for at, (outcome, _) in outcomes.items() if outcome in ("done", "vanished")}
        _record(run, mailbox, [t.row for t in targets if t.raw.location in ended])
    run.expect(target.line for target in targets)
    for target in targets:
        at = target.raw.location
        if at not in outcomes:
            run.hung(target.line, target.row.message, failures[at])
        run.report(target.line, *outcomes.get(at) or ("failed", cut_short(failures[at])))


def _record(run: Run[Line], mailbox: str, rows: Sequence[CopyRow]) -> None:
    ids = [row.id for row in rows]
    if mailbox == CONSOLIDATED:  # IMAP and Maildir have proved it
        run.ledger.end(ids, run.now())
        # That there was one copy more says nothing of the message.
        run.ledger.consume_loss([row.message for row in rows if not row.late_duplicate], run.now())
    else:
        run.ledger.mark_deleting(ids)
    run.ledger.set_open([row.message for row in rows], is_open=True)


def _outcome(answer: DeleteResult) -> tuple[Outcome, str]:
    if answer.outcome == "gone":
        return "vanished", answer.reason or "it was gone before it was deleted"
    return answer.outcome, answer.reason
