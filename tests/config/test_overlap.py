from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from mailsync_tui.config import overlap
from mailsync_tui.config.overlap import addresses_of, lies_in
from tests.config.conftest import Load, Problems
from tests.config.texts import IMAP, MAILDIR, MAILDIR_STORE, POP3, STORE, of


def maildir(name: str, path: Path | str) -> str:
    return f'\n[external.{name}]\ntype = "maildir"\npath = "{path}"\n'


def store(path: Path | str) -> str:
    return f'\n[consolidated]\ntype = "maildir"\npath = "{path}"\n'


class TestServers:
    @pytest.mark.story("synced with himself")
    @pytest.mark.parametrize(
        "change",
        [
            ("", ""),
            ("imap.example.com", "IMAP.Example.COM"),
            ("imap.example.com", "imap.example.com."),
            ('user = "ann"', 'user = "ann"\nport = 993'),
            ("WORK", "OTHER"),
            ('user = "ann"', 'user = "ann"\ntls = "starttls"'),
        ],
    )
    def test_the_same_mailbox_twice(self, problems: Problems, change: tuple[str, str]) -> None:
        again = IMAP.replace("external.work", "external.again").replace(*change)
        (found,) = problems(STORE + IMAP + again)
        assert found.startswith("external.again: names the same mailbox as external.work")

    @pytest.mark.parametrize(
        "change",
        [
            ('"ann"', '"bob"'),
            ('"ann"', '"Ann"'),
            ("imap.example.com", "imap.example.org"),
            ('user = "ann"', 'user = "ann"\nport = 994'),
        ],
    )
    def test_another_one(self, load: Load, change: tuple[str, str]) -> None:
        again = IMAP.replace("external.work", "external.again").replace(*change)
        assert len(load(STORE + IMAP + again).users[0].external) == 2

    @pytest.mark.parametrize("port", ["", "port = 1110\n"])
    @pytest.mark.parametrize("other", ["consolidated", "external.work"])
    def test_pop3_is_another_door_to_the_inbox(
        self, problems: Problems, load: Load, port: str, other: str
    ) -> None:
        config = STORE if other == "consolidated" else STORE.replace('"ann"', '"bob"') + IMAP
        host = "mail.example.org" if other == "consolidated" else "imap.example.com"
        again = POP3.replace("pop.example.net", host) + port
        (found,) = problems(config + again)
        assert found.startswith(f"external.isp: names the same mailbox as {other}: ")
        assert "IMAP and POP3 of one user on one host reach one INBOX" in found
        assert "distinct = true" in found
        load(config + again + "distinct = true\n")
        assert load(config.replace('"ann"', '"eve"') + again)

    @pytest.mark.parametrize("section", ["first", "second"])
    def test_two_names_of_one_address(
        self, problems: Problems, load: Load, addresses: dict[str, frozenset[str]], section: str
    ) -> None:
        addresses["imap.example.com"] = frozenset({"192.0.2.1", "192.0.2.2"})
        addresses["work.example.com"] = frozenset({"192.0.2.2"})
        again = IMAP.replace("external.work", "external.again").replace("imap.", "work.")
        (found,) = problems(STORE + IMAP + again)
        assert found.startswith("external.again: names the same mailbox as external.work: ")
        assert "both hosts have one address" in found
        one, other = (IMAP, again) if section == "second" else (again, IMAP)
        load(STORE + one + other + "distinct = true\n")
        addresses["work.example.com"] = frozenset({"192.0.2.3"})
        load(STORE + IMAP + again)

    def test_no_word_makes_the_very_same_mailbox_two(self, problems: Problems) -> None:
        again = IMAP.replace("external.work", "external.again")
        (found,) = problems(STORE + IMAP + again + "distinct = true\n")
        assert "expected each mailbox once" in found
        assert "distinct" not in found

    def test_external_and_consolidated(self, problems: Problems) -> None:
        again = STORE.replace("consolidated", "external.again")
        (found,) = problems(STORE + again)
        assert found.startswith("external.again: names the same mailbox as consolidated")

    def test_a_root_makes_no_difference_to_that(self, problems: Problems) -> None:
        again = STORE.replace("consolidated", "external.again")
        (found,) = problems(STORE + 'root = "All"\n' + again)
        assert found.startswith("external.again: names the same mailbox as consolidated")

    def test_of_two_people(self, problems: Problems) -> None:
        (found,) = problems(of("ann", STORE, POP3) + of("bob", MAILDIR_STORE, POP3))
        assert found.startswith(
            "users.bob.external.isp: names the same mailbox as users.ann.external.isp"
        )

    def test_beside_other_problems(self, problems: Problems) -> None:
        again = IMAP.replace("external.work", "external.again")
        found = problems(STORE + IMAP + again + "nonsense = 1\n")
        assert len(found) == 2

    def test_what_is_wrong_itself_is_not_compared(self, problems: Problems) -> None:
        again = IMAP.replace("external.work", "external.again")
        (found,) = problems(STORE + IMAP + again + 'port = "994"\n')
        assert found.startswith("external.again.port")


