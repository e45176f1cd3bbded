"""What the program is started in: closed streams, empty paths, early signals, a useless state."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from tests.cli.place import Place, environment

LIMIT = 120


def closed(place: Place, stream: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Run the program with one of its streams closed by the shell."""
    place.age()
    script = f'exec "$@" {stream}&-'
    return subprocess.run(
        ["sh", "-c", script, "sh", *place.command(*args)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


def test_a_closed_standard_output_is_reported(place: Place) -> None:
    found = closed(place, ">", "plan")
    assert found.returncode == 1
    assert "mailsync-tui: the output cannot be written: it is closed" in found.stderr


def test_with_standard_error_closed_the_result_comes_all_the_same(place: Place) -> None:
    place.deliver("old", "a")
    found = closed(place, "2>", "sync", "--yes")
    assert found.returncode == 0
    assert "collect from old  1 done" in found.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("sync",), "there is no terminal to ask on"),
        (("apply", "--yes", "-"), "standard input is closed"),
        ((), "needs a terminal"),
    ],
)
def test_a_closed_standard_input_is_no_terminal(
    place: Place, args: tuple[str, ...], said: str
) -> None:
    found = closed(place, "<", *args)
    assert found.returncode == 2
    assert said in found.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_the_configuration_is_read_interrupts(
    place: Place, number: signal.Signals
) -> None:
    place.config.unlink()
    os.mkfifo(place.config)
    with place.process("plan", stderr=subprocess.PIPE) as process:
        # Opening waits for the program to read: from then on it waits for what is never written.
        writer = os.open(place.config, os.O_WRONLY)
        try:
            process.send_signal(number)
            _, errors = process.communicate(timeout=LIMIT)
        finally:
            os.close(writer)
    assert process.returncode == 130
    assert b"interrupted" in errors
    assert b"Traceback" not in errors


@pytest.mark.parametrize("option", ["--config", "--state-dir", "--log-file"])
def test_an_empty_path_is_not_the_present_directory(place: Place, option: str) -> None:
    result = place.run(option, "", "plan")
    assert result.exit_code == 2
    assert option in result.stderr
    assert "expected a path" in result.stderr


def test_a_plan_is_not_saved_to_standard_output(place: Place) -> None:
    result = place.run("plan", "--out", "-")
    assert result.exit_code == 2
    assert "--json" in result.stderr


@pytest.mark.parametrize("command", [("sync",), ("rebase", "old")])
def test_a_state_directory_that_is_none_is_named(place: Place, command: tuple[str, ...]) -> None:
    place.deliver("old", "a")
    file = place.directory / "file"
    file.write_text("")
    result = place.run("--state-dir", str(file), *command, "--yes")
    assert result.exit_code == 1
    assert f"cannot lock {file}" in result.stderr
    assert place.files("all") == []
