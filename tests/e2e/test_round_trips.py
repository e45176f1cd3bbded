"""How often the program waits for a server, counted at its sockets: no clock is looked at."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mailsync_tui.mailboxes.net import sockets
from tests.e2e.world import HOME, Kind, World
from tests.servers.dovecot import Dovecot

if TYPE_CHECKING:
    from mailsync_tui.mailboxes.net.sockets import Cutter, Endpoint

COUNT = 100

pytestmark = pytest.mark.server


class Counted(socket.socket):
    """Counts how often it is read after it was written to: each is a wait for the server."""

    waits: int = 0
    _written = False

    def sendall(self, data: object, flags: int = 0) -> None:
        self._written = True
        super().sendall(data, flags)  # type: ignore[arg-type]

    def recv(self, size: int, flags: int = 0) -> bytes:
        self._waited()
        return super().recv(size, flags)

    def recv_into(self, *arguments: object) -> int:
        self._waited()
        return super().recv_into(*arguments)  # type: ignore[arg-type]

    def _waited(self) -> None:
        self.waits += self._written
        self._written = False


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Counted]:
    """The sockets of the program, as they come."""
    found: list[Counted] = []
    connect = sockets.connect

    def counted(endpoint: Endpoint, seconds: float, cutter: Cutter) -> socket.socket:
        plain = connect(endpoint, seconds, cutter)
        sock = Counted(fileno=plain.detach())
        sock.settimeout(seconds)
        found.append(sock)
        return sock

    monkeypatch.setattr(sockets, "connect", counted)
    return found


ROUTES: list[tuple[Kind, Kind, str, list[int]]] = [
    # No change: IMAP logs in, lists, logs out; POP3 gives its capabilities too.
    ("imap", "maildir", "nothing", [3]),
    ("pop3", "maildir", "nothing", [5]),
    ("maildir", "imap", "nothing", [3]),
    ("imap", "maildir", "nothing, as before", [3]),
    ("pop3", "maildir", "nothing, as before", [5]),
    ("maildir", "imap", "nothing, as before", [3]),
    # One in a hundred gone from the account: on IMAP some of those left are looked at, once.
    ("imap", "maildir", "gone", [4]),
    ("pop3", "maildir", "gone", [5]),
]


@pytest.mark.parametrize(("kind", "home", "change", "waits"), ROUTES)
def test_waits(
    kind: Kind,
    home: Kind,
    change: str,
    waits: list[int],
    server: Dovecot,
    tmp_path: Path,
    opened: list[Counted],
) -> None:
    world = World(server, tmp_path, {"acct": kind}, home, extra="[guards]\nmax_delete_share = 1.0")
    world.deliver("acct", range(COUNT))
    assert world.sync().exit == 0
    if change == "gone":
        world.delete("acct", {7})
    elif change == "nothing, as before":
        assert world.sync().run is None  # its plan is kept
    opened.clear()
    assert world.sync().exit == 0
    assert [sock.waits for sock in opened] == waits
    assert len(world.held(HOME)) == COUNT - (change == "gone")


def test_a_first_collection_waits_for_batches_and_not_for_messages(
    server: Dovecot, tmp_path: Path, opened: list[Counted]
) -> None:
    for kind, most in (("imap", 8), ("pop3", 15)):
        world = World(server, tmp_path / kind, {"acct": kind}, "maildir")  # type: ignore[dict-item]
        world.deliver("acct", range(COUNT))
        opened.clear()
        assert world.sync().exit == 0
        assert sum(sock.waits for sock in opened) <= most
