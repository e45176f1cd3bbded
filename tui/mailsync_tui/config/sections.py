"""Reading one mailbox's section: its keys by kind, its secret, its encryption."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mailsync_tui.config import schema
from mailsync_tui.config.checks import is_loopback
from mailsync_tui.config.model import CONSOLIDATED, MailboxConfig, MailboxType, Secret, SecretSource
from mailsync_tui.config.schema import Kind, Side
from mailsync_tui.config.tables import Table, checked, dotted, stray
from mailsync_tui.errors import Problem

if TYPE_CHECKING:
    pass

_IN_CLEAR = (
    'expected "implicit" or "starttls": with "none" the password crosses the network in clear;'
    " it is accepted for a loopback host, or with insecure = true beside it"
)
_IDENTIFYING = ("host", "port", "tls", "user", "path", "root")
"""What says which mailbox it is; ``tls`` since the default port hangs on it."""


@dataclass(frozen=True, slots=True)
class Section:
    """A mailbox as it was read, wrong values left at their defaults."""

    prefix: str
    """Its dotted key."""
    mailbox: MailboxConfig
    certain: bool
    """Everything that says which mailbox it is was read; else it is compared with no other."""

    @property
    def side(self) -> Side:
        """On which side it stands: no account is called ``consolidated``."""
        return "consolidated" if self.mailbox.name == CONSOLIDATED else "external"


def read_section(
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
        The mailbox; ``None`` if not even its type can be told.
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
            problems.append(stray(prefix, key, known))
        elif not field.kinds & kind:
            problems.append(stray(prefix, key, known, _meaningless(kind, side)))
        else:
            value = checked(prefix, key, raw, field.check, problems)
            if value is not None:
                values[key] = value
    if kind not in schema.KINDS[side].values():
        return None
    needed = [field for field in schema.MAILBOX if field.required and field.kinds & kind]
    for field in needed:
        if field.key not in table:
            checked(prefix, field.key, None, field.check, problems)
    given = [key for key in _IDENTIFYING if key in table]
    certain = all(key in values for key in (*(field.key for field in needed), *given))
    return Section(prefix, _mailbox(table, prefix, name, kind, values, problems), certain)


def _kind_of(table: Table, prefix: str, side: Side, problems: list[Problem]) -> Kind:
    """The kind of mailbox; all kinds of that side where ``type`` does not tell."""
    chosen = checked(prefix, "type", table.get("type"), schema.TYPES[side], problems)
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
            problems.append(Problem(dotted(prefix, "tls"), _IN_CLEAR))
        encrypted, plain = schema.DEFAULT_PORTS[mailbox_type]
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
