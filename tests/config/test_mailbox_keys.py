from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from mailsync_tui.config import schema
from mailsync_tui.config.schema import Kind
from mailsync_tui.errors import ConfigError
from tests.config.conftest import Load, Problems
from tests.config.texts import IMAP, MAILDIR, MAILDIR_STORE, POP3, STORE


@pytest.mark.parametrize(
    ("section", "line", "kind"),
    [
        (IMAP, 'path = "/srv/mail/x"', "an external imap"),
        (IMAP, 'root = "x"', "an external imap"),
        (IMAP, 'folder = "x"', "an external imap"),
        (POP3, 'path = "/srv/mail/x"', "an external pop3"),
        (POP3, 'folders = ["INBOX"]', "an external pop3"),
        (POP3, 'junk = "Junk"', "an external pop3"),
        (POP3, 'trash = "Trash"', "an external pop3"),
        (POP3, 'junk_means = "keep"', "an external pop3"),
        (POP3, 'delete = "expunge"', "an external pop3"),
        (POP3, 'root = ""', "an external pop3"),
        (MAILDIR, 'host = "x"', "an external maildir"),
        (MAILDIR, "port = 1", "an external maildir"),
        (MAILDIR, 'tls = "none"', "an external maildir"),
        (MAILDIR, "insecure = true", "an external maildir"),
        (MAILDIR, 'ca_file = "/x"', "an external maildir"),
        (MAILDIR, 'user = "x"', "an external maildir"),
        (MAILDIR, 'password = "x"', "an external maildir"),
        (MAILDIR, 'password_env = "x"', "an external maildir"),
        (MAILDIR, 'password_command = "x"', "an external maildir"),
        (MAILDIR, 'token_command = "x"', "an external maildir"),
        (MAILDIR, "keyring = true", "an external maildir"),
        (MAILDIR, 'folder = "x"', "an external maildir"),
    ],
)
def test_keys_without_a_meaning_there(
    problems: Problems, section: str, line: str, kind: str
) -> None:
    (found,) = problems(f"{STORE}{section}{line}\n")
    name = section.split("]")[0].lstrip("\n[")
    assert found.startswith(f"{name}.{line.split()[0]}: has no meaning for {kind} mailbox; ")
    assert "nearest known key: external." in found


@pytest.mark.parametrize(
    ("store", "line", "kind"),
    [
        (STORE, 'into = "x"', "imap"),
        (STORE, "allow = []", "imap"),
        (STORE, 'folders = ["x"]', "imap"),
        (STORE, 'path = "/x"', "imap"),
        (MAILDIR_STORE, 'into = "x"', "maildir"),
        (MAILDIR_STORE, 'host = "x"', "maildir"),
    ],
)
def test_keys_without_a_meaning_for_the_consolidated_mailbox(
    problems: Problems, store: str, line: str, kind: str
) -> None:
    (found,) = problems(f"{store}{line}\n{POP3}")
    expected = f"has no meaning for the consolidated {kind} mailbox"
    assert found.startswith(f"consolidated.{line.split()[0]}: {expected}; ")


def test_all_keys_of_an_external_maildir(load: Load) -> None:
    (person,) = load(
        STORE
        + MAILDIR
        + """
        folders = ["INBOX", "Lists/"]
        delete = "trash"
        trash = "Bin"
        junk = "Spam"
        junk_means = "delete"
        allow = []
        into = "Old"
        """
    ).users
    (old,) = person.external
    assert old.folders == ("INBOX", "Lists")
    assert (old.delete, old.trash, old.junk, old.junk_means) == ("trash", "Bin", "Spam", "delete")
    assert (old.allow, old.into, old.secret) == ((), "Old", None)


def test_all_keys_of_a_consolidated_maildir(load: Load) -> None:
    (person,) = load(
        MAILDIR_STORE + 'root = "All"\nfolder = "All/New"\ndelete = "trash"\ntrash = "T"\n' + POP3
    ).users
    store = person.consolidated
    assert (store.root, store.folder, store.delete, store.trash) == (
        "All",
        "All/New",
        "trash",
        "T",
    )
    assert store.fingerprint == "maildir:/srv/mail/all//All"


def test_pop3_cannot_be_consolidated(problems: Problems) -> None:
    found = problems(STORE.replace('"imap"', '"pop3"') + POP3)
    assert found == ['consolidated.type: expected "imap" or "maildir", not "pop3"']


def test_a_missing_type_does_not_hide_the_rest(problems: Problems) -> None:
    found = problems(STORE.replace('type = "imap"', "port = 0\nnonsense = 1") + POP3)
    assert [each.split(":")[0] for each in found] == [
        "consolidated.type",
        "consolidated.port",
        "consolidated.nonsense",
    ]


