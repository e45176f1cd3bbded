"""``service``: a systemd user unit that collects unattended, a timer, or cron's line."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mailsync_tui.cli.every import parse_duration
from mailsync_tui.cli.output import PROGRAM
from mailsync_tui.errors import CommandError, OutputError

if TYPE_CHECKING:
    from mailsync_tui.cli.settings import Settings

_OURS = f"# Written by `{PROGRAM} service install`, which also writes it anew.\n"
_HARDENED = """\
EnvironmentFile=-{environment}
Nice=10
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictNamespaces=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
"""
"""Nothing of it needs a name space, which not every system gives a user's manager. Names are looked
up over AF_NETLINK too."""
_SERVICE = """\
[Unit]
Description=Collect mail

[Service]
ExecStart={command}
# A stop is an interrupt: the current message is finished.
SuccessExitStatus=130
Restart=on-failure
RestartPreventExitStatus=2
RestartSec=60
{hardened}
[Install]
WantedBy=default.target
"""
_ONCE = """\
[Unit]
Description=Collect mail once

[Service]
Type=oneshot
ExecStart={command}
SuccessExitStatus=3 4
{hardened}"""
_TIMER = """\
[Unit]
Description=Collect mail every {every}

[Timer]
OnStartupSec=2min
OnUnitActiveSec={seconds}s

[Install]
WantedBy=timers.target
"""


def units(settings: Settings, every: str, *, timer: bool, everybody: bool) -> dict[str, str]:
    """The unit files, by name.

    Raises:
        CommandError: ``every`` is no duration.
    """
    seconds = parse_duration(every)
    environment = _escaped(str(settings.config_file.parent / "environment"))
    hardened = _HARDENED.format(environment=environment)
    how = ["--collect"] if timer else ["--every", every]
    words = _command(settings, *how, everybody=everybody)
    command = " ".join(map(_quoted, words))
    service = (_ONCE if timer else _SERVICE).format(command=command, hardened=hardened)
    found = {f"{PROGRAM}.service": _OURS + service}
    if timer:
        found[f"{PROGRAM}.timer"] = _OURS + _TIMER.format(every=every, seconds=seconds)
    return found


def cron_line(settings: Settings, every: str, *, everybody: bool) -> str:
    """The line for ``crontab -e``.

    Raises:
        CommandError: ``every`` is no duration, or none that cron can keep.
    """
    minutes, rest = divmod(parse_duration(every), 60)
    if not rest and minutes < 60 and 60 % minutes == 0:
        when = f"*/{minutes} * * * *"
    elif not rest and minutes % 60 == 0 and 24 % (minutes // 60) == 0:
        when = f"0 */{minutes // 60} * * *"
    else:
        raise CommandError(
            f"--every {every}: cron keeps what divides an hour or a day, such as 15m or 2h"
        )
    command = shlex.join(_command(settings, "--collect", everybody=everybody))
    return f"{when} {command} >/dev/null 2>&1".replace("%", "\\%")


def install(settings: Settings, files: dict[str, str]) -> int:
    """Write the units, and say what starts them.

    Raises:
        CommandError: A file of that name is there which this program did not write.
        OutputError: They cannot be written.
    """
    folder = _folder()
    for name in files:
        _require_ours(folder / name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            temporary = folder / f".{name}.new"
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(folder / name)
            settings.output.note(f"written: {folder / name}")
    except OSError as error:
        raise OutputError(f"{folder}: {error.strerror or error}") from error
    first = max(files)  # the timer, where there is one
    settings.output.result(
        f"systemctl --user daemon-reload\nsystemctl --user enable --now {first}\n"
        "loginctl enable-linger  # to let it run while you are not logged in"
    )
    return 0


def remove(settings: Settings) -> int:
    """Remove the units, and say what stops them.

    Raises:
        CommandError: One of them was not written by this program.
        OutputError: They cannot be removed.
    """
    paths = [_folder() / f"{PROGRAM}.{kind}" for kind in ("timer", "service")]
    there = [path for path in paths if path.exists()]
    for path in there:
        _require_ours(path)
    for path in there:
        try:
            path.unlink()
        except OSError as error:
            raise OutputError(f"{path}: {error.strerror or error}") from error
        settings.output.note(f"removed: {path}")
    if there:
        names = " ".join(path.name for path in there)
        settings.output.result(
            f"systemctl --user disable --now {names}\nsystemctl --user daemon-reload"
        )
    else:
        settings.output.note("no unit of this program is there")
    return 0


def _command(settings: Settings, *how: str, everybody: bool) -> list[str]:
    program = Path(sys.argv[0]).absolute()
    words = [str(program)] if program.name == PROGRAM else [sys.executable, "-m", "mailsync_tui"]
    for option, value in (("--config", settings.config), ("--state-dir", settings.state_dir)):
        if value is not None:
            words += [option, str(value.expanduser().absolute())]
    if settings.user is not None:
        words += ["--user", settings.user]
    return [*words, "sync", *how, "--yes", *(["--all-users"] if everybody else [])]


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """A word of ``ExecStart``, as systemd reads it."""
    word = _escaped(word).replace("$", "$$")
    if word and not set(word) & set(" \t\"'\\;"):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _folder() -> Path:
    from platformdirs.unix import Unix

    return Path(Unix().user_config_dir) / "systemd" / "user"


def _require_ours(path: Path) -> None:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror or error}") from error
    if not text.startswith(_OURS):
        raise CommandError(f"{path} was not written by this program: move it away first")
