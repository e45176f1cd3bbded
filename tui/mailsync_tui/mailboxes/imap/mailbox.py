"""An IMAP account as a mailbox (RFC 3501, RFC 9051)."""

from __future__ import annotations

import contextlib
import imaplib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from mailsync_tui.mailboxes.base import (
    ConnectionLost,
    DeleteRequest,
    DeleteResult,
    Facts,
    Head,
    Listing,
    Location,
    MailboxError,
    MarkKeeper,
    NewMessage,
    Progress,
    Raw,
    StoreResult,
    unwatched,
)
from mailsync_tui.mailboxes.imap import listing, read
from mailsync_tui.mailboxes.imap.connection import ImapTiming, broken, log_in
from mailsync_tui.mailboxes.imap.session import ImapSession, status_numbers
from mailsync_tui.mailboxes.imap.syntax import GarbledError
from mailsync_tui.mailboxes.net import sockets

if TYPE_CHECKING:
    from mailsync_tui.config.model import MailboxConfig


_Read = TypeVar("_Read")

_MATTER = """
    UIDPLUS MOVE ESEARCH UNSELECT CONDSTORE QRESYNC MULTIAPPEND LITERAL+ LITERAL- SPECIAL-USE
    NAMESPACE IDLE X-GM-EXT-1
"""
"""The capabilities that ``check`` names, where the server has them."""