@pytest.mark.parametrize("key", ["host", "user"])
def test_missing_keys_of_a_server(problems: Problems, key: str) -> None:
    lines = [line for line in POP3.splitlines() if not line.startswith(key)]
    (found,) = problems(STORE + "\n".join(lines))
    assert found.startswith(f"external.isp.{key}: expected ")
    assert found.endswith("; it is missing")


def test_a_maildir_needs_a_path(problems: Problems) -> None:
    (found,) = problems(STORE + '[external.old]\ntype = "maildir"\n')
    assert found == (
        "external.old.path: expected an absolute path, or one that begins with ~; it is missing"
    )


class TestSecrets:
    WITHOUT = POP3.replace('password_env = "ISP"\n', "")
    IMAP_WITHOUT = IMAP.replace('password_env = "WORK"\n', "")

    def test_none(self, problems: Problems) -> None:
        (found,) = problems(STORE + self.IMAP_WITHOUT)
        assert found == (
            "external.work: expected exactly one of password, password_env, password_command,"
            " keyring, token_command; there is none"
        )

    def test_two(self, problems: Problems) -> None:
        (found,) = problems(STORE + POP3 + 'password_command = "x"\n')
        assert found.endswith("found password_env, password_command")

    @pytest.mark.parametrize(
        "source", ["password", "password_env", "password_command", "token_command"]
    )
    def test_one_of_each(self, load: Load, source: str) -> None:
        (person,) = load(f'{STORE}{self.IMAP_WITHOUT}{source} = "x"\n').users
        secret = person.external[0].secret
        assert secret is not None
        assert (secret.source, secret.value) == (source, "x")

    def test_a_command_may_have_several_lines(self, load: Load) -> None:
        (person,) = load(STORE + self.WITHOUT + 'password_command = "a\\nb"\n').users
        secret = person.external[0].secret
        assert secret is not None
        assert secret.value == "a\nb"

    @pytest.mark.parametrize(
        "line",
        [
            "password = 12345678",
            'password = ""',
            'password = "hunter2\\n"',
            'password = "hunter2\\u0000"',
            'password_env = "A=hunter2"',
            'password_env = ""',
            'password_env = "hunter2 x"',
            'password_command = "  "',
            'password_command = ["hunter2"]',
        ],
    )
    def test_wrong_ones_are_never_shown(self, problems: Problems, line: str) -> None:
        (found,) = problems(f"{STORE}{self.WITHOUT}{line}\n")
        assert found.startswith(f"external.isp.{line.split()[0]}: expected ")
        assert "hunter2" not in found
        assert "12345678" not in found

    def test_a_misspelt_password_is_not_shown(self, problems: Problems) -> None:
        found = problems(STORE + self.WITHOUT + 'pasword = "hunter2"\n')
        assert any("nearest known key: external.isp.password" in each for each in found)
        assert not any("hunter2" in each for each in found)

    @pytest.mark.parametrize("side", [POP3, IMAP])
    def test_the_keyring_s_entry_is_user_at_host(self, load: Load, side: str) -> None:
        lines = [line for line in side.splitlines() if not line.startswith("password_env")]
        (person,) = load("\n".join([STORE, *lines, "keyring = true", ""])).users
        account = person.external[0]
        assert account.secret is not None
        assert account.secret.source == "keyring"
        assert account.secret.value == f"ann@{account.host}"

    @pytest.mark.parametrize("value", ["false", '"true"', "1"])
    def test_the_keyring_is_used_or_not_mentioned(self, problems: Problems, value: str) -> None:
        (found,) = problems(STORE + self.WITHOUT + f"keyring = {value}\n")
        assert found == "external.isp.keyring: expected true, or no such key at all"

    def test_a_token_over_pop3(self, load: Load) -> None:
        (person,) = load(STORE + self.WITHOUT + 'token_command = "x"\n').users
        secret = person.external[0].secret
        assert secret is not None
        assert (secret.source, secret.value) == ("token_command", "x")

    def test_a_secret_does_not_show_in_the_configuration(self, load: Load) -> None:
        config = load(STORE + self.WITHOUT + 'password = "hunter2"\n')
        assert "hunter2" not in repr(config)


