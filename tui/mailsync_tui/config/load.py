"""The TOML file as typed values, or everything that is wrong with it at once."""

from __future__ import annotations

import os
import re
import shlex
import stat
import tomllib
from typing import TYPE_CHECKING, Any

from mailsync_tui.config import schema
from mailsync_tui.config.model import CONSOLIDATED, Config, Guards, Holds, UserConfig
from mailsync_tui.config.overlap import lies_in, overlaps
from mailsync_tui.config.sections import Section, read_section
from mailsync_tui.config.tables import Table, checked, dotted, stray, subtable, values_of
from mailsync_tui.errors import ConfigError, Problem
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFAULT_PERSON = "default"
"""The person of a file without ``[users.…]`` sections."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NAME_EXPECTED = "expected a name of 1 to 64 letters, digits, _ and -"


def load_config(path: Path) -> Config:
    """Read and check the configuration; nothing is contacted and nothing made.

    Args:
        path: The TOML file.

    Raises:
        ConfigError: The file cannot be read or is wrong; it holds every problem found.
    """
    data, mode = _read(path)
    document = _parse(path, data)
    problems: list[Problem] = []
    _check_mode(document, path, mode, problems)
    state_dir = _file_keys(document, problems)
    sections: list[Section] = []
    people = [
        _person(name, table, prefix, sections, problems)
        for name, table, prefix in _people(document, problems)
    ]
    problems.extend(overlaps(sections))
    users = tuple(person for person in people if person is not None)
    if problems:
        raise ConfigError(problems)
    return Config(path, users, state_dir)


def _read(path: Path) -> tuple[bytes, int]:
    """The file's bytes and the mode of the very file that was read."""
    try:
        with path.open("rb") as file:
            return file.read(), stat.S_IMODE(os.fstat(file.fileno()).st_mode)
    except FileNotFoundError:
        reason = "there is no such file"
    except OSError as error:
        reason = f"cannot be read: {safe_text(error.strerror or type(error).__name__)}"
    except ValueError:
        reason = "is no file name"
    raise ConfigError([Problem("", f"{safe_text(str(path))}: {reason}")])