class ImapMailbox:
    """One account, one connection that is kept and made anew when it broke between two calls.

    Args:
        config: What to connect to, and how it deletes.
        secret: Gives the password, or the token for XOAUTH2; asked at every log-in, never kept.
        timing: Time-outs.
    """

    kind = "imap"
    peeks = True
    can_store = True

    def __init__(
        self, config: MailboxConfig, secret: Callable[[], str], timing: ImapTiming | None = None
    ) -> None:
        self.name = config.name
        self._config = config
        self._secret = secret
        self._timing = timing or ImapTiming()
        self._session: ImapSession | None = None
        self._used = 0.0
        self._cutter = sockets.Cutter()

    def list(self, progress: Progress = unwatched, unless: str | None = None) -> Listing:
        """List all folders below the root; see :meth:`Mailbox.list`."""
        with self._using() as session:
            return listing.listing(session, self._config, progress, unless)

    def heads(self, locations: Iterable[Location]) -> Iterator[Head]:
        """Read headers; see :meth:`Mailbox.heads`.

        What is not under its UIDVALIDITY any more is left out.
        """
        return self._iterate(read.heads, locations)

    def fetch(self, locations: Iterable[Location]) -> Iterator[Raw]:
        """Stream messages; see :meth:`Mailbox.fetch`.

        Raises:
            MailboxError: after all others were given, when one is there but never came as a
                whole; it is named.
        """
        return self._iterate(read.fetch, locations)

    def read(self, location: Location) -> Raw | None:
        """One message, by BODY.PEEK; see :meth:`Mailbox.read`."""
        return next(iter([*self.fetch([location])]), None)

    def store(self, messages: Sequence[NewMessage], folder: str) -> Sequence[StoreResult]:
        """Store and prove; see :meth:`Mailbox.store`.

        A message whose lines end in bare LF throughout is sent with CRLF, as IMAP wants it.
        """
        from mailsync_tui.mailboxes.imap import store  # not where nothing is stored

        batch = store.Batch(messages)
        lost: ConnectionLost | None = None
        try:
            with self._using(messages=True) as session:
                store.send(session, batch, session.names.resolve(folder))
        except ConnectionLost as error:
            if batch.target is None:
                raise
            lost = error
            self._cutter.wait(self._timing.late)
        where = f"{self._config.host}:{self._config.port}"
        look = store.Looking(where, self._validity, self._uids, self.heads, self.fetch)
        try:
            return store.prove(look, batch, lost)
        except ConnectionLost:  # it is only looked at: once more, over another connection
            return store.prove(look, batch, lost)

    def delete(
        self, requests: Sequence[DeleteRequest], marks: MarkKeeper
    ) -> Sequence[DeleteResult]:
        r"""Delete exactly these; see :meth:`Mailbox.delete`.

        Expunged, or moved to the trash folder (``delete = "trash"``, and Gmail always). One that
        is flagged ``\Draft`` is skipped.
        """
        from mailsync_tui.mailboxes.imap import delete

        with self._using(messages=True) as session:
            return delete.delete(session, self._config, requests, marks)

    def restore_marks(self, folder: str, validity: int, uids: Sequence[int]) -> None:
        r"""Set ``\Deleted`` marks again; nothing if the folder's UIDs are others by now."""
        from mailsync_tui.mailboxes.imap import delete

        with self._using() as session:
            delete.restore_marks(session, folder, validity, uids)

    def resolve(self, folder: str) -> str:
        """The ``/`` form, without the personal namespace's prefix; connects to know it."""
        with self._using() as session:
            return session.names.resolve(folder)

    def facts(self) -> Facts:
        """Connect and describe; see :meth:`Mailbox.facts`."""
        with self._using() as session:
            session.unselect()
            return _facts(session, self._config)

    def close(self) -> None:
        """Log out; never raises."""
        session, self._session = self._session, None
        if session is not None:
            session.wire.logout()
            session.wire.end()

    def abort(self) -> None:
        """Cut the connection, also one that is just being made, and make no other."""
        self._cutter.cut()

    def _iterate(
        self,
        read: Callable[[ImapSession, Iterable[Location]], Iterator[_Read]],
        locations: Iterable[Location],
    ) -> Iterator[_Read]:
        with self._using(messages=True) as session:
            yield from read(session, locations)

    def _validity(self, folder: str) -> int:
        with self._using() as session:
            return session.examine(folder).validity

    def _uids(self, folder: str) -> Sequence[int]:
        with self._using() as session:
            session.ensure_open(folder)
            return session.search(b"ALL", f"looking for what was stored in {folder}")

    @contextlib.contextmanager
    def _using(self, *, messages: bool = False) -> Iterator[ImapSession]:
        """The session, connected; whatever breaks it becomes an error in words.

        Args:
            messages: It is messages that are asked for or sent: the server may hang at one.

        Raises:
            Unreachable: no connection, or it broke; the next call makes a new one.
            MailboxError: the server refused; the connection is kept.
        """
        session = self._ready()
        session.imap.sock.settimeout(self._timing.message if messages else self._timing.read)
        try:
            yield session
        except TimeoutError as error:
            self._drop(session)
            endpoint = (self._config.host, self._config.port)
            if messages:
                raise sockets.hung(endpoint, self._timing.message) from error
            raise broken(endpoint, error) from error
        except (OSError, EOFError, GarbledError, imaplib.IMAP4.error) as error:
            self._drop(session)
            raise broken((self._config.host, self._config.port), error) from error
        finally:
            self._used = time.monotonic()

    def _ready(self) -> ImapSession:
        self._cutter.check()
        session = self._session
        if session is not None:
            rested = time.monotonic() - self._used > self._timing.idle
            if session.wire.untouched and not rested:
                return session
            try:
                session.wire.call(b"NOOP", "looking whether the server is there")
            except (OSError, EOFError, GarbledError, MailboxError):
                self._drop(session)
            else:
                return session
        logged_in = log_in(self._config, self._secret, self._timing, self._cutter)
        try:
            self._session = session = ImapSession(logged_in)
        except (OSError, EOFError) as error:
            raise broken((self._config.host, self._config.port), error) from error
        return session

    def _drop(self, session: ImapSession) -> None:
        if self._session is session:
            self._session = None
        session.wire.end()


def _facts(session: ImapSession, config: MailboxConfig) -> Facts:
    """Describe a server, and count what is in each folder; nothing is opened."""
    found = listing.folders(session, config)
    commands = {
        name: session.wire.send(
            b"STATUS %b (MESSAGES)" % session.names.argument(name), f"counting {name}"
        )
        for name in found
    }
    notes: list[str] = []
    counts: list[tuple[str, int]] = []
    for name, command in commands.items():
        count = status_numbers(session.wire.finish(command)).get("MESSAGES")
        if count is None:
            notes.append(f"the folder {name} cannot be opened")
        else:
            counts.append((name, count))
    if not session.has("UIDPLUS"):
        notes.append(
            "no UIDPLUS: deleting lifts foreign deletion marks for a moment, and is skipped "
            "where it is not safe"
        )
    if session.gmail:
        notes.append("Gmail: deleting moves to the trash")
    return Facts(
        protocol="IMAP4rev2" if "IMAP4REV2" in session.capabilities else "IMAP4rev1",
        encryption=session.encryption,
        capabilities=tuple(name for name in _MATTER.split() if session.has(name)),
        folders=tuple((name, found[name], count) for name, count in counts),
        notes=tuple(notes),
    )
