"""A POP3 server with neither UIDL nor TOP, over the whole way; the other side is a real server.

No server of Debian lacks both, so this one is scripted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.builders import sized_mail
from tests.e2e.world import HOME, World
from tests.servers.dovecot import Dovecot
from tests.servers.pop3_script import SECRET, Nameless

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 900


def test_new_mail_of_the_same_size_at_the_same_number_is_collected(
    server: Dovecot, tmp_path: Path
) -> None:
    with Nameless() as isp:
        world = World(
            server,
            tmp_path,
            {"isp": "pop3"},
            "imap",
            ports={"isp": isp.port},
            passwords={"isp": SECRET},
        )
        isp.mail = {f"u{number}": sized_mail(number, SIZE) for number in range(100, 120)}
        world._sizes.update(dict.fromkeys(range(100, 140), SIZE))
        assert world.run("sync", "--yes").returncode == 0
        assert set(world.held(HOME)) == set(range(100, 120))

        assert len(sized_mail(130, SIZE)) == len(isp.mail["u105"])
        isp.mail["u105"] = sized_mail(130, SIZE)
        del isp.mail["u110"]
        world.delete(HOME, [115])
        assert world.run("sync", "--yes").returncode == 0
        left = {*range(100, 120), 130} - {105, 110, 115}
        assert set(world.held(HOME)) == left
        assert sorted(isp.mail.values()) == sorted(sized_mail(number, SIZE) for number in left)
        assert world.run("plan").stdout.count("nothing to do") == 1

        check = world.run("check")
        assert "each listing fetches all messages" in check.stdout
