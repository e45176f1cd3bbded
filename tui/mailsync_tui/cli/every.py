"""``sync --every``: rounds at fixed times until a signal comes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mailsync_tui.errors import INTERRUPTED, CommandError
from mailsync_tui.session.plan_file import utc
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.cli.interrupts import Interrupts
    from mailsync_tui.cli.output import Output

_DURATION = re.compile(r"([1-9][0-9]{0,6})([smhd])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration(text: str) -> int:
    """Seconds, from a number and ``s``, ``m``, ``h`` or ``d``.

    Raises:
        Wrong: It is no such text, or zero.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise CommandError(
            f"--every {safe_text(text, 40)}: expected a number above 0 and s, m, h or d, "
            "such as 15m"
        )
    return int(found[1]) * _SECONDS[found[2]]


def repeat(output: Output, interrupts: Interrupts, seconds: int, a_round: Callable[[], int]) -> int:
    """Do a round now and then at every multiple of so many seconds; one that fails is told.

    Args:
        output: Each round's time and exit code go to standard error.
        interrupts: A signal ends the waiting, and the round that is at work.
        seconds: Between the beginnings of two rounds; one that lasts longer leaves some out.
        a_round: Gives the round's exit code, and has told what happened.
    """
    begun = time.monotonic()
    number = 0
    while not interrupts.happened:
        number += 1
        output.tell(f"{utc(datetime.now(UTC))} round {number}")
        code = a_round()
        if code == INTERRUPTED or interrupts.happened:
            break
        if code:
            output.tell(f"round {number} ended with exit code {code}")
        rounds = int((time.monotonic() - begun) // seconds) + 1
        interrupts.sleep(begun + rounds * seconds - time.monotonic())
    return INTERRUPTED
