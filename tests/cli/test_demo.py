from __future__ import annotations

import json
import signal
import subprocess

import pytest

from tests.cli.place import Place, environment


@pytest.mark.server
def test_the_demo_serves_until_a_signal(place: Place) -> None:
    with place.process("demo", "--serve", stdout=-1, stderr=-1) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or not lines[-1].startswith("consolidated="):
            line = process.stdout.readline().decode()
            assert line, lines
            lines.append(line.rstrip("\n"))
        assert lines[0].startswith("config=")
        assert all("=127.0.0.1:" in line for line in lines[1:])
        config = lines[0].removeprefix("config=")
        command = place.command("plan", "--json")
        command[command.index("--config") + 1] = config
        found = subprocess.run(
            command, env=environment(), capture_output=True, timeout=60, check=False
        )
        assert found.returncode == 0, "every account is reached"
        kinds = {action["kind"] for action in json.loads(found.stdout)["actions"]}
        assert {"collect", "forward-delete", "reverse-delete"} <= kinds
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 130
