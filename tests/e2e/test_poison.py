"""On Dovecot: a connection that is cut wherever one message passes, on either side."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mailsync_tui.mailboxes.net.sockets import Cutter
from tests.e2e.world import HOME, Kind, World
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import Proxy

COUNT, BAD = 40, 17
OTHERS = Counter(number for number in range(COUNT) if number != BAD)

pytestmark = pytest.mark.server


@pytest.mark.vice(15)
@pytest.mark.parametrize(("kind", "where"), [("pop3", "isp"), ("imap", "isp"), ("imap", HOME)])
def test_all_others_are_done_in_the_same_run(
    server: Dovecot, tmp_path: Path, kind: Kind, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Cutter, "wait", lambda self, seconds: self.check())
    port = server.pop3 if kind == "pop3" else server.imap
    with Proxy(port, poison=b"message %d says" % BAD) as proxy:
        world = World(server, tmp_path, {"isp": kind}, "imap", ports={where: proxy.port})
        world.deliver("isp", range(COUNT))
        result = world.sync("collect")
        failed = [line for line in result.lines if line.outcome != "done"]
        assert [line.line.message_id for line in failed] == [f"<m{BAD}@e2e.example>"]
        assert world.held(HOME) == OTHERS
        assert len(proxy.heard) <= 20
        world.write_config(**{where: port})
        assert world.sync("collect").exit == 0
        assert world.held(HOME) == world.held("isp") == Counter(range(COUNT))
        # Deleted with all others, it is read right before: nothing is deleted unread.
        world.write_config(**{where: proxy.port})
        world.delete(HOME if where == "isp" else "isp", range(10, 25))
        result = world.sync()
        assert [line.line.message_id for line in result.lines if line.outcome != "done"] == [
            f"<m{BAD}@e2e.example>"
        ]
        left = Counter(number for number in range(COUNT) if number == BAD or not 10 <= number < 25)
        assert world.held(where) == left
        assert world.quarantined() == set(range(10, 25)) - {BAD}
