r"""Deleting messages, and nothing else: by UID, compared first, proved afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mailsync_tui.mailboxes.base import (
    ANOTHER_MESSAGE,
    DeleteRequest,
    DeleteResult,
    Head,
    MailboxError,
    MarkKeeper,
    Role,
    Uid,
)
from mailsync_tui.mailboxes.imap import read
from mailsync_tui.mailboxes.imap.folder_names import trash_folder
from mailsync_tui.mailboxes.imap.listing import folders
from mailsync_tui.mailboxes.imap.store import create
from mailsync_tui.mailboxes.imap.syntax import uid_sets

if TYPE_CHECKING:
    from mailsync_tui.config.model import MailboxConfig
    from mailsync_tui.mailboxes.imap.session import ImapSession

_AT_ONCE = 1000
"""Messages named in one command."""

_Outcome = Literal["done", "gone", "skipped", "failed"]


@dataclass(slots=True)
class _Folder:
    """What is to be deleted in one folder, and what became of it."""

    name: str
    validity: int
    requests: list[DeleteRequest]
    outcomes: dict[Uid, tuple[_Outcome, str]] = field(default_factory=dict)


def delete(
    session: ImapSession,
    config: MailboxConfig,
    requests: Sequence[DeleteRequest],
    marks: MarkKeeper,
) -> list[DeleteResult]:
    """Delete these messages folder by folder; one answer for each, in the order given.

    Raises:
        OSError, EOFError: the connection broke.
        MailboxError: the trash folder cannot be found out.
    """
    groups: dict[tuple[str, int], _Folder] = {}
    for one in requests:
        key = one.location[:2]
        groups.setdefault(key, _Folder(*key, [])).requests.append(one)
    trash = _Trash(session, config)
    for group in groups.values():
        try:
            _delete_in(session, group, trash, marks)
        except MailboxError as error:
            for one in group.requests:
                group.outcomes.setdefault(one.location.uid, ("failed", str(error)))
        session.unselect()
    return [
        DeleteResult(one.location, *groups[one.location[:2]].outcomes[one.location.uid])
        for one in requests
    ]


def restore_marks(session: ImapSession, folder: str, validity: int, uids: Sequence[int]) -> None:
    r"""Set ``\Deleted`` on these again, if they are still what they were.

    Raises:
        MailboxError: the server refuses.
    """
    if session.select(folder).validity == validity:
        _store(session, uids, b"+")
    session.unselect()


class _Trash:
    """Where deleted messages are moved, found out when the first one is."""

    def __init__(self, session: ImapSession, config: MailboxConfig) -> None:
        self._session = session
        self._config = config
        self._moves = config.delete == "trash" or session.gmail
        self._known = False
        self._name: str | None = None
        self._within: frozenset[str] = frozenset()

    def target(self, folder: str) -> str | None:
        """The trash folder for messages of this folder; ``None``: they are expunged.

        Raises:
            MailboxError: they should be moved, but there is no trash folder.
        """
        if not self._moves:
            return None
        if not self._known:
            self._find()
        if folder in self._within:
            return None
        if self._name is None:
            raise MailboxError("the server shows no trash folder to move it to")
        return self._name

    def _find(self) -> None:
        session, config = self._session, self._config
        # The whole account: the trash may lie outside the root.
        found = folders(session, config, everywhere=True)
        configured = session.names.resolve(config.trash) if config.trash is not None else None
        name = trash_folder(found, configured)
        if name is None and not session.gmail:
            name = "Trash"
        if name is not None and name not in found:
            create(session, name)
        self._name = name
        self._within = frozenset(one for one, role in found.items() if role is Role.TRASH)
        self._known = True


def _delete_in(session: ImapSession, group: _Folder, trash: _Trash, marks: MarkKeeper) -> None:
    # Before the folder is opened: finding it out may make a folder.
    target = trash.target(group.name)
    opened = session.select(group.name)
    if opened.validity != group.validity:
        _all(group, "skipped", "the folder was made anew since (UIDVALIDITY)")
        return
    if not opened.writable:
        _all(group, "failed", "the folder opens read-only")
        return
    ours = _compared(session, group)
    if not ours:
        return
    error = ""
    try:
        if target is not None:
            reason = _move(session, group, target, ours, marks)
        else:
            reason = _expunge(session, group, ours, marks)
    except MailboxError as refusal:
        reason, error = "", str(refusal)
    # Opened afresh and read-only: that is neither CLOSE nor EXPUNGE, and shows what is left.
    what = f"looking again in {group.name}"
    left = session.listed(ours, what) if session.examine(group.name).exists else set()
    for uid in ours:
        if uid not in left:
            group.outcomes[uid] = ("done", "")
        elif reason:
            group.outcomes[uid] = ("skipped", reason)
        else:
            group.outcomes[uid] = ("failed", error or "it is still there")


def _all(group: _Folder, outcome: _Outcome, reason: str) -> None:
    group.outcomes |= {one.location.uid: (outcome, reason) for one in group.requests}


def _compared(session: ImapSession, group: _Folder) -> list[int]:
    """The UIDs under which the right message lies; the others get their outcome here."""
    heads: dict[Uid, Head] = {
        head.location.uid: head
        for head in read.heads(session, (one.location for one in group.requests))
    }
    unread = [one.location.uid for one in group.requests if one.location.uid not in heads]
    numbers = (uid for uid in unread if isinstance(uid, int))
    listed = session.listed(numbers, f"looking again in {group.name}")
    ours: list[int] = []
    for one in group.requests:
        uid = one.location.uid
        head = heads.get(uid)
        if head is None or not isinstance(uid, int):
            group.outcomes[uid] = (
                ("failed", "its header cannot be read")
                if uid in listed
                else ("gone", "it was not there any more")
            )
        elif "\\Draft" in head.flags:
            group.outcomes[uid] = ("skipped", "it is a draft")
        elif not one.refers_to(head.header):
            group.outcomes[uid] = ("skipped", ANOTHER_MESSAGE)
        else:
            ours.append(uid)
    return ours


def _move(
    session: ImapSession, group: _Folder, target: str, ours: list[int], marks: MarkKeeper
) -> str:
    what = f"moving to {target}"
    argument = session.names.argument(target)
    move = session.has("MOVE")
    copied: list[int] = []
    for part, line in uid_sets(ours, _AT_ONCE):
        verb = b"UID MOVE " if move else b"UID COPY "
        session.wire.call(verb + line + b" " + argument, what)
        copied += part
    return "" if move else _expunge(session, group, copied, marks)


def _expunge(session: ImapSession, group: _Folder, ours: list[int], marks: MarkKeeper) -> str:
    """Mark and expunge; returns why nothing was done, or nothing.

    Raises:
        MailboxError: the server refuses; the marks were taken back.
    """
    if not session.has("UIDPLUS"):
        return _expunge_carefully(session, group, ours, marks)
    try:
        _store(session, ours, b"+")
        for _, line in uid_sets(ours, _AT_ONCE):
            session.wire.call(b"UID EXPUNGE " + line, f"deleting in {group.name}")
    except MailboxError:
        _take_back(session, ours)
        raise
    return ""


def _expunge_carefully(
    session: ImapSession, group: _Folder, ours: list[int], marks: MarkKeeper
) -> str:
    r"""A plain EXPUNGE takes everything that is ``\Deleted``: for a moment, only ours is."""
    what = f"looking for what is marked in {group.name}"
    foreign = sorted(set(session.search(b"DELETED", what)).difference(ours))
    if foreign:
        marks.lifted(group.name, group.validity, foreign)
    try:
        return _expunge_only(session, group, ours, foreign)
    finally:
        # A broken connection raises here too: then the marks are set again by the next run.
        if foreign:
            _store(session, foreign, b"+")
            marks.restored(group.name, group.validity, foreign)


def _expunge_only(session: ImapSession, group: _Folder, ours: list[int], foreign: list[int]) -> str:
    what = f"deleting in {group.name}"
    try:
        _store(session, foreign, b"-")
        _store(session, ours, b"+")
        if not set(session.search(b"DELETED", what)).issubset(ours):
            _take_back(session, ours)
            return "somebody else is deleting in this folder at the same time"
        session.wire.call(b"EXPUNGE", what)
    except MailboxError:
        _take_back(session, ours)
        raise
    return ""


def _store(session: ImapSession, uids: Sequence[int], sign: bytes) -> None:
    r"""Add (``+``) or remove (``-``) the flag ``\Deleted``."""
    for _, line in uid_sets(uids, _AT_ONCE):
        session.wire.call(
            b"UID STORE " + line + b" " + sign + b"FLAGS.SILENT (\\Deleted)", "marking as deleted"
        )


def _take_back(session: ImapSession, uids: Sequence[int]) -> None:
    """Unmark what was not deleted after all; that it was refused is already being reported."""
    with contextlib.suppress(MailboxError):
        _store(session, uids, b"-")
