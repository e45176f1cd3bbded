"""The story behind the demo: what its table of expected lines promises, held against the steps."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from mailsync_tui.config.model import Guards
from mailsync_tui.demo.mail.letters import Letter
from mailsync_tui.demo.scenario.scenario import (
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
    Change,
    Expected,
    ExpectedRow,
    Story,
)
from mailsync_tui.demo.scenario.story import tell

FLOOR = Guards().max_delete_floor


class Simulation:
    """Where each letter lies, step by step; the syncs in between are played by hand."""

    def __init__(self, story: Story) -> None:
        self.where: dict[Letter, set[str]] = defaultdict(set)
        self.ever: dict[Letter, set[str]] = defaultdict(set)
        self.change(story.beginning)
        self.known = {letter for letter, places in self.where.items() if places & set(ACCOUNTS)}
        for letter in self.known:
            self.where[letter].add(CONSOLIDATED)
        self.change(story.cleaning)
        declined = {message_id for _, _, message_id in story.declined}
        for change in story.cleaning:
            if change.what == "deliver" and change.letter.message_id not in declined:
                self.collect(change.letter)
        self.ended = set()
        for letter in self.known:
            gone = not self.where[letter] & set(ACCOUNTS) or CONSOLIDATED not in self.where[letter]
            if gone and letter.message_id not in declined:
                self.where[letter].clear()
                self.ended.add(letter)
        self.change(story.lagging)
        self.lagging = {change.letter for change in story.lagging if change.what == "return"}
        for change in story.lagging:
            if change.what == "deliver":
                self.collect(change.letter)
        self.retrieved = {letter for letter, places in self.where.items() if HIDER in places}
        self.before = {letter: frozenset(places) for letter, places in self.where.items()}
        self.change(story.present)
        for letter in self.retrieved:
            self.where[letter].remove(HIDER)
        for mishap in story.mishaps:
            self.change(tuple(Change("deliver", mishap.mailbox, x) for x in mishap.letters))

    def collect(self, letter: Letter) -> None:
        self.known.add(letter)
        self.where[letter].add(CONSOLIDATED)

    def change(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            places = self.where[change.letter]
            if change.what in ("deliver", "return"):
                assert change.mailbox not in places
                places.add(change.mailbox)
                self.ever[change.letter].add(change.mailbox)
            else:
                assert change.mailbox in places
                if change.what == "remove" or change.folder == "Trash":
                    places.remove(change.mailbox)


@pytest.fixture(scope="module")
def story() -> Story:
    return tell()


@pytest.fixture(scope="module")
def simulation(story: Story) -> Simulation:
    return Simulation(story)


def letter_of(story: Story, expected: Expected) -> Letter:
    """The letter that an expected line is about; twins are told apart by where they are."""
    swapped = tuple(Change("deliver", m.mailbox, x) for m in story.mishaps for x in m.letters)
    found = [
        change.letter
        for changes in (swapped, story.present, story.lagging, story.cleaning, story.beginning)
        for change in changes
        if change.letter.message_id == expected.message_id and change.mailbox == expected.account
    ]
    return found[0]


def test_every_account_has_five_of_every_row(story: Story) -> None:
    counts = Counter((line.account, line.row) for line in story.expected)
    for row in ExpectedRow:
        accounts = (CONSOLIDATED,) if row is ExpectedRow.OWN else EVERYDAY
        assert {
            account: counts[(account, row)] for account in accounts if counts[(account, row)] < 5
        } == {}


def test_each_line_is_what_the_table_says(story: Story, simulation: Simulation) -> None:
    for line in story.expected:
        letter = letter_of(story, line)
        here = line.account in simulation.where[letter]
        gathered = CONSOLIDATED in simulation.where[letter]
        known = letter in simulation.known
        ended = letter in simulation.ended
        fan_out = any(
            other.kind == "forward-delete" and other.message_id == line.message_id
            for other in story.expected
        )
        facts = {
            ExpectedRow.IN_SYNC: known and here and gathered,
            ExpectedRow.FORWARD: known and not here and gathered,
            ExpectedRow.REVERSE: known and not ended and here and (not gathered or fan_out),
            ExpectedRow.FORGET: known and not ended and simulation.where[letter] == set(),
            ExpectedRow.COLLECT: not known and here and not gathered,
            ExpectedRow.ADOPT: here and (gathered or len(simulation.where[letter]) > 1),
            ExpectedRow.OWN: not known and here and simulation.ever[letter] == {CONSOLIDATED},
            ExpectedRow.BACK: ended and here and not simulation.before[letter],
            ExpectedRow.LATE: ended and here and letter_was_never_on(line.account, story, letter),
            ExpectedRow.AGAIN: ended and here and letter in simulation.lagging and not gathered,
        }
        assert facts[line.row], line


def letter_was_never_on(account: str, story: Story, letter: Letter) -> bool:
    earlier = story.beginning + story.cleaning + story.lagging
    return not any(c.letter == letter and c.mailbox == account for c in earlier)


def test_every_letter_is_accounted_for(story: Story) -> None:
    told = {(line.account, line.message_id) for line in story.expected}
    ids = {message_id for _, message_id in told}
    assert {letter.message_id for letter in story.letters} == ids
    assert len(told) == len(story.expected), "an account and a letter are told of twice"


def test_three_messages_are_deleted_on_several_accounts(story: Story) -> None:
    deletions = defaultdict(list)
    for line in story.expected:
        if line.kind in ("forward-delete", "reverse-delete"):
            deletions[line.message_id].append((line.account, line.kind))
    assert sorted(lines for lines in deletions.values() if len(lines) > 1) == [
        [(ISP, "forward-delete"), (WORK, "reverse-delete"), (OLD, "reverse-delete")],
        [(ISP, "reverse-delete"), (WORK, "reverse-delete")],
        [(WORK, "forward-delete"), (OLD, "reverse-delete")],
    ]


def test_two_messages_moved_between_accounts(story: Story, simulation: Simulation) -> None:
    moved = [
        (set(simulation.before[letter_of(story, line)]) - {CONSOLIDATED}, line.account)
        for line in story.expected
        if line.row is ExpectedRow.ADOPT and letter_of(story, line) in simulation.known
    ]
    assert moved == [({ISP}, WORK), ({OLD}, WORK)]


def test_one_account_lost_far_more_than_half(story: Story, simulation: Simulation) -> None:
    blocked = [line for line in story.expected if line.rule == "max-delete"]
    assert {(line.account, line.kind) for line in blocked} == {(OLD, "forward-delete")}
    known = sum(OLD in places for places in simulation.before.values())
    assert len(blocked) > 0.58 * known


def test_nothing_else_comes_near_the_limit(story: Story, simulation: Simulation) -> None:
    for account in EVERYDAY:
        known = sum(account in places for places in simulation.before.values())
        for kind in ("forward-delete", "reverse-delete"):
            if (account, kind) == (OLD, "forward-delete"):
                continue
            lines = [e for e in story.expected if (e.account, e.kind) == (account, kind)]
            earlier = [c for c in story.lagging if c.mailbox == account]
            assert len(lines) + len(earlier) < 0.3 * known


def test_what_a_provider_lost_is_of_all_ages(story: Story, simulation: Simulation) -> None:
    lost = sorted(letter_of(story, e).date for e in story.expected if e.rule == "max-delete")
    left = sorted(letter.date for letter, places in simulation.where.items() if OLD in places)
    middle = left[len(left) // 2]
    assert sum(date > middle for date in lost) > FLOOR
    assert sum(date < middle for date in lost) > FLOOR


def test_two_pairs_of_unlike_twins(story: Story) -> None:
    by_id = defaultdict(list)
    for letter in story.letters:
        if letter.message_id is not None:
            by_id[letter.message_id].append(letter)
    pairs = [letters for letters in by_id.values() if len(letters) > 1]
    assert len(pairs) == 2
    for first, second in pairs:
        assert (first.sender, first.date) != (second.sender, second.date)


def test_one_message_has_no_id(story: Story) -> None:
    assert sum(letter.message_id is None for letter in story.letters) == 1


def test_two_lines_were_declined(story: Story) -> None:
    held = {
        (line.account, line.kind, line.message_id)
        for line in story.expected
        if line.rule == "declined"
    }
    assert held == set(story.declined)
    assert len(held) == 2


def test_more_than_the_floor_is_hidden_and_nothing_else_was_fetched(
    story: Story, simulation: Simulation
) -> None:
    hidden = {letter_of(story, line) for line in story.expected if line.rule == "hidden"}
    assert hidden == simulation.retrieved
    assert len(hidden) > FLOOR


def test_what_is_cleaned_up_is_older_than_everything_left(
    story: Story, simulation: Simulation
) -> None:
    lost = [letter_of(story, line).date for line in story.expected if line.rule == "expired"]
    left = [letter.date for letter, places in simulation.where.items() if CLEANER in places]
    assert len(lost) > FLOOR
    assert max(lost) < min(left)


def test_one_account_held_more_than_the_floor_and_lists_nothing(simulation: Simulation) -> None:
    assert sum(EMPTIED in places for places in simulation.before.values()) > FLOOR
    assert not any(EMPTIED in places for places in simulation.where.values())


def test_of_what_was_renumbered_one_folder_is_whole(story: Story, simulation: Simulation) -> None:
    folders = {m.folder for m in story.mishaps if (m.what, m.mailbox) == ("renumber", RENUMBERED)}
    lost = {letter for letter, places in simulation.before.items() if RENUMBERED in places} - {
        letter for letter, places in simulation.where.items() if RENUMBERED in places
    }
    assert lost
    held = [c for c in story.beginning if c.mailbox == RENUMBERED]
    assert folders == {change.folder for change in held}
    assert {change.folder for change in held if change.letter in lost} == {"INBOX"}


def test_the_backup_is_older_than_what_was_lost(story: Story, simulation: Simulation) -> None:
    first = [c.letter for c in story.beginning if c.mailbox == RESTORED]
    left = [letter for letter, places in simulation.where.items() if RESTORED in places]
    assert set(left) == set(first)
    (dropped,) = [m.folder for m in story.mishaps if m.what == "drop"]
    gone = {c.folder for c in story.cleaning if c.mailbox == RESTORED}
    assert gone == {"INBOX", dropped}


def test_small_accounts_share_no_letter_with_others(simulation: Simulation) -> None:
    for letter, places in simulation.ever.items():
        if places & {DOWN, SWAPPED}:
            assert len(places & set(ACCOUNTS)) == 1, letter.subject
