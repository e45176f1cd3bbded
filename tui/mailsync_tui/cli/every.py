"""``sync --every``: rounds, and what is said of each; nothing of one that did nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mailsync_tui.cli import runs
from mailsync_tui.errors import BLOCKED, INTERRUPTED, OK, PARTLY, CommandError
from mailsync_tui.report.run import directions_line, result_text
from mailsync_tui.report.words import local_moment
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.cli.interrupts import Interrupts
    from mailsync_tui.cli.output import Output
    from mailsync_tui.engine.model import Options, Plan
    from mailsync_tui.engine.outcome import Result
    from mailsync_tui.session.person import Person

_DURATION = re.compile(r"([1-9][0-9]{0,6})([smhd])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration(text: str) -> int:
    """Seconds, from a number and ``s``, ``m``, ``h`` or ``d``.

    Raises:
        CommandError: It is no such text, or zero.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise CommandError(
            f"--every {safe_text(text, 40)}: expected a number above 0 and s, m, h or d, "
            "such as 15m"
        )
    return int(found[1]) * _SECONDS[found[2]]


def sync(
    command: runs.Command, person: Person, options: Options, why: str, last: dict[str, str]
) -> int:
    """One person's part of a round: the directions first, and what was done; or nothing at all.

    Args:
        command: The command.
        person: Whose turn it is.
        options: With the directions that are applied ...
        why: ... and why these.
        last: What was said last, by person: what is as it was is not said again.
    """
    output = command.settings.output
    said: list[Plan] = []

    def say(text: str) -> None:
        line = f"{local_moment(datetime.now(UTC))} {text}"
        (output.note if command.json else output.result)(line)

    def choose(plan: Plan) -> frozenset[str]:
        if not said:
            say(directions_line(plan, why))
        said.append(plan)
        return frozenset()

    def show(found: Result) -> None:
        if found.run is not None and not said:
            choose(found.plan)
        if command.json:
            runs.show(command, found)
            return
        text = result_text(found)
        if found.run is not None or (found.exit and last.get(person.name) != text):
            say(text)
        last[person.name] = text

    return runs.sync(command, person, options, choose, show)


def repeat(output: Output, interrupts: Interrupts, seconds: int, a_round: Callable[[], int]) -> int:
    """Do a round now and then at every multiple of so many seconds; one that fails is reported.

    Args:
        output: The exit code of a round that failed goes to standard error.
        interrupts: A signal ends the waiting, and the round that is at work.
        seconds: Between the beginnings of two rounds; one that lasts longer leaves some out.
        a_round: Gives the round's exit code, and has reported what happened.
    """
    begun = time.monotonic()
    number = 0
    while not interrupts.happened:
        number += 1
        code = a_round()
        if code == INTERRUPTED or interrupts.happened:
            break
        if code not in (OK, PARTLY, BLOCKED):  # these are said with what was done
            now = local_moment(datetime.now(UTC))
            output.note(f"{now} round {number} ended with exit code {code}")
        rounds = int((time.monotonic() - begun) // seconds) + 1
        interrupts.sleep(begun + rounds * seconds - time.monotonic())
    return INTERRUPTED
