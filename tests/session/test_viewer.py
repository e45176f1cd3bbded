"""Where a message lies, and what it goes by, as the app asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailsync_tui.engine.comparison import Comparison, Key
from mailsync_tui.engine.model import Options
from mailsync_tui.errors import SessionError
from mailsync_tui.session.viewer import Viewer
from tests.builders import mail
from tests.engine.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def key_of(found: Comparison, name: object) -> Key:
    (key,) = [row.key for row in found.rows if row.subject == f"message {name}"]
    return key


def test_a_renamed_account_is_where_its_mail_lies(bench: Bench) -> None:
    bench.deliver("isp", mail(1))
    bench.sync()
    isp, work = bench.config.external
    # Another name for the same mailbox: type, host, user and path say which it is.
    bench.config = replace(bench.config, external=(replace(isp, name="provider"), work))
    bench.boxes["provider"] = bench.boxes.pop("isp")
    with bench.session() as session:
        viewer = Viewer(session)
        places = viewer.places(key_of(viewer.known(), 1))
    assert [place.mailbox for place in places] == ["consolidated", "provider"]


def test_a_new_message_is_known_by_its_number_once_it_was_collected(bench: Bench) -> None:
    bench.deliver("isp", mail(1))
    bench.deliver("work", mail(2))
    with bench.session() as session:
        viewer = Viewer(session)
        before = viewer.look(lambda _: None).comparison
        for name in (1, 2):
            assert isinstance(key_of(before, name), str)
            assert viewer.key_now(key_of(before, name)) == key_of(before, name)
        viewer.apply(viewer.plan(Options()), frozenset())
        after = viewer.look(lambda _: None).comparison
        for name in (1, 2):
            number = key_of(after, name)
            assert isinstance(number, int)
            assert viewer.key_now(key_of(before, name)) == viewer.key_now(number) == number


def test_a_new_message_lies_where_it_was_listed(bench: Bench) -> None:
    uid = bench.deliver("isp", mail(1))
    with bench.session() as session:
        viewer = Viewer(session)
        key = key_of(viewer.look(lambda _: None).comparison, 1)
        viewer.last = None
        (place,) = viewer.places(key)
        assert (place.mailbox, place.location.uid) == ("isp", uid)
        found = session.connections.read(place.mailbox, place.location).result()
        assert found is not None
        assert found.data == mail(1)


def test_nothing_is_planned_before_anything_was_listed(bench: Bench) -> None:
    with bench.session() as session, pytest.raises(SessionError, match="not listed"):
        Viewer(session).plan(Options())
