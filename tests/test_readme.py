"""The README tells of every key, command, option, code and rule, and of no other."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import get_args, get_type_hints

import click
import pytest

from mailsync_tui import outcome
from mailsync_tui.cli.commands import cli
from mailsync_tui.cli.failures import INTERRUPTED
from mailsync_tui.config import schema
from mailsync_tui.config.load import load_config
from mailsync_tui.config.model import Guards, Holds, UserConfig
from mailsync_tui.config.schema import KINDS, Kind, Side
from mailsync_tui.engine import guards
from mailsync_tui.engine.plan import Held
from mailsync_tui.engine.plan import Kind as LineKind
from mailsync_tui.ui.keytable import in_readme

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text below a heading, up to the next one of any level; fenced code is no heading."""
    found, fenced = [], False
    inside = False
    for line in README.splitlines():
        fenced ^= line.startswith("```")
        if re.match("#+ ", line) and not fenced:
            inside = line.lstrip("# ").strip() == title
        elif inside:
            found.append(line)
    assert found, f"no section {title!r}"
    return "\n".join(found)


def table(title: str) -> list[list[str]]:
    """The cells of the tables in a section, without their headings."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rules = [number for number, row in enumerate(rows) if set("".join(row)) <= set("-:")]
    assert rules, f"no table in {title!r}"
    return [row for number, row in enumerate(rows) if not {number, number + 1} & set(rules)]


def code(cell: str) -> str:
    """The first thing in a cell that is set as code."""
    found = re.search("`([^`]+)`", cell)
    assert found, cell
    return found[1]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def types(side: Side, kinds: Kind) -> str:
    return ", ".join(name for name, kind in KINDS[side].items() if kind & kinds) or "–"


def test_every_key_of_a_mailbox() -> None:
    told = {code(row[0]): (row[1], row[2]) for row in table("Keys of a mailbox")}
    real = {
        f.key: (types("external", f.kinds), types("consolidated", f.kinds)) for f in schema.MAILBOX
    }
    every = Kind.ANY | Kind.CONSOLIDATED
    real["type"] = (types("external", every), types("consolidated", every))
    assert told == real


def test_every_other_key_and_its_default() -> None:
    told = {code(row[0]): row[1] for row in table("Other keys")}
    limits = Guards()
    hints = {
        name: UserConfig.__dataclass_fields__[name].default
        for name in ("keep_days", "schedule_apply")
    }
    real: dict[str, object] = {
        f"guards.{f.key}": getattr(limits, f.name or f.key) for f in schema.GUARDS
    }
    holds = Holds()
    real |= {f"hold.{f.key}": getattr(holds, f.name or f.key) for f in schema.HOLD}
    real["hold.younger_than"] = "0d"  # what the model has as no time at all
    real |= {f"quarantine.{f.key}": hints[f.name or f.key] for f in schema.QUARANTINE}
    real |= {f"schedule.{f.key}": hints[f.name or f.key] for f in schema.SCHEDULE}
    files = {f.key for f in schema.FILE}
    assert told.keys() == real.keys() | files

    def value(cell: str) -> object:
        found = tomllib.loads(f"v = {code(cell)}")["v"]
        return tuple(found) if isinstance(found, list) else found

    assert {key: value(cell) for key, cell in told.items() if key not in files} == real


@pytest.mark.parametrize("text", blocks("toml"))
def test_every_example_is_a_configuration(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    assert load_config(path).users


def test_every_command() -> None:
    assert {code(row[0]).split()[1] for row in table("Commands")} == set(cli.commands)


def options(command: click.Command) -> set[str]:
    return {
        name
        for option in command.params
        if isinstance(option, click.Option)
        for name in (*option.opts, *option.secondary_opts)
        if name.startswith("--") and name != "--help"
    }


def test_every_option() -> None:
    told = {
        (code(row[0]).split()[0], command)
        for row in table("Options")
        for command in re.findall("`([a-z]+)`", row[1]) or [""]
    }
    real = {(name, "") for name in options(cli)}
    real |= {(o, name) for name, command in cli.commands.items() for o in options(command)}
    assert told == real


def test_the_table_of_keys_is_made_from_the_registry() -> None:
    assert in_readme(README) == README, "python -m mailsync_tui.ui.keytable README.md writes it"


def test_every_exit_code() -> None:
    words = ("OK", "FAILED", "WRONG", "PARTLY", "BLOCKED", "STALE", "BUSY")
    real = [getattr(outcome, word) for word in words]
    assert [int(row[0]) for row in table("Exit codes")] == [*real, INTERRUPTED]


def test_every_kind_of_line() -> None:
    told = {code(row[-1]) for row in table("What a plan holds") if "`" in row[-1]}
    assert told == set(get_args(LineKind))


def test_every_rule_and_whether_it_can_be_accepted() -> None:
    told = {code(row[0]): "--accept-blocked" in row[2] for row in table("When a guard blocks")}
    assert told == {rule: rule not in guards.UNACCEPTABLE for rule in guards.RULES}


def test_every_reason_to_hold_a_line() -> None:
    real = get_args(get_type_hints(Held)["rule"])
    assert {code(row[0]) for row in table("Held lines")} == set(real)


def one_liner(end: Callable[[str], bool]) -> str:
    (found,) = [text.strip() for text in blocks("sh") if end(text.strip())]
    assert "\n" not in found
    return found


def test_ci_runs_the_readme_s_test_command() -> None:
    command = one_liner(lambda text: text.endswith("/python -m pytest"))
    assert "'.[test]'" in command
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    # ``-q`` prints less and chooses nothing.
    assert re.search(r'/python" -m pytest( -q)?\n*\Z', script)


def test_the_demo_is_one_command_from_nothing() -> None:
    command = one_liner(lambda text: text.endswith("mailsync-tui demo --serve"))
    assert command.startswith("python3 -m venv .venv && .venv/bin/pip install")
    assert "'.[demo]'" in command
