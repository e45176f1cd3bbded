"""What a value in the file may be: a check returns it as used, or says what was expected."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from mailsync_tui.config.model import DIRECTIONS
from mailsync_tui.errors import short

Check = Callable[[object], object]
"""Takes what TOML held, returns what the program uses; raises :class:`WrongValueError`."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_HOST = re.compile(r"[^\s/@:\[\]]+")
_DURATION = re.compile(r"(\d{1,5})([smhdw])", re.ASCII)
_SIZE = re.compile(r"(\d{1,9}) ?(B|kB|MB|GB)", re.ASCII)
_OCTETS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LARGEST = 2**63 - 1
"""TOML promises 64-bit integers, and so does SQLite."""


class WrongValueError(Exception):
    """A value is not what its key takes.

    Its text reads after "expected", and quotes only values of keys that hold no secret.
    """


def _another_type(expected: str, value: object) -> WrongValueError:
    """The error for a value of the wrong type, or for none at all (TOML has no null)."""
    found = "; it is missing" if value is None else f", not {_kind_of(value)}"
    return WrongValueError(f"{expected}{found}")


def _kind_of(value: object) -> str:
    """A TOML value's type in words: the value itself may be a secret in the wrong place."""
    match value:
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a float"
        case str():
            return "a string"
        case list():
            return "an array"
        case dict():
            return "a table"
        case _:
            return "a date or time"


def _string(value: object, expected: str) -> str:
    if not isinstance(value, str):
        raise _another_type(expected, value)
    return value


def line(expected: str) -> Check:
    """A string that is not empty and has no control characters: it goes into protocol lines."""
    wanted = f"{expected}: a string that is not empty, without line breaks and control characters"
    return partial(_line, wanted)


def _line(expected: str, value: object) -> str:
    text = _string(value, expected)
    if not text or _CONTROLS.search(text):
        raise WrongValueError(expected)
    return text


def command(value: object) -> str:
    """A command line for the shell; it may have several lines."""
    expected = "a command line: a string that is not empty"
    text = _string(value, expected)
    if not text.strip() or "\0" in text:
        raise WrongValueError(expected)
    return text


def variable(value: object) -> str:
    """The name of an environment variable."""
    expected = "the name of an environment variable: a string without =, white space and controls"
    text = _string(value, expected)
    if not text or "=" in text or " " in text or _CONTROLS.search(text):
        raise WrongValueError(expected)
    return text


def host(value: object) -> str:
    """A host name or an IP address, without scheme, port and brackets."""
    expected = "a host name or IP address, without scheme, port, user and brackets"
    text = _string(value, expected)
    if _HOST.fullmatch(text) and not _CONTROLS.search(text):
        return text
    import ipaddress  # Few need it, and every command reads the configuration.

    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        raise WrongValueError(expected) from None
    return text


def is_loopback(name: str) -> bool:
    """Whether a host is this machine by its very name: localhost, 127.0.0.0/8 or ::1."""
    if name.lower().rstrip(".") == "localhost":
        return True
    import ipaddress  # As above.

    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def choice(*options: str) -> Check:
    """One of a few words. Only for keys whose values are no secrets: the wrong one is quoted."""
    return partial(one_of, options)


def one_of(options: tuple[str, ...], value: object) -> str:
    """What :func:`choice` checks."""
    expected = _enumerated(options)
    text = _string(value, expected)
    if text not in options:
        import difflib  # Only a wrong file needs it.

        meant = difflib.get_close_matches(text, options, n=1)
        hint = f'; did you mean "{meant[0]}"?' if meant else ""
        raise WrongValueError(f'{expected}, not "{short(text, 40)}"{hint}')
    return text


def integer(low: int, high: int | None = None) -> Check:
    """An integer within bounds, both included; a boolean is none."""
    return partial(within, low, high)


def within(low: int, high: int | None, value: object) -> int:
    """What :func:`integer` checks."""
    expected = f"an integer of at least {low}" if high is None else f"an integer, {low} to {high}"
    if isinstance(value, bool) or not isinstance(value, int):
        raise _another_type(expected, value)
    if not low <= value <= (_LARGEST if high is None else high):
        raise WrongValueError(expected)
    return value


