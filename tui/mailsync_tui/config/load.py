"""The TOML file as typed values, or everything that is wrong with it at once."""

from __future__ import annotations

import os
import re
import shlex
import stat
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from mailsync_tui.config import schema
from mailsync_tui.config.checks import Check, WrongValueError, is_loopback
from mailsync_tui.config.model import (
    CONSOLIDATED,
    DEFAULT_PORTS,
    NAME,
    Config,
    Guards,
    Holds,
    MailboxConfig,
    MailboxType,
    Secret,
    SecretSource,
    UserConfig,
)
from mailsync_tui.config.overlap import Section, lies_in, overlaps
from mailsync_tui.config.schema import KeySpec, Kind, Side
from mailsync_tui.errors import ConfigError, Problem, short

Table = Mapping[str, Any]
"""A table as tomllib gives it."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")

DEFAULT_PERSON = "default"
"""The person of a file without ``[users.…]`` sections."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_NAME = re.compile(NAME)
_NAME_EXPECTED = "expected a name of 1 to 64 letters, digits, _ and -"
_IN_CLEAR = (
    'expected "implicit" or "starttls": with "none" the password crosses the network in clear;'
    " it is accepted for a loopback host, or with insecure = true beside it"
)
_IDENTIFYING = ("host", "port", "tls", "user", "path", "root")
"""What says which mailbox it is; ``tls`` since the default port hangs on it."""


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
        reason = f"cannot be read: {error.strerror or type(error).__name__}"
    except ValueError:
        reason = "is no file name"
    raise ConfigError([Problem("", f"{path}: {reason}")])


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
        reason = short(str(error), 300)
    raise ConfigError([Problem("", f"{path}: no valid TOML: {reason}")])


def _check_mode(document: Table, path: Path, mode: int, problems: list[Problem]) -> None:
    """A file that holds a password must be its owner's alone."""
    if not mode & (stat.S_IRGRP | stat.S_IROTH):
        return
    for key in _passwords(document, ""):
        mend = f"chmod 600 {shlex.quote(str(path))}"
        problems.append(
            Problem(key, f"the file holds a password and others can read it; run: {mend}")
        )
        return


def _passwords(table: Table, prefix: str) -> Iterator[str]:
    """The dotted keys of all passwords, wherever they stand and whatever they are."""
    for key, value in table.items():
        name = _dotted(prefix, key)
        if key == "password":
            yield name
        elif isinstance(value, dict):
            yield from _passwords(value, name)


