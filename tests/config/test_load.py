from __future__ import annotations

from pathlib import Path

import pytest

from mailsync_tui.config.load import load_config
from mailsync_tui.config.model import Guards
from mailsync_tui.errors import ConfigError
from tests.config.conftest import Load, Problems
from tests.config.texts import IMAP, MAILDIR, MAILDIR_STORE, POP3, STORE, of

EXAMPLE = """
state_dir = "~/state"

[consolidated]
type = "imap"                 # "imap" or "maildir" (then: path; Maildir++ folders)
host = "mail.example.org"
port = 993                    # default: by tls, 993 or 143 (POP3: 995 or 110)
tls = "implicit"              # "implicit" (default), "starttls", "none"
ca_file = "~/ca.pem"          # optional
user = "ann"
password_command = "pass show mail"
folder = "INBOX"              # where collected mail goes; lies in root, default root itself
root = ""                     # look at nothing outside this subtree
delete = "expunge"            # or "trash"
trash = "Trash"
junk_means = "keep"

[external.isp]
type = "pop3"
host = "pop.example.net"
user = "ann"
password_env = "ISP_PASSWORD"
allow = ["collect", "forward", "reverse"]

[external.work]
type = "imap"
host = "imap.example.com"
user = "ann"
token_command = "oauth2-token work"
folders = ["INBOX", "Projects/*"]
into = "Work"

[external.old]
type = "maildir"
path = "~/Mail/old"

[guards]
max_delete_share = 0.5
max_delete_floor = 10
absent_scans = 1
copies = "any"

[quarantine]
keep_days = 30

[schedule]
apply = ["collect"]
"""


def test_the_documented_example(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    config = load(EXAMPLE)
    (ann,) = config.users
    assert config.state_dir == Path("/home/ann/state")
    assert ann.name == "default"
    assert ann.consolidated.ca_file == Path("/home/ann/ca.pem")
    assert ann.consolidated.name == "consolidated"
    assert ann.consolidated.secret is not None
    assert ann.consolidated.secret.source == "password_command"
    assert ann.consolidated.secret.value == "pass show mail"
    assert [account.name for account in ann.external] == ["isp", "work", "old"]
    isp, work, old = ann.external
    assert (isp.type, isp.host, isp.port, isp.tls) == ("pop3", "pop.example.net", 995, "implicit")
    assert work.folders == ("INBOX", "Projects/*")
    assert work.into == "Work"
    assert old.path == Path("/home/ann/Mail/old")
    assert (ann.guards, ann.keep_days, ann.schedule_apply) == (Guards(), 30, ("collect",))


def test_defaults(load: Load) -> None:
    (person,) = load(STORE + POP3).users
    assert person.consolidated.folder == "INBOX"
    assert person.external[0].allow == ("collect", "forward", "reverse")
    assert person.guards == Guards()
    assert load(STORE + POP3).state_dir is None


def test_all_values_arrive(load: Load) -> None:
    text = (
        STORE
        + IMAP
        + """
        delete = "trash"
        trash = "Bin"
        junk = "Spam"
        junk_means = "delete"
        allow = ["reverse", "collect"]
        [guards]
        max_delete_share = 1
        max_delete_floor = 0
        absent_scans = 3
        copies = "all"
        [quarantine]
        keep_days = 1
        [schedule]
        apply = []
        """
    )
    (person,) = load(text).users
    (work,) = person.external
    assert (work.delete, work.trash, work.junk, work.junk_means) == (
        "trash",
        "Bin",
        "Spam",
        "delete",
    )
    assert work.allow == ("collect", "reverse")
    assert person.guards == Guards(1.0, 0, 3, "all")
    assert person.keep_days == 1
    assert person.schedule_apply == ()


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.toml: there is no such file"):
        load_config(tmp_path / "nothing.toml")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_config(tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"[consolidated]\ntype = imap\n", "line 2, column 8"),
        (b"a = 1\nb = '\xff'\n", "not UTF-8 (at line 2, column 6)"),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
        (b"a = " + b"9" * 10_000, "no valid TOML"),
        (b"a = 1\na = 2\n", "line 2"),
    ],
)
def test_what_is_no_toml_is_one_problem(tmp_path: Path, text: bytes, expected: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert len(caught.value.problems) == 1
    assert expected in str(caught.value)


def test_every_problem_at_once(problems: Problems) -> None:
    found = problems(
        """
        stat_dir = "/tmp"
        [consolidated]
        type = "imap"
        hots = "mail.example.org"
        user = "ann"
        port = 0
        [external.isp]
        type = "pop"
        [guards]
        copies = "some"
        [quarantine]
        keep_days = 0
        """
    )
    starts = [problem.split(":")[0] for problem in found]
    assert sorted(starts) == [
        "consolidated",
        "consolidated.host",
        "consolidated.hots",
        "consolidated.port",
        "external.isp.type",
        "guards.copies",
        "quarantine.keep_days",
        "stat_dir",
    ]


def test_an_unknown_key_names_what_was_expected_and_the_nearest(problems: Problems) -> None:
    (found,) = problems(STORE + POP3 + 'alow = ["collect"]\n')
    assert found.startswith("external.isp.alow: unknown key; expected one of type, host, port,")
    assert found.endswith("nearest known key: external.isp.allow")


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("[guards]\nmax_delete_shares = 1", "guards.max_delete_shares", "guards.max_delete_share"),
        ("[quarantine]\nkeepdays = 1", "quarantine.keepdays", "quarantine.keep_days"),
        ("[schedule]\naply = []", "schedule.aply", "schedule.apply"),
        ("[shedule]\napply = []", "shedule", "schedule"),
    ],
)
def test_unknown_keys_elsewhere(problems: Problems, text: str, key: str, nearest: str) -> None:
    (found,) = problems(STORE + POP3 + text)
    assert found.startswith(f"{key}: unknown key; expected one of ")
    assert found.endswith(f"nearest known key: {nearest}")


