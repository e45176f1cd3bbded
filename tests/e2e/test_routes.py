"""The routes between real mailboxes: collect, forward, reverse, both; plan changes nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from mailsync_tui.engine.model import Plan
from tests.e2e.world import HOME, Kind, World
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import Proxy

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 200

ROUTES: dict[str, tuple[Kind, Kind]] = {
    "pop3-maildir": ("pop3", "maildir"),
    "pop3-imap": ("pop3", "imap"),
    "imap-imap": ("imap", "imap"),
    "imap-maildir": ("imap", "maildir"),
    "maildir-imap": ("maildir", "imap"),
}


@pytest.fixture(params=ROUTES)
def world(request: pytest.FixtureRequest, server: Dovecot, tmp_path: Path) -> World:
    kind, home = ROUTES[request.param]
    made = World(server, tmp_path, {"work": kind}, home)
    made.deliver("work", range(COUNT))
    return made


def once(numbers: set[int]) -> Counter[int]:
    return Counter(dict.fromkeys(numbers, 1))


def assert_nothing_to_do(plan: Plan) -> None:
    assert (plan.lines, plan.held, plan.blocked, plan.waiting) == ((), (), (), ())
    assert all(report.complete for report in plan.mailboxes.values())


def test_the_whole_way(world: World) -> None:
    everywhere = set(range(COUNT))

    assert world.sync("collect").exit == 0
    assert world.held(HOME) == world.held("work") == once(everywhere)
    assert_nothing_to_do(world.plan())

    world.delete("work", range(10, 20))
    world.delete(HOME, range(30, 40))
    done = world.sync("forward")
    assert (done.exit, {line.outcome for line in done.lines}) == (0, {"done"})
    everywhere -= set(range(10, 20))
    assert world.held("work") == once(everywhere)
    assert world.held(HOME) == once(everywhere - set(range(30, 40)))
    assert world.quarantined() == set(range(10, 20))

    assert world.sync("reverse").exit == 0
    everywhere -= set(range(30, 40))
    assert world.held("work") == world.held(HOME) == once(everywhere)
    assert world.quarantined() == {*range(10, 20), *range(30, 40)}
    assert_nothing_to_do(world.plan())

    world.delete("work", range(50, 55))
    world.delete(HOME, range(60, 65))
    world.delete("work", [70])
    world.delete(HOME, [70])
    world.deliver("work", range(COUNT, COUNT + 5))
    assert world.sync().exit == 0
    everywhere -= {*range(50, 55), *range(60, 65), 70}
    everywhere |= set(range(COUNT, COUNT + 5))
    assert world.held("work") == world.held(HOME) == once(everywhere)
    assert {*range(50, 55), *range(60, 65)} <= world.quarantined()
    assert_nothing_to_do(world.plan())


def test_what_is_the_consolidated_mailboxs_own_stays(world: World) -> None:
    world.sync("collect")
    world.deliver(HOME, [9001, 9002])
    assert_nothing_to_do(world.plan())
    world.delete("work", range(5))
    world.sync()
    assert world.held(HOME) == once({*range(5, COUNT), 9001, 9002})


def test_a_plan_changes_nothing(world: World) -> None:
    world.sync()
    world.delete("work", range(10))
    world.delete(HOME, range(20, 30))
    world.deliver("work", range(COUNT, COUNT + 10))
    before = world.trace()
    first = world.plan()
    second = world.plan()
    assert len(first.lines) == 30
    assert first.lines == second.lines
    assert world.trace() == before


def test_a_plan_retrieves_and_deletes_nothing_over_pop3(server: Dovecot, tmp_path: Path) -> None:
    with Proxy(server.pop3) as wire:
        ports = {"isp": wire.port}
        world = World(server, tmp_path, {"isp": "pop3"}, "maildir", ports=ports)
        world.deliver("isp", range(20))
        assert len(world.plan().lines) == 20
        assert "UIDL" in wire.commands()
        assert not {"RETR", "DELE"} & set(wire.commands())

        world.sync()
        assert wire.commands().count("RETR") == 20

        already = len(wire.commands())
        world.delete("isp", [3])
        world.delete(HOME, [4])
        world.deliver("isp", [20])
        assert len(world.plan().lines) == 3
        assert "UIDL" in wire.commands()[already:]
        assert not {"RETR", "DELE"} & set(wire.commands()[already:])
