"""Two runs at once: the second says who holds the ledger, waits, and plans anew."""

from __future__ import annotations

import contextlib
import inspect
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailsync_tui.engine.apply import store
from mailsync_tui.engine.events import Applying, Event
from mailsync_tui.engine.model import Options, Plan
from mailsync_tui.engine.outcome import Result, everything
from mailsync_tui.errors import StalePlan
from mailsync_tui.ledger.lock import RunLock
from mailsync_tui.session.viewer import Viewer
from tests.builders import mail as message
from tests.cli.place import Place, environment
from tests.engine.bench import Bench, kinds
from tests.faults.disk import mail

PAUSED = """
import sys
from pathlib import Path
from mailsync_tui.config.load import load_config
from mailsync_tui.engine.events import LineDone
from mailsync_tui.engine.model import Options
from mailsync_tui.engine.outcome import everything
from mailsync_tui.session.session import Session

def emit(event):
    if isinstance(event, LineDone):  # the first of them is done, the others are not
        print("applying", flush=True)
        sys.stdin.readline()

(person,) = load_config(Path(sys.argv[1])).users
with Session(person, Path(sys.argv[2]), emit=emit) as session:
    sys.exit(session.sync(Options(), everything).exit)
"""
"""A run that applies, and stops in the middle until it may go on."""

IMPATIENT = """
import functools
from mailsync_tui.ledger.lock import RunLock
RunLock.acquire = functools.partialmethod(RunLock.acquire, timeout=0.2)  # seconds
from mailsync_tui.cli import main
main()
"""
"""The program, with less patience: it waits 30 seconds."""


