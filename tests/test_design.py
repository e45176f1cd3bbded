"""DESIGN.md says what the code says: its rooms, its rows, its states, and what is cited of it."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from mailsync_tui.engine.plan.rules import Rules
from mailsync_tui.engine.snapshot import CopyState
from mailsync_tui.ledger.writer import LedgerWriter
from tests.engine import test_table
from tests.faults.registry import VICES

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tui" / "mailsync_tui"
DESIGN = (ROOT / "tui" / "DESIGN.md").read_text(encoding="utf-8")
CITED = re.compile(r"DESIGN\.md,\s+(rule|vice|row)s?\s+(\d+)(?:\s+(?:to|and)\s+(\d+))?")
SUFFIXES = {".py", ".md", ".toml", ".txt", ""}


def section(title: str) -> str:
    """The text below a heading, to the next one."""
    return DESIGN.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def numbered(title: str) -> list[int]:
    return [int(number) for number in re.findall(r"^(\d+)\. ", section(title), re.MULTILINE)]


def rows(title: str) -> list[list[str]]:
    """The cells of a section's first table, without its head."""
    lines = re.findall(r"(?:^\|.*\n)+", section(title), re.MULTILINE)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file of the repository."""
    folders = [ROOT / name for name in ("tui", "tests", ".ci")]
    paths = [p for folder in folders for p in folder.rglob("*")] + list(ROOT.glob("*.*"))
    for path in paths:
        if path.is_file() and path.suffix in SUFFIXES and "__pycache__" not in path.parts:
            yield path, path.read_text(encoding="utf-8")


def test_what_is_cited_exists() -> None:
    numbers = {
        "rule": numbered("Rules that are never broken"),
        "vice": numbered("What real servers do"),
        "row": [int(cells[0]) for cells in rows("What is decided for a message")],
    }
    found = [
        (path, kind, int(number))
        for path, text in texts()
        for kind, *several in CITED.findall(text)
        for number in several
        if number
    ]
    assert len(found) > 20
    assert not [each for each in found if each[2] not in numbers[each[1]]]


def test_every_markdown_file_that_is_named_is_in_the_repository() -> None:
    found = list(texts())
    there = {path.name for path, _ in found}
    named = {
        (path.relative_to(ROOT), name)
        for path, text in found
        for name in re.findall(r"(?<![\w*])[\w-]+\.md\b", text)
    }
    assert not {each for each in named if each[1] not in there}


def test_things_are_where_it_says() -> None:
    for _, file, names in rows("Where things are"):
        path = PACKAGE / file.strip("`")
        tree = ast.parse(path.read_bytes())
        functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef))
        constants = (n.target for n in tree.body if isinstance(n, ast.AnnAssign))
        defined = {n.name for n in functions} | {ast.unparse(n) for n in constants}
        assert set(re.findall(r"\w+", names)) <= defined, file


def test_every_row_is_a_branch_and_has_a_test() -> None:
    numbers = [int(cells[0]) for cells in rows("What is decided for a message")]
    branches = re.findall(r"# Row (\d+)\. ", inspect.getsource(Rules.decide))
    assert sorted(map(int, branches)) == numbers
    tests = re.findall(r"^def test_row_(\d+)_", inspect.getsource(test_table), re.MULTILINE)
    assert {int(number) for number in tests} == set(numbers)


def test_every_state_has_its_ways_in_and_out() -> None:
    table = rows("The states of a copy")
    names = {state.name for state in CopyState}
    left = {word for cells in table for word in re.findall(r"[A-Z]+", cells[0])}
    reached = {word for cells in table for word in re.findall(r"[A-Z]{2,}", cells[2])}
    assert names <= left
    methods = {name for cells in table for name in re.findall(r"`(\w+)`", cells[3])}
    assert {name for name in methods if not hasattr(LedgerWriter, name)} == set()
    assert reached == names - {"NEW"}


def test_the_vices_are_those_of_the_tests() -> None:
    assert numbered("What real servers do") == list(VICES)
