"""Every deletion says what proves it, in sentences that are true and last."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailsync_tui.engine.model import Plan
from mailsync_tui.mailboxes.base import Role
from mailsync_tui.report.choice import Choice
from mailsync_tui.report.plan import why_facts
from mailsync_tui.session import plan_file
from tests.builders import mail
from tests.engine.bench import Bench
from tests.engine.older import older

M, N = mail(1), mail(2)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path, {"isp": "pop3", "work": "imap", "old": "imap"})
    for data in (M, N):
        bench.deliver("work", data)
    bench.sync()
    return bench


def proofs(plan: Plan, kind: str, account: str) -> tuple[str, ...]:
    (line,) = [n for n in plan.lines if (n.kind, n.account) == (kind, account)]
    return line.evidence


def test_a_forward_deletion(bench: Bench) -> None:
    bench.deliver("isp", mail(3))
    bench.wait(3 * 24 * 60)
    bench.sync()
    bench.remove("work", M)
    assert proofs(bench.plan(), "forward-delete", "work") == (
        "seen on work at 2 complete listings since 2026-01-05",
        "missing from this complete listing of work (1 message)",
        "in the consolidated mailbox since 2026-01-05, in INBOX",
    )


def test_seen_once_tells_the_moment(bench: Bench) -> None:
    bench.remove("work", M)
    assert proofs(bench.plan(), "forward-delete", "work")[0] == (
        "seen on work at one complete listing, on 2026-01-05 10:00"
    )


def test_when_it_was_first_noticed_missing(bench: Bench) -> None:
    bench.remove("work", M)
    bench.sync("collect")
    sentences = proofs(bench.plan(), "forward-delete", "work")
    assert sentences[1:3] == (
        "first noticed missing at the last complete listing, on 2026-01-05 10:15",
        "missing from this complete listing of work (1 message)",
    )
    bench.deliver("work", mail(3))
    bench.sync("collect")
    sentences = proofs(bench.plan(), "forward-delete", "work")
    assert sentences[0] == "seen on work at one complete listing, on 2026-01-05 10:00"
    assert sentences[1] == "first noticed missing 2 complete listings ago, on 2026-01-05 10:15"


def test_a_listing_that_lacked_it_between_is_not_counted_as_seen(bench: Bench) -> None:
    kept = dict(bench.boxes["work"].folders["INBOX"].messages)
    bench.remove("work", M)
    bench.sync("collect")
    bench.boxes["work"].folders["INBOX"].messages = kept
    bench.sync("collect")
    bench.remove("work", M)
    assert proofs(bench.plan(), "forward-delete", "work")[0] == (
        "seen on work at one complete listing, on 2026-01-05 10:30"
    )


def test_an_incomplete_listing_is_not_counted(bench: Bench) -> None:
    bench.boxes["work"].incomplete = "the connection broke"
    bench.deliver("isp", mail(3))
    bench.sync()
    bench.boxes["work"].incomplete = None
    bench.remove("work", M)
    assert proofs(bench.plan(), "forward-delete", "work")[0].startswith(
        "seen on work at one complete listing,"
    )


def test_the_other_accounts(tmp_path: Path) -> None:
    bench = Bench(tmp_path, {"isp": "pop3", "work": "imap", "old": "imap", "far": "imap"})
    for account in ("isp", "work", "old", "far"):
        bench.deliver(account, M)
        bench.deliver(account, N)
    bench.sync()
    bench.configure("old", allow=("collect",))
    bench.configure("far", allow=("collect", "reverse"))
    bench.remove("work", M)
    bench.remove("old", M)
    sentences = proofs(bench.plan(), "forward-delete", "work")
    assert "isp and far hold it as well" in sentences
    assert "it is gone from old as well" in sentences
    bench.boxes["isp"].unreachable = "no route to host"
    sentences = proofs(bench.plan(), "forward-delete", "work")
    assert "far holds it as well" in sentences
    assert "whether isp still has it is not known" in sentences


def test_a_reverse_deletion_and_one_that_follows(bench: Bench) -> None:
    bench.deliver("isp", M)
    bench.sync()
    bench.remove("consolidated", N)
    assert proofs(bench.plan(), "reverse-delete", "work") == (
        "seen in the consolidated mailbox at one complete listing, on 2026-01-05 10:15",
        "missing from this complete listing of the consolidated mailbox (2 messages)",
        "listed on work since 2026-01-05, in INBOX",
    )
    bench.remove("work", M)
    assert proofs(bench.plan(), "reverse-delete", "isp") == (
        "seen on work at 2 complete listings since 2026-01-05",
        "missing from this complete listing of work (1 message)",
        "deleted in the consolidated mailbox first, by a line that this one needs",
        "listed on isp since 2026-01-05",
    )


def test_a_deletion_that_did_not_take(bench: Bench) -> None:
    kept = dict(bench.boxes["work"].folders["INBOX"].messages)
    bench.remove("consolidated", M)
    bench.sync()
    bench.boxes["work"].folders["INBOX"].messages = kept
    sentences = proofs(bench.plan(), "reverse-delete", "work")
    assert "an earlier run deleted it on work, and it is listed there again" in sentences


def test_what_a_run_had_deleted_in_the_consolidated_mailbox(bench: Bench) -> None:
    bench.deliver("old", M)
    bench.sync()
    bench.remove("work", M)
    bench.sync("forward")
    assert proofs(bench.plan(), "reverse-delete", "old") == (
        "it was in the consolidated mailbox before, and is not in this listing of the"
        " consolidated mailbox (2 messages)",
        "it is gone from work as well",
        "listed on old since 2026-01-05, in INBOX",
    )


def test_thrown_away(bench: Bench) -> None:
    bench.move("work", M, "Trash")
    sentences = proofs(bench.plan(), "forward-delete", "work")
    assert sentences[1:3] == (
        "not in INBOX any more in this complete listing of work (2 messages)",
        "it lies in Trash of work, where it counts as deleted",
    )
    bench.move("consolidated", N, "Trash")
    sentences = proofs(bench.plan(), "reverse-delete", "work")
    assert (
        sentences[0] == "it lies in Trash of the consolidated mailbox, where it counts as deleted"
    )


def test_a_folder_name_is_made_safe_where_it_is_shown(bench: Bench) -> None:
    bench.home.add_folder("\x1b]0;x\x07[red]", Role.NORMAL)
    bench.move("consolidated", M, "\x1b]0;x\x07[red]")
    bench.remove("work", M)
    plan = bench.plan()
    (line,) = plan.lines
    told = [text for _, text in why_facts(line, Choice(plan))]
    for shown in (told, plan_file.save(plan)["actions"][0]["evidence"]):
        assert "in \ufffd]0;x\ufffd[red]" in "".join(shown)


def test_two_plans_over_unchanged_mailboxes_agree(bench: Bench) -> None:
    bench.remove("work", M)
    bench.remove("consolidated", N)
    first = bench.plan()
    bench.wait(24 * 60)
    second = bench.plan()
    assert all(line.evidence for line in first.lines)
    assert replace(first, created=second.created) == second


def test_other_lines_carry_none(bench: Bench) -> None:
    bench.deliver("isp", mail(3))
    assert [line.evidence for line in bench.plan().lines] == [()]


def test_a_ledger_of_an_earlier_version_is_brought_up(
    tmp_path: Path,
) -> None:
    """What it did not keep is not invented."""
    bench = Bench(tmp_path)
    for data in (M, N):
        bench.deliver("work", data)
    bench.sync()
    older(tmp_path / "ledger.sqlite3", 2)
    bench.remove("work", M)
    assert proofs(bench.plan(), "forward-delete", "work") == (
        "known on work since 2026-01-05",
        "missing from this complete listing of work (1 message)",
        "in the consolidated mailbox since 2026-01-05, in INBOX",
    )
