"""The manual tells every command, option, exit code and variable; so does the help its part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import platformdirs
import pytest
from click import _termui_impl
from click.testing import CliRunner
from rich import console
from textual import constants

import mailsync_tui
from mailsync_tui import errors
from mailsync_tui.cli.commands import GLOBAL_OPTIONS, cli
from mailsync_tui.errors import INTERRUPTED, OK, worst_exit_code
from tests.manual.documents import DOCUMENTS, PAGES, Document, code

PAGE = PAGES["commands"]
PACKAGE = Path(mailsync_tui.__file__).parent


def test_every_command() -> None:
    written = [code(row[0]).split()[1:] for row in PAGE.table("Commands")]
    assert {words[0] for words in written if words} == set(cli.commands)
    assert [] in written, "without a command: the app"


def options(command: click.Command) -> set[str]:
    return {
        name
        for option in (*command.params, *(GLOBAL_OPTIONS if command is cli else ()))
        if isinstance(option, click.Option) and not option.hidden
        for name in (*option.opts, *option.secondary_opts)
        if name.startswith("--") and name != "--help"
    }


def test_every_option() -> None:
    written = {
        (code(row[0]).split()[0], command)
        for row in PAGE.table("Options")
        for command in re.findall("`([a-z]+)`", row[1]) or [""]
    }
    real = {(name, "") for name in options(cli)}
    real |= {(o, name) for name, command in cli.commands.items() for o in options(command)}
    assert written == real


def test_every_exit_code() -> None:
    words = ("OK", "FAILED", "WRONG", "PARTLY", "BLOCKED", "STALE", "BUSY")
    real = [getattr(errors, word) for word in words]
    assert [int(row[0]) for row in PAGE.table("Exit codes")] == [*real, INTERRUPTED]


def test_the_worst_of_several_exit_codes() -> None:
    (written,) = re.findall(r"the first of ([0-9, ]+)", PAGE.section("Exit codes"))
    codes = [int(number) for number in written.split(",")]
    assert sorted(codes) == sorted(int(row[0]) for row in PAGE.table("Exit codes")[1:])
    for number, worst_left in enumerate(codes):
        assert worst_exit_code([OK, *reversed(codes[number:])]) == worst_left


def test_every_environment_variable() -> None:
    """What the program itself reads, all of it; of what its libraries read, what they do read."""
    written = {code(row[0]) for row in PAGE.table("Environment")}
    own = {
        name
        for path in PACKAGE.rglob("*.py")
        for name in re.findall(r"environ\b[.\w]*[([]\"(\w+)\"", path.read_text(encoding="utf-8"))
    }
    assert own <= written
    libraries = [
        path.read_text(encoding="utf-8")
        for path in (
            *(Path(str(module.__file__)) for module in (_termui_impl, console, constants)),
            *Path(platformdirs.__file__).parent.glob("*.py"),
        )
    ]
    completion = f"_{cli.name}_COMPLETE".replace("-", "_").upper()
    assert {
        name
        for name in written - own - {completion}
        if not any(f'"{name}"' in text for text in libraries)
    } == set()


def command_lines(document: Document) -> Iterator[list[str]]:
    """The words after ``mailsync-tui`` wherever a document has it as code."""
    for line in re.findall(r"`([^`\n]+)`", re.sub(r"(?m)^```.*$", "`", document.text)):
        yield from (part.split() for part in re.findall(r"mailsync-tui\b([^`|>#]*)", line))
    for block in re.findall(r"(?ms)^```\w*\n(.*?)^```", document.text):
        for line in block.splitlines():
            yield from (part.split() for part in re.findall(r"mailsync-tui\"? ([^|>#\"]*)", line))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_command_line_is_one(document: Document) -> None:
    known = {option for command in (cli, *cli.commands.values()) for option in options(command)}
    for words in command_lines(document):
        named = [word for word in words if word in cli.commands]
        allowed = options(cli.commands[named[0]]) if named else known
        given = {word.partition("=")[0] for word in words if re.match("--[a-z]", word)}
        assert given <= allowed | options(cli) | {"--help"}, words


# --- help and completion


def test_the_help_has_every_command_in_a_whole_sentence() -> None:
    listed = CliRunner().invoke(cli, ["--help"]).output.partition("Commands:")[2]
    assert all(f"  {name} " in listed for name in cli.commands)
    assert "..." not in listed


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_the_help_of_every_command_has_examples(name: str) -> None:
    shown = CliRunner().invoke(cli, [name, "--help"]).output
    _, found, examples = shown.partition("Examples:\n")
    assert found
    for line in examples.strip().splitlines():
        program, command, *rest = line.split()
        assert program == "mailsync-tui"
        given = {word for word in rest if word.startswith("--")}
        assert given <= options(cli.commands[command]) | options(cli)
