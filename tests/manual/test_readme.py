"""The README: its length, its two commands, its pictures, its keys, its lines for the shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import mailsync_tui
from mailsync_tui.cli.commands import EPILOG
from mailsync_tui.report.manual import PAGES
from mailsync_tui.ui.actions import ACTIONS, shown_key
from tests.manual.documents import DOCUMENTS, README, ROOT

SOURCE = Path(mailsync_tui.__file__).parents[1]


def test_it_is_short() -> None:
    assert len(README.text.splitlines()) <= 250


def one_liner(end: Callable[[str], bool]) -> str:
    (found,) = [text.strip() for text in README.blocks("sh") if end(text.strip())]
    assert "\n" not in found
    return found


def test_ci_runs_its_test_command() -> None:
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
    shown = [
        found
        for document in DOCUMENTS
        for found in re.findall(r"\[!\[[^]]+\]\(([^)]+)\.png\)\]\(([^)]+)\.svg\)", document.text)
    ]
    assert all(png == svg for png, svg in shown)
    names = {path.stem for path in (ROOT / "screenshots").glob("*.png")}
    assert {Path(png).name for png, _ in shown} == names


def test_it_leads_to_every_page() -> None:
    linked = re.findall(r"^- \[([a-z-]+)\]", README.section("Read on"), re.MULTILINE)
    assert sorted(linked) == sorted(set(PAGES) - {"index"})


def test_every_key_is_one_of_the_app_s() -> None:
    real = {shown_key(key) for action in ACTIONS for key in action.keys}
    written = {key for row in README.table("Keys") for key in re.findall("`([^` ]+)`", row[0])}
    assert len(written) > 10
    assert written <= real


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_is_given_what_completes(shell: str) -> None:
    (line,) = re.findall(rf"^(.+?) +# {shell}: ", README.text, re.MULTILINE)
    assert f"\n  {line}\n" in EPILOG, "the help has the same line"
    (variable, asked) = re.findall(r"(_[A-Z_]+)=([a-z_]+) mailsync-tui", line)[0]
    script = complete({variable: asked})
    assert variable in script, "the shell would ask in another way"
    assert f"{shell}_complete" in script


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("sy", "sync"),
        ("sync --acc", "--accept-blocked"),
        ("manual tr", "troubleshooting"),
    ],
)
def test_commands_options_and_pages_are_completed(typed: str, found: str) -> None:
    words = ["mailsync-tui", *typed.split()]
    variables = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    script = complete({"_MAILSYNC_TUI_COMPLETE": "bash_complete", **variables})
    assert script.split() == [f"plain,{found}"]


def complete(variables: dict[str, str]) -> str:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), **variables}
    command = [sys.executable, "-m", "mailsync_tui"]
    return subprocess.run(command, env=environment, check=True, stdout=-1, text=True).stdout
