"""The manual's pages: Markdown files in ``manual/``, for the commands and the app."""

from __future__ import annotations

import re
from importlib.resources import files

PAGES = (
    "index",
    "configuration",
    "plan",
    "guards",
    "undo",
    "commands",
    "app",
    "service",
    "troubleshooting",
    "security",
    "other-programs",
    "json",
    "development",
)
"""The names of the pages, in the order in which they are read; ``index`` lists the others."""

_PICTURES = re.compile(r"^.*!\[[^]]*\]\(.*\n\n?", re.MULTILINE)
_LINK = re.compile(r"\[([^]]+)\]\((?!https?:)(?:([a-z-]+)\.md)?[^)\s]*\)")


def source(name: str) -> str:
    """A page as it is written: CommonMark with tables, pictures and links to other files.

    Args:
        name: One of :data:`PAGES`.

    Raises:
        KeyError: There is no such page.
    """
    if name not in PAGES:
        raise KeyError(name)
    return files("mailsync_tui").joinpath("manual", f"{name}.md").read_text(encoding="utf-8")


def page(name: str) -> str:
    """A page for a terminal: the same, without pictures, and with links as words.

    Where the words of a link do not name its page, the name follows in brackets.

    Args:
        name: One of :data:`PAGES`.

    Raises:
        KeyError: There is no such page.
    """
    return _LINK.sub(_words, _PICTURES.sub("", source(name)))


def _words(link: re.Match[str]) -> str:
    text, name = link[1], link[2]
    return text if name is None or name in text.lower() else f"{text} ({name})"