def _file_keys(document: Table, problems: list[Problem]) -> Path | None:
    """Check the top level's own keys; the state directory, if one is given."""
    fields = {field.key: field for field in schema.FILE}
    known = (*fields, *schema.PERSON_KEYS, "users")
    problems.extend(_stray("", key, known) for key in document if key not in known)
    found = {
        key: _checked("", key, document[key], field.check, problems)
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
            _dotted("", key),
            "has no meaning beside [users]; expected either one person's sections or"
            f" [users.NAME.{key}] alone",
            f"users.NAME.{key}",
        )
        for key in own
    )
    if own:
        yield DEFAULT_PERSON, {key: document[key] for key in own}, ""
    users = _subtable(document, "", "users", problems)
    if users is not None and not users:
        problems.append(Problem("users", "nobody is in it; expected [users.NAME.consolidated] …"))
    for name in users or {}:
        prefix = _dotted("users", name)
        if not _NAME.fullmatch(name):
            problems.append(Problem(prefix, _NAME_EXPECTED))
        person = _subtable(users or {}, "users", name, problems)
        if person is not None:
            problems.extend(
                _stray(prefix, key, schema.PERSON_KEYS)
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
    guards, hold, hooks, quarantine, schedule, timeouts = (
        _values_of(
            _subtable(table, prefix, key, problems) or {}, _dotted(prefix, key), fields, problems
        )
        for key, fields in schema.TABLES.items()
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
        **hooks,
        **timeouts,
    )


def _consolidated(table: Table, prefix: str, problems: list[Problem]) -> Section | None:
    name = _dotted(prefix, CONSOLIDATED)
    if CONSOLIDATED not in table:
        problems.append(Problem(name, f"missing; expected a section [{name}]"))
        return None
    section = _subtable(table, prefix, CONSOLIDATED, problems)
    if section is None:
        return None
    return _section(section, name, CONSOLIDATED, "consolidated", problems)


def _external(table: Table, prefix: str, problems: list[Problem]) -> list[Section]:
    """The external mailboxes, in the order of the file."""
    name = _dotted(prefix, "external")
    accounts = _subtable(table, prefix, "external", problems)
    if not accounts and isinstance(table.get("external", {}), dict):
        problems.append(Problem(name, f"no external mailbox; expected a section [{name}.ACCOUNT]"))
    found = []
    for account in accounts or {}:
        key = _dotted(name, account)
        if account == CONSOLIDATED:
            problems.append(Problem(key, f"an account cannot be called {CONSOLIDATED}"))
        elif not _NAME.fullmatch(account):
            problems.append(Problem(key, _NAME_EXPECTED))
        section = _subtable(accounts or {}, name, account, problems)
        if section is not None:
            mailbox = _section(section, key, account, "external", problems)
            if mailbox is not None:
                found.append(mailbox)
    return found


def _misplaced(consolidated: Section, external: list[Section]) -> Iterator[Problem]:
    """Folders that are collected into, but where the mail would be out of sight at once.

    What cannot be seen counts as gone, and would then be deleted on the external mailboxes.
    """
    store = consolidated.mailbox
    places = [(_dotted(consolidated.prefix, "folder"), store.folder)]
    places += [
        (_dotted(section.prefix, "into"), section.mailbox.into)
        for section in external
        if section.mailbox.into is not None
    ]
    for key, folder in places:
        if not lies_in(folder, store.root):
            root = f"{_dotted(consolidated.prefix, 'root')} ({short(store.root, 64)})"
            yield Problem(key, f"expected a folder that lies in {root}")
        for name, hidden in (
            ("trash", store.trash),
            ("junk", store.junk if store.junk_means == "delete" else None),
        ):
            if hidden is not None and lies_in(folder, hidden):
                counted = _dotted(consolidated.prefix, name)
                yield Problem(key, f"expected another folder than {counted}: mail there is gone")


# --- one mailbox


def _section(
    table: Table, prefix: str, name: str, side: Side, problems: list[Problem]
) -> Section | None:
    """Read a mailbox's section and note what is wrong in it.

    Args:
        table: The section.
        prefix: Its dotted key.
        name: The account's name, or ``consolidated``.
        side: Decides, with ``type``, which keys have a meaning.
        problems: Whatever is wrong is added here.

    Returns:
        The mailbox; ``None`` if not even its type is known.
    """
    kind = _kind_of(table, prefix, side, problems)
    known = schema.keys_for(kind)
    fields = {field.key: field for field in schema.MAILBOX}
    values: dict[str, Any] = {}
    for key, raw in table.items():
        field = fields.get(key)
        if key == "type":
            continue
        if field is None:
            problems.append(_stray(prefix, key, known))
        elif not field.kinds & kind:
            problems.append(_stray(prefix, key, known, _meaningless(kind, side)))
        else:
            value = _checked(prefix, key, raw, field.check, problems)
            if value is not None:
                values[field.name or key] = value
    if kind not in schema.KINDS[side].values():
        return None
    needed = [field for field in schema.MAILBOX if field.required and field.kinds & kind]
    for field in needed:
        if field.key not in table:
            _checked(prefix, field.key, None, field.check, problems)
    given = [key for key in _IDENTIFYING if key in table]
    certain = all(key in values for key in (*(field.key for field in needed), *given))
    return Section(prefix, _mailbox(table, prefix, name, kind, values, problems), certain)


def _kind_of(table: Table, prefix: str, side: Side, problems: list[Problem]) -> Kind:
    """The kind of mailbox; all kinds of that side where ``type`` is wrong."""
    chosen = _checked(prefix, "type", table.get("type"), schema.TYPES[side], problems)
    return schema.SIDES[side] if chosen is None else schema.KINDS[side][chosen]


def _meaningless(kind: Kind, side: Side) -> str:
    """Why a key that other mailboxes have must not stand here."""
    which = next((f"{name} " for name, each in schema.KINDS[side].items() if each == kind), "")
    article = "the consolidated" if side == "consolidated" else "an external"
    return f"has no meaning for {article} {which}mailbox"


def _mailbox(
    table: Table,
    prefix: str,
    name: str,
    kind: Kind,
    values: dict[str, Any],
    problems: list[Problem],
) -> MailboxConfig:
    """Fill in what one key decides for another."""
    mailbox_type = cast("MailboxType", table["type"])
    insecure = values.pop("insecure", False)
    secrets = {field.key: values.pop(field.key, None) for field in schema.SECRETS}
    secret = None
    if kind & Kind.REMOTE:
        if secrets["keyring"]:
            secrets["keyring"] = f"{values.get('user', '')}@{values.get('host', '')}"
        secret = _secret(table, prefix, secrets, problems)
        tls = values.get("tls", "implicit")
        if tls == "none" and not insecure and not is_loopback(values.get("host", "localhost")):
            problems.append(Problem(_dotted(prefix, "tls"), _IN_CLEAR))
        encrypted, plain = DEFAULT_PORTS[mailbox_type]
        values.setdefault("port", encrypted if tls == "implicit" else plain)
    if values.get("root"):
        values.setdefault("folder", values["root"])
    return MailboxConfig(name=name, type=mailbox_type, secret=secret, **values)


def _secret(
    table: Table, prefix: str, secrets: dict[str, str | None], problems: list[Problem]
) -> Secret | None:
    """The one secret of a mailbox on a server; ``None`` and a problem unless it is one."""
    given = [key for key in secrets if key in table]
    if len(given) == 1:
        value = secrets[given[0]]
        return Secret(cast("SecretSource", given[0]), value) if value is not None else None
    found = f"found {', '.join(given)}" if given else "there is none"
    problems.append(Problem(prefix, f"expected exactly one of {', '.join(secrets)}; {found}"))
    return None


# --- one table


def _dotted(prefix: str, key: str) -> str:
    """The dotted key, its last part quoted as in TOML where it must be."""
    shown = key if _BARE.fullmatch(key) else f'"{short(key, 64)}"'
    return f"{prefix}.{shown}" if prefix else shown


def _one_of(keys: Iterable[str]) -> str:
    """What to say was expected where a key is not known."""
    return f"expected one of {', '.join(keys)}"


def _stray(prefix: str, key: str, known: Iterable[str], why: str = "unknown key") -> Problem:
    """The problem with a key that must not stand here, and the known key nearest to it."""
    import difflib  # Only a wrong file needs it.

    names = tuple(known)
    nearest = difflib.get_close_matches(key[:64], names, n=1, cutoff=0.0)
    return Problem(
        _dotted(prefix, key),
        f"{why}; {_one_of(names)}",
        _dotted(prefix, nearest[0]) if nearest else None,
    )


def _subtable(parent: Table, prefix: str, key: str, problems: list[Problem]) -> Table | None:
    """The table under a key; ``None`` where there is none, or something else."""
    value = parent.get(key)
    if value is None or isinstance(value, dict):
        return value
    name = _dotted(prefix, key)
    problems.append(Problem(name, f"expected a table, as in [{name}]"))
    return None


def _checked(prefix: str, key: str, value: object, check: Check, problems: list[Problem]) -> Any:
    """The value as used, or ``None`` and a problem."""
    try:
        return check(value)
    except WrongValueError as error:
        problems.append(Problem(_dotted(prefix, key), f"expected {error}"))
        return None


def _values_of(
    table: Table, prefix: str, fields: Iterable[KeySpec], problems: list[Problem]
) -> dict[str, Any]:
    """The values of a table in which only these fields may stand, by their names in the model."""
    known = {field.key: field for field in fields}
    values = {}
    for key, raw in table.items():
        if key not in known:
            problems.append(_stray(prefix, key, known))
            continue
        value = _checked(prefix, key, raw, known[key].check, problems)
        if value is not None:
            values[known[key].name or key] = value
    return values
