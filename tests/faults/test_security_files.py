"""What is kept is its owner's alone, whatever the umask; what others could read is refused."""

from __future__ import annotations

import os
import shlex
import sqlite3
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.builders import mail
from tests.cli.place import Place, environment
from tests.engine.bench import Bench


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def open_to_others(*roots: Path) -> list[str]:
    """Files and directories that anybody but their owner may do something with."""
    found = [path for root in roots for path in (root, *root.rglob("*"))]
    assert found
    wanted = {True: 0o700, False: 0o600}
    return [f"{mode(path):o} {path}" for path in found if mode(path) != wanted[path.is_dir()]]


def test_whatever_the_umask(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.deliver("old", "one", "two")
    log, plan = tmp_path / "log", tmp_path / "plan.json"
    log.touch(0o666)
    log.chmod(0o666)

    def run(*args: str) -> None:
        place.age()
        command = shlex.join(place.command("--log-file", str(log), *args))
        subprocess.run(
            ["/bin/sh", "-c", f"umask 0; exec {command}"],
            env=environment(),
            check=True,
            capture_output=True,
            timeout=120,
        )

    run("sync", "--yes")
    place.remove("old", "one")
    run("plan", "--out", str(plan))
    run("sync", "--yes")
    assert not open_to_others(place.state, tmp_path / "all", log, plan)
    kept = {path.name for path in place.state.rglob("*")}
    assert {"ledger.sqlite3", "quarantine", "lock"} <= kept
    assert any(name.endswith(".gz") for name in kept)


def test_what_sqlite_writes_beside_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path / "state")
    bench.deliver("isp", mail(1))
    seen: dict[str, int] = {}
    plain = sqlite3.connect

    def look(_: str) -> None:
        for path in bench.directory.glob("ledger.sqlite3*"):
            seen[path.name] = mode(path)

    def connect(*args: Any, **more: Any) -> sqlite3.Connection:
        db: sqlite3.Connection = plain(*args, **more)
        db.set_trace_callback(look)  # called at each statement, within transactions too
        return db

    monkeypatch.setattr(sqlite3, "connect", connect)
    before = os.umask(0)
    try:
        bench.sync()
    finally:
        os.umask(before)
    assert len(seen) > 1, "nothing is written beside the ledger: this test shows nothing"
    assert set(seen.values()) == {0o600}, seen
