"""What a person marked for deletion: which message is meant, from where it goes, and what stays.

A mark is no loss: no guard doubts it, and nothing follows from it but its own lines (DESIGN.md,
"Marked by hand").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from mailsync_tui.config.model import CONSOLIDATED, MailboxConfig
from mailsync_tui.engine.model import Options, Place
from mailsync_tui.engine.plan.moves import counts
from mailsync_tui.engine.plan.protected import in_folders, protection, touchable
from mailsync_tui.engine.plan.status import MessageStatus, status_of
from mailsync_tui.engine.snapshot import Copy, Mark, MessageState, Presence, Snapshot
from mailsync_tui.errors import UnknownMessage


def named(name: str, messages: Iterable[MessageState]) -> list[MessageState]:
    """The messages that a Message-ID means, a number of the ledger's, or a copy's place."""
    return [
        message
        for message in messages
        if name == str(message.id)
        or (message.identity and message.identity.message_id in (name, f"<{name}>"))
        or any(name == place_name(copy) for copy in message.copies)
    ]


def place_name(copy: Copy) -> str:
    """What a copy is called on a command line."""
    return f"{copy.mailbox}:{copy.location.folder}:{copy.location.uid}"


def require_marked(snapshot: Snapshot, options: Options) -> None:
    """Stop where a name means no message, or several, or one that cannot be deleted.

    Raises:
        UnknownMessage: it is so.
    """
    if options.scope and options.scope not in snapshot.mailboxes:
        raise UnknownMessage(f"there is no mailbox {options.scope}")
    for name in options.marks:
        found = [m for m in named(name, snapshot.messages) if _listed(m)]
        if not found:
            raise UnknownMessage(f"no mailbox lists a message {name}")
        if len(found) > 1:
            places = ", ".join(place_name(_listed(message)[0]) for message in found)
            raise UnknownMessage(f"{name} is {len(found)} messages; name one of them: {places}")
        refusal = why_not(status_of(found[0], snapshot), snapshot, options.scope or "")
        if refusal is not None:
            raise UnknownMessage(f"{name} cannot be marked for deletion: {refusal}")


def _listed(message: MessageState) -> list[Copy]:
    return [copy for copy in message.copies if copy.presence is Presence.YES]


def targets(s: MessageStatus, config: MailboxConfig) -> list[Copy]:
    """The copies in one mailbox that a mark deletes: those that are identified, and not protected.

    In the consolidated mailbox also its own mail, as a person has named the message.
    """
    if config.name != CONSOLIDATED and "reverse" not in config.allow:
        return []
    unsure = s.message.compare and s.message.id is not None
    return [
        copy
        for copy in s.on(config.name)
        if copy.presence is Presence.YES
        and counts(copy, config)
        and (touchable(copy) if config.name == CONSOLIDATED else in_folders(copy, config))
        and (copy.adopted or not unsure)
    ]


def why_not(s: MessageStatus, snapshot: Snapshot, scope: str = "") -> str | None:
    """Why a message cannot be marked for deletion.

    Args:
        s: How it stands.
        snapshot: The listings held against the ledger.
        scope: The one mailbox that it is to be deleted from; empty: everywhere.
    """
    configs = [c for c in snapshot.config.mailboxes if scope in ("", c.name)]
    found = [copy for config in configs for copy in targets(s, config)]
    if found:
        hold = protection(s.message, found, snapshot.config.holds, snapshot)
        return None if hold is None else f"[hold] {hold} protects it"
    listed = [copy for copy in _listed(s.message) if scope in ("", copy.mailbox)]
    if any(copy.mailbox == CONSOLIDATED and not touchable(copy) for copy in listed):
        return "it lies in Sent or Drafts, or is a draft"
    names = {copy.mailbox for copy in listed}
    if any(c.name in names and "reverse" not in c.allow for c in configs):
        return "allow has no reverse there"
    return "it lies outside folders, or in the trash" if listed else "no mailbox lists it"


def asked(mark: Mark, options: Options) -> bool:
    """Whether a plan has the deletions of a marked message."""
    return options.marked or mark.since is None


def scope_of(mark: Mark, options: Options) -> str:
    """The one mailbox that a plan deletes a marked message from; empty: everywhere."""
    other = bool(options.marks) and mark.since is not None
    return mark.scope if options.scope is None or other else options.scope


def is_over(s: MessageStatus, scope: str) -> bool:
    """Whether nothing that a mark asks for can be left: the message is gone from there."""
    if scope:
        return (s.consolidated if scope == CONSOLIDATED else s.accounts.get(scope)) in (
            Presence.GONE,
            None,
        )
    return s.consolidated is Presence.GONE and s.left_everywhere


def kept_on_accounts(s: MessageStatus) -> bool:
    """Whether a person deleted it in the consolidated mailbox only."""
    return any((h.rule, h.kind) == ("kept-on", "reverse-delete") for h in s.message.holds)


def unfinished(
    statuses: Sequence[MessageStatus], options: Options, stopped: Collection[int]
) -> frozenset[Place]:
    """The copies of marked messages that lie where they cannot be deleted now: the mark stays.

    Args:
        statuses: All messages.
        options: Of the plan.
        stopped: Indexes of those with a line that is held or blocked.
    """
    return frozenset(
        Place(copy.mailbox, copy.location)
        for index, s in enumerate(statuses)
        if (mark := s.message.mark) is not None
        if index in stopped or _not_reached(s, scope_of(mark, options))
        for copy in s.message.copies
    )


def _not_reached(s: MessageStatus, scope: str) -> bool:
    presence = {CONSOLIDATED: s.consolidated, **s.accounts}
    return any(p is Presence.UNKNOWN for name, p in presence.items() if scope in ("", name))
