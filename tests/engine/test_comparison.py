"""Each cell of a comparison, from mailboxes in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsync_tui.engine.comparison import Comparison, location_of, place_key
from mailsync_tui.engine.model import Cell, Place
from mailsync_tui.mailboxes.base import Location, Uid
from mailsync_tui.session.person import Person
from mailsync_tui.session.viewer import Viewer
from tests.builders import mail
from tests.engine.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def look(bench: Bench) -> Comparison:
    with bench.session() as session:
        return Viewer(session).look(lambda _: None).comparison


def cells(found: Comparison, subject: object) -> dict[str, Cell]:
    """The cells of the one row with this subject, but for the absent ones."""
    (row,) = [row for row in found.rows if row.subject == f"message {subject}"]
    assert row.verdict is max(Cell(c) for c in row.cells)
    sides = zip(found.mailboxes, row.cells, strict=True)
    return {side.name: Cell(c) for side, c in sides if c != Cell.ABSENT}


def synced(bench: Bench, *names: object) -> None:
    """Messages that are in sync, on isp and in the consolidated mailbox."""
    for name in names:
        bench.deliver("isp", mail(name))
    bench.sync()


SYNC = {"isp": Cell.SAME, "consolidated": Cell.SAME}


def test_in_sync_and_absent_elsewhere(bench: Bench) -> None:
    synced(bench, 1)
    assert cells(look(bench), 1) == SYNC


def test_new_and_the_consolidated_mailboxs_own(bench: Bench) -> None:
    bench.deliver("work", mail(1))
    found = look(bench)
    assert cells(found, 1) == {"work": Cell.NEW}
    assert cells(found, "ballast") == {"consolidated": Cell.OWN}


def test_own_mail_is_own_once_the_ledger_has_it_too(bench: Bench) -> None:
    synced(bench, 1)
    assert cells(look(bench), "ballast") == {"consolidated": Cell.OWN}


def test_gone_from_an_account_so_deleted_in_the_consolidated_mailbox(bench: Bench) -> None:
    synced(bench, 1)
    bench.remove("isp", mail(1))
    assert cells(look(bench), 1) == {"isp": Cell.GONE, "consolidated": Cell.GOES}


def test_gone_from_the_consolidated_mailbox_so_deleted_on_the_account(bench: Bench) -> None:
    synced(bench, 1)
    bench.remove("consolidated", mail(1))
    assert cells(look(bench), 1) == {"isp": Cell.GOES, "consolidated": Cell.GONE}


def test_declined_so_held(bench: Bench) -> None:
    synced(bench, 1)
    bench.remove("isp", mail(1))
    bench.sync(without=["forward-delete"])
    assert cells(look(bench), 1) == {"isp": Cell.GONE, "consolidated": Cell.HELD}


def test_blocked_by_a_guard_so_kept(bench: Bench) -> None:
    bench.guards(max_delete_floor=1, max_delete_share=0.1)
    synced(bench, 1, 2, 3)
    for name in (1, 2):
        bench.remove("isp", mail(name))
    found = look(bench)
    assert cells(found, 1) == {"isp": Cell.GONE, "consolidated": Cell.KEPT}
    assert cells(found, 3) == SYNC


def test_not_reached_so_unknown(bench: Bench) -> None:
    synced(bench, 1)
    bench.deliver("work", mail(2))
    bench.boxes["isp"].unreachable = "no route to host"
    found = look(bench)
    assert cells(found, 1) == {"isp": Cell.UNKNOWN, "consolidated": Cell.SAME}
    assert cells(found, 2) == {"work": Cell.NEW}
    (isp,) = [side for side in found.mailboxes if side.name == "isp"]
    assert isp.error == "no route to host"


def test_what_another_mailbox_holds_under_the_name_is_unknown(bench: Bench) -> None:
    synced(bench, 1)
    bench.configure("isp", user="somebody-else")
    assert cells(look(bench), 1) == {"isp": Cell.UNKNOWN, "consolidated": Cell.SAME}


def test_unlike_twins(bench: Bench) -> None:
    bench.deliver("isp", mail(1))
    bench.deliver("work", mail(1, "another text"))
    bench.sync()
    found = look(bench)
    same_header = [bytes(row.cells) for row in found.rows if row.subject == "message 1"]
    assert sorted(same_header) == sorted(
        [
            bytes((Cell.SAME_HEADER, 0, Cell.SAME_HEADER)),
            bytes((0, Cell.SAME_HEADER, Cell.SAME_HEADER)),
        ]
    )


def test_the_ledger_alone_tells_what_was_in_sync_when_it_was_last_written(bench: Bench) -> None:
    synced(bench, 1, 2)
    bench.remove("isp", mail(1))
    bench.deliver("work", mail(3))
    with bench.session() as session:
        found = Viewer(session).known()
    assert cells(found, 1) == cells(found, 2) == SYNC
    assert {row.subject for row in found.rows} == {"message 1", "message 2", "message ballast"}
    assert {side.name: side.messages for side in found.mailboxes}["isp"] == 2
    assert all(side.listed is None for side in found.mailboxes)


def test_the_newest_are_the_first_of_all(bench: Bench) -> None:
    for name, day in ((1, "05"), (2, "09"), (3, "07"), (4, "01")):
        bench.deliver("isp", mail(name).replace(b"05 Jan", f"{day} Jan".encode()))
    bench.sync()
    with bench.session() as session:
        part = Person(bench.config, session.directory).newest(2)
        all_of_it = Viewer(session).known()
    assert [row.subject for row in part.rows] == ["message 2", "message 3"]
    assert part.rows == all_of_it.rows[:2]
    assert all_of_it.complete
    assert not part.complete


def test_without_a_ledger_there_is_nothing_to_show_yet(bench: Bench) -> None:
    assert Person(bench.config, bench.directory / "none").newest(9).rows == ()


def test_rows_that_are_as_they_were_are_the_same_values(bench: Bench) -> None:
    synced(bench, 1, 2)
    bench.remove("isp", mail(1))
    with bench.session() as session:
        viewer = Viewer(session)
        before = {row.key: row for row in viewer.known().rows}
        after = viewer.look(lambda _: None).comparison.rows
    kept = [row for row in after if row is before.get(row.key)]
    assert {row.subject for row in kept} == {"message 2", "message ballast"}


def test_sums_count_each_verdict(bench: Bench) -> None:
    synced(bench, 1, 2)
    bench.remove("isp", mail(1))
    counts = look(bench).counts
    assert (counts[Cell.SAME], counts[Cell.GOES], counts[Cell.OWN]) == (1, 1, 1)


@pytest.mark.parametrize("uid", [7, "7", "=7", "a b"])
def test_the_key_of_a_new_message_says_where_it_lies(uid: Uid) -> None:
    place = Place("isp", Location("Some/Folder", 3, uid))
    assert location_of(place_key(place)) == (place.mailbox, place.location)
    assert location_of(12) is None
