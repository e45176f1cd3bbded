"""Getting a password or token from where the configuration says it is."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from contextlib import suppress

from mailsync_tui.config.model import CONSOLIDATED, Secret, UserConfig
from mailsync_tui.errors import ConfigError, Problem, SecretError, short

SERVICE = "mailsync-tui"
"""Under which the keyring keeps this program's passwords."""

_LOOK = 0.1
"""Seconds between two looks whether a command is still wanted."""
_DEATH = 5.0
"""Seconds that a killed command may take to be gone."""


def _never() -> bool:
    return False


def resolve(
    secret: Secret, account: str, timeout: float = 60.0, cancelled: Callable[[], bool] = _never
) -> str:
    """The password or token itself.

    A command runs through ``/bin/sh -c``, as in mbsync's ``PassCmd``; the first line that it
    prints is the secret. It never has the terminal: the app draws there.

    Args:
        secret: Where the secret comes from.
        account: The account's name, for the error's text.
        timeout: Seconds that a command or the keyring may take; it may have to wait for a person.
        cancelled: Asked meanwhile; once it says yes, the command is ended, and the keyring is
            waited for no longer.

    Raises:
        SecretError: There is none. The text never holds what a command printed on its output.
    """
    match secret.source:
        case "password":
            value = secret.value
        case "password_env":
            value = _from_environment(secret.value, account)
        case "keyring":
            value = _from_keyring(secret.value, account, timeout, cancelled)
        case "password_command" | "token_command":
            where = f"{account}: {secret.source}"
            value = _from_command(secret.value, where, timeout, cancelled)
    return value


def require_environment(config: UserConfig) -> None:
    """Make sure, before anything is contacted, that every ``password_env`` names a variable.

    Args:
        config: One person's configuration.

    Raises:
        ConfigError: Some are not set; it names each.
    """
    prefix = "" if config.name == "default" else f"users.{config.name}."
    problems = [
        Problem(
            f"{prefix}{'' if each.name == CONSOLIDATED else 'external.'}{each.name}.password_env",
            f"the environment variable {each.secret.value} is not set",
        )
        for each in config.mailboxes
        if each.secret is not None
        and each.secret.source == "password_env"
        and os.fsencode(each.secret.value) not in os.environb
    ]
    if problems:
        raise ConfigError(problems)


def _from_environment(variable: str, account: str) -> str:
    where = f"{account}: the environment variable {variable}"
    raw = os.environb.get(os.fsencode(variable))
    if raw is None:
        raise SecretError(f"{where} (password_env) is not set")
    return _usable(raw, where)


def _from_keyring(entry: str, account: str, timeout: float, cancelled: Callable[[], bool]) -> str:
    """A password of the desktop's keyring, by the library ``keyring`` (an extra)."""
    where = f"{account}: keyring = true"
    try:
        import keyring  # Slow to import, and few use it.
        from keyring.errors import KeyringError
    except ImportError:
        raise SecretError(
            f"{where} needs the library keyring where this program is installed: "
            "pip install keyring"
        ) from None
    name = short(entry, 200)
    try:
        value = _within(
            lambda: keyring.get_password(SERVICE, entry),
            f"{where}: the keyring, asked for {name},",
            timeout,
            cancelled,
        )
    except (KeyringError, RuntimeError, OSError) as error:
        # Not chained: what a backend puts into its errors is not known.
        reason = short(_first_line(str(error).encode()).decode(), 200) or type(error).__name__
        raise SecretError(f"{where}: the keyring cannot be asked for {name}: {reason}") from None
    if value is None:
        command = short(shlex.join(["keyring", "set", SERVICE, entry]), 300)
        raise SecretError(f"{where}: it holds no password for {name}; set it with: {command}")
    return _usable(value.encode("utf-8", "surrogatepass"), f"{where}: the entry {name}")


def _within(
    ask: Callable[[], str | None], what: str, timeout: float, cancelled: Callable[[], bool]
) -> str | None:
    """The answer of a call that nothing can end, such as one to a daemon or a locked desktop.

    It is waited for on a thread of its own, which neither holds up the program's end nor is joined
    by a pool; one that never answers is left to itself.

    Raises:
        SecretError: It did not answer in time, or the program is to end.
    """
    answer: Future[str | None] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            answer.set_exception(error)

    threading.Thread(target=run, name="keyring", daemon=True).start()
    end = time.monotonic() + timeout
    while True:
        wait([answer], timeout=min(_LOOK, timeout))
        if answer.done():
            return answer.result()
        if cancelled():
            raise SecretError(f"{what} was waited for no longer, as this program was to end")
        if time.monotonic() >= end:
            raise SecretError(f"{what} did not answer within {timeout:g} s; is it locked?")


def _from_command(command: str, where: str, timeout: float, cancelled: Callable[[], bool]) -> str:
    output = run_command(command, where, timeout, cancelled)
    return _usable(_first_line(output), f"{where}: the first line that it printed")


def run_command(
    command: str,
    where: str,
    timeout: float,
    cancelled: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
) -> bytes:
    """What a command of the configuration prints.

    Args:
        command: For the shell.
        where: What to call it.
        timeout: Seconds until it is ended.
        cancelled: Ends it.
        environment: Its environment, where that is another one than this program's.

    Raises:
        SecretError: It could not be run, failed, or was ended; names its complaint's first line.
    """
    try:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            # A group of its own, so that the whole pipeline can be ended.
            start_new_session=True,
        )
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SecretError(f"{where} cannot be run: {reason}") from None
    try:
        output, complaint = _outcome(process, where, timeout, cancelled)
    except BaseException:
        _end(process)
        raise
    if process.returncode:
        said = short(_first_line(complaint).decode("utf-8", "replace").strip(), 200)
        code = process.returncode
        how = f"failed with exit code {code}" if code > 0 else f"was ended by signal {-code}"
        raise SecretError(f"{where} {how}: {said}" if said else f"{where} {how}")
    return output


def _outcome(
    process: subprocess.Popen[bytes], where: str, timeout: float, cancelled: Callable[[], bool]
) -> tuple[bytes, bytes]:
    """What a command printed on its output and as complaint, once it has ended."""
    end = time.monotonic() + timeout
    while True:
        try:
            return process.communicate(timeout=min(_LOOK, timeout))
        except subprocess.TimeoutExpired:
            # Nothing is chained: the exception holds what was printed so far.
            if cancelled():
                raise SecretError(f"{where} was ended, as this program was to end") from None
            if time.monotonic() >= end:
                raise SecretError(f"{where} did not end within {timeout:g} s") from None


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_DEATH)
    # Not read to their ends: one that fled its group may hold them.
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _first_line(output: bytes) -> bytes:
    return output.partition(b"\n")[0].removesuffix(b"\r")


def _usable(raw: bytes, where: str) -> str:
    """The secret as text, if it can stand in a line of a protocol at all."""
    if not raw:
        raise SecretError(f"{where} is empty")
    if any(byte in raw for byte in b"\0\r\n"):
        raise SecretError(f"{where} holds a line break or a NUL character")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        # Not chained: the exception holds the bytes.
        raise SecretError(f"{where} is not UTF-8") from None
