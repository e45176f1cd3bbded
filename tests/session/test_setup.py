"""The configuration as the set-up makes and changes it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from mailsync_tui.config.load import load_config
from mailsync_tui.config.providers import provider_of, providers
from mailsync_tui.config.schema import KINDS, MAILBOX
from mailsync_tui.errors import ConfigError
from mailsync_tui.session.setup import Setup, account_name
from tests.servers.dovecot import PASSWORD, Dovecot

POP3 = {"type": "pop3", "host": "127.0.0.1", "port": 1, "tls": "none", "user": "ann"}


def maildir(path: Path) -> dict[str, str]:
    for part in ("cur", "new", "tmp"):
        (path / part).mkdir(parents=True)
    return {"type": "maildir", "path": str(path)}


def made(tmp_path: Path) -> Setup:
    setup = Setup(tmp_path / "deep" / "config.toml")
    setup.put("consolidated", {"type": "maildir", "path": str(tmp_path / "all")})
    setup.put("old", maildir(tmp_path / "old"))
    return setup


def test_a_new_file_is_private_and_can_be_read(tmp_path: Path) -> None:
    setup = made(tmp_path)
    assert setup.new
    setup.put("isp", {**POP3, "password": "s3cret"})
    setup.save()
    file = tmp_path / "deep" / "config.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (person,) = load_config(file).users
    assert [each.name for each in person.external] == ["old", "isp"]
    assert not Setup(file).new


def test_a_change_keeps_comments_and_order_and_removes_what_is_left_out(tmp_path: Path) -> None:
    setup = made(tmp_path)
    setup.put("isp", {**POP3, "password": "s3cret"})
    setup.save()
    text = setup.path.read_text().replace("port = 1\n", "# the odd one\nport = 1  # why\n")
    setup.path.write_text(f"# mine\n{text}")
    again = Setup(setup.path)
    again.put("isp", {**POP3, "port": 2, "insecure": True, "password_env": "ISP"})
    again.save()
    after = setup.path.read_text()
    assert "# mine\n" in after
    assert "# the odd one\nport = 2  # why\n" in after
    assert "password =" not in after
    assert after.index("[external.old]") < after.index("[external.isp]")
    again.remove("isp")
    assert list(again.sections) == ["old", "consolidated"]


def test_the_change_is_shown_without_the_password(tmp_path: Path) -> None:
    setup = made(tmp_path)
    setup.put("isp", {**POP3, "password": "s3cret"})
    assert '+password = "…"' in setup.diff()
    setup.save()
    again = Setup(setup.path)
    again.put("isp", {**POP3, "password": "n3w"})
    assert "s3cret" not in again.diff()
    assert "n3w" not in again.diff()
    assert again.diff() != ""
    assert Setup(setup.path).diff() == ""


def test_what_would_be_wrong_is_not_written(tmp_path: Path) -> None:
    setup = made(tmp_path)
    setup.save()
    before = setup.path.read_bytes()
    again = Setup(setup.path)
    again.put("isp", {"type": "pop3", "host": "h"})
    with pytest.raises(ConfigError, match=r"external\.isp"):
        again.save()
    assert setup.path.read_bytes() == before
    assert [each.name for each in setup.path.parent.iterdir()] == ["config.toml"]


def test_what_was_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    setup = made(tmp_path)
    setup.save()
    again = Setup(setup.path)
    again.put("old", {**again.sections["old"], "allow": ["collect"]})
    setup.path.write_text(f"# an editor was here\n{setup.path.read_text()}")
    with pytest.raises(ConfigError, match="changed meanwhile"):
        again.save()
    assert setup.path.read_text().startswith("# an editor was here\n")


def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text("")
    link = tmp_path / "deep" / "config.toml"
    link.parent.mkdir()
    link.symlink_to(real)
    made(tmp_path).save()
    assert link.is_symlink()
    assert load_config(real).users


def test_one_of_several_people_is_changed_alone(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    for name in ("ann", "bob"):
        setup = Setup(file, name)
        setup.put("consolidated", {"type": "maildir", "path": str(tmp_path / name / "all")})
        setup.put("old", maildir(tmp_path / name / "old"))
        setup.save()
    assert [user.name for user in load_config(file).users] == ["ann", "bob"]
    with pytest.raises(ConfigError, match="several people"):
        Setup(file)


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("a = [")
    with pytest.raises(ConfigError, match="no valid TOML"):
        Setup(file)


def test_an_account_is_tried_before_it_is_in_the_file(tmp_path: Path) -> None:
    setup = Setup(tmp_path / "config.toml")
    checked = setup.attempt("isp", {**POP3, "password": "x"})
    assert checked.facts is None
    assert "refuses the connection" in str(checked.error)
    home = setup.attempt("consolidated", {"type": "maildir", "path": str(tmp_path / "all")})
    assert home.error is None
    with pytest.raises(ConfigError, match="ISP_NOT_SET"):
        setup.attempt("isp", {**POP3, "password_env": "ISP_NOT_SET"})
    assert not any(tmp_path.iterdir())


@pytest.mark.server
def test_an_account_on_a_real_server_is_tried(server: Dovecot, tmp_path: Path) -> None:
    section = {**POP3, "type": "imap", "port": server.imap, "user": "set-up"}
    setup = Setup(tmp_path / "config.toml")
    assert setup.attempt("isp", {**section, "password": PASSWORD}).facts is not None
    refused = setup.attempt("isp", {**section, "password": "wrong"})
    assert "does not let set-up in" in str(refused.error)


def test_names_are_made_of_domains() -> None:
    assert account_name("GMX (international)", {}) == "gmx-international"
    assert account_name("gmx", {"gmx": {}}) == "gmx-2"
    assert account_name("consolidated", {}) == "consolidated-2"
    assert account_name("…", {}) == "mail"


def test_every_provider_has_keys_that_a_section_may_have() -> None:
    keys = {spec.key: spec for spec in MAILBOX}
    for provider in providers():
        assert provider.servers, provider.name
        assert provider.page.startswith("https://")
        for kind, section in provider.servers.items():
            assert section["host"]
            for key, value in section.items():
                assert keys[key].kinds & KINDS["external"][kind]  # type: ignore[index]
                keys[key].check(value)
    domains = [domain for provider in providers() for domain in provider.domains]
    assert len(domains) == len(set(domains))


def test_a_provider_is_known_by_the_address() -> None:
    found = provider_of("Ann@GMail.com")
    assert found is not None
    assert found.name == "Gmail"
    assert provider_of("ann@example.org") is None
    assert provider_of("ann@notgmail.com") is None
