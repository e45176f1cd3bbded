"""The manual's pages are all there, lead to each other, and name what the program has."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import mailsync_tui
from mailsync_tui.config.secrets import resolve
from mailsync_tui.engine.detect import doubt
from mailsync_tui.engine.detect.known import ABSENT_MINUTES
from mailsync_tui.engine.model import HeldLine
from mailsync_tui.engine.model import Kind as LineKind
from mailsync_tui.engine.plan import guards
from mailsync_tui.ledger.lock import RunLock
from mailsync_tui.ledger.writer import TOMBSTONE_DAYS
from mailsync_tui.mailboxes.net import sockets
from mailsync_tui.report import manual
from mailsync_tui.ui.actions import SCREENS
from mailsync_tui.ui.rows import panes
from mailsync_tui.ui.rows.filters import FIELDS
from tests.manual import keys
from tests.manual.documents import DOCUMENTS, PAGES, ROOT, Document, code

PACKAGE = Path(mailsync_tui.__file__).parent
FOLDER = PACKAGE / "manual"


def test_every_page_has_its_place() -> None:
    assert sorted(manual.PAGES) == sorted(path.stem for path in FOLDER.iterdir())


def test_the_index_lists_every_page_in_its_order() -> None:
    listed = re.findall(r"^\| \[([a-z-]+)\]\(\1\.md\)", PAGES["index"].text, re.MULTILINE)
    assert ["index", *listed] == list(manual.PAGES)


@pytest.mark.parametrize("page", [page for page in PAGES.values() if page.name != "index"])
def test_a_page_begins_with_what_it_is_for(page: Document) -> None:
    assert re.match(r"# [^\n]+\n\nThis page is for ", page.text), page.name


def anchors(text: str) -> set[str]:
    """What GitHub makes of headings."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"(?ms)^```.*?^```", "", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_leads_somewhere(document: Document) -> None:
    here = ROOT if document.name == "README.md" else FOLDER
    for target in re.findall(r"\]\(([^)\s]+)\)", document.text):
        name, _, anchor = target.partition("#")
        path = (here / name).resolve() if name else None
        assert path is None or path.is_file(), target
        text = path.read_text(encoding="utf-8") if path and anchor else document.text
        assert not anchor or anchor in anchors(text), target


def test_links_and_pictures_become_words_on_a_terminal() -> None:
    for name in manual.PAGES:
        assert not re.search(r"\]\((?!https?:)", manual.page(name)), name
        assert "screenshots/" not in manual.page(name)
    assert "| configuration | writing" in manual.page("index")
    assert "JSON, one object a line" in manual.page("commands")
    assert "see Files |" in manual.page("configuration")


def test_an_unknown_page() -> None:
    with pytest.raises(KeyError):
        manual.page("../config/model")


# --- what the pages name


def test_the_table_of_keys_is_made_from_the_registry() -> None:
    text = PAGES["app"].text
    assert keys.with_keys(text) == text, "python -m tests.manual.keys writes it"


def test_every_screen() -> None:
    written = [row[0] for row in PAGES["app"].table("The app")]
    assert sorted(written) == sorted(keys.NAMES.get(where, where) for where in SCREENS)


def test_every_field_of_a_filter() -> None:
    written = [code(row[0]).partition(":") for row in PAGES["app"].table("Filters")]
    assert {field for field, colon, _ in written if colon} == set(FIELDS)


def test_every_kind_of_line() -> None:
    written = {code(row[0]) for row in PAGES["plan"].table("What a plan holds") if "`" in row[0]}
    assert written == set(get_args(LineKind))


def test_every_reason_to_hold_a_line_back() -> None:
    real = get_args(get_type_hints(HeldLine)["rule"])
    assert {code(row[0]) for row in PAGES["plan"].table("What is held back")} == set(real)


def test_every_rule_and_whether_it_can_be_accepted() -> None:
    written = {
        code(row[0]): "--accept-blocked" in row[2] for row in PAGES["guards"].table("Guards")
    }
    assert written == {rule: rule not in guards.UNACCEPTABLE for rule in guards.RULES}


def test_every_folder_of_tests_and_every_tool() -> None:
    page = PAGES["development"]
    written = {name for row in page.table("Tests") for name in re.findall(r"`tests/(\w+)`", row[0])}
    assert written == {path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")}
    for row in page.table("Longer tests, and tools"):
        program, *options = code(row[0]).removeprefix("python -m ").split()
        module = import_module(program)
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        assert all(f'"{option}"' in source for option in options if option.startswith("--")), row


# --- messages


def strings() -> str:
    """All strings of the program, one a line; of those with values in them, the fixed parts."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
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
    real = strings()
    messages = [code(row[0]) for row in PAGES["troubleshooting"].table("Troubleshooting")]
    assert len(messages) > 40
    looks = PAGES["plan"].table("What only looks like a deletion")
    messages += [quoted for row in looks for quoted in re.findall('"([^"`]+)"', row[1])]
    pieces = [piece for each in messages for piece in re.split("…|; |: ", each)]
    assert [piece for piece in pieces if piece.strip(" .,()") not in real] == []


def default(function: Callable[..., object], parameter: str) -> Any:
    return signature(function).parameters[parameter].default


@pytest.mark.parametrize(
    ("page", "words", "number"),
    [
        ("plan", "for {} days, so that nothing of it comes back", TOMBSTONE_DAYS),
        ("guards", "went within {} days", doubt.EXPIRY_DAYS),
        ("configuration", "at least {} minutes apart", ABSENT_MINUTES),
        ("configuration", "has {:g} seconds, and no terminal", default(resolve, "timeout")),
        ("commands", "(waited {:g} s)", default(RunLock.acquire, "timeout")),
        ("troubleshooting", "{:g} s for a connection", sockets.CONNECT_TIMEOUT),
        ("troubleshooting", "{:g} s for an answer", sockets.READ_TIMEOUT),
        ("app", "a pane has {} columns or more", panes.PANE),
        ("app", "as panes of {} columns", panes.AS_PANES),
    ],
)
def test_every_number_is_the_program_s(page: str, words: str, number: float) -> None:
    assert words.format(number) in " ".join(PAGES[page].text.split())


def test_the_round_numbers_at_which_listings_are_cut() -> None:
    (written,) = re.findall(r"exactly ([0-9, ]+) … messages", PAGES["guards"].text)
    real = [number for number in range(1, 1001) if doubt.is_round(number)]
    assert [int(number) for number in written.split(",")] == real
