"""Disturb the wire of a sync at many places, heal it, and look that nothing is amiss.

``python -m tests.faults.wire --points 200`` does so for POP3 and IMAP accounts and for an IMAP
consolidated mailbox, with every way a wire can fail, against a real Dovecot.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from mailsync_tui.config.load import load_config
from mailsync_tui.engine.model import Options
from mailsync_tui.engine.outcome import everything
from mailsync_tui.errors import SessionError
from mailsync_tui.mailboxes.base import Mailbox
from mailsync_tui.mailboxes.imap import connection as imap_connection
from mailsync_tui.mailboxes.imap.mailbox import ImapMailbox
from mailsync_tui.mailboxes.pop3 import mailbox as pop3
from mailsync_tui.mailboxes.pop3.mailbox import Pop3Mailbox
from mailsync_tui.session.session import Session
from tests.e2e.world import HOME, Kind, World
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.proxy import How, Proxy

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNT = 12
GONE_HERE, GONE_THERE = frozenset({1, 2, 3}), frozenset({5, 6})
"""Deleted on the account, and in the consolidated mailbox."""
NEW = frozenset({20, 21, 22})
LEFT = frozenset(range(COUNT)) | NEW
_SECONDS = 0.5
"""Silence after which a stalled wire is given up; on loopback nothing takes so long."""
_NUMBERS = itertools.count()


@dataclass(frozen=True, slots=True)
class Place:
    """Which wire is disturbed."""

    account: Kind
    disturbed: str
    """``isp``, or the consolidated mailbox."""

    def __str__(self) -> str:
        """The account's kind, or "home"."""
        return self.account if self.disturbed == "isp" else "home"


PLACES = (Place("pop3", "isp"), Place("imap", "isp"), Place("imap", HOME))
SPOILT: tuple[How, ...] = ("truncate", "garble")
HOWS: tuple[How, ...] = get_args(How)


class Trial:
    """One world with much to do, whose wire fails once.

    Args:
        server: A started Dovecot.
        directory: For the state of the trials.
        place: Which wire.
        how: What happens to it.
    """

    def __init__(self, server: Dovecot, directory: Path, place: Place, how: How) -> None:
        number = next(_NUMBERS)
        self.place, self.how = place, how
        port = server.pop3 if place.account == "pop3" and place.disturbed == "isp" else server.imap
        self.wire = Proxy(port, how=how)
        self.world = World(
            server,
            directory / str(number),
            {"isp": place.account},
            "imap",
            ports={place.disturbed: self.wire.port},
        )

    def prepare(self) -> None:
        """Synchronise, then let the person delete on both sides, and mail arrive.

        Where octets are lost or changed, no mail arrives: no POP3 client can know that of what it
        fetches (sizes in LIST are estimates on some servers).
        """
        self.world.deliver("isp", range(COUNT))
        assert self.world.sync().exit == 0
        self.world.delete("isp", GONE_HERE)
        self.world.delete(HOME, GONE_THERE)
        if self.how not in SPOILT:
            self.world.deliver("isp", NEW)

    def octets(self) -> int:
        """How much the server says on the longest connection of an undisturbed sync."""
        with self.wire:
            self.prepare()
            already = len(self.wire.said)
            assert self.world.sync().exit == 0
            return max(len(said) for said in self.wire.said[already:])

    def run(self, after: int) -> None:
        """Disturb the wire after so many octets, heal it, and look at everything.

        Raises:
            AssertionError: something was lost, doubled, or deleted without cause.
        """
        with self.wire:
            self.prepare()
            self.wire.cut_after = after
            self._disturbed()
            self._look(settled=False)
            self.wire.cut_after = None
            for _ in range(4):
                if not self.world.plan().lines:
                    break
                self.world.sync()
            self._look(settled=True)

    def _disturbed(self) -> None:
        try:
            self._sync()
        except SessionError as error:
            assert error.exit_code == 1
            assert "\n" not in str(error)

    def _sync(self) -> None:
        (person,) = load_config(self.world.config_file).users
        mailboxes: dict[str, Mailbox] = {}
        for config in person.mailboxes:
            if config.type == "pop3":
                quick = pop3.Pop3Timing(_SECONDS, _SECONDS, _SECONDS, _SECONDS, lock=0.05)
                mailboxes[config.name] = Pop3Mailbox(config, lambda: PASSWORD, quick)
            else:
                timing = imap_connection.ImapTiming(_SECONDS, _SECONDS, _SECONDS, late=0.0)
                mailboxes[config.name] = ImapMailbox(config, lambda: PASSWORD, timing)
        with Session(person, self.world.state, mailboxes=mailboxes) as session:
            session.sync(Options(), everything)

    def _look(self, *, settled: bool) -> None:
        here, home = self.world.held("isp"), self.world.held(HOME)
        found = f"{self.place} {self.how}: isp {here}, consolidated {home}"
        if self.how in SPOILT:
            self._look_at_spoilt(here, home, found)
            return
        assert set(here) <= LEFT - GONE_HERE, found
        assert set(home) <= LEFT - GONE_THERE, found
        kept = LEFT - GONE_HERE - GONE_THERE
        assert set(here) >= kept, f"lost on the account; {found}"
        assert set(home) >= kept - (frozenset() if settled else NEW), f"lost; {found}"
        if settled:
            assert here == home == Counter(dict.fromkeys(kept, 1)), found

    def _look_at_spoilt(self, here: Counter[int], home: Counter[int], found: str) -> None:
        """A changed octet may only keep what was to be deleted; nothing else may go."""
        kept = frozenset(range(COUNT)) - GONE_HERE - GONE_THERE
        for held in (here, home):
            assert all(held[number] == 1 for number in kept), found


def spread(whole: int, points: int) -> Sequence[int]:
    """So many offsets, evenly over all that is said."""
    return [whole * number // points for number in range(points)]


def main() -> None:
    """Run the trials, and count them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--how", choices=HOWS, action="append")
    arguments = parser.parse_args()
    with Dovecot() as server, tempfile.TemporaryDirectory(prefix="wire-") as directory:
        for place, how in itertools.product(PLACES, arguments.how or HOWS):
            whole = Trial(server, Path(directory), place, how).octets()
            for after in spread(whole, arguments.points):
                try:
                    Trial(server, Path(directory), place, how).run(after)
                except Exception as error:
                    error.add_note(f"{place}: {how} after {after} of {whole} octets")
                    raise
            print(f"{place}: {how} at {arguments.points} places of {whole} octets: all well")


if __name__ == "__main__":
    main()
