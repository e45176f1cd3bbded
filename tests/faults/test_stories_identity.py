"""Stories of mail that was lost because it was taken for other mail, or for mail of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsync_tui.engine.model import Options, Plan
from mailsync_tui.engine.outcome import everything
from mailsync_tui.errors import OK
from mailsync_tui.report.words import HOLDS
from tests.builders import mail
from tests.engine.bench import Bench, held, kinds
from tests.faults.desk import Desk, at
from tests.servers.imap_script import ImapScript
from tests.servers.pop3_script import Pop3Script

M = mail(1)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """One message on both accounts, gathered."""
    bench = Bench(tmp_path)
    for account in ("isp", "work"):
        bench.deliver(account, M)
    assert bench.sync().exit == OK
    return bench


def with_id(message_id: str, text: str = "text") -> bytes:
    return (
        f"From: ann@example.org\r\nTo: bob@example.org\r\nSubject: {text}\r\n"
        f"Date: Mon, 5 Jan 2026 09:00:00 +0000\r\nMessage-ID: {message_id}\r\n\r\n{text}\r\n"
    ).encode()


# --- moved is not deleted


@pytest.mark.story("moved")
def test_filed_on_any_side(bench: Bench) -> None:
    for account, folder in (("work", "Archive"), ("consolidated", "Archive"), ("work", "Junk")):
        at_first = "INBOX" if folder == "Archive" else "Archive"
        bench.move(account, M, folder, at_first)
        assert kinds(bench.plan()) == []
        bench.sync()
    assert [bench.holds(name, M) for name in bench.boxes] == [1, 1, 1]


@pytest.mark.story("moved")
def test_moved_from_one_account_to_another(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.deliver("isp", M)
    bench.sync()
    bench.remove("isp", M)
    bench.deliver("work", M)
    plan = bench.plan()
    assert kinds(plan) == [("adopt", "work")]
    assert plan.lines[0].reason == "moved here from isp"
    bench.sync()
    assert (bench.holds("consolidated", M), bench.holds("work", M)) == (1, 1)
    assert kinds(bench.plan()) == []


@pytest.mark.story("moved out")
def test_moved_out_of_the_consolidated_mailbox(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.deliver("isp", M)
    bench.sync()
    bench.remove("consolidated", M)
    bench.deliver("work", M)
    for _ in range(3):
        plan = bench.plan()
        assert kinds(plan) == []
        assert [rule for _, _, rule in held(plan)] == ["moved-out"]
        assert "You moved the message out of the consolidated mailbox" in HOLDS["moved-out"][1]
        bench.sync()
    assert (bench.holds("isp", M), bench.holds("work", M)) == (1, 1)
    # The way out: a person who wants it gathered says so.
    assert bench.sync(reconsider=True).exit == OK
    assert bench.holds("consolidated", M) == 1


@pytest.mark.story("marked")
@pytest.mark.parametrize("account", ["work", "consolidated"])
def test_marked_as_deleted_is_not_deleted(bench: Bench, account: str) -> None:
    """Some mail programs mark and do not expunge, and a person may think better of it."""
    bench.boxes[account].mark_deleted("INBOX", bench.uid_of(account, M))
    new = mail("marked already")
    bench.deliver("work", new)
    bench.boxes["work"].mark_deleted("INBOX", bench.uid_of("work", new))
    for _ in range(3):
        assert kinds(bench.plan()) == []
        bench.sync()
    assert [bench.holds(name, M) for name in bench.boxes] == [1, 1, 1]
    assert bench.holds("work", new) == 1


# --- one message for another


@pytest.mark.story("reused id")
def test_unlike_messages_with_one_message_id(tmp_path: Path) -> None:
    one, other = mail(1, body="the bill of May"), mail(1, body="the bill of June")
    bench = Bench(tmp_path)
    bench.deliver("isp", one)
    bench.deliver("work", other)
    bench.sync()
    bench.sync()
    assert (bench.holds("consolidated", one), bench.holds("consolidated", other)) == (1, 1)
    bench.remove("isp", one)
    bench.sync()
    assert (bench.holds("consolidated", one), bench.holds("consolidated", other)) == (0, 1)
    assert bench.holds("work", other) == 1


@pytest.mark.story("id cut")
def test_message_ids_with_commas_and_colons(tmp_path: Path) -> None:
    """A parser that cuts at the comma, colon or bracket takes these for one message."""
    letters = [
        with_id(f"<2026,{end}@example.org>" if comma else f"<2026:{end}@example.org>")
        for comma in (True, False)
        for end in ("one", "two")
    ]
    _each_goes_alone(tmp_path, letters)


@pytest.mark.story("id within id")
def test_message_ids_that_hold_one_another(tmp_path: Path) -> None:
    """SEARCH HEADER finds all of these when it is asked for the shortest, whatever the case."""
    ids = ("<1@example.org>", "<11@example.org>", "<1@example.organic>", "<A1@example.org>")
    _each_goes_alone(tmp_path, [with_id(one) for one in (*ids, ids[-1].lower())])


def _each_goes_alone(directory: Path, letters: list[bytes]) -> None:
    """Deleted one by one on an account, each takes its own copy with it and no other."""
    with Pop3Script() as isp, ImapScript() as home:
        isp.mail = {f"u{number}": data for number, data in enumerate(letters)}
        desk = Desk(
            directory, at("pop3", "isp", isp.port), home=at("imap", "consolidated", home.port)
        )
        home.inbox.add(with_id("<own@example.org>", "mail of its own"))
        desk.sync()
        assert sorted(one.data for one in home.inbox.messages[1:]) == sorted(letters)
        while isp.mail:
            isp.mail.pop(next(iter(isp.mail)))
            desk.sync()
            assert sorted(one.data for one in home.inbox.messages[1:]) == sorted(isp.mail.values())


@pytest.mark.story("rewritten")
def test_what_was_fetched_is_what_is_stored(tmp_path: Path) -> None:
    """A mail library would write each of these another way than it read it."""
    letters = [
        b"Subject:no blank\r\nFROM:  Ann  <a@b.example>\r\nmessage-id: <1@b.example>\r\n\r\nx\r\n",
        b"Subject: =?utf-8?q?=C3=A4?=\r\n =?utf-8?q?b?=\r\nMessage-ID: <2@b.example>\r\n\r\n\r\n",
        b"From: \xe4\xff <a@b.example>\r\nMessage-ID: <3@b.example>\r\n\r\n\xfc\r\n",
        b"X-Folded:\r\n\t one\r\n\t two\r\nMessage-ID: <4@b.example>\r\n\r\nFrom here on\r\n.\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\nMessage-ID: <5@b.example>\r\n\r\n--x\r\n",
        b"no header at all: it\r\nis a text\r\n\r\nwith two parts\r\n",
    ]
    with Pop3Script() as isp, ImapScript() as home:
        isp.mail = {f"u{number}": data for number, data in enumerate(letters)}
        desk = Desk(
            tmp_path, at("pop3", "isp", isp.port), home=at("imap", "consolidated", home.port)
        )
        desk.sync()
        assert [one.data for one in home.inbox.messages] == letters


# --- not ours to delete


@pytest.mark.story("declined")
@pytest.mark.parametrize("why", ["declined", "refused"])
def test_what_was_never_collected_is_never_deleted_at_its_source(bench: Bench, why: str) -> None:
    new = mail("new")
    bench.deliver("work", new)
    if why == "declined":
        bench.sync(without=["collect"])
        assert held(bench.plan()) == [("collect", "work", "declined")]
        assert "You took this line out of a plan" in HOLDS["declined"][1]
    else:
        bench.home.refuses = lambda data: data == new
    for _ in range(3):
        assert "reverse-delete" not in [kind for kind, _ in kinds(bench.plan())]
        bench.sync()
    assert bench.holds("work", new) == 1


@pytest.mark.story("late forward")
def test_a_forward_that_comes_after_its_message_was_deleted(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.deliver("isp", M)
    bench.sync()
    bench.remove("isp", M)
    bench.sync()
    bench.deliver("work", M)  # the old account forwards what it had
    for _ in range(3):
        plan = bench.plan()
        assert kinds(plan) == []
        assert held(plan) == [("collect", "work", "late-copy")]
        assert "as a forward that comes late does" in HOLDS[plan.held[0].rule][1]
        bench.sync()
    assert (bench.holds("consolidated", M), bench.holds("work", M)) == (0, 1)


@pytest.mark.story("draft")
@pytest.mark.parametrize("folder", ["Drafts", "Sent"])
def test_drafts_and_sent_mail_stay_their_owners(tmp_path: Path, folder: str) -> None:
    bench = Bench(tmp_path)
    bench.deliver("consolidated", M, folder)
    bench.deliver("work", M)  # a copy to oneself
    bench.sync()
    assert bench.holds("consolidated", M, "INBOX") == 1
    bench.remove("work", M)
    bench.sync()
    assert bench.holds("consolidated", M, "INBOX") == 0
    assert bench.holds("consolidated", M, folder) == 1


@pytest.mark.story("overtaken")
def test_what_came_back_since_the_preview_is_not_deleted(bench: Bench) -> None:
    bench.remove("work", M)
    bench.remove("isp", M)
    with bench.session() as session:
        plan = session.plan(Options())
        assert [line.kind for line in plan.lines] == ["forward-delete"]
        bench.deliver("work", M)
        bench.wait()
        done = session.apply(plan, frozenset(line.id for line in plan.lines))
    assert [line.outcome for line in done.lines] == ["skipped"]
    assert done.lines[0].reason == "back since the preview, or the reason holds no more"
    assert bench.holds("consolidated", M) == 1


@pytest.mark.story("overtaken")
def test_another_message_in_its_place_is_not_deleted(bench: Bench) -> None:
    bench.remove("consolidated", M)
    other = mail("other")

    def swap(plan: Plan) -> frozenset[str] | None:
        uid = bench.uid_of("work", M)
        bench.boxes["work"].folders["INBOX"].messages[uid].data = other
        return everything(plan)

    with bench.session() as session:
        done = session.sync(Options(), swap)
    results = {line.line.account: (line.outcome, line.reason) for line in done.lines}
    assert results["work"] == ("skipped", "what lies there now is not the message of the plan")
    assert bench.holds("work", other) == 1


@pytest.mark.story("wrong one")
@pytest.mark.parametrize("side", ["work", "consolidated"])
def test_deleted_by_mistake_it_can_be_put_back(tmp_path: Path, side: str) -> None:
    bench = Bench(tmp_path, {"work": "imap"})
    mails = [mail(number) for number in range(5)]
    for data in mails:
        bench.deliver("work", data)
    bench.sync()
    for data in mails:
        bench.remove(side, data)
    run = bench.sync().run
    assert run is not None
    for data in mails:
        assert not bench.holds("work", data)
        assert not bench.holds("consolidated", data)
    with bench.session() as session:
        assert session.undo(run, None, lambda shown: len(shown) == len(mails)).exit == OK
    bench.wait()
    back = "consolidated" if side == "work" else "work"
    assert all(bench.holds(back, data) == 1 for data in mails)
    assert set(mails) <= set(bench.boxes[back].bytes_in("INBOX"))
    assert kinds(bench.plan()) == []