def _parse(path: Path, data: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        reason = f"not UTF-8 (at line {line}, column {column})"
    except RecursionError:
        reason = "nested too deeply"
    except ValueError as error:
        # tomllib names line and column; but for an absurdly long number, which Python refuses.
        reason = safe_text(str(error), 300)
    raise ConfigError([Problem("", f"{safe_text(str(path))}: no valid TOML: {reason}")])


def _check_mode(document: Table, path: Path, mode: int, problems: list[Problem]) -> None:
    """A file that holds a password must be its owner's alone."""
    if not mode & (stat.S_IRGRP | stat.S_IROTH):
        return
    for key in _passwords(document, ""):
        mend = safe_text(f"chmod 600 {shlex.quote(str(path))}")
        problems.append(
            Problem(key, f"the file holds a password and others can read it; run: {mend}")
        )
        return


def _passwords(table: Table, prefix: str) -> Iterator[str]:
    """The dotted keys of all passwords, wherever they stand and whatever they are."""
    for key, value in table.items():
        name = dotted(prefix, key)
        if key == "password":
            yield name
        elif isinstance(value, dict):
            yield from _passwords(value, name)


def _file_keys(document: Table, problems: list[Problem]) -> Path | None:
    """Check the top level's own keys; the state directory, if one is given."""
    fields = {field.key: field for field in schema.FILE}
    known = (*fields, *schema.PERSON_KEYS, "users")
    problems.extend(stray("", key, known) for key in document if key not in known)
    found = {
        key: checked("", key, document[key], field.check, problems)
        for key, field in fields.items()
        if key in document
    }
    return found.get("state_dir")


def _people(document: Table, problems: list[Problem]) -> Iterator[tuple[str, Table, str]]:
    """Each person's name, table and dotted key."""
    own = [key for key in schema.PERSON_KEYS if key in document]
    if "users" not in document:
        yield DEFAULT_PERSON, document, ""
        return
    problems.extend(
        Problem(
            dotted("", key),
            "has no meaning beside [users]; expected either one person's sections or"
            f" [users.NAME.{key}] alone",
            f"users.NAME.{key}",
        )
        for key in own
    )
    if own:
        yield DEFAULT_PERSON, {key: document[key] for key in own}, ""
    users = subtable(document, "", "users", problems)
    if users is not None and not users:
        problems.append(Problem("users", "nobody is in it; expected [users.NAME.consolidated] …"))
    for name in users or {}:
        prefix = dotted("users", name)
        if not _NAME.fullmatch(name):
            problems.append(Problem(prefix, _NAME_EXPECTED))
        person = subtable(users or {}, "users", name, problems)
        if person is not None:
            problems.extend(
                stray(prefix, key, schema.PERSON_KEYS)
                for key in person
                if key not in schema.PERSON_KEYS
            )
            yield name, person, prefix


def _person(
    name: str, table: Table, prefix: str, sections: list[Section], problems: list[Problem]
) -> UserConfig | None:
    """One person; ``None`` (and a problem) without a consolidated mailbox."""
    consolidated = _consolidated(table, prefix, problems)
    external = _external(table, prefix, problems)
    if consolidated is not None:
        sections.append(consolidated)
        problems.extend(_misplaced(consolidated, external))
    sections.extend(external)
    guards, hold, quarantine, schedule = (
        values_of(
            subtable(table, prefix, key, problems) or {}, dotted(prefix, key), fields, problems
        )
        for key, fields in (
            ("guards", schema.GUARDS),
            ("hold", schema.HOLD),
            ("quarantine", schema.QUARANTINE),
            ("schedule", schema.SCHEDULE),
        )
    )
    if consolidated is None:
        return None
    return UserConfig(
        name,
        consolidated.mailbox,
        tuple(section.mailbox for section in external),
        Guards(**guards),
        Holds(**hold),
        **quarantine,
        **schedule,
    )


def _consolidated(table: Table, prefix: str, problems: list[Problem]) -> Section | None:
    name = dotted(prefix, CONSOLIDATED)
    if CONSOLIDATED not in table:
        problems.append(Problem(name, f"missing; expected a section [{name}]"))
        return None
    section = subtable(table, prefix, CONSOLIDATED, problems)
    if section is None:
        return None
    return read_section(section, name, CONSOLIDATED, "consolidated", problems)


def _external(table: Table, prefix: str, problems: list[Problem]) -> list[Section]:
    """The external mailboxes, in the order of the file."""
    name = dotted(prefix, "external")
    accounts = subtable(table, prefix, "external", problems)
    if not accounts and isinstance(table.get("external", {}), dict):
        problems.append(Problem(name, f"no external mailbox; expected a section [{name}.ACCOUNT]"))
    found = []
    for account in accounts or {}:
        key = dotted(name, account)
        if account == CONSOLIDATED:
            problems.append(Problem(key, f"an account cannot be called {CONSOLIDATED}"))
        elif not _NAME.fullmatch(account):
            problems.append(Problem(key, _NAME_EXPECTED))
        section = subtable(accounts or {}, name, account, problems)
        if section is not None:
            mailbox = read_section(section, key, account, "external", problems)
            if mailbox is not None:
                found.append(mailbox)
    return found


def _misplaced(consolidated: Section, external: list[Section]) -> Iterator[Problem]:
    """Folders that are collected into, but where the mail would be out of sight at once.

    What cannot be seen counts as gone, and would then be deleted on the external mailboxes.
    """
    store = consolidated.mailbox
    places = [(dotted(consolidated.prefix, "folder"), store.folder)]
    places += [
        (dotted(section.prefix, "into"), section.mailbox.into)
        for section in external
        if section.mailbox.into is not None
    ]
    for key, folder in places:
        if not lies_in(folder, store.root):
            root = f"{dotted(consolidated.prefix, 'root')} ({safe_text(store.root, 64)})"
            yield Problem(key, f"expected a folder that lies in {root}")
        for name, hidden in (
            ("trash", store.trash),
            ("junk", store.junk if store.junk_means == "delete" else None),
        ):
            if hidden is not None and lies_in(folder, hidden):
                counted = dotted(consolidated.prefix, name)
                yield Problem(key, f"expected another folder than {counted}: mail there is gone")
