"""Imports point downward only (DESIGN.md, "Rooms"); a command loads what it uses."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import mailsync_tui

PACKAGE = Path(mailsync_tui.__file__).parent

BELOW = {
    "__init__": (),
    "text": (),
    "errors": ("text",),
    "message": ("text",),
    "reading": ("text",),
    "config": ("errors",),
    "mailboxes": ("errors", "message", "config"),
    "ledger": ("errors", "message"),
    "engine": (
        "errors",
        "message",
        "config",
        "ledger",
        "mailboxes.base",
        "mailboxes.bisect",
    ),
    "session": ("text", "errors", "config", "ledger", "mailboxes", "engine"),
    "report": ("text", "errors", "engine"),
    "demo": ("errors", "engine", "session"),
    "ui": ("text", "errors", "reading", "engine", "session", "report"),
    "cli": ("text", "errors", "engine", "session", "report", "demo", "ui"),
    "__main__": ("cli",),
}
"""What each room may import besides itself: the whole house, from the ground up."""

FOREIGN = {
    "textual": ("ui",),
    "rich": ("cli", "ui"),
    "click": ("cli",),
    "markdown_it": ("cli",),
    "pymap": ("demo",),
    "lxml": ("reading",),
}
"""Who may import these packages."""

ROOMS, ARROWS = 13, 40
"""How many rooms there are at most, and how many pairs of which one imports the other."""

SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The modules that a file names in imports, wherever they stand."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            assert node.level == 0, f"{path}: imports are absolute here"
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_every_room_has_a_rule_and_every_rule_a_room() -> None:
    assert {room(path) for path in SOURCES} == set(BELOW)


def test_design_md_has_the_same_table() -> None:
    design = (PACKAGE.parent / "DESIGN.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| `([a-z_]+)/?` \|[^|]*\|([^|]*)\|$", design, re.MULTILINE)
    rooms = {name: tuple(re.findall(r"`([^`]+)`", below)) for name, below in table}
    below = {name: names for name, names in BELOW.items() if not name.startswith("__")}
    assert list(rooms.items())[: len(below)] == list(below.items())


def test_rooms_and_arrows_are_few_and_none_points_upward() -> None:
    rooms = [name for name in BELOW if not name.startswith("__")]
    allowed = {(here, name.partition(".")[0]) for here in rooms for name in BELOW[here]}
    real = {
        (room(path), name.split(".")[1])
        for path in SOURCES
        for name in imported(path)
        if name.startswith("mailsync_tui.")
    }
    real = {(here, below) for here, below in real if here != below and {here, below} <= {*rooms}}
    assert allowed == real, "what a room may import, and what it imports"
    assert len(rooms) <= ROOMS
    assert len(real) <= ARROWS
    assert all(rooms.index(below) < rooms.index(here) for here, below in real)


def test_no_files_import_each_other_in_a_circle() -> None:
    files = {
        ".".join(("mailsync_tui", *path.relative_to(PACKAGE).with_suffix("").parts)): path
        for path in SOURCES
        if path.name != "__init__.py"
    }
    graph = {name: (imported(path) & files.keys()) - {name} for name, path in files.items()}
    assert len(tuple(TopologicalSorter(graph).static_order())) == len(files)  # or CycleError


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    here = room(path)
    for name in imported(path):
        top = name.partition(".")[0]
        if top in FOREIGN:
            assert here in FOREIGN[top], f"{here} must not import {name}"
        if not name.startswith("mailsync_tui."):
            continue
        inner = name.removeprefix("mailsync_tui.")
        allowed = any(
            inner == room_ or inner.startswith(f"{room_}.") or room_.startswith(f"{inner}.")
            for room_ in (here, *BELOW[here])
        )
        assert allowed or inner == "__version__", f"{here} must not import {name}"


def test_no_two_classes_have_one_name() -> None:
    where: dict[str, list[str]] = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ClassDef):
                where.setdefault(node.name, []).append(str(path.relative_to(PACKAGE)))
    assert {name: paths for name, paths in where.items() if len(paths) > 1} == {}


def loaded(code: str) -> set[str]:
    """The modules that are loaded once a fresh interpreter has run this code."""
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; sys.stderr.write('\\n'.join(sys.modules))"],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    return set(result.stderr.splitlines())


def command(directory: Path, *args: str) -> set[str]:
    """What a command loads."""
    arguments = ["--config", str(directory / "config.toml"), *args]
    return loaded(
        "from mailsync_tui.cli.commands import cli\n"
        f"try:\n    cli.main({arguments!r})\nexcept SystemExit as end:\n    assert end.code == 0"
    )


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration of Maildirs."""
    path = tmp_path_factory.mktemp("layers")
    for part in ("new", "cur", "tmp"):
        (path / "old" / part).mkdir(parents=True)
        os.utime(path / "old" / part, (1_700_000_000, 1_700_000_000))
    (path / "config.toml").write_text(
        f'state_dir = "{path / "state"}"\n'
        f'[consolidated]\ntype = "maildir"\npath = "{path / "all"}"\n'
        f'[external.old]\ntype = "maildir"\npath = "{path / "old"}"\n'
    )
    return path


def test_everything_below_the_commands_loads_neither_textual_nor_rich_nor_click() -> None:
    modules = [
        ".".join(("mailsync_tui", *path.relative_to(PACKAGE).with_suffix("").parts))
        for path in SOURCES
        if room(path) not in ("cli", "demo", "ui") and not path.name.startswith("__")
    ]
    found = loaded("".join(f"import {name}\n" for name in modules))
    assert {"mailsync_tui.session.session", "mailsync_tui.session.plan_file"} <= found
    assert not {"textual", "rich", "click", "pymap"} & found


@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["check"],
        ["plan"],
        ["plan", "--json"],
        ["sync", "--yes"],
        ["history"],
        ["manual"],
    ],
    ids=" ".join,
)
def test_a_headless_command_loads_no_textual_and_no_rich(directory: Path, args: list[str]) -> None:
    found = command(directory, *args)
    assert "mailsync_tui.cli" in found
    assert not {name for name in found if name.partition(".")[0] in ("textual", "rich", "pymap")}


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["plan", "--help"], ["sync", "-h"]])
def test_help_loads_no_session(directory: Path, args: list[str]) -> None:
    found = command(directory, *args)
    heavy = (
        "mailsync_tui.session",
        "mailsync_tui.engine",
        "mailsync_tui.mailboxes",
        "sqlite3",
    )
    assert not {name for name in found if name.startswith(heavy)}


def test_a_maildir_alone_loads_no_imap_and_no_pop3(directory: Path) -> None:
    found = command(directory, "plan")
    assert "mailsync_tui.mailboxes.maildir.mailbox" in found
    assert not {
        name
        for name in found
        if name.startswith(("mailsync_tui.mailboxes.imap", "mailsync_tui.mailboxes.pop3"))
    }
    assert not {"imapclient", "imaplib", "poplib", "ssl"} & found
