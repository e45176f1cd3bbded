"""For each rule of DESIGN.md an engine without it, and the scenarios whose assertion fails then.

A scenario that no mutant makes fail proves nothing, and a rule that no scenario misses is untested.
A mutant that crashes the engine, does not apply any more or changes nothing is an error here.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import mailsync_tui.engine
from mailsync_tui.config.model import Holds
from mailsync_tui.engine import kept
from mailsync_tui.engine.apply import adopt as adopting
from mailsync_tui.engine.apply import delete as deleting
from mailsync_tui.engine.apply import deleting as deleting_part
from mailsync_tui.engine.apply import record
from mailsync_tui.engine.apply import store as storing
from mailsync_tui.engine.detect import doubt, identify, match, observe, read, same_mailbox
from mailsync_tui.engine.model import Options
from mailsync_tui.engine.plan import guards, marks, moves, protected, rules, status
from mailsync_tui.engine.snapshot import Copy, Presence, Snapshot
from mailsync_tui.ledger.quarantine import Quarantine
from mailsync_tui.ledger.writer import LedgerWriter
from mailsync_tui.mailboxes.base import ConnectionLost, Location, NewMessage, Role, StoreResult
from mailsync_tui.message import content_digest
from mailsync_tui.session.connections import Connections
from mailsync_tui.session.session import Session
from tests.builders import mail
from tests.engine.bench import START, Bench, blocked, held, kinds

Scenario = Callable[[Path], None]

M, N = mail(1), mail(2)
SAME_HEADER = mail(1, "another text")


def _collected(directory: Path, *accounts: str, **keys: Any) -> Bench:
    bench = Bench(directory, {"isp": "pop3", "work": "imap", "old": "imap"}, **keys)
    for account in accounts or ("work",):
        bench.deliver(account, M)
        bench.deliver(account, N)
    assert bench.sync().exit == 0
    return bench


ID = "<m1@example.org>"


def marked_in_the_consolidated_mailbox(d: Path) -> None:
    bench = _collected(d)
    bench.sync(marks=(ID,), scope="consolidated")
    assert [bench.holds(name, M) for name in ("work", "consolidated")] == [1, 0]
    bench.sync()
    assert bench.holds("work", M) == 1


def marked_on_one_account(d: Path) -> None:
    bench = _collected(d, "work", "old")
    bench.sync(marks=(ID,), scope="old")
    bench.sync()
    assert [bench.holds(name, M) for name in ("work", "old", "consolidated")] == [1, 0, 1]


def marked_and_not_reached(d: Path) -> None:
    bench = _collected(d, "work", "old")
    bench.configure("old", allow=("collect", "reverse"))
    bench.boxes["old"].unreachable = "no route to host"
    bench.sync(marks=(ID,))
    bench.boxes["old"].unreachable = None
    assert kinds(bench.plan(marked=True)) == [("delete", "old")]


def marked_and_done(d: Path) -> None:
    bench = _collected(d)
    bench.sync(marks=(ID,))
    bench.deliver("work", M)
    assert ("delete", "work") not in kinds(bench.plan(marked=True))


def marked_draft(d: Path) -> None:
    bench = _collected(d)
    bench.home.deliver("Drafts", M, flags=["\\Draft"])
    bench.sync(marks=(ID,))
    assert bench.holds("consolidated", M) == 1


def broken_off_listing(d: Path) -> None:
    bench = _collected(d)
    bench.remove("work", M)
    bench.boxes["work"].incomplete = "the connection broke"
    assert kinds(bench.plan()) == []


def filed(d: Path) -> None:
    bench = _collected(d)
    bench.move("work", M, "Archive")
    assert kinds(bench.plan()) == []
    bench.sync()
    bench.remove("work", M, "Archive")
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def moved_between_accounts(d: Path) -> None:
    bench = _collected(d)
    bench.remove("work", M)
    bench.deliver("old", M)
    assert kinds(bench.plan()) == [("adopt", "old")]


def lost_beside_one_with_its_headers(d: Path) -> None:
    bench = _collected(d)
    bench.deliver("work", SAME_HEADER)
    bench.sync()
    bench.home.deliver("Drafts", mail(1, "a third text"), flags=["\\Draft"])
    bench.remove("work", SAME_HEADER)
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def moved_to_an_account_that_is_away(d: Path) -> None:
    bench = _collected(d, "work", "old")
    bench.remove("work", M)
    bench.boxes["old"].unreachable = "no route to host"
    assert kinds(bench.plan()) == []


def moved_from_pop3_to_an_account_that_is_away(d: Path) -> None:
    bench = _collected(d, "isp")
    bench.remove("isp", M)
    bench.deliver("work", M)
    bench.boxes["work"].unreachable = "no route to host"
    plan = bench.plan()
    assert kinds(plan) == []
    assert blocked(plan) == [("isp", "forward-delete", "unreached", 1)]


def moved_to_an_account_that_is_away_for_days(d: Path) -> None:
    bench = _collected(d, "isp")
    bench.remove("isp", M)
    bench.boxes["work"].unreachable = "no route to host"
    bench.wait(60 * 24 * 6)
    assert blocked(bench.plan()) == [("isp", "forward-delete", "unreached", 1)]
    bench.wait(60 * 24)
    assert kinds(bench.plan()) == [("forward-delete", "isp")]


def reached_by_a_run_that_had_nothing_to_note(d: Path) -> None:
    bench = _collected(d, "isp")
    bench.sync()
    bench.wait(60 * 24 * 6)
    assert bench.sync().run is None
    bench.remove("isp", M)
    bench.boxes["work"].unreachable = "no route to host"
    bench.wait(60 * 24 * 6)
    assert blocked(bench.plan()) == [("isp", "forward-delete", "unreached", 1)]


def moved_to_an_account_that_is_left_out(d: Path) -> None:
    bench = _collected(d, "isp")
    bench.wait(60 * 24 * 8)
    bench.remove("isp", M)
    bench.deliver("work", M)
    assert kinds(bench.plan(only=["isp"])) == []


def left_out_for_days(d: Path) -> None:
    bench = _collected(d, "isp")
    bench.wait(60 * 24 * 8)
    bench.sync(only=["isp"])
    bench.remove("isp", M)
    bench.boxes["work"].unreachable = "no route to host"
    assert blocked(bench.plan()) == [("isp", "forward-delete", "unreached", 1)]


def moved_out(d: Path) -> None:
    bench = _collected(d)
    bench.remove("consolidated", M)
    bench.deliver("old", M)
    plan = bench.plan()
    assert (kinds(plan), held(plan)) == ([], [("collect", "old", "moved-out")])


def thrown_away(d: Path) -> None:
    bench = _collected(d)
    bench.move("consolidated", M, "Trash")
    assert kinds(bench.plan()) == [("reverse-delete", "work")]


def same_header_other_text(d: Path) -> None:
    bench = _collected(d, "isp")
    bench.deliver("work", SAME_HEADER)
    bench.sync()
    assert bench.holds("consolidated", SAME_HEADER) == bench.holds("consolidated", M) == 1


def drafts_are_not_mail(d: Path) -> None:
    bench = _collected(d)
    bench.deliver("work", mail(9))
    bench.home.deliver("Drafts", mail(9), ["\\Draft"])
    assert kinds(bench.plan()) == [("collect", "work")]


def own_copy_is_never_deleted(d: Path) -> None:
    bench = _collected(d)
    bench.home.deliver("Archive", M)
    bench.sync()
    bench.remove("work", M)
    bench.sync()
    assert bench.holds("consolidated", M, "Archive") == 1


def marked_is_not_collected(d: Path) -> None:
    bench = _collected(d)
    uid = bench.deliver("work", mail(9))
    bench.boxes["work"].mark_deleted("INBOX", uid)
    assert kinds(bench.plan()) == []


def declined_stays_declined(d: Path) -> None:
    bench = _collected(d)
    bench.remove("work", M)
    bench.sync(without=["forward-delete"])
    assert held(bench.plan()) == [("forward-delete", "work", "declined")]


def late_copy(d: Path) -> None:
    bench = _collected(d)
    bench.remove("work", M)
    bench.sync()
    bench.deliver("old", M)
    assert held(bench.plan()) == [("collect", "old", "late-copy")]


def copies_all(d: Path) -> None:
    bench = _collected(d, "work", "old", copies="all")
    bench.remove("work", M)
    assert kinds(bench.plan()) == []


def copy_is_kept_first(d: Path) -> None:
    bench = _collected(d)
    bench.remove("work", M)
    bench.sync()
    assert Quarantine(d / "quarantine").size()[0] == 1


def looked_at_again(d: Path) -> None:
    bench = _collected(d)
    bench.remove("consolidated", M)
    uid = bench.uid_of("work", M)
    changed = bench.boxes["work"].folders["INBOX"].messages[uid]
    changed.data = SAME_HEADER  # the same place and headers, another message
    bench.sync()
    assert bench.holds("work", SAME_HEADER) == 1


def looked_at_again_after_a_minute(d: Path) -> None:
    bench = _collected(d)
    bench.remove("work", M)

    def think(plan: Any) -> frozenset[str]:
        bench.deliver("work", M)
        bench.now += timedelta(minutes=2)
        return frozenset()

    with bench.session() as session:
        session.sync(Options(), think)
    assert bench.holds("consolidated", M) == 1


def sample_of_survivors(d: Path) -> None:
    bench = _collected(d)
    folder = bench.boxes["work"].folders["INBOX"]
    folder.messages.clear()
    folder.uidnext = 2
    bench.deliver("work", mail(7))
    assert [b[2] for b in blocked(bench.plan())] == ["uidvalidity"]


def new_mail_under_uids_that_were_known(d: Path) -> None:
    bench = _collected(d)
    for n, message in enumerate(bench.boxes["work"].folders["INBOX"].messages.values()):
        message.data = mail(7 + n)
    bench.deliver("work", mail(9))
    bench.sync()
    assert all(bench.holds("consolidated", data) for data in (M, N, mail(7), mail(8), mail(9)))


def deleted_after_a_kept_plan(d: Path) -> None:
    bench = _collected(d)
    bench.sync()
    assert bench.keeps(Options())
    bench.remove("work", M)
    with bench.session() as session:
        assert kinds(session.plan(Options())) == [("forward-delete", "work")]


def kept_while_it_grew_older(d: Path) -> None:
    bench = _collected(d)
    bench.config = replace(bench.config, holds=Holds(younger_than=timedelta(days=3650)))
    bench.remove("work", M)
    for _ in range(3):
        bench.sync()
    bench.wait(60 * 24 * 3650)
    with bench.session() as session:
        assert kinds(session.plan(Options())) == [("forward-delete", "work")]


def kept_under_another_configuration(d: Path) -> None:
    bench = _collected(d)
    bench.sync()
    bench.configure("work", folders=("INBOX", "Nowhere"))
    with bench.session() as session:
        assert session.plan(Options()).mailboxes["work"].unmatched == ("Nowhere",)


def back_is_collected_once(d: Path) -> None:
    bench = _collected(d, "work", "old")
    bench.remove("work", M)
    bench.remove("old", M)
    bench.sync()
    bench.deliver("work", M)
    bench.sync()
    assert kinds(bench.plan()) == []
    assert bench.holds("consolidated", M) == 1


def not_forgotten_while_unknown(d: Path) -> None:
    bench = _collected(d, "work", "isp")
    bench.remove("consolidated", M)
    bench.remove("work", M)
    bench.boxes["isp"].unreachable = "no route to host"
    assert kinds(bench.plan()) == []


def one_is_not_deleted_for_the_other(d: Path) -> None:
    bench = _collected(d, "work")
    bench.deliver("isp", SAME_HEADER)
    bench.sync()
    bench.remove("work", M)
    bench.sync()
    assert bench.holds("isp", SAME_HEADER) == bench.holds("consolidated", SAME_HEADER) == 1


def thrown_away_on_an_account(d: Path) -> None:
    bench = _collected(d)
    bench.move("work", M, "Trash")
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def hidden_by_the_provider(d: Path) -> None:
    bench = Bench(d, max_delete_floor=1)
    bench.deliver("isp", N)
    bench.sync()
    bench.sync()
    bench.boxes["isp"].hides = True
    for n in range(3):
        bench.deliver("isp", mail(f"new {n}"))
    bench.sync()
    assert blocked(bench.plan()) == [("isp", "forward-delete", "hidden", 3)]
    bench.sync()
    bench.remove("isp", N)  # and what comes after is held back with it
    assert blocked(bench.plan()) == [("isp", "forward-delete", "hidden", 4)]


def listed_again_is_not_hidden(d: Path) -> None:
    bench = Bench(d, max_delete_floor=1, max_delete_share=1)
    bench.deliver("isp", mail("left"))
    bench.sync()
    for data in (M, N):
        bench.deliver("isp", data)
    bench.sync()
    bench.sync()
    for data in (M, N):
        bench.remove("isp", data)
    assert kinds(bench.plan()) == [("forward-delete", "isp")] * 2


def expired_at_the_provider(d: Path) -> None:
    bench = Bench(d, max_delete_floor=1, max_delete_share=1)
    mails = [mail(n, date=START + timedelta(days=n)) for n in range(-4, 0)]
    for data in mails:
        bench.deliver("isp", data)
    bench.sync()
    bench.remove("isp", mails[0])
    bench.remove("isp", mails[1])
    assert blocked(bench.plan()) == [("isp", "forward-delete", "expired", 2)]


def cut_off_at_a_round_number(d: Path) -> None:
    bench = Bench(d, max_delete_floor=1)
    mails = [mail(n) for n in range(52)]
    for data in mails:
        bench.deliver("work", data)
    bench.sync()
    bench.remove("work", mails[0])
    bench.remove("work", mails[1])
    assert blocked(bench.plan()) == [("work", "forward-delete", "hidden", 2)]


def archived_under_all_mail(d: Path) -> None:
    bench = Bench(d)
    bench.boxes["work"].add_folder("All Mail", Role.ALL)
    for data in (M, N):
        bench.deliver("work", data)
        bench.deliver("work", data, "All Mail")
    bench.sync()
    bench.sync()
    bench.remove("work", M)
    assert kinds(bench.plan()) == []
    bench.sync()
    bench.remove("work", M, "All Mail")
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def flagged_is_protected(d: Path) -> None:
    bench = _collected(d)
    bench.config = replace(bench.config, holds=Holds(flagged=True))
    bench.home.flag("INBOX", bench.uid_of("consolidated", M), "\\Flagged")
    bench.boxes["work"].flag("INBOX", bench.uid_of("work", N), "\\Flagged")
    bench.remove("work", M)
    bench.remove("consolidated", N)
    plan = bench.plan(reconsider=True)
    assert (kinds(plan), [h[2] for h in held(plan)]) == ([], ["hold", "hold"])


def young_though_the_clock_jumped(d: Path) -> None:
    bench = _collected(d)
    bench.config = replace(bench.config, holds=Holds(younger_than=timedelta(days=2)))
    bench.set_clock(timedelta(days=9))
    bench.remove("work", M)
    assert held(bench.plan()) == [("forward-delete", "work", "hold")]


def kept_on_an_account(d: Path) -> None:
    bench = _collected(d, "isp")
    bench.configure("isp", allow=("collect", "forward"))
    bench.remove("consolidated", M)
    plan = bench.plan()
    assert (kinds(plan), held(plan)) == ([], [("collect", "isp", "kept-on")])


def adopted_is_held(d: Path) -> None:
    bench = Bench(d, adopted="hold")
    bench.deliver("consolidated", M)
    for data in (M, N):
        bench.deliver("work", data)
    bench.sync()
    bench.remove("work", M)
    assert held(bench.plan()) == [("forward-delete", "work", "hold")]


def one_mailbox_by_two_doors(d: Path) -> None:
    bench = Bench(d)
    bench.boxes["work"].folders = {"INBOX": bench.home.folders["INBOX"]}
    bench.deliver("consolidated", M)
    bench.sync()
    bench.move("consolidated", M, "Archive")
    bench.sync()
    assert bench.holds("consolidated", M, "Archive") == 1


def a_view_of_the_consolidated_mailbox(d: Path) -> None:
    bench = Bench(d)
    bench.sync()
    for data in (M, N, mail(3)):
        bench.deliver("consolidated", data)
        bench.deliver("work", data)
    bench.sync()
    bench.remove("work", M)  # it was read, and the view is of unread mail
    bench.sync()
    assert bench.holds("consolidated", M) == 1


def filed_here_and_deleted_there(d: Path) -> None:
    bench = Bench(d)
    bench.deliver("consolidated", M)
    for data in (M, N, mail(3)):
        bench.deliver("work", data)
    bench.sync()
    bench.move("consolidated", M, "Archive")
    bench.remove("work", M)
    assert kinds(bench.plan()) == [("forward-delete", "work")]


_match_listing = match.match_listing
_kept_on = rules.Rules._kept_on


def _awaited_by_days(self: Snapshot, mailbox: str) -> bool:
    reached = self.mailboxes[mailbox].reached
    return reached is None or (self.now - reached).days < self.config.guards.unreached_days


def a_deletion_whose_answer_is_lost(d: Path) -> None:
    bench = _collected(d)
    for data in (M, N):
        bench.remove("consolidated", data)
    bench.guards(max_delete_share=1)
    lost: list[int] = []

    def fault(step: str, index: int) -> None:
        if step == "deleted" and not lost:
            lost.append(index)
            raise ConnectionLost("the connection broke")

    bench.boxes["work"].fault = fault
    result = bench.sync()
    ended = [(line.line.kind, line.outcome) for line in result.lines]
    assert ended == [("reverse-delete", "done")] * 2
    with bench.session() as session:
        assert result.run
        assert len(session.undoable(result.run)) == 2


def a_server_that_keeps_a_part(d: Path) -> None:
    bench = Bench(d)
    bench.deliver("work", M)
    asked: list[int] = []

    def store(messages: Sequence[NewMessage], folder: str) -> Sequence[StoreResult]:
        asked.append(len(messages))
        held = bench.home.folders[folder]
        return [
            StoreResult(
                None,
                "it keeps a part",
                refused=True,
                cut=Location(folder, held.validity, bench.home.deliver(folder, one.data[:-9])),
            )
            for one in messages
        ]

    bench.home.store = store  # type: ignore[method-assign]
    before = bench.home.bytes_in("INBOX")
    for _ in range(3):
        bench.sync()
    assert bench.home.bytes_in("INBOX") == before
    assert asked == [1]
    assert [line.rule for line in bench.plan().held] == ["refused"]


@dataclass(frozen=True)
class Mutant:
    """The engine with one function put out of action."""

    home: Any
    """The module or class that defines it."""
    name: str
    instead: Any
    noticed_by: tuple[Scenario, ...]
    """Each of these fails by an assertion of its own."""


MUTANTS: dict[str, Mutant] = {
    "1: a listing that broke off is complete": Mutant(
        match,
        "match_listing",
        lambda config, listing, matched, ledger: _match_listing(
            config, replace(listing, complete=True), matched, ledger
        ),
        (broken_off_listing,),
    ),
    "1: an incomplete mailbox is complete": Mutant(
        Snapshot,
        "listed_completely",
        lambda self, mailbox: True,
        (moved_to_an_account_that_is_away, moved_from_pop3_to_an_account_that_is_away),
    ),
    "1: survivors are not sampled": Mutant(
        read,
        "contradicted",
        lambda mailbox, expected: frozenset(),
        (sample_of_survivors, new_mail_under_uids_that_were_known),
    ),
    "2: filed is deleted": Mutant(
        moves, "relocated", lambda copies, configs: copies, (filed, archived_under_all_mail)
    ),
    "2: what an account threw away is followed": Mutant(
        moves, "_thrown_away", lambda lost, found, configs: False, (thrown_away_on_an_account,)
    ),
    "2: all mail is a folder like others": Mutant(
        moves, "_archived", lambda lost, found: False, (archived_under_all_mail,)
    ),
    "2: moved is deleted": Mutant(
        moves, "overlap", lambda lost, found: False, (filed, moved_between_accounts, moved_out)
    ),
    "2: moved to where nobody could look": Mutant(
        moves,
        "may_hold",
        lambda lost, snapshot: (),
        (moved_to_an_account_that_is_away, moved_from_pop3_to_an_account_that_is_away),
    ),
    "2: what is not reached holds up nothing": Mutant(
        guards,
        "_loss_rules",
        lambda lost, *, awaited: {copy.doubt for copy in lost if copy.doubt},
        (
            moved_from_pop3_to_an_account_that_is_away,
            moved_to_an_account_that_is_away_for_days,
            reached_by_a_run_that_had_nothing_to_note,
        ),
    ),
    "2: what is not reached holds up for ever": Mutant(
        Snapshot,
        "awaited",
        lambda self, mailbox: True,
        (moved_to_an_account_that_is_away_for_days,),
    ),
    "2: reached is what was recorded": Mutant(
        record,
        "note_listing",
        lambda directory, path, config, observation, command, *, settled: None,
        (reached_by_a_run_that_had_nothing_to_note,),
    ),
    "2: what is left out is given up": Mutant(
        Snapshot, "awaited", _awaited_by_days, (moved_to_an_account_that_is_left_out,)
    ),
    "2: being left out is being away": Mutant(
        LedgerWriter, "mark_left_out", lambda self, mailboxes, now: None, (left_out_for_days,)
    ),
    "2: the trash counts": Mutant(
        moves,
        "role_counts",
        lambda role, config: True,
        (thrown_away, thrown_away_on_an_account),
    ),
    "2: moved out is deleted": Mutant(
        rules.Rules, "_moved_out_to", lambda self, s: None, (moved_out,)
    ),
    "3: equal headers are one message": Mutant(
        adopting,
        "_adopt_batch",
        lambda run, account, lines: adopting._enter(run, list(lines)),
        (same_header_other_text, one_is_not_deleted_for_the_other),
    ),
    "3: of several with equal headers, none is read": Mutant(
        identify, "_suspects", lambda *known: {}, (lost_beside_one_with_its_headers,)
    ),
    "4: nothing is looked at again": Mutant(
        deleting,
        "content_digest",
        lambda data: content_digest(M if data == SAME_HEADER else data),
        (looked_at_again,),
    ),
    "4: an old listing is trusted": Mutant(
        Session, "age", lambda self: 0.0, (looked_at_again_after_a_minute,)
    ),
    "5: no copy is kept": Mutant(
        Quarantine, "put_all", lambda self, items: ["x" for _ in items], (copy_is_kept_first,)
    ),
    "12: what a provider hides is deleted": Mutant(
        doubt, "fetched_and_gone", lambda *known: set(), (hidden_by_the_provider,)
    ),
    "12: what a provider cleans up is deleted": Mutant(
        doubt,
        "cleaned_up",
        lambda ledger, mailbox, losses, since, here, floor: doubt.Expiry(),
        (expired_at_the_provider,),
    ),
    "12: a listing that is cut is believed": Mutant(
        doubt,
        "cut_off",
        lambda here, losses, floor: (None, set()),
        (cut_off_at_a_round_number,),
    ),
    "12: what is listed again counts as hidden": Mutant(
        record,
        "_unseen",
        lambda observation: [],
        (listed_again_is_not_hidden,),
    ),
    "13: two doors to one mailbox are two mailboxes": Mutant(
        same_mailbox,
        "_filed",
        lambda message, lost, other, since: False,
        (one_mailbox_by_two_doors,),
    ),
    "13: what comes to both at once is other mail": Mutant(
        same_mailbox, "LEAST", 1000, (a_view_of_the_consolidated_mailbox,)
    ),
    "13: what had to be collected was there before": Mutant(
        same_mailbox, "_NEARLY_ALL", 0, (filed_here_and_deleted_there,)
    ),
    "what was deleted here only is deleted on the accounts": Mutant(
        rules, "kept_on_accounts", lambda s: False, (marked_in_the_consolidated_mailbox,)
    ),
    "a mark is everywhere": Mutant(
        marks,
        "scope_of",
        lambda mark, options: "",
        (marked_in_the_consolidated_mailbox, marked_on_one_account),
    ),
    "a mark ends where a mailbox is not reached": Mutant(
        marks,
        "unfinished",
        lambda statuses, options, stopped: frozenset(),
        (marked_and_not_reached,),
    ),
    "a mark outlives its message": Mutant(
        LedgerWriter, "lift", lambda self, messages: None, (marked_and_done,)
    ),
    "marked drafts go": Mutant(marks, "touchable", lambda copy: True, (marked_draft,)),
    "[hold] protects nothing": Mutant(
        protected, "protection", lambda message, targets, holds, now: None, (flagged_is_protected,)
    ),
    "what was there before is what we stored": Mutant(
        Copy, "stored", property(lambda self: True), (adopted_is_held,)
    ),
    "time has passed as the clock says": Mutant(
        observe, "jumps", lambda *known: (), (young_though_the_clock_jumped,)
    ),
    "copies = all is any": Mutant(
        rules.Rules, "enough", lambda self, s, losers: bool(losers), (copies_all,)
    ),
    "drafts count": Mutant(protected, "touchable", lambda copy: True, (drafts_are_not_mail,)),
    "everything in the consolidated mailbox is a target": Mutant(
        rules.Rules,
        "_targets",
        lambda self, s: [c for c in s.on("consolidated") if c.presence is Presence.YES],
        (own_copy_is_never_deleted,),
    ),
    "marked mail is collected": Mutant(
        rules.Rules,
        "_collectable",
        lambda self, s, account: [
            c for c in s.on(account) if c.presence is Presence.YES and not c.adopted
        ],
        (marked_is_not_collected,),
    ),
    "declined is forgotten": Mutant(
        rules.Rules,
        "_proposal",
        lambda self, s, line: rules.Proposal(line),
        (declined_stays_declined,),
    ),
    "what is kept on an account is collected unasked": Mutant(
        rules.Rules,
        "_kept_on",
        lambda self, s, kept: [replace(p, held=None) for p in _kept_on(self, s, kept)],
        (kept_on_an_account,),
    ),
    "what is kept on an account is not said": Mutant(
        rules.Rules, "_kept_on", lambda self, s, kept: [], (kept_on_an_account,)
    ),
    "late copies are collected": Mutant(
        rules.Rules, "_late", lambda self, s: iter(()), (late_copy,)
    ),
    "a plan is kept whatever changes": Mutant(
        Connections,
        "list_changed",
        lambda self, emit, versions: None,
        (deleted_after_a_kept_plan,),
    ),
    "a plan is kept whatever the clock says": Mutant(
        kept, "_dated", lambda observation, plan: False, (kept_while_it_grew_older,)
    ),
    "a plan is kept whatever the configuration": Mutant(
        kept,
        "_conditions",
        lambda config, options, mark: "the same",
        (kept_under_another_configuration,),
    ),
    "11: a connection that dies at a deletion is not made anew": Mutant(
        deleting_part,
        "bisecting",
        lambda ask, wanted: ask(wanted),
        (a_deletion_whose_answer_is_lost,),
    ),
    "9: what a server cut is left there": Mutant(
        storing,
        "_take_back",
        lambda run, mailbox, cut: dict.fromkeys(cut, ""),
        (a_server_that_keeps_a_part,),
    ),
    "9: what a server cut is stored again": Mutant(
        LedgerWriter,
        "hold",
        lambda self, message, kind, account, rule, now, reason="": None,
        (a_server_that_keeps_a_part,),
    ),
    "losses are never consumed": Mutant(
        LedgerWriter, "consume_loss", lambda self, messages, now: None, (back_is_collected_once,)
    ),
    "forgotten while an account is unknown": Mutant(
        status,
        "_presence",
        lambda mailbox, message, copies, held, snapshot: (
            Presence.YES if any(c.mailbox == mailbox for c in held) else Presence.GONE
        ),
        (not_forgotten_while_unknown,),
    ),
}

SCENARIOS = tuple(dict.fromkeys(s for mutant in MUTANTS.values() for s in mutant.noticed_by))


for module in pkgutil.walk_packages(mailsync_tui.engine.__path__, "mailsync_tui.engine."):
    importlib.import_module(module.name)  # one that is loaded with a mutant in force would keep it


@contextmanager
def engine_with(mutant: Mutant) -> Iterator[None]:
    """The mutant in force, wherever the function was imported by name.

    Raises:
        AttributeError: there is no such function (any more).
    """
    with pytest.MonkeyPatch.context() as patch:
        original = getattr(mutant.home, mutant.name)
        patch.setattr(mutant.home, mutant.name, mutant.instead)
        for name, module in list(sys.modules.items()):
            if name.startswith("mailsync_tui.") and vars(module).get(mutant.name) is original:
                patch.setattr(module, mutant.name, mutant.instead)
        yield


def notices(scenario: Scenario, mutant: Mutant, directory: Path) -> bool:
    """Whether an assertion of the scenario itself fails; any other error is passed on."""
    with engine_with(mutant):
        try:
            scenario(directory)
        except AssertionError as error:
            *_, last = traceback.walk_tb(error.__traceback__)
            if last[0].f_code is not scenario.__code__:
                raise
            return True
    return False


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_scenario(scenario: Scenario, tmp_path: Path) -> None:
    scenario(tmp_path)


@pytest.mark.parametrize(
    ("name", "scenario"),
    [
        pytest.param(name, scenario, id=f"{name}-{scenario.__name__}")
        for name, mutant in MUTANTS.items()
        for scenario in mutant.noticed_by
    ],
)
def test_an_engine_without_the_rule_is_noticed(
    name: str, scenario: Scenario, tmp_path: Path
) -> None:
    assert notices(scenario, MUTANTS[name], tmp_path)


def test_every_scenario_here_is_used() -> None:
    defined = {
        value
        for value in globals().values()
        if getattr(value, "__annotations__", None) == {"d": "Path", "return": "None"}
    }
    assert defined == set(SCENARIOS)


def test_a_mutant_with_wrong_arguments_is_an_error(tmp_path: Path) -> None:
    wrong = Mutant(moves, "overlap", lambda lost: False, ())
    with pytest.raises(TypeError):
        notices(filed, wrong, tmp_path)


def test_a_mutant_of_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AttributeError):
        notices(filed, Mutant(moves, "no_such_function", lambda: None, ()), tmp_path)


def test_a_mutant_that_changes_nothing_is_not_noticed(tmp_path: Path) -> None:
    assert not notices(filed, Mutant(moves, "overlap", moves.overlap, ()), tmp_path)


def test_an_assertion_of_the_engine_is_not_the_scenarios(tmp_path: Path) -> None:
    def breaks(lost: object, found: object) -> bool:
        raise AssertionError

    with pytest.raises(AssertionError):
        notices(filed, Mutant(moves, "overlap", breaks, ()), tmp_path)
