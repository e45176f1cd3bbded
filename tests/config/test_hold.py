from __future__ import annotations

from datetime import timedelta

import pytest

from mailsync_tui.config.model import Holds
from tests.config.conftest import Load, Problems
from tests.config.texts import POP3, STORE, of


def test_all_values_arrive(load: Load) -> None:
    text = """
        [hold]
        flagged = true
        from = ["*@bank.example", "ann@example.org"]
        folders = ["Taxes/*"]
        younger_than = "2w"
        """
    (person,) = load(STORE + POP3 + text).users
    assert person.holds == Holds(
        True, ("*@bank.example", "ann@example.org"), ("Taxes/*",), timedelta(days=14)
    )


def test_nothing_is_protected_by_default(load: Load) -> None:
    assert load(STORE + POP3).users[0].holds == Holds(False, (), (), timedelta(0))


def test_each_person_has_holds_of_their_own(load: Load) -> None:
    text = of("ann", STORE, POP3) + "[users.ann.hold]\nflagged = true\n"
    text += of("bob", STORE.replace("mail.", "post."), POP3.replace("pop.", "post."))
    ann, bob = load(text).users
    assert (ann.holds.flagged, bob.holds.flagged) == (True, False)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0d", 0), ("90s", 90), ("5m", 300), ("12h", 43_200), ("1d", 86_400), ("2w", 1_209_600)],
)
def test_durations(load: Load, text: str, seconds: int) -> None:
    (person,) = load(STORE + POP3 + f'[hold]\nyounger_than = "{text}"\n').users
    assert person.holds.younger_than.total_seconds() == seconds


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('flagged = "yes"', "true or false"),
        ('from = "a@b.c"', "addresses or globs"),
        ("from = []", "addresses or globs"),
        ('from = ["bank.example"]', "addresses or globs"),
        ('from = ["a@b.c", 1]', "addresses or globs"),
        ('from = ["Ann <a@b.c>"]', "addresses or globs"),
        ('folders = "Taxes"', "a list of folder names"),
        ("folders = []", "a list of folder names"),
        ('younger_than = "1 day"', 'a duration such as "12h"'),
        ('younger_than = "d"', 'a duration such as "12h"'),
        ('younger_than = "-1d"', 'a duration such as "12h"'),
        ('younger_than = "999999w"', 'a duration such as "12h"'),
        ("younger_than = 1", 'a duration such as "12h"'),
    ],
)
def test_wrong_values(problems: Problems, line: str, expected: str) -> None:
    key = line.partition(" ")[0]
    (problem,) = problems(STORE + POP3 + f"[hold]\n{line}\n")
    assert problem.startswith(f"hold.{key}: expected ")
    assert expected in problem


def test_an_unknown_key_and_the_nearest_one(problems: Problems) -> None:
    text = of("ann", STORE, POP3) + "[users.ann.hold]\nflaged = true\n"
    (problem,) = problems(text)
    assert problem == (
        "users.ann.hold.flaged: unknown key; expected one of flagged, from, folders, younger_than;"
        " nearest known key: users.ann.hold.flagged"
    )


def test_no_table(problems: Problems) -> None:
    (problem,) = problems("hold = true\n" + STORE + POP3)
    assert problem == "hold: expected a table, as in [hold]"


def test_the_time_out_of_a_message(load: Load, problems: Problems) -> None:
    """``[timeouts]``: some time, 120 seconds unless it is said."""
    (person,) = load(STORE + POP3).users
    assert person.message_timeout.total_seconds() == 120
    (person,) = load(STORE + POP3 + '[timeouts]\nmessage = "5m"\n').users
    assert person.message_timeout.total_seconds() == 300
    (problem,) = problems(STORE + POP3 + '[timeouts]\nmessage = "0s"\n')
    assert problem.startswith("timeouts.message: expected a duration of at least a second")
    (problem,) = problems(STORE + POP3 + "[timeouts]\nmessage = 120\n")
    assert problem.startswith("timeouts.message: expected a duration")
