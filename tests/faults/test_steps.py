"""Every story of the planner's table: run, run again, and killed after every single step."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.scenarios import SCENARIOS, Scenario
from tests.faults.steps import after, contents, disturbed, resumed


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_a_second_run_has_nothing_to_do(scenario: Scenario, tmp_path: Path) -> None:
    bench, _ = disturbed(scenario, tmp_path)
    before = contents(bench)
    _, lines, _ = after(scenario, bench)
    assert lines == []
    resumed(scenario, bench)
    assert contents(bench) == before


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_killed_after_every_step_and_resumed_it_ends_the_same(
    scenario: Scenario, tmp_path: Path
) -> None:
    undisturbed, steps = disturbed(scenario, tmp_path / "undisturbed")
    expected = after(scenario, undisturbed)
    assert len(steps.taken) > 8
    for number in range(len(steps.taken)):
        bench, died = disturbed(scenario, tmp_path / str(number), number)
        assert died.dead
        resumed(scenario, bench)
        found = after(scenario, bench)
        assert found == expected, f"killed at step {number}: {steps.taken[number]}"
