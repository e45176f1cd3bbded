"""Marked by hand for deletion: from where it was marked, and from nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailsync_tui.config.model import Holds
from mailsync_tui.errors import UnknownMessage
from mailsync_tui.ledger.reader import FILE_NAME, open_ledger
from mailsync_tui.ledger.rows import MarkRow
from mailsync_tui.message import Location
from tests.builders import mail
from tests.engine.bench import Bench, blocked, held, kinds
from tests.engine.undoing import Killed, undo

M, N = mail(1), mail(2)
ID = "<m1@example.org>"
EVERYWHERE = [("delete", "consolidated"), ("delete", "isp"), ("delete", "work")]


def collected(directory: Path, **guards: Any) -> Bench:
    """Both accounts hold M, and work holds N."""
    bench = Bench(directory, **guards)
    bench.marked = True
    for account, data in (("isp", M), ("work", M), ("work", N)):
        bench.deliver(account, data)
    for _ in range(2):
        assert bench.sync().exit == 0
    assert kinds(bench.plan()) == []
    return bench


def mark(bench: Bench, data: bytes = M, scope: str = "", mailbox: str = "work") -> None:
    """As the app does it: by the message's row, or by the place of what has none."""
    location = Location("INBOX", bench.boxes[mailbox].folders["INBOX"].validity, "")
    location = location._replace(uid=bench.uid_of(mailbox, data))
    with open_at(bench) as ledger:
        row = ledger.copy_at(mailbox, location)
    at = None if row else location
    with bench.session() as session:
        session.mark([MarkRow(row and row.message, "" if row else mailbox, at, scope, bench.now)])


def open_at(bench: Bench) -> Any:
    import contextlib

    return contextlib.closing(open_ledger(bench.directory / FILE_NAME))


def marks(bench: Bench) -> list[tuple[int | None, str]]:
    with open_at(bench) as ledger:
        return [(row.message, row.scope) for row in ledger.marked()]


def where(bench: Bench, data: bytes = M) -> list[str]:
    return [name for name in bench.boxes if bench.holds(name, data)]


def stable(bench: Bench, *expected: tuple[str, str, str]) -> None:
    """Nothing is proposed any more, now and after syncs."""
    for _ in range(3):
        plan = bench.plan()
        assert (kinds(plan), held(plan), plan.blocked) == ([], list(expected), ())
        bench.sync()


