"""What a sync loads that has nothing to do: most of its time is the loading of modules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.world import World, environment
from tests.servers.dovecot import Dovecot

pytestmark = pytest.mark.server

OURS = {
    "cli": "commands confirm interrupts json_form output progress render runs screen settings",
    "config": "checks load model overlap schema secrets",
    "engine": "detect.listing events kept model outcome plan.guards plan.protected",
    "errors": "",
    "ledger": "journal lock private reader rows schema uptime writer",
    "mailboxes": "base imap.connection imap.folder_names imap.listing"
    " imap.mailbox imap.read imap.session imap.syntax imap.wire maildir.files"
    " maildir.mailbox maildir.names net.credentials net.sockets registry",
    "message": "",
    "report": "choice page plan run words",
    "session": "backoff connections hooks person session",
    "text": "encoded_words safe",
}
"""By room. One more is a decision: is it used where nothing has changed?"""

FOREIGN = {"asyncio", "ctypes", "difflib", "http", "lxml", "rich", "textual", "tomli_w", "xml"}
"""Not loaded."""

_PRINT = """
import sys
from mailsync_tui.cli.commands import cli
try:
    cli.main(sys.argv[1:])
except SystemExit as end:
    assert end.code == 0
print(*sys.modules)
"""


def test_a_sync_without_a_change_loads_what_it_uses(server: Dovecot, tmp_path: Path) -> None:
    world = World(server, tmp_path, {"acct": "imap"}, "maildir")
    world.deliver("acct", range(3))
    for _ in range(2):
        assert world.run("sync", "--yes").returncode == 0
    place = ("--config", str(world.config_file), "--state-dir", str(world.state_root))
    ended = subprocess.run(
        [sys.executable, "-c", _PRINT, *place, "sync", "--yes"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(ended.stdout.split())
    packages = {name.rpartition(".")[0] for name in loaded}
    ours = {n for n in loaded - packages if n.startswith("mailsync_tui.")}
    expected = {
        ".".join(filter(None, ("mailsync_tui", room, name)))
        for room, names in OURS.items()
        for name in names.split(" ")
    }
    assert ours == expected
    assert not FOREIGN & loaded
