"""A wire that is cut, that stalls, or that loses or changes octets: nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.wire import HOWS, PLACES, Place, Trial, spread
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import How

POINTS = 2
"""A part; ``python -m tests.faults.wire`` does many."""

pytestmark = pytest.mark.server


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_disturbed_wire(server: Dovecot, tmp_path: Path, place: Place, how: How) -> None:
    whole = Trial(server, tmp_path, place, how).octets()
    for after in spread(whole, POINTS):
        Trial(server, tmp_path, place, how).run(after)
