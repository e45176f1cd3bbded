"""Kill runs at random steps, with several scenarios of the planner's table at once.

``PYTHONPATH=tui python -m tests.faults.kills --kills 1000 --seed 1`` does so in this process, over
mailboxes in memory. Each trial kills one to three runs in a row before one is left in peace, and
then compares all mailboxes with those of an undisturbed run: nothing lost, doubled, or deleted
without cause, and of all that was deleted a copy in the quarantine. ``tests.e2e.kills`` kills
processes on real servers.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.scenarios import SCENARIOS, Scenario, together
from tests.faults.steps import Steps, after, disturbed, without_a_copy

_TOLD = 3
"""Stories at once, at most."""
_IN_A_ROW = 3


@dataclass(slots=True)
class Tally:
    """What was done."""

    kills: int = 0
    setups: int = 0
    in_a_row: Counter[int] = field(default_factory=Counter)
    """Trials by how often they were killed."""
    at: Counter[str] = field(default_factory=Counter)
    """Kills by the step at which they came."""


def drawn(source: random.Random) -> Scenario:
    """One scenario of any kind, with one or two others where these have the same accounts."""
    first = source.choice(SCENARIOS)
    if first.kinds is not None:  # it has other accounts than the others
        return first
    plain = [one for one in SCENARIOS if one.plain and one is not first]
    return together(first, *source.sample(plain, source.randint(1, _TOLD - 1)))


def kill(seed: int, kills: int, directory: Path, *, each: int = 5) -> Tally:
    """Kill so many runs.

    Args:
        seed: Of all that is drawn.
        kills: How many runs, at least.
        directory: For the state of the trials.
        each: Trials in the same mailboxes.

    Raises:
        AssertionError: a killed run did not end as the undisturbed one did.
    """
    source, tally = random.Random(seed), Tally()
    while tally.kills < kills:
        with tempfile.TemporaryDirectory(dir=directory) as place:
            _one_setup(drawn(source), source, tally, Path(place), kills, each)
        tally.setups += 1
    return tally


def _one_setup(
    scenario: Scenario, source: random.Random, tally: Tally, place: Path, kills: int, each: int
) -> None:
    begun = scenario.bench(place / "begun")
    undisturbed = begun.again(place / "undisturbed")
    whole = len(disturbed(scenario, undisturbed).taken)
    for _ in range(scenario.runs - 1):
        scenario.play(undisturbed)
    expected = after(scenario, undisturbed)
    for trial in range(each):
        if tally.kills >= kills:
            return
        bench = begun.again(place / str(trial))
        died: list[str] = []
        for _ in range(source.randint(1, _IN_A_ROW)):
            steps = disturbed(scenario, bench, source.randrange(whole))
            if not steps.dead:  # there was less to do than the first time
                break
            died.append(_last(steps))
        tally.kills += len(died)
        tally.in_a_row[len(died)] += 1
        tally.at.update(died)
        scenario.settle(bench)
        detail = f"{scenario.name}: killed after {', and after '.join(died)}"
        found = after(scenario, bench)
        if found[1]:  # what only the killed run could have known is the business of one run more
            scenario.play(bench)
            found = after(scenario, bench)
        assert found == expected, detail
        assert not without_a_copy(bench), detail


def _last(steps: Steps) -> str:
    return steps.taken[-1] if steps.taken else "nothing"


def main() -> None:
    """Run it as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kills-") as directory:
        tally = kill(options.seed, options.kills, Path(directory))
    print(f"{tally}, {time.monotonic() - begun:.0f} s: all well")


if __name__ == "__main__":
    main()