def test_everywhere(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    mark(bench)
    plan = bench.plan()
    assert kinds(plan) == EVERYWHERE
    first, *others = plan.lines
    assert all(line.needs == (first.id,) for line in others)
    assert [line.undo for line in plan.lines] == ["full", "consolidated-only", "full"]
    assert {line.reason for line in plan.lines} == {
        f"marked by you at {bench.now.astimezone():%H:%M}"
    }
    assert "marked for deletion by hand" in first.evidence[0]
    assert (where(bench), marks(bench)) == (["isp", "work", "consolidated"], [(1, "")])
    result = bench.sync()
    assert [line.outcome for line in result.lines] == ["done"] * 3
    assert (where(bench), marks(bench)) == ([], [])
    stable(bench)
    assert where(bench, N) == ["work", "consolidated"]


def test_only_the_consolidated_mailbox(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    mark(bench, scope="consolidated")
    assert kinds(bench.plan()) == [("delete", "consolidated")]
    bench.sync()
    assert (where(bench), marks(bench)) == (["isp", "work"], [])
    stable(bench, ("collect", "isp", "kept-on"))
    bench.sync(reconsider=True)
    assert where(bench) == ["isp", "work", "consolidated"]
    stable(bench)
    bench.remove("consolidated", M)
    assert kinds(bench.plan()) == [("reverse-delete", "isp"), ("reverse-delete", "work")]


@pytest.mark.parametrize("account", ["isp", "work"])
def test_only_one_account(tmp_path: Path, account: str) -> None:
    bench = collected(tmp_path)
    mark(bench, scope=account)
    assert kinds(bench.plan()) == [("delete", account)]
    bench.sync()
    left = [name for name in ("isp", "work", "consolidated") if name != account]
    assert (where(bench), marks(bench)) == (left, [])
    stable(bench)


def test_where_the_person_says_so_in_the_preview(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    mark(bench)
    assert kinds(bench.plan(scope="isp")) == [("delete", "isp")]
    assert marks(bench) == [(1, "")], "a plan changes nothing"
    bench.sync(scope="isp")
    assert where(bench) == ["work", "consolidated"]
    stable(bench)


@pytest.mark.parametrize("scope", ["", "isp"])
def test_not_collected_yet(tmp_path: Path, scope: str) -> None:
    """Known by its header alone: its bytes are kept before it is deleted."""
    bench = collected(tmp_path)
    bench.deliver("isp", mail(3))
    mark(bench, mail(3), scope, "isp")
    plan = bench.plan()
    assert (kinds(plan), plan.lines[0].undo) == ([("delete", "isp")], "consolidated-only")
    result = bench.sync()
    assert (result.lines[0].outcome, where(bench, mail(3)), marks(bench)) == ("done", [], [])
    stable(bench)
    assert undo(bench, result.run).lines[0].outcome == "done"
    assert where(bench, mail(3)) == ["consolidated"]
    stable(bench)


def test_unlike_bytes_under_one_header_are_two_messages(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    bench.deliver("isp", mail(3))
    bench.deliver("work", mail(3, "another text"))
    mark(bench, mail(3), "", "isp")
    bench.sync()
    assert where(bench, mail(3)) == []
    assert "work" in where(bench, mail(3, "another text"))


def test_a_twin_of_a_marked_message_stays(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    mark(bench)
    twin = mail(1, "another text")
    bench.deliver("work", twin)
    for _ in range(3):  # its bytes tell it apart, and then the mark is on the other one alone
        assert "work" in where(bench, twin)
        bench.sync()
    assert (where(bench), where(bench, twin), marks(bench)) == ([], ["work", "consolidated"], [])


def test_the_consolidated_mailbox_s_own(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    bench.deliver("consolidated", mail(3))
    mark(bench, mail(3), "", "consolidated")
    bench.sync()
    assert where(bench, mail(3)) == []


def test_an_account_that_is_away(tmp_path: Path) -> None:
    """The mark stays until it is done there too."""
    bench = collected(tmp_path)
    mark(bench)
    bench.boxes["isp"].unreachable = "no route to host"
    bench.sync()
    assert (where(bench), marks(bench)) == (["isp"], [(1, "")])
    bench.boxes["isp"].unreachable = None
    plan = bench.plan()
    assert (kinds(plan), plan.lines[0].reason[:13]) == ([("delete", "isp")], "marked by you")
    bench.sync()
    assert (where(bench), marks(bench)) == ([], [])
    stable(bench)


def test_gone_by_itself_the_mark_goes(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    mark(bench)
    for name in where(bench):
        bench.remove(name, M)
    bench.sync()
    assert marks(bench) == []


def test_new_and_gone_again_the_mark_goes(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    bench.deliver("isp", mail(3))
    mark(bench, mail(3), "", "isp")
    bench.remove("isp", mail(3))
    bench.deliver("isp", mail(4))
    bench.sync()
    assert marks(bench) == []


def test_recorded_meanwhile_it_is_the_same_message(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    bench.deliver("isp", mail(3))
    mark(bench, mail(3), "", "isp")
    bench.sync("collect", marked=False)
    assert where(bench, mail(3)) == ["isp", "consolidated"]
    bench.move("consolidated", mail(3), "Archive")
    assert kinds(bench.plan()) == [("delete", "consolidated"), ("delete", "isp")]
    bench.sync()
    assert (where(bench, mail(3)), marks(bench)) == ([], [])


def test_not_asked_for_it_stands(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    mark(bench)
    bench.sync("forward", "reverse", marked=False)
    assert (where(bench), marks(bench)) == (["isp", "work", "consolidated"], [(1, "")])


def test_taken_out(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    mark(bench)
    bench.sync(without=["delete"])
    assert (where(bench), marks(bench)) == (["isp", "work", "consolidated"], [(1, "")])
    bench.sync(without=[bench.plan().lines[2].id])
    assert (where(bench), marks(bench)) == (["work"], [])
    stable(bench, ("reverse-delete", "work", "declined"))


def test_allow_without_reverse(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    bench.configure("isp", allow=("collect", "forward"))
    mark(bench)
    bench.sync()
    assert (where(bench), marks(bench)) == (["isp"], [])
    stable(bench, ("collect", "isp", "kept-on"))


def test_held_by_hold(tmp_path: Path) -> None:
    """One flagged copy protects the message."""
    bench = collected(tmp_path)
    mark(bench)
    bench.config = replace(bench.config, holds=Holds(flagged=True))
    held_there = bench.boxes["work"].folders["INBOX"].messages[bench.uid_of("work", M)]
    held_there.flags = frozenset({"\\Flagged"})
    assert held(bench.plan()) == [(kind, name, "hold") for kind, name in EVERYWHERE]
    bench.sync()
    assert where(bench) == ["isp", "work", "consolidated"]


def test_max_delete(tmp_path: Path) -> None:
    bench = collected(tmp_path, max_delete_floor=0, max_delete_share=0.5)
    mark(bench)
    plan = bench.plan()
    assert blocked(plan) == [("isp", "delete", "max-delete", 1)]
    assert kinds(plan) == [("delete", "consolidated"), ("delete", "work")]
    bench.sync()
    assert marks(bench) == [(1, "")]
    mark(bench, N)
    plan = bench.plan()
    assert ("work", "delete", "max-delete", 1) in blocked(plan), "with those of today"
    assert bench.sync().exit == 4


def test_another_mailbox_under_its_name(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    mark(bench)
    bench.configure("work", user="eve")
    bench.sync()
    assert where(bench) == ["work"]


def test_undone_it_stays(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    mark(bench)
    bench.boxes["isp"].unreachable = "no route to host"
    run = bench.sync().run
    bench.boxes["isp"].unreachable = None
    undo(bench, run)
    assert (where(bench), marks(bench)) == (["isp", "work", "consolidated"], [])
    for _ in range(2):
        assert kinds(bench.plan()) == []
        bench.sync()


@pytest.mark.parametrize("scope", ["", "consolidated", "isp", "work"])
@pytest.mark.parametrize("mailbox", ["consolidated", "isp", "work"])
@pytest.mark.parametrize("after", [False, True])
def test_killed_it_goes_where_it_was_marked(
    tmp_path: Path, scope: str, mailbox: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = collected(tmp_path)
    mark(bench)
    box = bench.boxes[mailbox]
    real = box.delete

    def killed(*args: Any) -> Any:
        if after:
            real(*args)
        raise Killed

    monkeypatch.setattr(box, "delete", killed)
    reached = scope in ("", mailbox)
    try:
        bench.sync(scope=scope)
        assert not reached
    except Killed:
        assert reached
    monkeypatch.undo()
    bench.wait()
    for _ in range(3):
        bench.sync()
    left = [name for name in ("isp", "work", "consolidated") if scope not in ("", name)]
    assert (where(bench), marks(bench)) == (left, [])
    assert where(bench, N) == ["work", "consolidated"]


# --- by its name


def test_named_for_one_plan(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    for name in (ID, ID[1:-1], "1", f"work:INBOX:{bench.uid_of('work', M)}"):
        plan = bench.plan(marks=(name,))
        assert (kinds(plan), plan.lines[0].reason) == (EVERYWHERE, "marked by you")
    assert kinds(bench.plan(marks=(ID,), scope="work")) == [("delete", "work")]
    assert marks(bench) == []
    mark(bench, N)
    plan = bench.plan(marks=(ID,), scope="work")
    assert kinds(plan) == [("delete", "consolidated"), ("delete", "work"), ("delete", "work")]
    bench.sync(marks=(ID,), scope="isp")
    assert (where(bench), where(bench, N)) == (["work", "consolidated"], [])


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("<none@example.org>", "no mailbox lists a message <none@example.org>"),
        ("nowhere:INBOX:1", "no mailbox lists a message nowhere:INBOX:1"),
    ],
)
def test_no_such_message(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(UnknownMessage, match=says):
        collected(tmp_path).plan(marks=(name,))


def test_several_of_one_name(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    bench.deliver("work", mail(1, "another text"))
    bench.sync()
    with pytest.raises(UnknownMessage, match=r"is 2 messages; name one of them: .*work:INBOX:"):
        bench.plan(marks=(ID,))
    place = f"work:INBOX:{bench.uid_of('work', mail(1, 'another text'))}"
    bench.sync(marks=(place,))
    assert (where(bench), where(bench, mail(1, "another text"))) == (
        ["isp", "work", "consolidated"],
        [],
    )


def test_sent_mail_cannot_be_marked(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    uid = bench.deliver("consolidated", mail(3), "Sent")
    with pytest.raises(UnknownMessage, match="it lies in Sent or Drafts"):
        bench.plan(marks=(f"consolidated:Sent:{uid}",))


def test_what_hold_protects_cannot_be_marked(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    bench.config = replace(bench.config, holds=Holds(senders=("*",)))
    with pytest.raises(UnknownMessage, match=r'\[hold\] from = "\*" protects it'):
        bench.plan(marks=(ID,))


def test_where_nothing_may_be_deleted(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    bench.configure("work", allow=("collect",))
    with pytest.raises(UnknownMessage, match="allow has no reverse there"):
        bench.plan(marks=(ID,), scope="work")