@contextlib.contextmanager
def applying(place: Place) -> Iterator[subprocess.Popen[str]]:
    """A real process that has begun to apply, and holds the ledger."""
    place.age()
    command = [sys.executable, "-c", PAUSED, str(place.config), str(place.state / "default")]
    with subprocess.Popen(
        command, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "applying\n"
            yield process
        finally:
            process.kill()


def go_on(process: subprocess.Popen[str]) -> None:
    process.communicate("\n" * 100, timeout=60)
    assert process.returncode == 0


def second(place: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", IMPATIENT, "--config", str(place.config), *arguments],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def busy(place: Place) -> Place:
    """Synchronised; then mail was deleted, and new mail came."""
    place.synced(*"abcd")
    place.remove("old", "a")
    place.remove("old", "b")
    place.run("sync", "--yes")
    place.remove("old", "c")
    place.deliver("old", "e", "f")
    return place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "place")


def test_it_waits_half_a_minute() -> None:
    assert inspect.signature(RunLock.acquire).parameters["timeout"].default == 30.0


def test_the_second_says_who_holds_the_ledger_and_since_when(busy: Place) -> None:
    out = busy.directory / "plan.json"
    assert busy.run("plan", "--out", str(out)).exit_code == 0
    begun = datetime.now(UTC)
    with applying(busy) as first:
        before = mail(busy)
        for command in (["sync"], ["apply", str(out)], ["undo", "2"]):
            done = second(busy, *command, "--yes")
            assert done.returncode == 6, (command, done)
            (line,) = [x for x in done.stderr.splitlines() if x.startswith("mailsync-tui: ")]
            assert f"process {first.pid}, command sync, started " in line
            started = datetime.fromisoformat(line.rpartition("started ")[2])
            assert abs(started - begun) < timedelta(minutes=5)
        assert json.loads(second(busy, "rebase", "old", "--yes", "--json").stdout)["exit"] == 6
        assert busy.run("plan").exit_code == busy.run("history").exit_code == 0  # these do not wait
        assert mail(busy) == before
        go_on(first)
    assert busy.json("sync", "--yes")["lines"] == []


def test_a_killed_one_leaves_the_ledger_to_the_next(busy: Place) -> None:
    with applying(busy) as first:
        first.send_signal(signal.SIGKILL)
        first.wait(60)
        note = (busy.state / "default" / "lock").read_text()
        assert json.loads(note)["pid"] == first.pid  # the dead one's, and it holds nothing
        done = second(busy, "sync", "--yes")
    assert done.returncode == 0, done
    # c was deleted on old, e and f came; all the rest stays as it was.
    assert sorted(names(busy, "all")) == sorted(names(busy, "old")) == ["d", "e", "f"]
    assert busy.json("sync", "--yes")["lines"] == []
    states = [run["state"] for run in busy.json("history")]
    assert states[0] in ("done", "interrupted")
    assert "interrupted" in states


def names(place: Place, mailbox: str) -> list[str]:
    return [
        f.read_bytes().partition(b"<")[2].partition(b"@")[0].decode() for f in place.files(mailbox)
    ]


def test_a_plan_made_beside_an_apply_is_stale(busy: Place) -> None:
    out = busy.directory / "plan.json"
    with applying(busy) as first:
        assert second(busy, "plan", "--out", str(out)).returncode == 0
        assert json.loads(out.read_text())["actions"]  # not all is done yet
        go_on(first)
    before = mail(busy)
    done = busy.run("apply", str(out), "--yes")
    assert done.exit_code == 5
    assert "stale" in done.stderr
    assert mail(busy) == before


def test_a_plan_made_after_a_run_is_not(busy: Place) -> None:
    busy.run("sync", "--yes")
    busy.deliver("old", "g")
    out = busy.directory / "plan.json"
    assert busy.run("plan", "--out", str(out)).exit_code == 0
    assert busy.run("apply", str(out), "--yes").exit_code == 0


# --- a sync that planned while another one was at work


class Beside:
    """A second session that plans at some moment of the first one's run, and applies after it."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.plans: list[Plan] = []
        self.result: Result | None = None
        self._planned, self._free = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._sync)

    def choose(self, plan: Plan) -> frozenset[str]:
        self.plans.append(plan)
        self._planned.set()
        assert self._free.wait(60)
        return frozenset()

    def _sync(self) -> None:
        with self.bench.session() as session:
            self.result = session.sync(Options(), self.choose)

    def plan_now(self) -> None:
        self._thread.start()
        assert self._planned.wait(60)

    def end(self) -> None:
        self._free.set()
        self._thread.join(60)
        assert self.result is not None


@pytest.mark.parametrize("first", ["ends", "dies"])
def test_what_the_first_was_about_to_store_is_not_stored_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """The second plans after the first one's listing is on record, and before it stores."""
    monkeypatch.setattr(store, "LATE_SECONDS", 0.0)
    bench = Bench(tmp_path)
    bench.deliver("isp", message(1))
    other = Beside(bench)

    def emit(event: Event) -> None:
        if isinstance(event, Applying):
            other.plan_now()

    class Killed(BaseException):
        pass

    def dies(operation: str, _: int) -> None:
        if operation == "stored":
            raise Killed

    if first == "dies":
        bench.home.fault = dies
    with bench.session() as session, contextlib.suppress(Killed):
        session.emit = emit
        session.sync(Options(), everything)
    bench.home.fault = None
    assert bench.holds("consolidated", message(1)) == 1
    other.end()
    assert kinds(other.plans[0]) == [("collect", "isp")]
    assert bench.holds("consolidated", message(1)) == bench.holds("isp", message(1)) == 1
    bench.wait()
    assert kinds(bench.plan()) == []


def test_what_the_first_stored_after_the_seconds_listing_does_not_count_as_deleted(
    tmp_path: Path,
) -> None:
    """A listing older than what the ledger says lacks what was stored in between."""
    bench = Bench(tmp_path)
    bench.deliver("isp", message(1))
    bench.deliver("work", message(2))
    plans: list[Plan] = []

    def choose(plan: Plan) -> frozenset[str]:
        plans.append(plan)
        return frozenset()

    others = [10, 11]  # it lists once more where that is seen in time, and then plans anew

    with bench.session() as late:
        listing = late.list_all

        def list_all() -> object:
            if not others:
                return listing()
            bench.deliver("isp", message(others.pop()))
            found = listing()
            with bench.session() as session:  # a whole run of somebody else
                session.sync(Options(), everything)
            return found

        late.list_all = list_all  # type: ignore[method-assign,assignment]
        late.sync(Options(), choose)
    assert others == []
    for n, account in ((1, "isp"), (2, "work"), (10, "isp"), (11, "isp")):
        assert bench.holds("consolidated", message(n)) == bench.holds(account, message(n)) == 1
    assert all(not kinds(plan) for plan in plans[1:])


def test_the_app_does_not_apply_what_it_saw_beside_another_run(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.deliver("isp", message(1))
    with bench.session() as session, bench.session() as app:
        viewer = Viewer(app)

        def emit(event: Event) -> None:
            if isinstance(event, Applying):
                viewer.look(lambda comparison: None)

        session.emit = emit
        session.sync(Options(), everything)
        plan = viewer.plan(Options())
        assert kinds(plan) == [("collect", "isp")]
        assert viewer.last is not None
        with pytest.raises(StalePlan) as caught:
            look = viewer.last
            app.apply_shown(look.observation, look.details, plan, frozenset(), "app")
    assert caught.value.exit_code == 5
    assert bench.holds("consolidated", message(1)) == 1
