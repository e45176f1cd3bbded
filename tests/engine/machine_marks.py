"""The state machine's marks: what a person deletes by hand goes from there, and nowhere else."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from mailsync_tui.engine.model import Options
from mailsync_tui.ledger.reader import FILE_NAME, open_ledger
from mailsync_tui.message import summary_of_header
from tests.engine.bench import Bench
from tests.engine.undoing import Killed

PLACES = ("isp", "work", "old", "consolidated")


class Marking:
    """Mixed into the machine, which knows the mail and where it lies."""

    bench: Bench
    all: list[Any]
    floor: int
    _sync: Any
    _plain: Any
    _find: Any
    _copies: Any
    _anything_away: Any

    @precondition(lambda self: self.floor > 0 and not self._anything_away())
    @rule(
        message=st.runner().flatmap(lambda self: st.sampled_from(self.all)),
        scope=st.sampled_from(["", *PLACES]),
        dies=st.sampled_from([None, *PLACES]),
        done=st.booleans(),
    )
    def marked_by_hand(self, message: Any, scope: str, dies: str | None, done: bool) -> None:
        """(k) A marked message goes where it was marked, killed or not, and so does its mark."""
        for _ in range(3):
            if self._sync((), []) is None:
                return
        plan = self.bench.plan()
        subject = summary_of_header(message.data).subject
        held = any(each.subject == subject for each in plan.held)
        if plan.lines or held or plan.blocked or plan.waiting or not self._plain(message):
            return
        places = {n: self._find(message, n) for n, k in self._copies(message).items() if k == 1}
        if message.deleted or max(self._copies(message).values()) > 1:
            return
        if "consolidated" not in places or any(place[0] != "INBOX" for place in places.values()):
            return
        if scope and scope not in places:
            return
        folder, uid = places["consolidated"]
        name = f"consolidated:{folder}:{uid}"
        note(f"marked {name}, from {scope or 'everywhere'}; it lay in {sorted(places)}")
        options = Options((), marks=(name,), scope=scope)
        real = {name: box.delete for name, box in self.bench.boxes.items()}
        if dies is not None:

            def killed(*args: Any) -> Any:
                if done:
                    real[dies](*args)
                raise Killed

            vars(self.bench.boxes[dies])["delete"] = killed
        message.deleted = True
        try:
            with self.bench.session() as session:
                session.sync(options, lambda plan: frozenset())
        except Killed:
            pass
        finally:
            for box in self.bench.boxes.values():
                vars(box).pop("delete", None)
        self.bench.wait()
        for _ in range(3):
            self.bench.sync(marked=True)
        left = {name for name, count in self._copies(message).items() if count}
        assert left == {name for name in places if scope not in ("", name)}, (
            f"(k) marked from {scope or 'everywhere'}, it is left in {sorted(left)}"
        )
        with closing(open_ledger(self.bench.directory / FILE_NAME)) as ledger:
            assert not ledger.marked(), "(k) a mark outlives its message"
