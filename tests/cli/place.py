"""Maildirs, a configuration for them, and the program run over both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

import mailsync_tui
from mailsync_tui.cli.commands import cli
from tests.builders import maildir_mail

SOURCE = Path(mailsync_tui.__file__).parent.parent


class Place:
    """Accounts ``old`` and ``work`` and a consolidated Maildir, all in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config = directory / "config.toml"
        self.state = directory / "state"
        self.made = 0
        for account in ("old", "work"):
            for part in ("new", "cur", "tmp"):
                (directory / account / part).mkdir(parents=True)
        self.write_config()

    def write_config(self, more: str = "") -> None:
        self.config.write_text(
            f'state_dir = "{self.state}"\n'
            f'[consolidated]\ntype = "maildir"\npath = "{self.directory / "all"}"\n'
            f'[external.old]\ntype = "maildir"\npath = "{self.directory / "old"}"\n'
            f'[external.work]\ntype = "maildir"\npath = "{self.directory / "work"}"\n' + more
        )

    def write_people(self, *names: str) -> None:
        """One configuration for several people, each with one account."""
        parts = [f'state_dir = "{self.state}"\n']
        for name in names:
            home = self.directory / name
            for part in ("new", "cur", "tmp"):
                (home / "isp" / part).mkdir(parents=True)
            parts.append(
                f'[users.{name}.consolidated]\ntype = "maildir"\npath = "{home / "all"}"\n'
                f'[users.{name}.external.isp]\ntype = "maildir"\npath = "{home / "isp"}"\n'
            )
        self.config.write_text("".join(parts))

    def deliver(self, account: str, *names: str, subject: str = "") -> None:
        for name in names:
            self.made += 1
            path = self.directory / account / "new" / f"{1700000000 + self.made}.M{name}.host"
            path.write_bytes(maildir_mail(name, subject))

    def remove(self, mailbox: str, name: str) -> None:
        wanted = f"Message-ID: <{name}@example.org>".encode()
        (path,) = [p for p in self.files(mailbox) if wanted in p.read_bytes()]
        path.unlink()

    def files(self, mailbox: str) -> list[Path]:
        return [
            path
            for part in ("new", "cur")
            for path in sorted((self.directory / mailbox / part).glob("*"))
        ]

    def age(self) -> None:
        """Nothing was changed in this second, so that no listing waits for the next one."""
        for path in self.directory.rglob("*"):
            if path.name in ("new", "cur"):
                os.utime(path, (1_700_000_000, 1_700_000_000))

    def run(self, *args: str) -> Result:
        self.age()
        result = CliRunner().invoke(cli, ["--config", str(self.config), *args])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert "Traceback" not in result.output
        return result

    def json(self, *args: str, code: int = 0) -> Any:
        result = self.run(*args, "--json")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def synced(self, *names: str) -> None:
        """These messages of ``old`` are collected."""
        self.deliver("old", *names)
        assert self.run("sync", "--yes").exit_code == 0

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "mailsync_tui", "--config", str(self.config), *args]

    @contextmanager
    def process(self, *args: str, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
        """The program as a process of its own; killed if the test leaves it behind."""
        self.age()
        with subprocess.Popen(self.command(*args), env=environment(), **more) as process:
            try:
                yield process
            finally:
                process.kill()


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SOURCE)}


def snapshot(directory: Path) -> dict[str, Any]:
    """Every file and directory below, with bytes, mode and mtime."""
    return {
        str(path): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() else None,
        )
        for path in sorted(directory.rglob("*"))
    }