def test_a_hostile_key_is_made_harmless(problems: Problems) -> None:
    (found,) = problems(STORE + POP3 + '"\\u001b]0;x\\u0007" = 1\n')
    assert "\x1b" not in found
    assert "\x07" not in found


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("guards", "max_delete_share = 1.01"),
        ("guards", "max_delete_share = -0.1"),
        ("guards", "max_delete_share = nan"),
        ("guards", "max_delete_share = true"),
        ("guards", 'max_delete_share = "0.5"'),
        ("guards", "max_delete_floor = -1"),
        ("guards", "max_delete_floor = 1.0"),
        ("guards", "max_delete_floor = 0x10000000000000000"),
        ("guards", "absent_scans = 0"),
        ("guards", "absent_scans = true"),
        ("guards", 'copies = "both"'),
        ("quarantine", "keep_days = 0"),
        ("quarantine", "keep_days = 1979-05-27"),
        ("schedule", 'apply = "collect"'),
        ("schedule", 'apply = ["collect", "collect"]'),
        ("schedule", 'apply = ["backward"]'),
        ("schedule", "apply = [1]"),
    ],
)
def test_wrong_rules(problems: Problems, table: str, line: str) -> None:
    (found,) = problems(f"{STORE}{POP3}[{table}]\n{line}\n")
    assert found.startswith(f"{table}.{line.split()[0]}: expected ")


def test_a_wrong_word_is_answered_with_the_one_that_was_meant(problems: Problems) -> None:
    (found,) = problems(STORE + POP3 + '[schedule]\napply = ["colect"]\n')
    assert found.endswith('not "colect"; did you mean "collect"?')


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("consolidated = 1\n" + POP3, "consolidated"),
        ("external = 1\n" + STORE, "external"),
        ("guards = []\n" + STORE + POP3, "guards"),
        ("users = 1\n", "users"),
        (STORE + "[external]\nisp = 1\n", "external.isp"),
        (of("ann", STORE, POP3) + "[users]\nbob = 1\n", "users.bob"),
    ],
)
def test_what_should_be_a_table(problems: Problems, text: str, key: str) -> None:
    (found,) = problems(text)
    assert found == f"{key}: expected a table, as in [{key}]"


def test_missing_sections(problems: Problems) -> None:
    assert problems("") == [
        "consolidated: missing; expected a section [consolidated]",
        "external: no external mailbox; expected a section [external.ACCOUNT]",
    ]
    assert problems(STORE + "[external]\n") == [
        "external: no external mailbox; expected a section [external.ACCOUNT]"
    ]