def share(value: object) -> float:
    """A number from 0 to 1."""
    expected = "a number from 0 to 1"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _another_type(expected, value)
    if not 0 <= value <= 1:
        raise WrongValueError(expected)
    return float(value)


def flag(value: object) -> bool:
    """A boolean."""
    if not isinstance(value, bool):
        raise _another_type("true or false", value)
    return value


def true(value: object) -> bool:
    """``true``: for a key that is left out where it is not meant."""
    if value is not True:
        raise WrongValueError("true, or no such key at all")
    return True


def path(value: object) -> Path:
    """An absolute path, once ``~`` is expanded.

    Relative ones are refused: a service, a shell and the app start in different directories, and a
    Maildir that is not found must not pass for an empty one.
    """
    expected = "an absolute path, or one that begins with ~"
    text = _string(value, expected)
    if _CONTROLS.search(text):
        raise WrongValueError(f"{expected}, without control characters")
    # Not Path.expanduser: that raises RuntimeError for an unknown user.
    found = Path(os.path.expanduser(text))  # noqa: PTH111
    if not found.is_absolute():
        raise WrongValueError(expected)
    return found


def sha256(value: object) -> str:
    """A SHA-256 fingerprint: 64 hexadecimal digits, with or without colons, in any case."""
    expected = "the SHA-256 fingerprint of a certificate: AA:BB:… (32 pairs)"
    text = _string(value, expected).replace(":", "")
    if not re.fullmatch("[0-9A-Fa-f]{64}", text):
        raise WrongValueError(expected)
    return bytes.fromhex(text).hex(":").upper()


def folder(value: object) -> str:
    """The name of a folder; a slash at either end means nothing."""
    expected = "the name of a folder"
    text = _string(value, expected).strip("/")
    if not text or _CONTROLS.search(text):
        raise WrongValueError(f"{expected}: not empty, without control characters")
    return text


def root(value: object) -> str:
    """The name of a folder, or the empty string for all of them."""
    return "" if value == "" else folder(value)


def folders(value: object) -> tuple[str, ...]:
    """A list of folder names or globs, not empty."""
    expected = "a list of folder names that is not empty"
    if not isinstance(value, list):
        raise _another_type(expected, value)
    if not value:
        raise WrongValueError(expected)
    return tuple(folder(item) for item in value)


def senders(value: object) -> tuple[str, ...]:
    """A list of mail addresses or globs for them, not empty."""
    expected = 'a list of addresses or globs such as "*@bank.example" that is not empty'
    if not isinstance(value, list):
        raise _another_type(expected, value)
    for item in value:
        text = _string(item, expected)
        if _CONTROLS.search(text) or " " in text or not ("@" in text or "*" in text):
            raise WrongValueError(expected)
    if not value:
        raise WrongValueError(expected)
    return tuple(value)


def duration(value: object) -> timedelta:
    """A whole number and a unit: seconds, minutes, hours, days or weeks."""
    expected = 'a duration such as "12h", "1d" or "2w"'
    match = _DURATION.fullmatch(_string(value, expected))
    if match is None:
        raise WrongValueError(expected)
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def timeout(value: object) -> timedelta:
    """A duration that is some time."""
    found = duration(value)
    if not found:
        raise WrongValueError('a duration of at least a second, such as "120s" or "5m"')
    return found


def size(value: object) -> int:
    """A whole number and a unit: bytes, or thousands, millions or milliards of them."""
    expected = 'a size such as "500 kB", "200 MB" or "2 GB"'
    match = _SIZE.fullmatch(_string(value, expected))
    if match is None:
        raise WrongValueError(expected)
    return int(match[1]) * _OCTETS[match[2]]


def directions(value: object) -> tuple[str, ...]:
    """A list of directions, each at most once, in the order in which a plan applies them."""
    expected = f"a list of {_enumerated(DIRECTIONS)}, each at most once"
    if not isinstance(value, list):
        raise _another_type(expected, value)
    chosen = [choice(*DIRECTIONS)(item) for item in value]
    if len(set(value)) != len(value):
        raise WrongValueError(expected)
    return tuple(direction for direction in DIRECTIONS if direction in chosen)


def _enumerated(options: tuple[str, ...]) -> str:
    quoted = [f'"{option}"' for option in options]
    return " or ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))
