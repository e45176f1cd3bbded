"""The README, taken apart: its sections, tables and blocks of code."""

from __future__ import annotations

import re
from pathlib import Path

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
