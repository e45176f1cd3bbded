"""The README tells of every key, command, option, code and rule, and of no other."""

from __future__ import annotations

import ast
import dataclasses
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import get_args, get_type_hints

import click
import pytest
from click.testing import CliRunner

import mailsync_tui
from mailsync_tui.cli.commands import cli
from mailsync_tui.cli.errors import INTERRUPTED, OK, worst_exit_code
from mailsync_tui.cli.group import EPILOG
from mailsync_tui.config import schema
from mailsync_tui.config.load import load_config
from mailsync_tui.config.model import Guards, Holds, MailboxConfig, UserConfig
from mailsync_tui.config.schema import KINDS, Kind, Side
from mailsync_tui.engine import outcome
from mailsync_tui.engine.model import HeldLine
from mailsync_tui.engine.model import Kind as LineKind
from mailsync_tui.engine.plan import guards
from tests.manual import keys
from tests.manual.documents import DOCUMENTS, PAGES, README, ROOT, code

CONFIGURATION, PLAN, GUARDS, COMMANDS, TROUBLESHOOTING = (
    PAGES[name] for name in ("configuration", "plan", "guards", "commands", "troubleshooting")
)
SOURCE = Path(mailsync_tui.__file__).parents[1]
FROM_PAGES = "../../../"
"""From a page's folder to the pictures."""


def types(side: Side, kinds: Kind) -> str:
    return ", ".join(name for name, kind in KINDS[side].items() if kind & kinds) or "–"


def test_every_key_of_a_mailbox() -> None:
    told = {code(row[0]): (row[1], row[2]) for row in CONFIGURATION.table("Keys of a mailbox")}
    real = {
        f.key: (types("external", f.kinds), types("consolidated", f.kinds)) for f in schema.MAILBOX
    }
    every = Kind.ANY | Kind.CONSOLIDATED
    real["type"] = (types("external", every), types("consolidated", every))
    assert told == real


def test_every_other_key_and_its_default() -> None:
    told = {code(row[0]): row[1] for row in CONFIGURATION.table("Other keys")}
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


@pytest.mark.parametrize("text", CONFIGURATION.blocks("toml"))
def test_every_example_is_a_configuration(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    assert load_config(path).users


def test_every_default_of_a_mailbox() -> None:
    told = {code(row[0]): row[3] for row in CONFIGURATION.table("Keys of a mailbox")}
    real = dict.fromkeys(told, "–")
    real["insecure"] = "`false`"  # only read together with ``tls``
    for field in dataclasses.fields(MailboxConfig):
        if field.name in told and field.default not in (dataclasses.MISSING, None):
            value = list(field.default) if isinstance(field.default, tuple) else field.default
            real[field.name] = f"`{json.dumps(value)}`"
    real["port"] = "by `tls`"
    real |= {f.key: "required" for f in schema.MAILBOX if f.required} | {"type": "required"}
    assert told == real


def test_every_command() -> None:
    told = [code(row[0]).split()[1:] for row in COMMANDS.table("The commands")]
    assert {words[0] for words in told if words} == set(cli.commands)
    assert [] in told, "without a command: the app"


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
        for row in COMMANDS.table("Options")
        for command in re.findall("`([a-z]+)`", row[1]) or [""]
    }
    real = {(name, "") for name in options(cli)}
    real |= {(o, name) for name, command in cli.commands.items() for o in options(command)}
    assert told == real


def test_the_table_of_keys_is_made_from_the_registry() -> None:
    text = PAGES["app"].text
    assert keys.with_keys(text) == text, "python -m tests.manual.keys writes it"


def test_every_exit_code() -> None:
    words = ("OK", "FAILED", "WRONG", "PARTLY", "BLOCKED", "STALE", "BUSY")
    real = [getattr(outcome, word) for word in words]
    assert [int(row[0]) for row in COMMANDS.table("Exit codes")] == [*real, INTERRUPTED]


def test_the_gravest_of_several_exit_codes() -> None:
    (told,) = re.findall(r"the first of ([0-9, ]+)", COMMANDS.section("Exit codes"))
    codes = [int(number) for number in told.split(",")]
    assert sorted(codes) == sorted(
        int(row[0]) for row in COMMANDS.table("Exit codes") if row[0] != "0"
    )
    for number, gravest_left in enumerate(codes):
        assert worst_exit_code([OK, *reversed(codes[number:])]) == gravest_left


