"""Every story of the planner's table: run, run again, and killed after every single step."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.scenarios import SCENARIOS, Scenario, together
from tests.faults.steps import after, contents, disturbed, without_a_copy


@pytest.mark.story("killed")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_killed_after_every_step_and_resumed_it_ends_the_same(
    scenario: Scenario, tmp_path: Path
) -> None:
    begun = scenario.bench(tmp_path / "begun")
    undisturbed = begun.again(tmp_path / "undisturbed")
    steps = disturbed(scenario, undisturbed)
    assert len(steps.taken) > 8
    expected = after(scenario, undisturbed)
    assert expected[1] == [], "the next plan is not empty"
    scenario.settle(undisturbed)
    assert contents(undisturbed) == expected[0], "a second run did something"
    for number, step in enumerate(steps.taken):
        bench = begun.again(tmp_path / str(number))
        assert disturbed(scenario, bench, number).dead
        scenario.settle(bench)
        assert after(scenario, bench) == expected, f"killed at step {number}: {step}"
        assert not without_a_copy(bench)


def test_stories_are_told_at_once(tmp_path: Path) -> None:
    by_name = {scenario.name: scenario for scenario in SCENARIOS}
    both = together(by_name["late copy"], by_name["collect"], by_name["forward"])
    assert [len(stage) for stage in both.stages] == [1, 2, 3]
    bench = both.bench(tmp_path)
    assert len(bench.plan().lines) == 2  # collected, and gone
    assert len(bench.plan().held) == 1
