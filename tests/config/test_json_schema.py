"""The JSON Schema says what the tables of the configuration say."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from mailsync_tui.config import schema
from mailsync_tui.config.checks import WrongValueError
from mailsync_tui.config.json_schema import json_schema
from tests.manual.documents import DOCUMENTS

TRIED: tuple[Any, ...] = (
    *(True, False, 0, 1, 5, 70_000, 0.5, -1, "", "x", "any", "all", "imap", "pop3", "maildir"),
    *("implicit", "none", "expunge", "trash", "keep", "delete", "hold", [], ["collect"], ["x"]),
    *(["forward", "collect"], [1], {}, "~/Mail", "12h", "200 MB"),
)


def fits(value: Any, form: dict[str, Any]) -> bool:
    """As much of JSON Schema as is used here."""
    types: dict[str, Any] = {
        "string": str,
        "boolean": bool,
        "array": list,
        "object": dict,
        "integer": int,
        "number": (int, float),
    }
    if "enum" in form:
        return value in form["enum"]
    if "const" in form:
        return value is form["const"]
    if not isinstance(value, types[form["type"]]) or (
        isinstance(value, bool) and form["type"] != "boolean"
    ):
        return False
    if isinstance(value, list):
        enough = len(value) >= form.get("minItems", 0)
        return enough and all(fits(item, form["items"]) for item in value)
    if isinstance(value, dict):
        return all(name in value for name in form.get("required", ())) and all(
            fits(item, found) if (found := property_of(form, key)) else False
            for key, item in value.items()
        )
    return isinstance(value, str) or (
        form.get("minimum", value) <= value <= form.get("maximum", value)
    )


def property_of(form: dict[str, Any], key: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = form.get("properties", {}).get(key)
    for pattern, inner in form.get("patternProperties", {}).items():
        found = found or (inner if re.search(pattern, key) else None)
    return found


TABLES = {
    "consolidated": [s for s in schema.MAILBOX if s.kinds & schema.Kind.CONSOLIDATED],
    **schema.TABLES,
}


@pytest.mark.parametrize("table", TABLES)
def test_it_has_every_key_and_takes_what_its_check_takes(table: str) -> None:
    keys = dict(json_schema()["properties"][table]["properties"])
    keys.pop("type", None)
    assert set(keys) == {spec.key for spec in TABLES[table]}
    for spec in TABLES[table]:
        for value in TRIED:
            try:
                spec.check(value)
            except WrongValueError:
                # A string that is no path, size or duration is one all the same to the schema.
                assert not fits(value, keys[spec.key]) or isinstance(value, str | list)
            else:
                assert fits(value, keys[spec.key]), (spec.key, value)


def test_every_configuration_in_the_manual_fits() -> None:
    found = [
        tomllib.loads(text)
        for document in DOCUMENTS
        for text in re.findall(r"^```toml\n(.*?)^```", document.text, re.MULTILINE | re.DOTALL)
    ]
    assert any("users" in each for each in found)
    for each in found:
        assert fits(each, {**json_schema(), "required": []}), each


def test_an_unknown_key_does_not_fit() -> None:
    assert not fits({"consolidatd": {}}, json_schema())
    assert not fits({"consolidated": {"type": "imap", "hots": "x"}}, json_schema())
    assert not fits({"external": {"a b": {"type": "imap"}}}, json_schema())
