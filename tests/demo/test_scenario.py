"""The demo's scenario holds what it is there to show: of every row some, and of every guard one."""

from __future__ import annotations

from collections import Counter, defaultdict

from mailsync_tui.config.model import Guards
from mailsync_tui.demo.scenario import (
    ACCOUNTS,
    CLEANER,
    CONSOLIDATED,
    DOWN,
    EMPTIED,
    EVERYDAY,
    HIDER,
    ISP,
    OLD,
    RENUMBERED,
    RESTORED,
    SWAPPED,
    WORK,
    build_scenario,
)
from tests.demo.oracle import History, Row, expected_lines, letters_of

FLOOR = Guards().max_delete_floor
SCENARIO = build_scenario()
EXPECTED = expected_lines(SCENARIO)
HISTORY = History(SCENARIO)


def test_every_account_has_five_of_every_row() -> None:
    counts = Counter((line.account, line.row) for line in EXPECTED)
    for row in Row:
        accounts = (CONSOLIDATED,) if row is Row.OWN else EVERYDAY
        assert {
            account: counts[(account, row)] for account in accounts if counts[(account, row)] < 5
        } == {}


def test_three_messages_are_deleted_on_several_accounts() -> None:
    deletions = defaultdict(list)
    for line in EXPECTED:
        if line.kind in ("forward-delete", "reverse-delete"):
            deletions[line.message_id].append((line.account, line.kind))
    assert sorted(lines for lines in deletions.values() if len(lines) > 1) == [
        [(ISP, "forward-delete"), (WORK, "reverse-delete"), (OLD, "reverse-delete")],
        [(ISP, "reverse-delete"), (WORK, "reverse-delete")],
        [(WORK, "forward-delete"), (OLD, "reverse-delete")],
    ]


def test_two_messages_moved_between_accounts() -> None:
    moved = [
        (*(HISTORY.before[line.letter] - {CONSOLIDATED}), line.account)
        for line in EXPECTED
        if line.row is Row.ADOPT and line.letter in HISTORY.known
    ]
    assert sorted(moved) == [(ISP, WORK), (OLD, WORK)]


def test_one_account_lost_far_more_than_half() -> None:
    blocked = [line for line in EXPECTED if line.rule == "max-delete"]
    assert {(line.account, line.kind) for line in blocked} == {(OLD, "forward-delete")}
    known = sum(OLD in places for places in HISTORY.before.values())
    assert len(blocked) > 0.58 * known


def test_nothing_else_comes_near_the_limit() -> None:
    for account in EVERYDAY:
        known = sum(account in places for places in HISTORY.before.values())
        for kind in ("forward-delete", "reverse-delete"):
            if (account, kind) == (OLD, "forward-delete"):
                continue
            lines = [e for e in EXPECTED if (e.account, e.kind) == (account, kind)]
            earlier = [c for c in SCENARIO.lagging if (c.what, c.mailbox) == ("return", account)]
            assert len(lines) + len(earlier) < 0.3 * known


def test_what_a_provider_lost_is_of_all_ages() -> None:
    lost = sorted(e.letter.date for e in EXPECTED if e.rule == "max-delete")
    left = sorted(letter.date for letter, places in HISTORY.now.items() if OLD in places)
    middle = left[len(left) // 2]
    assert sum(date > middle for date in lost) > FLOOR
    assert sum(date < middle for date in lost) > FLOOR


def test_two_pairs_of_unlike_twins() -> None:
    by_id = defaultdict(list)
    for letter in letters_of(SCENARIO):
        if letter.message_id is not None:
            by_id[letter.message_id].append(letter)
    pairs = [letters for letters in by_id.values() if len(letters) > 1]
    assert len(pairs) == 2
    for first, second in pairs:
        assert (first.sender, first.date) != (second.sender, second.date)


def test_one_message_has_no_id() -> None:
    assert sum(letter.message_id is None for letter in letters_of(SCENARIO)) == 1


def test_two_lines_were_declined() -> None:
    held = {
        (line.account, line.kind, line.message_id) for line in EXPECTED if line.rule == "declined"
    }
    assert held == set(SCENARIO.declined)
    assert len(held) == 2


def test_more_than_the_floor_is_hidden_and_nothing_else_was_fetched() -> None:
    hidden = {line.letter for line in EXPECTED if line.rule == "hidden"}
    assert hidden == {letter for letter, places in HISTORY.before.items() if HIDER in places}
    assert len(hidden) > FLOOR


def test_what_is_cleaned_up_is_older_than_everything_left() -> None:
    lost = [line.letter.date for line in EXPECTED if line.rule == "expired"]
    left = [letter.date for letter, places in HISTORY.now.items() if CLEANER in places]
    assert len(lost) > FLOOR
    assert max(lost) < min(left)


def test_one_account_held_more_than_the_floor_and_lists_nothing() -> None:
    assert sum(EMPTIED in places for places in HISTORY.before.values()) > FLOOR
    assert not any(EMPTIED in places for places in HISTORY.now.values())


def test_of_what_was_renumbered_one_folder_is_whole() -> None:
    folders = {i.folder for i in SCENARIO.incidents if i.what == "renumber"}
    lost = {letter for letter, places in HISTORY.before.items() if RENUMBERED in places} - {
        letter for letter, places in HISTORY.now.items() if RENUMBERED in places
    }
    assert lost
    held = [c for c in SCENARIO.beginning if c.mailbox == RENUMBERED]
    assert folders == {change.folder for change in held}
    assert {change.folder for change in held if change.letter in lost} == {"INBOX"}


def test_the_backup_is_older_than_what_was_lost() -> None:
    first = [c.letter for c in SCENARIO.beginning if c.mailbox == RESTORED]
    left = [letter for letter, places in HISTORY.now.items() if RESTORED in places]
    assert set(left) == set(first)
    (dropped,) = [i.folder for i in SCENARIO.incidents if i.what == "drop"]
    gone = {c.folder for c in SCENARIO.cleaning if c.mailbox == RESTORED}
    assert gone == {"INBOX", dropped}


def test_small_accounts_share_no_letter_with_others() -> None:
    for letter, places in HISTORY.ever.items():
        if places & {DOWN, SWAPPED}:
            assert len(places & set(ACCOUNTS)) == 1, letter.subject
