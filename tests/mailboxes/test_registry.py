"""Each kind of mailbox has its adapter, and loads no other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import mailsync_tui
from mailsync_tui.config.model import MailboxConfig, MailboxType
from mailsync_tui.mailboxes.registry import open_mailbox


def config_of(kind: MailboxType) -> MailboxConfig:
    if kind == "maildir":
        return MailboxConfig("test", kind, path=Path("nowhere"))
    return MailboxConfig("test", kind, host="127.0.0.1", port=1, user="ann")


@pytest.mark.parametrize("kind", ["imap", "pop3", "maildir"])
def test_every_kind_has_an_adapter(kind: MailboxType) -> None:
    def secret() -> str:
        pytest.fail("nothing is contacted yet")

    mailbox = open_mailbox(config_of(kind), secret, 7.0)
    assert (mailbox.kind, mailbox.name) == (kind, "test")
    assert mailbox.can_store == (kind != "pop3")
    assert mailbox.peeks == (kind != "pop3")
    mailbox.close()


@pytest.mark.parametrize(
    ("kind", "others"),
    [("maildir", {"imapclient", "ssl"}), ("pop3", {"imapclient"})],
)
def test_nothing_is_loaded_that_is_not_used(kind: MailboxType, others: set[str]) -> None:
    root = Path(mailsync_tui.__file__).parents[1]
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from mailsync_tui.config.model import MailboxConfig\n"
        "from mailsync_tui.mailboxes.registry import open_mailbox\n"
        f"open_mailbox(MailboxConfig('test', {kind!r}, path=Path('nowhere')), str, 7.0)\n"
        "print(*sys.modules)\n"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(root)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert f"mailsync_tui.mailboxes.{kind}" in loaded
    assert not others & set(loaded)
