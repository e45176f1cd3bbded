"""Opening the app: on a configuration, on the demo, or the words for whoever has neither yet."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mailsync_tui.cli.failures import Wrong
from mailsync_tui.safetext import safe_text

if TYPE_CHECKING:
    from mailsync_tui.cli.people import Settings
    from mailsync_tui.config.model import UserConfig

EXAMPLE = """\
[consolidated]
type = "imap"
host = "mail.example.org"
user = "ann"
password_command = "pass show mail"

[external.isp]
type = "pop3"
host = "pop.example.net"
user = "ann"
password_command = "pass show isp"
"""


def show_app(settings: Settings, person: UserConfig, directory: Path) -> int:
    """Run the app for one person.

    Raises:
        Wrong: There is no terminal.
    """
    _require_terminal()
    from mailsync_tui.ui.run import run

    return run(person, directory, mouse=settings.mouse, log_line=settings.output.log)


def _require_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Wrong("the app needs a terminal; `mailsync-tui --help` lists the other commands")


def show_demo(settings: Settings) -> int:
    """Run the app on the embedded servers, in a temporary directory.

    Raises:
        DemoUnavailable: pymap is not installed.
        Wrong: There is no terminal.
    """
    from mailsync_tui.config.load import load_config
    from mailsync_tui.config.locations import person_dir, state_root
    from mailsync_tui.embedded import running

    _require_terminal()
    settings.output.tell("starting the demo's servers, and filling them with mail ...")
    with TemporaryDirectory(prefix="mailsync-demo-") as path, running(Path(path)) as demo:
        config = load_config(demo.config)
        (person,) = config.users
        return show_app(settings, person, person_dir(state_root(None, config), person.name))


def welcome(settings: Settings, path: Path) -> int:
    """Say where the configuration goes, with an example, and offer the demo."""
    settings.output.result(
        f"There is no configuration yet. It goes to {safe_text(str(path))}; for example:\n\n"
        f"{EXAMPLE}\n"
        "Then `mailsync-tui check` tells whether all of it works.\n"
        "To try the program without a mailbox of your own: `mailsync-tui demo`."
    )
    return 0
