"""A POP3 account as a mailbox: collected from, deleted on, but never stored to."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from mailsync_tui.mailboxes.base import (
    ANOTHER_MESSAGE,
    DeleteRequest,
    DeleteResult,
    Facts,
    FolderListing,
    Head,
    Listing,
    Location,
    MailboxError,
    MarkKeeper,
    NewMessage,
    Progress,
    Raw,
    Role,
    StoreResult,
    Unchanged,
    Unreachable,
    unwatched,
)
from mailsync_tui.mailboxes.net import sockets
from mailsync_tui.mailboxes.pop3.uidl import (
    BrokenAt,
    UidlListing,
    digest_in,
    header_of,
    mega,
    read_headers,
    read_uidl,
    read_whole,
)
from mailsync_tui.mailboxes.pop3.wire import Busy, Pop3Command, Pop3Wire, Reply, Stalled

if TYPE_CHECKING:
    import socket

    from mailsync_tui.config.model import MailboxConfig

_INBOX = "INBOX"
_LOCK_WAITS = 4
_MOST_BROKEN = 8
"""Messages that may break the connection in one listing, each of which is then left out."""
_CAPABILITIES = 1 << 16
"""Octets of an answer to CAPA."""
_MATTER = ("PIPELINING", "UIDL", "TOP", "STLS", "EXPIRE", "LOGIN-DELAY", "RESP-CODES")
_NOT_NAMED = "this message has neither UIDL nor TOP, and was not read whole: it is not deleted"
_OTHER_BYTES = "the server gives other bytes for this message each time"
_UNSEEN = (
    "this server cannot show a message without fetching it; it can be read once it is collected"
)
_RENAMED = "messages that this server does not distinguish have changed: it is to be listed anew"

_T = TypeVar("_T")


class Pop3Timing(NamedTuple):
    """How long to wait, in seconds."""

    connect: float = sockets.CONNECT_TIMEOUT
    read: float = sockets.READ_TIMEOUT
    message: float = sockets.READ_TIMEOUT
    """As ``read``, once it is messages that were asked for."""
    stall: float = 30.0
    """Without a byte, while several commands are under way."""
    lock: float = 1.0
    """Before the first new attempt where another session holds the lock; then twice as long."""


class Pop3Mailbox:
    """A POP3 account.

    A session lasts for one listing or one batch: it holds the server's lock, and the server says
    what others changed only at the next log-in. Every method opens its own.

    Args:
        config: Host, port, TLS and user.
        secret: Gives the password or token; called before each log-in.
        timing: Time-outs.
    """

    kind = "pop3"
    peeks = False
    can_store = False

    def __init__(
        self, config: MailboxConfig, secret: Callable[[], str], timing: Pop3Timing | None = None
    ) -> None:
        self.name = config.name
        self._config = config
        self._secret = secret
        self._timing = timing or Pop3Timing()
        self._endpoint = (config.host, config.port)
        self._trusted: sockets.Trust | None = None
        self._capabilities: dict[str, str] | None = None
        self._one_by_one = False
        self._listed: UidlListing | None = None
        """The last listing for which messages had to be read whole."""
        self._broken: set[tuple[int, int]] = set()
        """Numbers and sizes of those at which that broke the connection."""
        self._cutter = sockets.Cutter()

    def list(self, progress: Progress = unwatched, unless: str | None = None) -> Listing:
        """List everything by UIDL, by TOP where that is needed, by RETR where there is no TOP."""
        uidl = self._read_listing(progress, unless)
        folder = FolderListing(_INBOX, Role.INBOX, 0, tuple(uidl.numbers))
        return Listing((folder,), uidl.error is None, uidl.error, uidl.note, uidl.version)

    def heads(self, locations: Iterable[Location]) -> Iterator[Head]:
        """Read headers by TOP; where the server lacks it, those that a listing has read."""
        for location, size, data in self._read(locations, "TOP {} 0", {}):
            digest = digest_in(str(location.uid))
            yield Head(location, header_of(data), size, frozenset(), None, digest)

    def fetch(self, locations: Iterable[Location]) -> Iterator[Raw]:
        """Stream messages by RETR, asked for ahead of their answers where the server allows it.

        Raises:
            MailboxError: after all others, for one that is refused and still listed afterwards.
        """
        refused: dict[Location, str] = {}
        for location, _, data in self._read(locations, "RETR {}", refused):
            yield Raw(location, data, frozenset(), None)
        if refused:
            listed = self._in_session(lambda wire: self._names(wire, refused))
            for location, text in refused.items():
                if location.uid in listed.numbers:
                    raise MailboxError(f"the server does not give this message: {text}")

    def read(self, location: Location) -> Raw | None:
        """One message, whole, by TOP; by RETR where every listing takes that.

        Raises:
            MailboxError: the server refuses TOP.
        """
        if digest_in(str(location.uid)) is not None:
            return next(self.fetch([location]), None)
        return self._in_session(lambda wire: self._look_at(wire, location))

    def store(self, messages: Sequence[NewMessage], folder: str) -> Sequence[StoreResult]:  # noqa: ARG002
        """Never possible.

        Raises:
            MailboxError: always.
        """
        raise MailboxError("no mail can be put into a POP3 mailbox")

    def delete(
        self,
        requests: Sequence[DeleteRequest],
        marks: MarkKeeper,  # noqa: ARG002
    ) -> Sequence[DeleteResult]:
        """Delete exactly these; nothing counts as done unless QUIT was answered by +OK.

        Raises:
            Unreachable: also where QUIT was refused or its answer did not come.
        """
        return self._in_session(lambda wire: self._delete(wire, requests))

    def restore_marks(self, folder: str, validity: int, uids: Sequence[int]) -> None:
        """POP3 has no marks."""

    def resolve(self, folder: str) -> str:  # noqa: ARG002
        """There is one folder."""
        return _INBOX

    def facts(self) -> Facts:
        """Connect and describe, for ``check``."""

        def look(wire: Pop3Wire) -> tuple[UidlListing, str]:
            return read_uidl(wire, -1), sockets.describe_tls(wire.sock)

        uidl, encryption = self._in_session(look)
        capabilities = self._capabilities or {}
        notes = []
        if uidl.error:
            notes.append(uidl.error)
        if uidl.headers:
            notes.append(
                "the UIDLs of this server do not distinguish messages: headers are read instead"
            )
        if uidl.note is not None:
            octets = sum(uidl.sizes.get(number, 0) for number in uidl.positions)
            most = mega(self._config.max_listing)
            notes.append(
                f"this server has neither UIDL nor TOP: each listing fetches all messages,"
                f" {mega(octets)}; where that is more than max_listing ({most}), only what is"
                " above the last known count is collected, and nothing is deleted"
            )
        if (days := capabilities.get("EXPIRE", "").split(" ")[0]).isdecimal():
            notes.append(f"this server deletes mail after {days} days")
        return Facts(
            "POP3",
            encryption,
            tuple(name for name in _MATTER if name in capabilities),
            ((_INBOX, Role.INBOX, len(uidl.numbers)),),
            tuple(notes),
        )

    def close(self) -> None:
        """No session outlasts its method."""

    def abort(self) -> None:
        """Cut the session that is open or is being opened, if any, and open no other."""
        self._cutter.cut()

    @contextlib.contextmanager
    def _session(self) -> Iterator[Pop3Wire]:
        """A session that was logged in to; it ends by QUIT, or in case of an error by a cut."""
        wire = self._connect()
        try:
            try:
                yield wire
            except Unchanged:
                _quit(wire)
                raise
            _quit(wire)
        finally:
            wire.sock.close()

    def _connect(self) -> Pop3Wire:
        self._cutter.check()
        for attempt in range(_LOCK_WAITS):
            try:
                return self._log_in()
            except Busy:
                self._cutter.wait(2**attempt * self._timing.lock)
        return self._log_in()

    def _log_in(self) -> Pop3Wire:
        config = self._config
        secret = self._secret()
        sock = self._open_socket()
        if config.tls == "implicit":
            sock = sockets.secure(
                sock, self._tls(), self._endpoint, self._open_socket, self._cutter.watch
            )
        else:
            sockets.await_greeting(sock, self._endpoint, self._open_socket, self._cutter.watch)
        wire = Pop3Wire(sock, self._endpoint, self._timing.stall)
        try:
            wire.greet()
            if config.tls == "starttls":
                wire.start_tls(self._tls(), self._open_to_tls, self._cutter.watch)
            wire.sock.settimeout(self._timing.read)
            token = config.secret is not None and config.secret.source == "token_command"
            wire.log_in(config.user, secret, token=token)
            if self._capabilities is None:
                # Asked here, as log-in changes them; no CAPA does not mean no UIDL or TOP.
                names = wire.ask("CAPA", _CAPABILITIES).data.decode("ascii", "replace").splitlines()
                pairs = (name.strip().partition(" ") for name in names)
                self._capabilities = {name.upper(): rest for name, _, rest in pairs}
            wire.pipelines = "PIPELINING" in self._capabilities and not self._one_by_one
        except BaseException:
            wire.sock.close()
            raise
        return wire

    def _tls(self) -> sockets.Trust:
        if self._trusted is None:
            self._trusted = sockets.trust(self._config.ca_file, self._config.certificate)
        return self._trusted

    def _open_socket(self) -> socket.socket:
        sock = sockets.connect(self._endpoint, self._timing.connect, self._cutter)
        self._cutter.watch(sock)
        return sock

    def _open_to_tls(self) -> socket.socket:
        wire = Pop3Wire(self._open_socket(), self._endpoint, self._timing.stall)
        wire.greet()
        wire.ask("STLS")
        return wire.sock

    def _in_session(self, work: Callable[[Pop3Wire], _T]) -> _T:
        """Do something that may be begun again from the start in a session of its own."""
        try:
            with self._session() as wire:
                return work(wire)
        except Stalled:
            self._one_by_one = True
        with self._session() as wire:
            return work(wire)

    def _read_listing(self, progress: Progress, unless: str | None) -> UidlListing:
        """List; what breaks the connection is left out, and the listing is not complete then."""
        self._broken.clear()
        one_by_one = self._one_by_one
        try:
            while True:
                try:
                    return self._in_session(lambda wire: self._look(wire, progress, unless))
                except BrokenAt as error:
                    if not self._one_by_one:
                        # Answers may be lost with the connection: which it was is seen so.
                        self._one_by_one = True
                    elif error.at in self._broken or len(self._broken) == _MOST_BROKEN:
                        raise
                    else:
                        self._broken.add(error.at)
        finally:
            self._one_by_one = one_by_one

    def _look(
        self, wire: Pop3Wire, progress: Progress = unwatched, unless: str | None = None
    ) -> UidlListing:
        most = self._config.max_listing
        uidl = read_uidl(wire, most, progress, broken=self._broken, unless=unless)
        self._listed = uidl if uidl.digests else None
        return uidl

    def _names(self, wire: Pop3Wire, locations: Iterable[Location]) -> UidlListing:
        """What a session lists, to find messages in it that were listed before.

        What was read whole for the last listing is not read again: its number and size are as they
        were, and its bytes are compared once they come.
        """
        if self._listed is not None:
            most = self._config.max_listing
            uidl = read_uidl(wire, most, before=self._listed)
            if all(location.uid in uidl.numbers for location in locations):
                return uidl
        return self._look(wire)

    def _read(
        self, locations: Iterable[Location], verb: str, refused: dict[Location, str]
    ) -> Iterator[tuple[Location, int, bytes]]:
        """Yield location, size and answer for each message that is there and not refused."""
        remaining = [*locations]
        while remaining:
            done = 0
            try:
                with self._session() as wire:
                    uidl = self._names(wire, remaining)
                    wire.patience = self._timing.message
                    known = uidl.headers if verb.startswith("TOP") else {}
                    found = [
                        (place, uidl.numbers[location.uid])
                        for place, location in enumerate(remaining)
                        if isinstance(location.uid, str) and location.uid in uidl.numbers
                    ]
                    replies = wire.ask_last(
                        [
                            Pop3Command(verb.format(number), uidl.limit(number))
                            for _, number in found
                            if number not in known
                        ]
                    )
                    for place, number in found:
                        data = known.get(number)
                        reply = Reply(True, "", data) if data is not None else next(replies)
                        if data is None and reply.ok and not uidl.agrees(number, reply.data):
                            if uidl.assumed:
                                break
                            reply = Reply(False, _OTHER_BYTES)
                        done = place + 1
                        if reply.ok:
                            yield remaining[place], uidl.sizes.get(number, 0), reply.data
                        else:
                            refused[remaining[place]] = reply.text
                    else:
                        # Until QUIT is answered the server may still hold the lock.
                        next(replies, None)
                        return
                # Another message has its number now.
                self._listed = None
                remaining = remaining[done:]
            except Stalled:
                self._one_by_one = True
                remaining = remaining[done:]

    def _look_at(self, wire: Pop3Wire, location: Location) -> Raw | None:
        uidl = self._names(wire, [location])
        number = uidl.numbers.get(str(location.uid))
        if number is None:
            return None
        # No line is shorter than its line end, so that these are all, also where LIST is silent.
        lines = uidl.sizes.get(number, 0) or uidl.limit(number)
        reply = wire.ask(f"TOP {number} {lines}", uidl.limit(number))
        if not reply.ok:
            raise MailboxError(f"{_UNSEEN}: {reply.text}" if reply.text else _UNSEEN)
        return Raw(location, reply.data, frozenset(), None)

    def _delete(self, wire: Pop3Wire, requests: Sequence[DeleteRequest]) -> Sequence[DeleteResult]:
        uidl = self._names(wire, [one.location for one in requests])
        wire.patience = self._timing.message
        numbers = _found(uidl, requests)
        headers = _headers_now(wire, uidl, numbers.values())
        if uidl.assumed and not headers.keys() >= uidl.digests.keys() & {*numbers.values()}:
            uidl = self._look(wire)
            numbers = _found(uidl, requests)
            headers = _headers_now(wire, uidl, numbers.values())
        has_top = bool(headers.keys() - uidl.digests.keys()) or "TOP" in (self._capabilities or {})
        outcomes: dict[Location, DeleteResult] = {}
        agreed: dict[Location, int] = {}
        for one in requests:
            location = one.location
            number = numbers.get(location)
            if number is None:
                renamed = _RENAMED if uidl.has_similar(str(location.uid)) else ""
                doubt = uidl.error or uidl.note or renamed
                outcomes[location] = DeleteResult(location, "skipped" if doubt else "gone", doubt)
                continue
            header = headers.get(number)
            if number in uidl.positions:
                outcomes[location] = DeleteResult(location, "skipped", _NOT_NAMED)
            elif header is None and number in uidl.digests:
                outcomes[location] = DeleteResult(location, "skipped", _OTHER_BYTES)
            elif header is None and has_top and one.identity is not None:
                outcomes[location] = DeleteResult(location, "skipped", "its header cannot be read")
            elif header is not None and not one.refers_to(header):
                outcomes[location] = DeleteResult(location, "skipped", ANOTHER_MESSAGE)
            else:
                agreed[location] = number
        commands = [Pop3Command(f"DELE {number}") for number in agreed.values()]
        for location, reply in zip(agreed, wire.ask_many(commands), strict=True):
            outcomes[location] = (
                DeleteResult(location, "done")
                if reply.ok
                else DeleteResult(location, "failed", reply.text)
            )
        if agreed:
            farewell = wire.quit()
            if not farewell.ok:
                raise Unreachable(f"the server did not carry the deletions out: {farewell.text}")
        return [outcomes[one.location] for one in requests]


def _quit(wire: Pop3Wire) -> None:
    """End a session in which nothing was asked that a missing answer could put in doubt."""
    if not wire.ended:
        with contextlib.suppress(Unreachable):
            wire.quit()


def _found(uidl: UidlListing, requests: Iterable[DeleteRequest]) -> dict[Location, int]:
    """The numbers of those that are there."""
    return {
        one.location: uidl.numbers[one.location.uid]
        for one in requests
        if isinstance(one.location.uid, str) and one.location.uid in uidl.numbers
    }


def _headers_now(wire: Pop3Wire, uidl: UidlListing, numbers: Iterable[int]) -> dict[int, bytes]:
    """Headers by TOP, and by RETR of what is named by its bytes, if it still has them."""
    by_retr = uidl.digests.keys() & set(numbers)
    by_top = [number for number in numbers if number not in by_retr | uidl.positions]
    headers = read_headers(wire, by_top, uidl.sizes)
    for number, data in read_whole(wire, [*by_retr], uidl.sizes):
        if uidl.agrees(number, data):
            headers[number] = header_of(data)
    return headers
