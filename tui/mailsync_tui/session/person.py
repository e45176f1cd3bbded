"""One person: where configuration and state lie, and what the ledger says without a session.

The app shows the newest of the ledger before it loads what a session needs, so that is loaded only
when one is opened.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mailsync_tui.config.load import load_config
from mailsync_tui.config.secrets import require_environment
from mailsync_tui.engine.outcome import Origin, PastRun, RunLine, Status, past_run, run_lines
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.lock import LOCK_NAME, Holder, holder_of
from mailsync_tui.ledger.reader import FILE_NAME, LedgerReader, open_ledger

if TYPE_CHECKING:
    from mailsync_tui.config.model import Config, UserConfig
    from mailsync_tui.engine.comparison import Comparison
    from mailsync_tui.engine.events import Emit
    from mailsync_tui.session.session import Session

_PROGRAM = "mailsync-tui"


class Unfinished(NamedTuple):
    """A run without an end."""

    run: PastRun
    open_lines: int
    """Lines with an intent and no outcome."""
    at_work: Holder | None
    """The process that is applying to the ledger now: the run is its, and not dead."""


class Person(NamedTuple):
    """Whose mailboxes they are. All methods that read the ledger raise LedgerError."""

    config: UserConfig
    directory: Path
    """Where the ledger, the lock and the quarantine lie."""

    @property
    def name(self) -> str:
        """As the configuration has it."""
        return self.config.name

    def open_session(
        self, emit: Emit, only: Collection[str] = (), *, patient: bool = False
    ) -> Session:
        """Prepare a session.

        Args:
            emit: Called with what happens, from the session's threads.
            only: Of the accounts, only these are contacted; none named: all.
            patient: What keeps failing is not tried each time.

        Raises:
            ConfigError: See :meth:`require_environment`.
        """
        self.require_environment()
        from mailsync_tui.session.session import Session

        return Session(self.config, self.directory, emit=emit, only=only, patient=patient)

    def require_environment(self) -> None:
        """Make sure that every password which the environment is to hold is there.

        Raises:
            ConfigError: Some variable is not set: nothing is contacted then.
        """
        require_environment(self.config)

    def newest(self, limit: int) -> Comparison:
        """The newest messages that the ledger knows; at most so many."""
        from mailsync_tui.engine import comparison

        with contextlib.closing(open_ledger(self.directory / FILE_NAME)) as ledger:
            return comparison.newest(self.config, ledger, limit)

    def runs(self) -> list[PastRun]:
        """All runs, newest first."""
        with self._snapshot() as ledger:
            return [past_run(row) for row in journal.runs(ledger)]

    def messages(self) -> tuple[Comparison, Mapping[int, str]]:
        """All messages that the ledger knows, and their Message-IDs."""
        from mailsync_tui.engine import comparison
        from mailsync_tui.ledger.overview import message_ids

        with contextlib.closing(open_ledger(self.directory / FILE_NAME)) as ledger:
            found = comparison.from_ledger(self.config, ledger)
            with ledger.snapshot():
                return found, message_ids(ledger)

    def origin(self, message: int) -> Origin | None:
        """What the ledger knows of one message; ``None`` where it has no such number."""
        from mailsync_tui.ledger import overview

        with self._snapshot() as ledger:
            since = overview.first_seen(ledger, message)
            if since is None:
                return None
            actions = journal.about(ledger, message)
            return Origin(message, since, overview.copy_stories(ledger, message), tuple(actions))

    def status(self) -> Status:
        """What the last sync left: what it did, what it did not reach, what waits."""
        names = [each.name for each in self.config.mailboxes]
        with self._snapshot() as ledger:
            rows = journal.runs(ledger)
            known, away, waits = ledger.mailboxes(), ledger.away(), ledger.waits()
        return Status(
            self.name,
            past_run(rows[0]) if rows else None,
            {name: known[name].reached if name in known else None for name in names},
            tuple(away[name] for name in names if name in away),
            tuple(row for row in waits.values() if row.key[1] in names),
        )

    def run_lines(self, run: int) -> tuple[RunLine, ...]:
        """The lines of one run, in the order in which they were done."""
        with self._snapshot() as ledger:
            return run_lines(journal.actions(ledger, run))

    def unfinished(self) -> Unfinished | None:
        """The run that was killed, or is at work in another process; ``None``: there is none."""
        with self._snapshot() as ledger:
            found = journal.unfinished(ledger)
            if found is None:
                return None
            number, lines = found
            (row,) = [row for row in journal.runs(ledger) if row.id == number]
        return Unfinished(past_run(row), lines, holder_of(self.directory / LOCK_NAME))

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[LedgerReader]:
        path = self.directory / FILE_NAME
        with contextlib.closing(open_ledger(path)) as ledger, ledger.snapshot():
            yield ledger


def load_people(path: Path, state_dir: Path | None = None) -> tuple[Person, ...]:
    """Everybody in a configuration.

    Args:
        path: The file.
        state_dir: What ``--state-dir`` said.

    Raises:
        ConfigError: The file cannot be read or is wrong.
    """
    config = load_config(path)
    root = _state_root(state_dir, config)
    return tuple(Person(each, root / each.name) for each in config.users)


def config_path(option: Path | None) -> Path:
    """The configuration file: ``--config``, else ``$XDG_CONFIG_HOME/mailsync-tui/config.toml``."""
    if option is not None:
        return _absolute(option)
    from platformdirs.unix import Unix

    return Path(Unix(_PROGRAM, appauthor=False).user_config_dir) / "config.toml"


def _state_root(option: Path | None, config: Config) -> Path:
    """The state directory: ``--state-dir``, else ``state_dir`` of the file, else XDG's."""
    chosen = option if option is not None else config.state_dir
    if chosen is not None:
        return _absolute(chosen)
    from platformdirs.unix import Unix

    return Path(Unix(_PROGRAM, appauthor=False).user_state_dir)


def _absolute(path: Path) -> Path:
    # Not Path.expanduser: that raises RuntimeError for an unknown user.
    return Path(os.path.abspath(os.path.expanduser(path)))  # noqa: PTH100, PTH111