@pytest.mark.parametrize("hosts", [{"127.0.0.1", "localhost"}, {"::1", "0:0:0:0:0:0:0:1"}])
def test_addresses_are_looked_up(hosts: set[str]) -> None:
    found = addresses_of(hosts)
    assert set(found) == hosts
    one, other = found.values()
    assert one & other


def test_a_resolver_that_does_not_answer_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    monkeypatch.setattr(overlap, "_LOOK_UP_SECONDS", 0.01)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [][answer.wait(60) :])
    assert addresses_of({"mail.example.org", "192.0.2.1"}) == {
        "192.0.2.1": frozenset({"192.0.2.1"})
    }
    answer.set()


class TestRoots:
    def of_two(self, one: str, other: str) -> str:
        return of("ann", STORE, f"root = '{one}'\n", POP3) + of(
            "bob", STORE, f"root = '{other}'\n", MAILDIR
        )

    @pytest.mark.parametrize(
        ("one", "other"),
        [("ann", "bob"), ("people/ann", "people/bob"), ("people/ann", "people/anna")],
    )
    def test_two_people_in_one_store(self, load: Load, one: str, other: str) -> None:
        assert [person.name for person in load(self.of_two(one, other)).users] == ["ann", "bob"]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("", ""),
            ("ann", ""),
            ("", "bob"),
            ("ann", "ann"),
            ("people", "people/bob"),
            ("people/ann", "people"),
            ("people/ann", "people.ann"),
            ("people.ann", "people/ann/x"),
            (r"people\ann", "people/ann"),
            ("Ann", "ann"),
            ("INBOX", "inbox/ann"),
        ],
    )
    def test_that_overlap(self, problems: Problems, one: str, other: str) -> None:
        (found,) = problems(self.of_two(one, other))
        assert found.startswith(
            "users.bob.consolidated: names the same store as users.ann.consolidated"
        )


class TestMaildirs:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("/srv/m", "/srv/m"),
            ("/srv/m", "/srv/m/"),
            ("/srv/m", "/srv/./m"),
            ("/srv/m", "/srv/x/../m"),
            ("/srv/m", "/srv/m/.old"),
            ("/srv/m/.old", "/srv/m"),
            ("/", "/srv/m"),
        ],
    )
    def test_that_nest(self, problems: Problems, one: str, other: str) -> None:
        (found,) = problems(store(one) + maildir("old", other))
        assert found.startswith("external.old: its path is that of consolidated, or one lies")

    def test_side_by_side(self, load: Load) -> None:
        text = store("/srv/mail") + maildir("a", "/srv/mail2") + maildir("b", "/srv/mail-old")
        assert len(load(text).users[0].external) == 2

    def test_two_external_ones(self, problems: Problems) -> None:
        (found,) = problems(STORE + maildir("a", "/srv/m") + maildir("b", "/srv/m/x"))
        assert found.startswith("external.b: its path is that of external.a")

    def test_of_two_people(self, problems: Problems) -> None:
        (found,) = problems(
            of("ann", STORE, maildir("a", "/srv/m")) + of("bob", store("/srv/m/.b"), POP3)
        )
        assert found.startswith("users.bob.consolidated: its path is that of users.ann.external.a")

    def test_through_a_symbolic_link(self, problems: Problems, tmp_path: Path) -> None:
        (tmp_path / "real" / "inner").mkdir(parents=True)
        (tmp_path / "link").symlink_to(tmp_path / "real")
        (found,) = problems(store(tmp_path / "real") + maildir("old", tmp_path / "link" / "inner"))
        assert found.startswith("external.old: its path is that of consolidated")

    def test_through_a_linked_folder(self, problems: Problems, tmp_path: Path) -> None:
        (tmp_path / "all").mkdir()
        (tmp_path / "old").mkdir()
        (tmp_path / "all" / ".Old").symlink_to(tmp_path / "old")
        (found,) = problems(store(tmp_path / "all") + maildir("old", tmp_path / "old"))
        assert found.startswith("external.old: its path is that of consolidated")

    def test_a_link_elsewhere_does_no_harm(self, load: Load, tmp_path: Path) -> None:
        for name in ("all", "old", "else"):
            (tmp_path / name).mkdir()
        (tmp_path / "all" / ".Else").symlink_to(tmp_path / "else")
        (tmp_path / "all" / "dangling").symlink_to(tmp_path / "nothing")
        text = store(tmp_path / "all") + maildir("old", tmp_path / "old")
        assert len(load(text).users) == 1


@pytest.mark.parametrize(
    ("folder", "root", "expected"),
    [
        ("a", "", True),
        ("a", "a", True),
        ("a/b", "a", True),
        ("a.b", "a", True),
        ("ab", "a", False),
        ("a", "a/b", False),
        ("Inbox.x", "INBOX", True),
        ("Inboxes", "INBOX", False),
        ("A/b", "a", False),
    ],
)
def test_lies_in(folder: str, root: str, expected: bool) -> None:
    assert lies_in(folder, root) is expected
