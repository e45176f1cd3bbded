"""One mailbox by two doors: refused by its name, or recognised by what is filed there."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.world import HOME, Kind, World
from tests.servers.dovecot import Dovecot

if TYPE_CHECKING:
    from pathlib import Path

MAIL = range(1000, 1012)


def second_user(world: World, name: str, other: str, *, inbox: bool = False) -> None:
    """Let an account's user have another one's mail, or what is in his INBOX only."""
    box, mail = world.path(name), world.path(other)
    for part in ("cur", "new", "tmp"):
        (box / part).rmdir()
        if inbox:
            (box / part).symlink_to(mail / part)
    if not inbox:
        box.rmdir()
        box.symlink_to(mail)


def file_away(world: World, name: str, number: int) -> None:
    """The person files a message of the INBOX in a mail program."""
    client = world.server.client(world.user(name))
    if not client.folder_exists("Archive"):
        client.create_folder("Archive")
    client.select_folder("INBOX")
    client.move(client.search(["HEADER", "Message-ID", f"<m{number}@"]), "Archive")
    client.logout()


def archived(world: World, name: str) -> int:
    client = world.server.client(world.user(name))
    found = client.select_folder("Archive", readonly=True)[b"EXISTS"]
    client.logout()
    return int(found)


def user_of(world: World, name: str, user: str) -> None:
    """Let an account log in as somebody else."""
    text = world.config_file.read_text()
    world.config_file.write_text(text.replace(world.user(name), user))


@pytest.mark.parametrize("external", [{"alias": "pop3"}, {"alias": "pop3", "work": "imap"}])
def test_pop3_and_imap_of_one_user_are_refused(
    server: Dovecot, tmp_path: Path, external: dict[str, Kind]
) -> None:
    """An account and the consolidated mailbox; two accounts. By a name and by its address."""
    world = World(server, tmp_path, external, "maildir" if "work" in external else "imap")
    world.deliver("alias", MAIL)
    user_of(world, "alias", world.user("work" if "work" in external else HOME))
    for name in ("127.0.0.1", "localhost"):
        world.config_file.write_text(
            world.config_file.read_text().replace('"127.0.0.1"', f'"{name}"', 1)
        )
        done = world.run("sync", "--yes")
        assert done.returncode == 2
        assert "distinct = true" in done.stderr
    assert not world.state.exists()


@pytest.mark.parametrize("kind", ["pop3", "imap"])
def test_filed_mail_of_an_account_that_is_the_consolidated_mailbox(
    server: Dovecot, tmp_path: Path, kind: Kind
) -> None:
    world = World(server, tmp_path, {"alias": kind}, "imap")
    second_user(world, "alias", HOME, inbox=kind == "imap")
    world.deliver(HOME, MAIL)
    assert world.run("sync", "--yes").returncode == 0
    file_away(world, HOME, 1003)
    plan = json.loads(world.run("plan", "--json").stdout)
    assert plan["actions"] == []
    (block,) = plan["blocked"]
    assert (block["account"], block["rule"], block["count"]) == ("alias", "same-mailbox", 1)
    for _ in range(2):
        assert world.run("sync", "--yes").returncode == 4
    assert archived(world, HOME) == 1

    # The person says that it is another one, once and then for good.
    accept = "--accept-blocked=alias:same-mailbox=1"
    assert world.run("sync", "--yes", accept).returncode == 0
    assert archived(world, HOME) == 0
    file_away(world, HOME, 1004)
    assert world.run("sync", "--yes").returncode == 4
    text = world.config_file.read_text()
    section = "[external.alias]\n"
    world.config_file.write_text(text.replace(section, f"{section}distinct = true\n"))
    assert world.run("sync", "--yes").returncode == 0
    assert archived(world, HOME) == 0


def test_the_whole_of_it_by_another_name(server: Dovecot, tmp_path: Path) -> None:
    """Both see where it was filed, and whatever is deleted is gone from both."""
    world = World(server, tmp_path, {"alias": "imap"}, "imap")
    second_user(world, "alias", HOME)
    world.deliver(HOME, MAIL)
    assert world.run("sync", "--yes").returncode == 0
    file_away(world, HOME, 1003)
    world.delete(HOME, [1004])
    for _ in range(2):
        assert world.run("sync", "--yes").returncode == 0
    assert archived(world, HOME) == 1
    assert set(world.held(HOME)) == set(MAIL) - {1003, 1004}


def test_what_is_collected_comes_to_the_second_door(server: Dovecot, tmp_path: Path) -> None:
    world = World(server, tmp_path, {"alias": "pop3", "isp": "pop3"}, "imap")
    second_user(world, "alias", HOME)
    world.deliver("isp", MAIL)
    for _ in range(2):
        assert world.run("sync", "--yes").returncode == 0
    file_away(world, HOME, 1003)
    for _ in range(2):
        assert world.run("sync", "--yes").returncode == 4
    assert archived(world, HOME) == 1


def test_two_accounts_that_are_one(server: Dovecot, tmp_path: Path) -> None:
    world = World(server, tmp_path, {"work": "imap", "alias": "pop3"}, "maildir")
    second_user(world, "alias", "work")
    world.deliver("work", MAIL)
    assert world.run("sync", "--yes").returncode == 0
    file_away(world, "work", 1003)
    for _ in range(2):
        assert world.run("sync", "--yes").returncode == 4
    assert set(world.held(HOME)) == set(MAIL)
    assert archived(world, "work") == 1


def test_a_view_of_unread_mail(tmp_path: Path) -> None:
    """Dovecot's virtual plugin: what is read goes from the account, and is filed nowhere."""
    settings = """
mail_plugins = virtual
namespace inbox {
  hidden = yes
  list = no
  inbox = no
  prefix = Real.
}
namespace view {
  inbox = yes
  separator = .
  location = virtual:~/views
}
"""
    with Dovecot() as server, Dovecot(extra=settings) as views:
        world = World(server, tmp_path, {"unread": "imap"}, "imap", ports={"unread": views.imap})
        shutil.rmtree(world.path("unread").parent)
        home = views.maildir(world.user("unread")).parent
        (home / "views" / "INBOX").mkdir(parents=True)
        (home / "views" / "INBOX" / "dovecot-virtual").write_text("Real\n  unseen\n")
        (home / "Maildir").symlink_to(world.path(HOME))
        if os.getuid() == 0:
            for path in (home, *home.rglob("*")):
                shutil.chown(path, "nobody")
        assert world.run("sync", "--yes").returncode == 0
        for number in MAIL:
            world.deliver(HOME, [number])
        assert world.run("sync", "--yes").returncode == 0
        client = server.client(world.user(HOME))
        client.select_folder("INBOX")
        client.add_flags([1, 2], [rb"\Seen"])
        client.logout()
        plan = json.loads(world.run("plan", "--json").stdout)
        assert plan["mailboxes"]["unread"]["messages"] == len(MAIL) - 2
        assert plan["actions"] == []
        (block,) = plan["blocked"]
        assert (block["account"], block["rule"], block["count"]) == ("unread", "same-mailbox", 2)
        assert world.run("sync", "--yes").returncode == 4
        assert set(world.held(HOME)) == set(MAIL)


