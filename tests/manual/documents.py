"""The README and the manual's pages, taken apart: sections, tables and blocks of code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mailsync_tui.report import manual

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Document:
    """A Markdown file."""

    name: str
    text: str

    def headings(self) -> list[str]:
        """The titles, of whatever level; fenced code holds none."""
        return [title for title, _ in self._parts()]

    def section(self, title: str) -> str:
        """The text below a heading, up to the next one of any level."""
        found = [text for heading, text in self._parts() if heading == title]
        assert found, f"{self.name}: no section {title!r}"
        return found[0]

    def table(self, title: str) -> list[list[str]]:
        """The cells of the tables in a section, without their headings."""
        return rows(self.section(title))

    def blocks(self, language: str) -> list[str]:
        """The fenced code in one language."""
        return re.findall(rf"^```{language}\n(.*?)^```", self.text, re.DOTALL | re.MULTILINE)

    def _parts(self) -> list[tuple[str, str]]:
        found: list[tuple[str, list[str]]] = []
        fenced = False
        for line in self.text.splitlines():
            fenced ^= line.startswith("```")
            if re.match("#+ ", line) and not fenced:
                found.append((line.lstrip("# ").strip(), []))
            elif found:
                found[-1][1].append(line)
        return [(title, "\n".join(lines)) for title, lines in found]


README = Document("README.md", (ROOT / "README.md").read_text(encoding="utf-8"))
PAGES = {name: Document(name, manual.source(name)) for name in manual.PAGES}
DOCUMENTS = (README, *PAGES.values())


def rows(text: str) -> list[list[str]]:
    """The cells of the tables in a text, without their headings."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rules = [number for number, row in enumerate(cells) if set("".join(row)) <= set("-:")]
    assert rules, f"no table: {text[:80]!r}"
    return [row for number, row in enumerate(cells) if not {number, number + 1} & set(rules)]


def code(cell: str) -> str:
    """The first thing in a cell that is set as code."""
    found = re.search("`([^`]+)`", cell)
    assert found, cell
    return found[1]
