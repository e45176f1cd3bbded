"""The app and the commands say the same of plans, runs, undo and faults, in the same words."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import cast, get_args, get_type_hints

import pytest

import mailsync_tui
from mailsync_tui.cli import render, runs
from mailsync_tui.cli.output import Output, guarded
from mailsync_tui.cli.screen import Screen
from mailsync_tui.engine.model import (
    UNDO,
    Blocked,
    HeldLine,
    Kind,
    Line,
    MailboxReport,
    Options,
    Place,
    Plan,
    PlanEntry,
    UndoLine,
    Waiting,
)
from mailsync_tui.engine.outcome import (
    NOTHING_LEFT,
    THERE,
    LineResult,
    Outcome,
    PastRun,
    Result,
    RunLine,
    RunState,
    UndoResult,
)
from mailsync_tui.engine.plan import guards
from mailsync_tui.errors import SessionError
from mailsync_tui.message import Location
from mailsync_tui.report import words
from mailsync_tui.report.choice import Choice
from mailsync_tui.report.errors import failure, unforeseen
from mailsync_tui.report.page import Page
from mailsync_tui.report.plan import entries_text, question
from mailsync_tui.report.run import result_page
from mailsync_tui.report.undo import undo_page, undo_question
from mailsync_tui.ui.rows import preview
from mailsync_tui.ui.rows.filters import Filter
from mailsync_tui.ui.rows.held import HeldLines
from mailsync_tui.ui.rows.history import RunLines, Runs
from mailsync_tui.ui.rows.page import PageRows
from mailsync_tui.ui.rows.preview import LineGroup, Previewed
from mailsync_tui.ui.screens.dialogs import ConfirmScreen
from mailsync_tui.ui.widgets.line_view import Lines

AT = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
WIDE = 400
KINDS: tuple[Kind, ...] = get_args(Kind)
DELETIONS: tuple[Kind, ...] = ("forward-delete", "reverse-delete")
ENDS: tuple[Outcome, ...] = get_args(Outcome)
RULES = get_args(get_type_hints(HeldLine)["rule"])


def line(kind: Kind, account: str = "work") -> Line:
    mailbox = "consolidated" if kind == "forward-delete" else account
    place = Place(mailbox, Location("INBOX", 7, len(kind)))
    return Line(
        kind=kind,
        account=account,
        accounts=(account,),
        needs=(),
        target=place,
        copies=(place,),
        message=1,
        message_id="<a@example.org>",
        subject=f"about {kind}",
        sender="Ann <ann@example.org>",
        date=AT,
        size=5000,
        reason=f"why {kind}",
        undo="full" if kind in DELETIONS else "none",
    )


def blocked(rule: str, kind: Kind, count: int) -> Blocked:
    cause = guards.cause("work", kind, rule)
    return Blocked("work", kind, rule, count, guards.detail("work", kind, rule, cause), cause)


PLAN = Plan(
    user="default",
    created=AT,
    ledger_id="l",
    serial=3,
    options=Options(),
    mailboxes={
        "work": MailboxReport("imap", 3, True, None),
        "isp": MailboxReport("pop3", None, False, "no route"),
        "old": MailboxReport("maildir", 5, False, "it changed meanwhile"),
        "consolidated": MailboxReport("imap", 9, True, None),
    },
    lines=tuple(line(kind, account) for kind in KINDS for account in ("work", "old")),
    held=tuple(HeldLine(f"h{r}", "collect", "work", r, AT, None, f"about {r}") for r in RULES),
    blocked=tuple(
        blocked(rule, kind, count)
        for rule in guards.RULES
        for kind, count in zip(DELETIONS, (1, 3), strict=True)
    ),
    waiting=tuple(
        Waiting("old", kind, n, "isp was not reached") for n, kind in enumerate(DELETIONS, 1)
    ),
)


@pytest.fixture
def printed(
    capsys: pytest.CaptureFixture[str],
) -> Callable[[Callable[[Screen], object]], list[str]]:
    """What a command prints, line by line, each blank as one."""

    def run(draw: Callable[[Screen], object]) -> list[str]:
        screen = Screen(Output())
        draw(screen)
        screen.show()
        return [squeezed(text) for text in capsys.readouterr().out.splitlines()]

    return run


Printed = Callable[[Callable[[Screen], object]], list[str]]


def squeezed(text: str) -> str:
    return " ".join(text.split())


def shown(lines: Lines) -> list[str]:
    """What a list of the app shows, likewise."""
    return [squeezed("".join(text for text, _ in lines.spans(n, WIDE))) for n in range(len(lines))]


def previewed() -> Previewed:
    return Previewed(Choice(PLAN), Filter(), AT)


# --- plans


def test_every_kind_and_rule_has_its_words() -> None:
    assert set(words.HOLDS) == set(RULES)
    assert set(words.RULES) == set(guards.RULES)
    assert set(words.OUTCOMES) == {*ENDS, None}
    assert set(words.STATES) == set(get_args(RunState))
    for kind in (*KINDS, *(UNDO + kind for kind in DELETIONS)):
        said = (
            words.doing(kind, "work"),
            words.did(kind, "work", "done"),
            words.counted({kind: 1}),
        )
        assert not any(kind == text or f"1 {kind}" == text for text in said if kind != "forget")


def test_groups_of_a_plan(printed: Printed) -> None:
    titles = [row.title for row in previewed().rows if isinstance(row, LineGroup)]
    assert len(titles) == len(set(titles)) == 2 * len(KINDS)
    said = printed(lambda screen: render.plan(screen, PLAN))
    for title in titles:
        assert sum(f"{title}: 1 line" in text for text in said) == 1


def test_what_is_blocked_waits_or_was_not_reached(printed: Printed) -> None:
    said = printed(lambda screen: render.plan(screen, PLAN))
    rows = shown(previewed())
    blocked_rows = [text for text in rows if text.startswith("! ")]
    assert len(blocked_rows) == len(PLAN.blocked)
    assert blocked_rows == [text for text in said if text.startswith("! ")]
    waiting = [text for text in rows if "wait" in text]
    assert len(waiting) == len(PLAN.waiting)
    assert waiting == [text for text in said if text.startswith("? ")]
    for name, reason in (("isp", "not reached: no route"), ("old", "not complete: it changed")):
        assert any(text.startswith(f"? {name}: {reason}") for text in rows)
        assert any(text.startswith(f"{name} ") and reason in text for text in said)


@pytest.mark.parametrize("found", PLAN.blocked, ids=lambda x: f"{x.rule}-{x.kind}")
def test_the_cause_of_a_block_is_one_and_the_app_names_no_option(found: Blocked) -> None:
    (_, cause), (_, out) = preview.why_blocked(found)
    assert found.detail.startswith(found.cause)
    assert cause.casefold() == f"{found.cause}.".casefold()
    assert "--" not in cause + out
    assert ("press A and type work" in out) == ("--accept-blocked" in found.detail)
    assert ("rebase" in out) == ("rebase" in found.detail)


def test_what_is_held_back(printed: Printed) -> None:
    entries = [PlanEntry(line("collect"), held=rule, since=AT) for rule in RULES]
    rows = shown(HeldLines(entries, frozenset(), Filter()))
    groups = [text.removeprefix("[ ] ") for text in rows if not text.startswith("[ ] :")]
    said = printed(lambda screen: render.held(screen, PLAN))
    assert len(groups) == len(RULES)
    assert groups == [text[2:] for text in said if re.match(r": [a-z-]+: 1 line,", text)]
    assert sum("collect from work" in text for text in rows) == len(RULES)
    assert sum("collect from work" in text for text in said) == len(RULES)


@pytest.mark.parametrize("kind", KINDS)
def test_the_panes_name_a_line_as_the_plan_does(kind: Kind) -> None:
    text = entries_text([PlanEntry(line(kind))])
    assert text == f"{words.doing(kind, 'work')}, why {kind}"


def test_the_question_before_a_plan_is_applied(printed: Printed) -> None:
    choice = Choice(PLAN)
    choice.toggle([PLAN.lines[0].id])
    asked = question(choice, 30)
    dialog = ConfirmScreen(asked.title, asked.sentences)
    left = replace(PLAN, lines=choice.doing)
    said = printed(lambda screen: render.question(screen, left, asked))
    assert said[-len(dialog.sentences) :] == [squeezed(text) for text in dialog.sentences]
    assert dialog.question == "Delete 6 messages and collect 1 message?"
    assert any("Taken out, and held back from now on: 1 line." in text for text in said)


# --- runs


def result(code: int, *ends: tuple[Kind, Outcome, str], plan: Plan = PLAN) -> Result:
    lines = tuple(LineResult(line(kind), outcome, reason) for kind, outcome, reason in ends)
    return Result("default", "4", plan, lines, code)


def command() -> runs.Command:
    return cast(
        "runs.Command", SimpleNamespace(settings=SimpleNamespace(output=Output()), json=False)
    )


def in_the_app(page: Page) -> list[str]:
    return [squeezed(page.title), *shown(PageRows(page, WIDE))]


def ways_out(text: str) -> bool:
    """The one thing that differs: keys in the app, options in commands."""
    return any(text.casefold().startswith(each.cause.casefold()) for each in PLAN.blocked)


@pytest.mark.parametrize("code", [0, 3, 4, 130])
@pytest.mark.parametrize(("kind", "outcome"), list(product(KINDS, ENDS)))
def test_the_result_of_a_run(
    kind: Kind, outcome: Outcome, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    found = result(code, (kind, outcome, "the reason"), (kind, "done", ""))
    runs.show(command(), found)
    said = [squeezed(text) for text in capsys.readouterr().out.splitlines()]
    rows = in_the_app(result_page(found, PLAN.lines, (), preview.blocked_again))
    assert [text for text in said if not ways_out(text)] == [
        text for text in rows if not ways_out(text)
    ]
    assert sum(map(ways_out, said)) == sum(map(ways_out, rows)) == len(PLAN.blocked)
    state = {0: "done", 3: "partly", 4: "done", 130: "interrupted"}[code]
    assert said[0].startswith(f"Run 4: {state}")
    if outcome != "done":
        at = said.index(f"{words.OUTCOMES[outcome].sign} {words.doing(kind, 'work')} about {kind}")
        assert said[at + 1] == "the reason"


@pytest.mark.parametrize("code", [0, 3, 130])
def test_the_result_of_a_run_that_did_nothing(
    code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    for plan in (PLAN, replace(PLAN, lines=())):
        found = Result("ann", None, plan, (), code)
        runs.show(command(), found)
        said = capsys.readouterr().out.splitlines()[0]
        assert said == result_page(found, (), (), preview.blocked_again).title
        assert said.startswith(
            "Nothing was done for ann" if plan.lines else "Nothing to do for ann"
        )


def test_a_command_is_not_broken_at_its_hyphens() -> None:
    page = result_page(result(0), (), (), preview.blocked_again)
    for width in range(40, 60):
        rows = PageRows(page, width)
        lines = ["".join(text for text, _ in rows.spans(n, width)) for n in range(len(rows))]
        assert any("`mailsync-tui" in text for text in lines)
        assert not any(text.endswith("`mailsync-") for text in lines)


def undo_line(outcome: Outcome) -> UndoLine:
    return UndoLine(
        outcome,
        "forward-delete",
        "work",
        None,
        "about it",
        "consolidated",
        "INBOX",
        "full",
        None,
        (),
    )


@pytest.mark.parametrize("code", [0, 3, 130])
@pytest.mark.parametrize(
    ("outcome", "reason"),
    [*((end, "the reason") for end in ENDS), ("done", ""), ("done", THERE), ("done", NOTHING_LEFT)],
)
def test_the_result_of_an_undo(outcome: Outcome, reason: str, code: int, printed: Printed) -> None:
    lines = (undo_line(outcome), undo_line("vanished"))
    done = (LineResult(lines[0], outcome, reason),)
    page = undo_page("4", UndoResult("default", "5", PLAN, done, code), lines)
    assert printed(lambda screen: screen.page(page)) == in_the_app(page)
    state = {0: "done", 3: "partly", 130: "interrupted"}[code]
    assert page.title.startswith(f"Run 5, undo of run 4: {state}")
    text = "\n".join(in_the_app(page))
    assert ("there already" in text) == (reason in (THERE, NOTHING_LEFT))
    assert "the reason" in text or reason != "the reason"


def test_the_question_before_an_undo(printed: Printed) -> None:
    lines = [undo_line("done"), replace(undo_line("failed"), problem="its copy is gone")]
    asked = undo_question("4", lines)
    dialog = ConfirmScreen(asked.title, asked.sentences)
    said = printed(lambda screen: render.undo_question(screen, asked, lines))
    assert said[: len(dialog.sentences)] == [squeezed(text) for text in dialog.sentences]
    assert dialog.question == "Put back 1 message that run 4 deleted?"
    assert "Cannot be put back: 1 message, as its copy is gone." in said


# --- the history


@pytest.mark.parametrize("state", get_args(RunState))
def test_a_run_of_the_history(state: RunState, printed: Printed) -> None:
    counts: dict[str, int] = {kind: n for n, kind in enumerate(KINDS, 1)}
    run = PastRun(4, "sync", ("forward",), AT, AT, 0, counts, 2, 0, 5, 1, state)
    (said,) = printed(lambda screen: render.history(screen, [run]))
    (row,) = shown(Runs([run]))
    assert said == row
    assert f"{words.STATES[state].sign} {words.STATES[state].word}" in said


@pytest.mark.parametrize("kind", [*KINDS, *(UNDO + kind for kind in DELETIONS)])
@pytest.mark.parametrize("outcome", [*ENDS, None])
def test_a_line_of_a_run_of_the_history(kind: str, outcome: str | None, printed: Printed) -> None:
    found = RunLine(
        "id", kind, "work", 1, None, "about it", "work", "INBOX", outcome, "the reason", 1, None
    )
    run = PastRun(4, "sync", (), AT, AT, 0, {}, 0, 0, 0, 0, "done")
    _, said = printed(lambda screen: render.past_run(screen, run, [found]))
    (row,) = shown(RunLines([found], frozenset(), Filter(), AT))
    assert said == f"id {row.removeprefix('[ ] ')}"
    sign = words.OUTCOMES[outcome]
    assert said.startswith(f"id {sign.sign} {sign.word} ")


# --- errors


def test_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    error = SessionError("nothing was changed, as work was not reached")

    def fail() -> int:
        raise error

    guarded(Output(), fail)
    said = capsys.readouterr().err.strip()
    what, rest = failure(error, 0)
    assert what.casefold() == f"{said.partition(': ')[2]}.".casefold()
    assert rest == "No mailbox was changed."


def test_a_fault_of_this_program(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise KeyError("secret")

    code, text = guarded(Output(), fail)
    assert (code, text) == (1, unforeseen(KeyError()))
    assert "secret" not in capsys.readouterr().err


# --- what is read in the app


def strings(path: Path) -> Sequence[str]:
    """The strings of a module, without its docstrings and styles."""
    tree = ast.parse(path.read_bytes())
    left_out = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith("_CSS"))
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in left_out
    ]


def test_the_app_names_no_option_of_a_command_and_no_octets() -> None:
    package = Path(mailsync_tui.__file__).parent
    for room in ("ui", "report"):
        for path in (package / room).rglob("*.py"):
            for text in strings(path):
                after_the_end = (
                    text.startswith("mailsync-tui has met a fault") or "it; --log" in text
                )
                assert after_the_end or not re.search(r"(?<![\w-])--[a-z]", text), (path, text)
                assert not re.search(r"\boctets\b| UTC\b", text) or " " not in text, (path, text)
