"""The manual tells every key of the configuration, its default and where it may stand."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path

import pytest

from mailsync_tui.config import checks, schema
from mailsync_tui.config.load import load_config
from mailsync_tui.config.model import Guards, Holds, MailboxConfig, UserConfig
from mailsync_tui.config.schema import Kind
from tests.manual.documents import PAGES, README, code

PAGE = PAGES["configuration"]

SECTIONS = {
    "Every mailbox": Kind.ANY | Kind.CONSOLIDATED,
    "POP3 and IMAP": Kind.REMOTE,
    "POP3": Kind.EXTERNAL_POP3,
    "Maildir": Kind.MAILDIR,
    "IMAP and Maildir": Kind.FOLDERED,
    "The consolidated mailbox": Kind.CONSOLIDATED,
    "Accounts": Kind.EXTERNAL,
    "Accounts on IMAP and in Maildirs": Kind.EXTERNAL_IMAP | Kind.EXTERNAL_MAILDIR,
}
"""By heading: the mailboxes whose keys stand below it."""


def test_every_key_of_a_mailbox() -> None:
    written = {
        (code(row[0]), kinds) for title, kinds in SECTIONS.items() for row in PAGE.table(title)
    }
    real = {(spec.key, spec.kinds) for spec in schema.MAILBOX}
    assert written == real | {("type", SECTIONS["Every mailbox"])}


def test_every_default_of_a_mailbox() -> None:
    written = {code(row[0]): row[1] for title in SECTIONS for row in PAGE.table(title)}
    real = dict.fromkeys(written, "–")
    real["insecure"] = "`false`"  # only read together with ``tls``
    for field in dataclasses.fields(MailboxConfig):
        if field.name in written and field.default not in (dataclasses.MISSING, None):
            value = list(field.default) if isinstance(field.default, tuple) else field.default
            real[field.name] = f"`{json.dumps(value)}`"
    real["port"] = "by `tls`"
    assert MailboxConfig("x", "pop3").max_listing == checks.size("200 MB")
    real["max_listing"] = '`"200 MB"`'
    real |= {f.key: "required" for f in schema.MAILBOX if f.required} | {"type": "required"}
    assert written == real


def test_every_other_key_and_its_default() -> None:
    written = {code(row[0]): row[1] for row in PAGE.table("Other keys")}
    person = {
        name: UserConfig.__dataclass_fields__[name].default
        for name in ("keep_days", "schedule_apply")
    }
    limits, holds = Guards(), Holds()
    real: dict[str, object] = {
        f"guards.{f.key}": getattr(limits, f.name or f.key) for f in schema.GUARDS
    }
    real |= {f"hold.{f.key}": getattr(holds, f.name or f.key) for f in schema.HOLD}
    real["hold.younger_than"] = "0d"  # what the model has as no time at all
    real |= {f"quarantine.{f.key}": person[f.name or f.key] for f in schema.QUARANTINE}
    real |= {f"schedule.{f.key}": person[f.name or f.key] for f in schema.SCHEDULE}
    real["timeouts.message"] = "120s"
    assert UserConfig.__dataclass_fields__["message_timeout"].default == checks.timeout("120s")
    bare = {f.key for f in schema.FILE} | {f"hooks.{f.key}" for f in schema.HOOKS}
    assert written.keys() == real.keys() | bare

    def value(cell: str) -> object:
        found = tomllib.loads(f"v = {code(cell)}")["v"]
        return tuple(found) if isinstance(found, list) else found

    assert {key: value(cell) for key, cell in written.items() if key not in bare} == real


@pytest.mark.parametrize("text", [*PAGE.blocks("toml"), *README.blocks("toml")])
def test_every_example_is_a_configuration(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    assert load_config(path).users