def test_state_dir_must_be_absolute(problems: Problems) -> None:
    (found,) = problems('state_dir = "state"\n' + STORE + POP3)
    assert found.startswith("state_dir: expected an absolute path")


@pytest.mark.parametrize(
    "name", ["a b", "", "ä", "x" * 65, "a.b", "consolidated", "isp\n"], ids=repr
)
def test_account_names(problems: Problems, name: str) -> None:
    escaped = name.replace("\n", "\\n")
    (found,) = problems(STORE + POP3.replace("external.isp", f'external."{escaped}"'))
    assert found.startswith("external.")
    assert "a name of 1 to 64" in found or "cannot be called consolidated" in found


def test_the_longest_account_name(load: Load) -> None:
    name = "x" * 62 + "_-"
    (person,) = load(STORE + POP3.replace("isp", name)).users
    assert person.external[0].name == name


class TestSeveralPeople:
    def test_each_has_everything(self, load: Load) -> None:
        text = (
            of("ann", STORE, POP3)
            + "[users.ann.guards]\nabsent_scans = 2\n"
            + of("bob", MAILDIR_STORE, MAILDIR)
            + "[users.bob.quarantine]\nkeep_days = 7\n"
        )
        ann, bob = load(text).users
        assert (ann.name, bob.name) == ("ann", "bob")
        assert (ann.guards.absent_scans, bob.guards.absent_scans) == (2, 1)
        assert (ann.keep_days, bob.keep_days) == (30, 7)
        assert bob.external[0].path == Path("/srv/mail/old")

    def test_not_beside_one_persons_sections(self, problems: Problems) -> None:
        found = problems(STORE + POP3 + of("bob", MAILDIR_STORE, MAILDIR))
        assert [each.split(":")[0] for each in found] == ["consolidated", "external"]
        assert all("no meaning beside [users]" in each for each in found)

    def test_the_state_directory_is_common(self, load: Load) -> None:
        text = 'state_dir = "/srv/state"\n' + of("ann", STORE, POP3)
        assert load(text).state_dir == Path("/srv/state")

    def test_problems_name_the_person(self, problems: Problems) -> None:
        found = problems(of("ann", STORE, POP3).replace("host", "hots") + "[users.bob]\nx = 1\n")
        assert [each.split(":")[0] for each in found] == [
            "users.ann.consolidated.hots",
            "users.ann.consolidated.host",
            "users.ann.external.isp.hots",
            "users.ann.external.isp.host",
            "users.bob.x",
            "users.bob.consolidated",
            "users.bob.external",
        ]

    def test_somebody_must_be_there(self, problems: Problems) -> None:
        assert problems("[users]\n") == [
            "users: nobody is in it; expected [users.NAME.consolidated] …"
        ]

    def test_names(self, problems: Problems) -> None:
        (found,) = problems(of('"../ann"', STORE, POP3))
        assert found.startswith('users."../ann": expected a name of 1 to 64')


class TestMode:
    TEXT = STORE.replace("password_env", "password") + POP3

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
    def test_a_password_that_others_can_read(self, tmp_path: Path, mode: int) -> None:
        path = tmp_path / "my config.toml"
        path.write_text(self.TEXT)
        path.chmod(mode)
        with pytest.raises(ConfigError) as caught:
            load_config(path)
        (problem,) = caught.value.problems
        assert problem.key == "consolidated.password"
        assert problem.message.endswith(f"chmod 600 '{path}'")

    def test_of_one_of_several_people(self, tmp_path: Path) -> None:
        path = tmp_path / "config.toml"
        path.write_text(of("ann", self.TEXT))
        path.chmod(0o644)
        with pytest.raises(ConfigError, match=r"users\.ann\.consolidated\.password: .*chmod 600"):
            load_config(path)

    def test_a_password_of_ones_own(self, load: Load) -> None:
        secret = load(self.TEXT).users[0].consolidated.secret
        assert secret is not None
        assert (secret.source, secret.value) == ("password", "STORE")

    def test_without_a_password_anybody_may_read_it(self, tmp_path: Path) -> None:
        path = tmp_path / "config.toml"
        path.write_text(STORE + POP3)
        path.chmod(0o644)
        assert load_config(path).path == path
