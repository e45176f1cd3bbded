"""For each rule of DESIGN.md an engine without it: some scenario must notice.

A scenario that no mutant makes fail proves nothing, and a rule that no scenario misses is untested.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailsync_tui.config.model import Holds
from mailsync_tui.engine.apply import adopt as adopting
from mailsync_tui.engine.apply import collect as collecting
from mailsync_tui.engine.apply import delete as deleting
from mailsync_tui.engine.apply import record
from mailsync_tui.engine.detect import detect as observe
from mailsync_tui.engine.detect import provider
from mailsync_tui.engine.detect.expiry import Expiry
from mailsync_tui.engine.plan import guards, planner, rules
from mailsync_tui.engine.plan import status as status
from mailsync_tui.engine.plan.proposing import Proposal
from mailsync_tui.engine.snapshot import Presence
from mailsync_tui.ledger.quarantine import Quarantine
from mailsync_tui.ledger.writer import LedgerWriter
from mailsync_tui.mailboxes.base import Role
from mailsync_tui.session import session
from mailsync_tui.session.session import Session
from tests.engine.bench import START, Bench, blocked, held, kinds, mail

M, N = mail(1), mail(2)
TWIN = mail(1, "another text")


def _collected(directory: Path, *accounts: str, **keys: Any) -> Bench:
    bench = Bench(directory, {"isp": "pop3", "work": "imap", "old": "imap"}, **keys)
    for account in accounts or ("work",):
        bench.deliver(account, M)
        bench.deliver(account, N)
    assert bench.sync().exit == 0
    return bench


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
    assert [(w.account, w.kind, w.count) for w in plan.waiting] == [("isp", "forward-delete", 1)]


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


def unlike_twin(d: Path) -> None:
    bench = _collected(d, "isp")
    bench.deliver("work", TWIN)
    bench.sync()
    assert bench.holds("consolidated", TWIN) == bench.holds("consolidated", M) == 1


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
    changed.data = TWIN  # the same place and headers, another message
    bench.sync()
    assert bench.holds("work", TWIN) == 1


def looked_at_again_after_a_minute(d: Path) -> None:
    bench = _collected(d)
    bench.remove("work", M)

    def think(plan: Any) -> frozenset[str]:
        bench.deliver("work", M)
        bench.now += timedelta(minutes=2)
        return frozenset()

    from mailsync_tui.engine.model import Options

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


def a_twin_is_not_deleted_for_the_other(d: Path) -> None:
    bench = _collected(d, "work")
    bench.deliver("isp", TWIN)
    bench.sync()
    bench.remove("work", M)
    bench.sync()
    assert bench.holds("isp", TWIN) == bench.holds("consolidated", TWIN) == 1


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


SCENARIOS: tuple[Callable[[Path], None], ...] = (
    broken_off_listing,
    filed,
    moved_between_accounts,
    moved_to_an_account_that_is_away,
    moved_from_pop3_to_an_account_that_is_away,
    moved_out,
    thrown_away,
    unlike_twin,
    drafts_are_not_mail,
    own_copy_is_never_deleted,
    marked_is_not_collected,
    declined_stays_declined,
    late_copy,
    copies_all,
    copy_is_kept_first,
    looked_at_again,
    looked_at_again_after_a_minute,
    sample_of_survivors,
    back_is_collected_once,
    not_forgotten_while_unknown,
    a_twin_is_not_deleted_for_the_other,
    thrown_away_on_an_account,
    hidden_by_the_provider,
    listed_again_is_not_hidden,
    expired_at_the_provider,
    cut_off_at_a_round_number,
    archived_under_all_mail,
    flagged_is_protected,
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_scenario(scenario: Callable[[Path], None], tmp_path: Path) -> None:
    scenario(tmp_path)


def _all_adopted(run: Any, account: str, lines: Any) -> None:
    adopting._enter(run, list(lines))


MUTANTS: dict[str, tuple[Any, str, Any]] = {
    "1: an incomplete mailbox is whole": (status, "listed_completely", lambda *_: True),
    "1: survivors are not sampled": (observe, "contradicted", lambda *_: frozenset()),
    "2: filed is deleted": (status, "relocated", lambda copies, _: copies),
    "2: what an account threw away is followed": (status, "_thrown_away", lambda *_: False),
    "12: what a provider hides is deleted": (provider._Provider, "_fetched", lambda *_: set()),
    "12: what a provider cleans up is deleted": (
        provider._Provider,
        "_expiry",
        lambda *_: Expiry(),
    ),
    "12: a listing that is cut is believed": (provider._Provider, "_cut", lambda *_: None),
    "12: what is listed again counts as hidden": (session, "note_seen", lambda *_: None),
    "[hold] protects nothing": (planner, "protection", lambda *_: None),
    "2: all mail is a folder like others": (status, "_shows", lambda *_: False),
    "2: moved is deleted": (status, "overlap", lambda *_: False),
    "2: moved to where nobody could look": (status, "_may_hold_it", lambda *_: None),
    "2: the trash counts": (status, "role_counts", lambda *_: True),
    "2: moved out is deleted": (rules.Rules, "_moved_out", lambda *_: None),
    "3: equal headers are one message": (adopting, "_adopt_batch", _all_adopted),
    "4: nothing is looked at again": (deleting, "content_digest", lambda data: _any_digest(data)),
    "4: an old listing is trusted": (Session, "age", lambda self: 0.0),
    "5: no copy is kept": (Quarantine, "put_all", lambda self, items: ["x" for _ in items]),
    "copies = all is any": (
        rules.Rules,
        "forward_enough",
        lambda self, s, accounts: bool(accounts),
    ),
    "drafts count": (status, "adoptable", lambda copy: True),
    "everything in the consolidated mailbox is a target": (
        rules.Rules,
        "_targets",
        lambda self, s: [c for c in s.on("consolidated") if c.presence is Presence.YES],
    ),
    "marked mail is collected": (
        rules.Rules,
        "_collectable",
        lambda self, s, account: [
            c for c in s.on(account) if c.presence is Presence.YES and not c.adopted
        ],
    ),
    "declined is forgotten": (
        rules.Rules,
        "_held_or_not",
        lambda self, s, line: Proposal(line),
    ),
    "late copies are collected": (rules.Rules, "_late", lambda self, s: iter(())),
    "losses are never spent": (LedgerWriter, "spend", lambda *_: None),
    "forgotten while an account is unknown": (
        status,
        "_held",
        lambda account, message, copies, counting, snapshot: (
            status.Held.YES if any(c.mailbox == account for c in counting) else status.Held.GONE
        ),
    ),
}


def _any_digest(data: bytes) -> str:
    """As if every message had the contents that are expected of it."""
    from mailsync_tui.message import content_digest

    return content_digest(M) if data == TWIN else content_digest(data)


@pytest.mark.parametrize("name", MUTANTS)
def test_an_engine_without_the_rule_is_noticed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, attribute, mutant = MUTANTS[name]
    monkeypatch.setattr(home, attribute, mutant)
    for module in (rules, planner, record, observe, guards, collecting):
        if getattr(module, attribute, None) is not None:
            monkeypatch.setattr(module, attribute, mutant)
    for scenario in SCENARIOS:
        try:
            scenario(tmp_path / scenario.__name__)
        except Exception:  # noqa: BLE001 - a crash is noticed too
            return
    pytest.fail(f"no scenario notices an engine without the rule {name!r}")