class TestEncryption:
    @pytest.mark.parametrize(
        ("section", "tls", "port"),
        [
            (POP3, "implicit", 995),
            (POP3, "starttls", 110),
            (IMAP, "implicit", 993),
            (IMAP, "starttls", 143),
        ],
    )
    def test_default_ports(self, load: Load, section: str, tls: str, port: int) -> None:
        (person,) = load(f'{STORE}{section}tls = "{tls}"\n').users
        assert (person.external[0].tls, person.external[0].port) == (tls, port)

    @pytest.mark.parametrize("port", [1, 65535])
    def test_ports(self, load: Load, port: int) -> None:
        assert load(f"{STORE}{POP3}port = {port}\n").users[0].external[0].port == port

    @pytest.mark.parametrize("port", ["0", "65536", "-1", "true", "993.0", '"993"'])
    def test_wrong_ports(self, problems: Problems, port: str) -> None:
        (found,) = problems(f"{STORE}{POP3}port = {port}\n")
        assert found.startswith("external.isp.port: expected an integer, 1 to 65535")

    @pytest.mark.parametrize(
        "host", ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.9.8.7", "::1"]
    )
    def test_none_on_loopback(self, load: Load, host: str) -> None:
        text = POP3.replace("pop.example.net", host) + 'tls = "none"\n'
        assert load(STORE + text).users[0].external[0].port == 110

    @pytest.mark.parametrize(
        "host", ["pop.example.net", "localhost.example.net", "128.0.0.1", "::2", "127.0.0.1.nip.io"]
    )
    def test_none_elsewhere(self, problems: Problems, host: str) -> None:
        text = POP3.replace("pop.example.net", host) + 'tls = "none"\n'
        for more in ("", "insecure = false\n"):
            (found,) = problems(STORE + text + more)
            assert found.startswith('external.isp.tls: expected "implicit" or "starttls"')

    def test_none_elsewhere_by_ones_own_will(self, load: Load) -> None:
        (person,) = load(STORE + POP3 + 'tls = "none"\ninsecure = true\n').users
        assert person.external[0].tls == "none"

    def test_insecure_is_a_boolean(self, problems: Problems) -> None:
        found = problems(STORE + POP3 + 'tls = "none"\ninsecure = "no"\n')
        assert "external.isp.insecure: expected true or false, not a string" in found


@pytest.mark.parametrize(
    "host",
    [
        "",
        "imaps://mail.example.org",
        "mail.example.org:993",
        "[::1]",
        "ann@mail.example.org",
        "mail example org",
        "mail\\nexample",
        "mail\\u0000",
        ":::",
    ],
)
def test_wrong_hosts(problems: Problems, host: str) -> None:
    (found,) = problems(STORE + POP3.replace("pop.example.net", host))
    assert found.startswith("external.isp.host: expected a host name or IP address")


@pytest.mark.parametrize("user", ["", "ann\\nQUIT", "ann\\r", "ann\\u0000", "ann\\u001b"])
def test_wrong_users(problems: Problems, user: str) -> None:
    (found,) = problems(STORE + POP3.replace('"ann"', f'"{user}"'))
    assert found.startswith("external.isp.user: expected the name to log in with")


@pytest.mark.parametrize("path", ["ca.pem", "./ca.pem", "~nobody-of-that-name/ca.pem", "", "/a\\n"])
def test_wrong_paths(problems: Problems, path: str) -> None:
    (found,) = problems(f'{STORE}{POP3}ca_file = "{path}"\n')
    assert found.startswith("external.isp.ca_file: expected an absolute path")