def test_every_kind_of_line() -> None:
    told = {code(row[-1]) for row in PLAN.table("What a plan holds") if "`" in row[-1]}
    assert told == set(get_args(LineKind))


def test_every_rule_and_whether_it_can_be_accepted() -> None:
    told = {
        code(row[0]): "--accept-blocked" in row[2] for row in GUARDS.table("When a guard blocks")
    }
    assert told == {rule: rule not in guards.UNACCEPTABLE for rule in guards.RULES}


def test_every_reason_to_hold_a_line() -> None:
    real = get_args(get_type_hints(HeldLine)["rule"])
    assert {code(row[0]) for row in PLAN.table("Held lines")} == set(real)


def one_liner(end: Callable[[str], bool]) -> str:
    (found,) = [text.strip() for text in README.blocks("sh") if end(text.strip())]
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


def test_every_picture_is_there_and_every_one_is_shown() -> None:
    text = "".join(document.text for document in DOCUMENTS)
    shown = re.findall(r"\[!\[[^]]+\]\(([^)]*screenshots/[^)]+)\.png\)\]\(([^)]+)\.svg\)", text)
    assert all(png == svg for png, svg in shown)
    told = {
        name.removeprefix(FROM_PAGES) for name in re.findall(r"\(([^)]*screenshots/[^)]+)\)", text)
    }
    assert all((ROOT / name).is_file() for name in told)
    names = {path.stem for path in (ROOT / "screenshots").glob("*.png")}
    assert {Path(name).stem for name in told} == names


# --- help and completion


def test_the_help_tells_of_every_command_in_a_whole_sentence() -> None:
    listed = CliRunner().invoke(cli, ["--help"]).output.partition("Commands:")[2]
    assert all(f"  {name} " in listed for name in cli.commands)
    assert "..." not in listed


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_the_help_of_every_command_has_examples(name: str) -> None:
    told = CliRunner().invoke(cli, [name, "--help"]).output
    _, found, examples = told.partition("Examples:\n")
    assert found
    for line in examples.strip().splitlines():
        program, command, *rest = line.split()
        assert program == "mailsync-tui"
        given = {word for word in rest if word.startswith("--")}
        assert given <= options(cli.commands[command])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_is_given_what_completes(shell: str) -> None:
    (line,) = re.findall(rf"^(.+?) +# {shell}: ", README.section("Install"), re.MULTILINE)
    assert f"\n  {line}\n" in EPILOG, "the help has the same line"
    (variable, asked) = re.findall(r"(_[A-Z_]+)=([a-z_]+) mailsync-tui", line)[0]
    script = complete({variable: asked})
    assert variable in script, "the shell would ask in another way"
    assert f"{shell}_complete" in script


def test_commands_and_options_are_completed() -> None:
    variable = {"_MAILSYNC_TUI_COMPLETE": "bash_complete"}
    found = complete({**variable, "COMP_WORDS": "mailsync-tui sy", "COMP_CWORD": "1"})
    assert found.split() == ["plain,sync"]
    found = complete({**variable, "COMP_WORDS": "mailsync-tui sync --acc", "COMP_CWORD": "2"})
    assert found.split() == ["plain,--accept-blocked"]


def complete(variables: dict[str, str]) -> str:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), **variables}
    command = [sys.executable, "-m", "mailsync_tui"]
    return subprocess.run(command, env=environment, check=True, stdout=-1, text=True).stdout


# --- messages


def texts() -> str:
    """All strings of the program, one a line; of those with values in them, the fixed parts."""
    found = []
    for path in sorted(SOURCE.joinpath("mailsync_tui").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found += [
            re.sub(r"\{\w*\}", "\n", node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
        ]
    return "\n".join(found)


def test_every_message_is_one_of_the_program_s() -> None:
    said = texts()
    messages = [code(row[0]) for row in TROUBLESHOOTING.table("Troubleshooting") if "`" in row[0]]
    assert len(messages) > 40
    looks = PLAN.table("What only looks like a deletion")
    messages += [told for row in looks for told in re.findall('"([^"`]+)"', row[1])]
    pieces = [piece for each in messages for piece in re.split("…|; |: ", each)]
    assert [piece for piece in pieces if piece.strip(" .,()") not in said] == []