def test_another_user_of_the_consolidated_server_is_another_mailbox(
    server: Dovecot, tmp_path: Path
) -> None:
    """It works as anywhere else."""
    world = World(server, tmp_path, {"work": "imap"}, "imap")
    world.deliver("work", range(12))
    world.deliver(HOME, range(100, 112))
    assert world.run("sync", "--yes").returncode == 0
    file_away(world, HOME, 5)
    world.delete("work", [3, 5])
    world.delete(HOME, [4])
    assert world.run("sync", "--yes").returncode == 0
    left = set(range(12)) - {3, 4, 5}
    assert set(world.held("work")) == left
    assert set(world.held(HOME)) == left | set(range(100, 112))


def test_another_root_of_the_consolidated_server_is_another_mailbox(
    server: Dovecot, tmp_path: Path
) -> None:
    world = World(server, tmp_path, {"work": "imap"}, "imap")
    text = world.config_file.read_text()
    world.config_file.write_text(text.replace("[consolidated]\n", '[consolidated]\nroot = "All"\n'))
    world.deliver("work", MAIL)
    assert world.run("sync", "--yes").returncode == 0
    world.delete("work", [1003])
    client = world.server.client(world.user(HOME))
    client.select_folder("All")
    client.delete_messages(client.search(["HEADER", "Message-ID", "<m1004@"]))
    client.expunge()
    assert world.run("sync", "--yes").returncode == 0
    assert set(world.held("work")) == set(MAIL) - {1003, 1004}
    assert client.select_folder("All", readonly=True)[b"EXISTS"] == len(MAIL) - 2
    client.logout()
