"""The configuration's tables as a JSON Schema, for editors that complete and check TOML by one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from mailsync_tui.config import checks, schema
from mailsync_tui.config.model import DIRECTIONS, NAME
from mailsync_tui.config.schema import KeySpec, Side

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TYPES: dict[checks.Check, dict[str, Any]] = {
    checks.flag: {"type": "boolean"},
    checks.true: {"const": True},
    checks.share: {"type": "number", "minimum": 0, "maximum": 1},
    checks.directions: {"type": "array", "items": {"enum": list(DIRECTIONS)}, "uniqueItems": True},
    checks.folders: {"type": "array", "items": {"type": "string"}, "minItems": 1},
    checks.senders: {"type": "array", "items": {"type": "string"}, "minItems": 1},
}
"""Every other check takes a string."""


def json_schema() -> dict[str, Any]:
    """The schema. It knows which keys there are, not which go together: ``check`` does."""
    tables = {
        "consolidated": _mailbox("consolidated"),
        "external": {"type": "object", "patternProperties": {NAME: _mailbox("external")}},
        **{name: _table(specs) for name, specs in schema.TABLES.items()},
    }
    person = {name: tables[name] for name in schema.PERSON_KEYS}
    users = {"type": "object", "patternProperties": {NAME: _object(person)}}
    top = {**_keys(schema.FILE), **person, "users": users}
    return {"$schema": _DRAFT, "title": "mailsync-tui", **_object(top)}


def _mailbox(side: Side) -> dict[str, Any]:
    """A mailbox of any type on that side."""
    specs = [spec for spec in schema.MAILBOX if spec.kinds & schema.SIDES[side]]
    properties = {"type": _form(schema.TYPES[side]), **_keys(specs)}
    return {**_object(properties), "required": ["type"]}


def _table(specs: Iterable[KeySpec]) -> dict[str, Any]:
    return _object(_keys(specs))


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _keys(specs: Iterable[KeySpec]) -> dict[str, Any]:
    return {spec.key: _form(spec.check) for spec in specs}


def _form(check: checks.Check) -> dict[str, Any]:
    if isinstance(check, partial) and check.func is checks.one_of:
        return {"enum": list(check.args[0])}
    if isinstance(check, partial) and check.func is checks.within:
        low, high = check.args
        top = {} if high is None else {"maximum": high}
        return {"type": "integer", "minimum": low, **top}
    return _TYPES.get(check, {"type": "string"})
