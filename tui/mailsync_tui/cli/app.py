"""Opening the app: on a configuration, on the demo, or the words for whoever has neither yet."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mailsync_tui.cli.output import is_terminal
from mailsync_tui.errors import OK, CommandError
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.cli.settings import Settings
    from mailsync_tui.session.person import Person

EXAMPLE = {
    "consolidated": {
        "type": "imap",
        "host": "mail.example.org",
        "user": "ann",
        "password_command": "pass show mail",
    },
    "external": {
        "isp": {
            "type": "pop3",
            "host": "pop.example.net",
            "user": "ann",
            "password_command": "pass show isp",
        }
    },
}
"""A configuration for whoever has none yet."""

_DEMO = "mailsync-tui demo"


def show_app(
    settings: Settings,
    person: Person,
    tidy: Callable[[], None] = lambda: None,
) -> int:
    """Run the app for one person.

    Args:
        settings: Say whether it takes the mouse.
        person: Whose mailboxes.
        tidy: Called if the process must end at once.

    Raises:
        CommandError: There is no terminal.
        ConfigError: A password is to come from a variable that is not set.
    """
    _require_terminal()
    person.require_environment()
    gc.disable()  # nothing that is loaded is garbage; the app enables it when it has looked
    from mailsync_tui.ui.run import run

    mouse = settings.mouse if settings.mouse is not None else not _over_ssh()
    return run(person, mouse=mouse, log_line=settings.output.log, tidy=tidy)


def _require_terminal() -> None:
    if not _on_terminal():
        raise CommandError(
            "the app needs a terminal; `mailsync-tui --help` lists the other commands"
        )


def show_demo(settings: Settings) -> int:
    """Run the app on the embedded servers, in a temporary directory.

    Raises:
        DemoUnavailable: pymap is not installed.
        CommandError: There is no terminal.
    """
    from mailsync_tui.demo.run import running
    from mailsync_tui.session.person import load_people

    _require_terminal()
    settings.output.note("starting the demo's servers, and filling them with mail ...")
    with ExitStack() as stack:
        # A signal ends the program as Ctrl+C does; one that comes between making the directory
        # and noting it would leave it behind.
        with _no_signals():
            path = stack.enter_context(TemporaryDirectory(prefix="mailsync-demo-"))
        demo = stack.enter_context(running(Path(path)))
        (person,) = load_people(demo.config)
        return show_app(settings, person, partial(rmtree, path, ignore_errors=True))


def how_to_begin(path: Path) -> str:
    """Where the configuration goes, with an example, and what comes next."""
    import tomli_w

    return (
        f"There is no configuration yet. It goes to {safe_text(str(path))}; for example:\n\n"
        f"{tomli_w.dumps(EXAMPLE)}\n"
        "`mailsync-tui setup` asks for what it needs, tries it, and writes that file.\n"
        "Then `mailsync-tui check` says whether all of it works.\n"
        f"To try the program without a mailbox of your own: `{_DEMO}`."
    )


def welcome(settings: Settings, path: Path) -> int:
    """Say where the configuration goes, with an example, and offer the demo."""
    settings.output.result(how_to_begin(path))
    if not _on_terminal():
        return OK
    from mailsync_tui.cli.confirm import answered

    settings.output.result("")
    if not answered(settings.output, "Open the demo now?"):
        return OK
    return show_demo(settings)


def _on_terminal() -> bool:
    return is_terminal(sys.stdin) and is_terminal(sys.stdout)


def _over_ssh() -> bool:
    """Whether every movement of the mouse would go over a line; mosh begins as ssh does."""
    return bool(os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"))


@contextmanager
def _no_signals() -> Iterator[None]:
    """Signals that end the program wait until the block is left."""
    before = signal.pthread_sigmask(
        signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    )
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
