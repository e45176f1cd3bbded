"""One mailbox by two doors, which no name gives away: nothing is deleted for filing."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from tests.e2e.world import HOME, World
from tests.servers.dovecot import Dovecot

if TYPE_CHECKING:
    from pathlib import Path


def second_user(world: World, name: str, other: str) -> None:
    """Let an account's user have the other one's mail."""
    box = world.path(name).parent
    shutil.rmtree(box)
    box.symlink_to(world.path(other).parent)


def file_away(world: World, name: str, number: int) -> None:
    """The person files a message of the INBOX in a mail program."""
    client = world.server.client(world.user(name))
    client.create_folder("Archive")
    client.select_folder("INBOX")
    client.move(client.search(["HEADER", "Message-ID", f"{number}"])[:1], "Archive")
    client.logout()


def archived(world: World, name: str) -> int:
    client = world.server.client(world.user(name))
    found = client.select_folder("Archive", readonly=True)[b"EXISTS"]
    client.logout()
    return int(found)


def test_an_account_that_is_the_consolidated_mailbox(server: Dovecot, tmp_path: Path) -> None:
    world = World(server, tmp_path, {"alias": "pop3"}, "imap")
    second_user(world, "alias", HOME)
    world.deliver(HOME, range(1000, 1012))
    found = world.run("sync", "--yes", "--json")
    assert found.returncode == 4
    assert {b["rule"] for b in json.loads(found.stdout)["blocked"]} == {"same-mailbox"}
    file_away(world, HOME, 1003)
    plan = json.loads(world.run("plan", "--json").stdout)
    assert plan["actions"] == []
    (block,) = plan["blocked"]
    assert (block["account"], block["rule"], block["count"]) == ("alias", "same-mailbox", 1)
    assert world.run("sync", "--yes").returncode == 4
    assert archived(world, HOME) == 1
    # The person says that it is none.
    accept = "--accept-blocked=alias:same-mailbox=1"
    assert world.run("sync", "--yes", accept).returncode == 0
    assert archived(world, HOME) == 0


def test_over_imap_it_is_seen_by_the_dates_too(server: Dovecot, tmp_path: Path) -> None:
    world = World(server, tmp_path, {"alias": "imap"}, "imap")
    second_user(world, "alias", HOME)
    world.deliver(HOME, range(1000, 1012))
    assert world.run("sync", "--yes").returncode == 4


def test_what_is_collected_comes_to_the_second_door(server: Dovecot, tmp_path: Path) -> None:
    world = World(server, tmp_path, {"alias": "pop3", "isp": "pop3"}, "imap")
    second_user(world, "alias", HOME)
    world.deliver(HOME, [999])
    assert world.run("sync", "--yes").returncode == 0
    world.deliver("isp", range(1000, 1005))
    assert world.run("sync", "--yes").returncode == 0
    assert world.run("sync", "--yes").returncode == 4
    file_away(world, HOME, 1003)
    assert world.run("sync", "--yes").returncode == 4
    assert archived(world, HOME) == 1


def test_two_accounts_that_are_one(server: Dovecot, tmp_path: Path) -> None:
    world = World(server, tmp_path, {"work": "imap", "alias": "pop3"}, "maildir")
    second_user(world, "alias", "work")
    world.deliver("work", range(1000, 1012))
    assert world.run("sync", "--yes").returncode == 4
    file_away(world, "work", 1003)
    assert world.run("sync", "--yes").returncode == 4
    assert sum(world.held(HOME).values()) == 12


def test_another_user_of_the_consolidated_server_is_another_mailbox(
    server: Dovecot, tmp_path: Path
) -> None:
    """It works as anywhere else, though new mail lies on the same disk."""
    world = World(server, tmp_path, {"work": "imap"}, "imap")
    world.deliver("work", range(12))
    world.deliver(HOME, range(100, 112))
    assert world.run("sync", "--yes").returncode == 0
    world.delete("work", [3])
    world.delete(HOME, [4])
    assert world.run("sync", "--yes").returncode == 0
    left = set(range(12)) - {3, 4}
    assert set(world.held("work")) == left
    assert set(world.held(HOME)) == left | set(range(100, 112))