def test_home_is_expanded(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    (person,) = load(STORE + POP3 + 'ca_file = "~/ca.pem"\n').users
    assert person.external[0].ca_file == Path("/home/ann/ca.pem")


@pytest.mark.parametrize(
    "line",
    [
        "folders = []",
        'folders = "INBOX"',
        "folders = [1]",
        'folders = [""]',
        'folders = ["a\\nb"]',
        'into = ""',
        'into = "/"',
        'trash = "a\\u0000"',
        "junk = 1",
        'delete = "never"',
        'junk_means = "maybe"',
        'allow = ["collect", "collect"]',
        'allow = ["everything"]',
        'allow = "collect"',
        'tls = "ssl"',
    ],
)
def test_other_wrong_values(problems: Problems, line: str) -> None:
    (found,) = problems(f"{STORE}{IMAP}{line}\n")
    assert found.startswith(f"external.work.{line.split()[0]}: expected ")


class TestFolders:
    def with_store(self, lines: str, more: str = "") -> str:
        return STORE + lines + POP3 + more

    @pytest.mark.parametrize(
        ("lines", "folder"),
        [
            ("", "INBOX"),
            ('root = ""', "INBOX"),
            ('root = "people/ann"', "people/ann"),
            ('root = "people/ann/"', "people/ann"),
            ('root = "people/ann"\nfolder = "people/ann/new"', "people/ann/new"),
            ('root = "people/ann"\nfolder = "people.ann.new"', "people.ann.new"),
            ('root = "INBOX"\nfolder = "inbox/new"', "inbox/new"),
        ],
    )
    def test_where_collected_mail_goes(self, load: Load, lines: str, folder: str) -> None:
        assert load(self.with_store(lines)).users[0].consolidated.folder == folder

    @pytest.mark.parametrize("folder", ["INBOX", "people", "people/anna", "people/Ann"])
    def test_the_folder_lies_in_the_root(self, problems: Problems, folder: str) -> None:
        (found,) = problems(self.with_store(f'root = "people/ann"\nfolder = "{folder}"\n'))
        assert found.startswith("consolidated.folder: expected a folder that lies in")

    def test_so_does_what_an_account_collects_into(self, problems: Problems) -> None:
        (found,) = problems(self.with_store('root = "ann"\n', 'into = "Work"\n'))
        assert found.startswith("external.isp.into: expected a folder that lies in")

    @pytest.mark.parametrize(
        "lines",
        [
            'folder = "Bin"\ntrash = "Bin"\n',
            'folder = "Bin/New"\ntrash = "Bin"\n',
            'folder = "Spam"\njunk = "Spam"\njunk_means = "delete"\n',
        ],
    )
    def test_nothing_is_collected_into_where_it_counts_as_gone(
        self, problems: Problems, lines: str
    ) -> None:
        (found,) = problems(self.with_store(lines))
        assert found.startswith("consolidated.folder: expected another folder than consolidated.")

    def test_junk_that_is_kept_may_be_collected_into(self, load: Load) -> None:
        (person,) = load(self.with_store('junk = "Spam"\n', 'into = "Spam"\n')).users
        assert person.external[0].into == "Spam"


ANYTHING = (
    "1",
    "-1",
    "0x" + "f" * 6000,
    "inf",
    "nan",
    "true",
    '""',
    '"x"',
    '"a\\u0000b"',
    "'~'",
    "[]",
    "[[]]",
    "[{}]",
    "{}",
    "{a.b.c = 1}",
    "1979-05-27T07:32:00Z",
    "07:32:00",
)


@pytest.mark.parametrize("section", [STORE, POP3, IMAP, MAILDIR, MAILDIR_STORE])
@pytest.mark.parametrize("key", ["nonsense", "type", *schema.keys_for(Kind.ANY)])
def test_whatever_stands_there_is_accepted_or_a_problem(load: Load, section: str, key: str) -> None:
    lines = [line for line in section.splitlines() if not line.startswith(f"{key} =")]
    for value in ANYTHING:
        with suppress(ConfigError):
            load("\n".join([*lines, f"{key} = {value}", ""]))


def test_every_key_has_one_line_in_the_table() -> None:
    keys = [field.key for field in schema.MAILBOX]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("text", "octets"), [("0 B", 0), ("17kB", 17_000), ("200 MB", 200_000_000), ("2 GB", 2 * 10**9)]
)
def test_sizes(load: Load, text: str, octets: int) -> None:
    (person,) = load(STORE + POP3 + f'max_listing = "{text}"\n').users
    assert person.external[0].max_listing == octets


@pytest.mark.parametrize("value", ["200", '"200"', '"2 mb"', '"1.5 MB"', '"-1 MB"', '"12 TB"'])
def test_sizes_that_are_none(problems: Problems, value: str) -> None:
    (text,) = problems(STORE + POP3 + f"max_listing = {value}\n")
    assert 'external.isp.max_listing: expected a size such as "500 kB", "200 MB" or "2 GB"' in text


def test_a_listing_is_limited_to_200_megabytes(load: Load) -> None:
    (person,) = load(STORE + POP3).users
    assert person.external[0].max_listing == 200_000_000


def test_only_pop3_has_listings_that_cost_anything(problems: Problems) -> None:
    (text,) = problems(STORE + IMAP + 'max_listing = "1 GB"\n')
    assert "external.work.max_listing" in text


def test_a_fingerprint_is_read_in_any_form(load: Load, problems: Problems) -> None:
    pairs = ["ab", "0C"] * 16
    for text in (":".join(pairs), "".join(pairs).upper()):
        (person,) = load(STORE + POP3 + f'fingerprint = "{text}"\n').users
        assert person.external[0].certificate == ":".join(["AB", "0C"] * 16)
    for wrong in ("AB:CD", "SHA256:" + "ab" * 32, "xy" * 32):
        (found,) = problems(f'{STORE}{POP3}fingerprint = "{wrong}"\n')
        assert found.startswith("external.isp.fingerprint: expected the SHA-256 fingerprint")
