"""A private Dovecot with accounts, a configuration for them, and an eye that is not ours.

What lies in a mailbox is read from the files of the servers' Maildirs, never through the program.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import itertools
import os
import pwd
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mailsync_tui.config.load import load_config
from mailsync_tui.engine.model import Options, Plan
from mailsync_tui.engine.outcome import Result, everything
from mailsync_tui.session.session import Session
from tests.builders import number_of, sized_mail
from tests.servers.dovecot import PASSWORD, Dovecot

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from mailsync_tui.config.model import Direction

Kind = Literal["pop3", "imap", "maildir"]

HOME = "home"
"""The account, or the local Maildir, that is the consolidated mailbox."""
_NUMBERS = itertools.count()
_SECOND = 1_000_000_000


def plain(data: bytes) -> bytes:
    """A message without what the two protocols do to line ends."""
    return data.replace(b"\r\n", b"\n")


def environment() -> dict[str, str]:
    """That of a process that is to find the program and the tests."""
    root = Path(__file__).parents[2]
    return os.environ | {"PYTHONPATH": os.pathsep.join((str(root / "tui"), str(root)))}


class World:
    """Accounts on one Dovecot and a consolidated mailbox.

    Args:
        server: A started Dovecot.
        directory: Where the configuration, the state and local Maildirs go.
        external: The accounts, by name: ``pop3``, ``imap`` or ``maildir``.
        home: ``imap`` or ``maildir``.
        ports: Ports to use instead of the server's, by account (a proxy).
        extra: More of the configuration.
    """

    def __init__(
        self,
        server: Dovecot,
        directory: Path,
        external: Mapping[str, Kind],
        home: Kind,
        *,
        ports: Mapping[str, int] | None = None,
        passwords: Mapping[str, str] | None = None,
        extra: str = "",
    ) -> None:
        self.server, self.directory, self._number = server, directory, next(_NUMBERS)
        self.kinds: dict[str, Kind] = dict(external) | {HOME: home}
        self._ports, self._passwords = dict(ports or {}), dict(passwords or {})
        self._extra = extra
        self._serial = 0
        self._sizes: dict[int, int] = {}
        directory.mkdir(parents=True, exist_ok=True)
        self.config_file = directory / "config.toml"
        self.state_root = directory / "state"
        self.state = self.state_root / "default"
        for name, kind in self.kinds.items():
            if kind != "maildir":
                self._make(self.path(name), server.directory / "mail")
            elif name != HOME:
                self._make(self.path(name), directory)
        self.write_config()

    # --- the configuration

    def write_config(self, **ports: int) -> None:
        """Write the configuration anew, with other ports for some accounts."""
        used = self._ports | ports
        parts = []
        for name, kind in self.kinds.items():
            lines = ["[consolidated]" if name == HOME else f"[external.{name}]"]
            lines.append(f'type = "{kind}"')
            if kind == "maildir":
                lines.append(f'path = "{self.path(name)}"')
            else:
                port = self.server.pop3 if kind == "pop3" else self.server.imap
                lines += [
                    'host = "127.0.0.1"',
                    f"port = {used.get(name, port)}",
                    'tls = "none"',
                    f'user = "{self.user(name)}"',
                    f'password = "{self._passwords.get(name, PASSWORD)}"',
                ]
            parts.append("\n".join(lines))
        self.config_file.touch(mode=0o600)
        self.config_file.write_text("\n\n".join([*parts, self._extra]) + "\n")

    # --- the program

    def session(self) -> Session:
        """The program's session."""
        (person,) = load_config(self.config_file).users
        return Session(person, self.state)

    def sync(self, *directions: Direction) -> Result:
        """Plan and apply everything, in this process."""
        self._let_a_second_pass()
        options = Options(directions) if directions else Options()
        with self.session() as session:
            return session.sync(options, everything)

    def plan(self) -> Plan:
        """A plan of all directions."""
        self._let_a_second_pass()
        with self.session() as session:
            return session.plan(Options())

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The program as a command of its own."""
        self._let_a_second_pass()
        options = ("--config", str(self.config_file), "--state-dir", str(self.state_root))
        return subprocess.run(
            [sys.executable, "-m", "mailsync_tui", *options, *arguments],
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    # --- somebody else's hands and eyes

    def user(self, name: str) -> str:
        """Whose an account is on the server; no two worlds share one."""
        return f"world{self._number}-{name}"

    def path(self, name: str) -> Path:
        """Where the mail of an account really lies."""
        if self.kinds[name] == "maildir":
            return self.directory / f"Maildir-{name}"
        return self.server.directory / "mail" / self.user(name) / "Maildir"

    def deliver(self, name: str, numbers: Iterable[int], size: int = 900) -> None:
        """Put messages in an account as a mail server does."""
        box = self.path(name)
        for number in numbers:
            self._serial += 1
            self._sizes[number] = size
            file = box / "tmp" / f"{int(time.time())}.M{self._serial:06}.{self.user(name)}"
            file.write_bytes(plain(sized_mail(number, size)))
            self._own(file)
            file.rename(box / "new" / file.name)

    def delete(self, name: str, numbers: Collection[int]) -> None:
        """Delete messages in an account by removing their files."""
        wanted = set(numbers)
        for file in self.files(name):
            # The server may still expunge for somebody who was killed.
            with contextlib.suppress(FileNotFoundError):
                with file.open("rb") as opened:
                    found = number_of(opened.read(1024))
                if found in wanted:
                    file.unlink()
                    wanted.discard(found)
        assert not wanted, f"{sorted(wanted)} are not on {name}"

    def held(self, name: str) -> Counter[int]:
        """Which messages an account holds, and how often; each checked byte by byte."""
        result: Counter[int] = Counter()
        for data in self._contents(name):
            number = number_of(data)
            whole = plain(sized_mail(number, self._sizes[number]))
            assert plain(data) == whole, f"{name}: message {number} is not what was sent"
            result[number] += 1
        return result

    def quarantined(self) -> set[int]:
        """Which messages have a copy in the quarantine, each read without the program."""
        found = set()
        for file in (self.state / "quarantine").glob("??/*.gz"):
            data = gzip.decompress(file.read_bytes())
            assert hashlib.sha256(data).hexdigest() == file.name.removesuffix(".gz")
            found.add(number_of(data))
        return found

    def trace(self) -> dict[str, str]:
        """Every file of mail and of the state: its name and a hash of what is in it.

        Not what Dovecot itself writes of a mailbox that is only looked at (indexes, uid lists).
        """
        result = {}
        for name in self.kinds:
            for file in self.files(name):
                # Dovecot moves what it lists from new to cur.
                shown = f"{name}/{file.name.partition(':')[0]}:{_flags(file.name)}"
                result[shown] = hashlib.sha256(file.read_bytes()).hexdigest()
        if self.state_root.exists():
            for file in sorted(self.state_root.rglob("*")):
                if file.is_file():
                    stat = file.stat()
                    digest = hashlib.sha256(file.read_bytes()).hexdigest()
                    result[str(file)] = f"{digest} {stat.st_mtime_ns} {stat.st_mode:o}"
                else:
                    result[str(file)] = "directory"
        return result

    def _let_a_second_pass(self) -> None:
        """Date back what changed in a local Maildir: a listing waits out the second of a change."""
        for name, kind in self.kinds.items():
            for part in (self.path(name) / "new", self.path(name) / "cur"):
                if kind == "maildir" and part.exists():
                    changed = part.stat().st_mtime_ns
                    if changed > time.time_ns() - 2 * _SECOND:
                        os.utime(part, ns=(changed, changed - 2 * _SECOND))

    def files(self, name: str) -> list[Path]:
        """The files of an account's messages, in ``cur`` and ``new``."""
        box = self.path(name)
        return sorted(f for part in ("cur", "new") for f in (box / part).glob("*"))

    def _contents(self, name: str) -> list[bytes]:
        while True:
            # A server that expunges or sets flags meanwhile makes the list out of date.
            with contextlib.suppress(FileNotFoundError):
                return [file.read_bytes() for file in self.files(name)]

    def _make(self, box: Path, below: Path) -> None:
        for part in ("cur", "new", "tmp"):
            (box / part).mkdir(parents=True, exist_ok=True)
        for path in (box.parent, box, *box.iterdir()):
            if path != below:
                self._own(path)

    def _own(self, path: Path) -> None:
        if os.getuid() == 0 and path.is_relative_to(self.server.directory):
            owner = pwd.getpwnam("nobody")
            os.chown(path, owner.pw_uid, owner.pw_gid)


def _flags(name: str) -> str:
    # R-eplied, S-een, T-rashed …; keywords are lower case.
    return name.rpartition(":2,")[2] if ":2," in name else ""
