"""Every error that reaches a person: one base, caught once, safe to show."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import mailsync_tui.session.session  # noqa: F401 - it loads whatever has kinds of its own
from mailsync_tui.cli.output import Output, guarded
from mailsync_tui.errors import ConfigError, Problem, UserError


def kinds(base: type[UserError] = UserError) -> Iterator[type[UserError]]:
    yield base
    for kind in base.__subclasses__():
        yield from kinds(kind)


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.__name__)
def test_each_ends_a_command_with_its_code_and_one_line(
    kind: type[UserError], capsys: pytest.CaptureFixture[str]
) -> None:
    error = kind.__new__(kind)
    UserError.__init__(error, "a \x1b[2J\nmailsync-tui: forged \u202e")

    def fail() -> int:
        raise error

    assert guarded(Output(), fail) == (kind.exit_code, "a \ufffd[2J mailsync-tui: forged \ufffd")
    assert capsys.readouterr().err.count("\n") == 1
    assert kind.hint[0].isupper()
    assert kind.hint[-1] not in ".,;", "a sentence goes on after it"


def test_a_problem_is_a_line() -> None:
    problems = (Problem("a\nb", "is\x1b wrong"), Problem("", "no file", "n\u202e"))
    error = ConfigError(problems)
    assert str(error).split("\n") == [
        "a b: is\ufffd wrong",
        "no file; nearest known key: n\ufffd",
    ]
    assert error.problems == problems
