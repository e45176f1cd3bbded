"""A state machine over the whole engine: people, servers and outages; what holds all the same.

Every step is something that a person, a server or the network does; after every sync the promises
are checked: (a) a message that nobody deleted survives everywhere a person left it; (b) nothing is
collected where it is present; (c) a second plan is empty (a third, where bytes had to be fetched to
be compared); (d) a line taken out never happens later unasked; (e) where all is settled, one
deletion reaches every copy; (f) what an undo put back is where it was, once, and no sync takes it
away unasked; (g) what a server stored late, beside another copy, is there once in the end; (h) an
account that stays away holds up what may have been moved there for seven days, and then no more;
(i) a server that hangs at one message keeps no other from being done; (j) a plan that is kept is
the one that would be made in full; (k) what was marked by hand goes from where it was marked and
nowhere else, killed or not, and a mark never outlives its message.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    precondition,
    rule,
)

from mailsync_tui.config.model import Holds
from mailsync_tui.engine.model import Options, Place, Plan
from mailsync_tui.errors import SessionError
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.reader import FILE_NAME, open_ledger
from mailsync_tui.mailboxes.base import Unreachable
from mailsync_tui.message import content_digest, identity_of, summary_of_header
from tests.builders import mail
from tests.engine.bench import Bench
from tests.engine.machine_away import StayingAway
from tests.engine.machine_marks import Marking
from tests.engine.machine_undo import Undoing

ACCOUNTS = {"isp": "pop3", "work": "imap", "old": "imap"}
DOOR = "door"
"""An account that is the INBOX of the consolidated mailbox: filing deletes nothing."""
MOVABLE = ("work", "old", "consolidated")
EVERYWHERE = (*ACCOUNTS, "consolidated")
SEEN = frozenset({"INBOX", "Archive", "Junk", "Drafts", "Sent"})
DIRECTIONS = st.sampled_from(
    [(), ("collect",), ("forward",), ("reverse",), ("forward", "reverse"), ("collect", "forward")]
)


class Mail:
    """One message: its bytes, and whether a person ever deleted a copy."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.deleted = False
        self.unsure = False
        """A person edited or duplicated it in a way that makes 'left there' meaningless."""


def _subject(message: Mail) -> str:
    return summary_of_header(message.data).subject


class Machine(Undoing, StayingAway, Marking, RuleBasedStateMachine):
    """People and servers."""

    mails = Bundle("mails")

    def __init__(self) -> None:
        super().__init__()
        self.kept, self.undone = set(), set()
        self.moved, self.listed = {}, {}
        self.directory = Path(tempfile.mkdtemp(prefix="machine-"))
        self.floor = 1000
        self.bench = Bench(self.directory, ACCOUNTS, max_delete_floor=self.floor)
        self.bench.config = replace(self.bench.config, holds=Holds(flagged=True))
        self.number = 0
        self.all: list[Mail] = []
        self.left: dict[int, set[str]] = {}
        """Where a person or a provider left each message (by index), or we collected it to."""
        self.declined: dict[tuple[str, str | None, str], set[Place]] = {}
        """What a person took out, by kind, account and subject, and what those lines named."""
        self.exit = 0

    def teardown(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    @initialize(
        target=mails,
        where=st.lists(
            st.sets(st.sampled_from(sorted(ACCOUNTS)), min_size=1), min_size=2, max_size=4
        ),
        named=st.booleans(),
        floor=st.sampled_from([1000, 1000, 0]),
        nameless=st.sampled_from([False, False, True]),
        door=st.sampled_from([None, None, "imap", "pop3"]),
    )
    def some_mail_was_synced(
        self,
        where: list[set[str]],
        named: bool,
        floor: int,
        nameless: bool = False,
        door: str | None = None,
    ) -> Any:
        """On ``isp``, or not, by a server that has neither UIDL nor TOP."""
        self.floor = floor
        self.bench.boxes["isp"].nameless = nameless
        if door is not None:
            self._open_a_second_door(door)
        self.bench.guards(max_delete_floor=floor)
        mails = []
        for accounts in where:
            self.number += 1
            first, *others = sorted(accounts)
            message = self._add(mail(self.number, message_id=named or self.number > 1), first)
            for account in others:
                self.bench.deliver(account, message.data)
                self.left[len(self.all) - 1].add(account)
            mails.append(message)
        self._sync((), [])
        self._check_survival()
        return multiple(*mails)

    def _open_a_second_door(self, kind: str) -> None:
        bench = Bench(self.directory, {**ACCOUNTS, DOOR: kind})
        bench.boxes = self.bench.boxes | {DOOR: bench.boxes[DOOR]}
        bench.boxes[DOOR].folders = {"INBOX": bench.home.folders["INBOX"]}
        config = self.bench.config
        bench.config = replace(bench.config, guards=config.guards, holds=config.holds)
        self.bench = bench

    # --- what happens

    @rule(target=mails, account=st.sampled_from(sorted(ACCOUNTS)), named=st.booleans())
    def new_mail(self, account: str, named: bool) -> Mail:
        self.number += 1
        return self._add(mail(self.number, message_id=named), account)

    @rule(target=mails)
    def own_mail(self) -> Mail:
        self.number += 1
        return self._add(mail(self.number), "consolidated")

    @rule(
        target=mails,
        like=mails,
        where=st.lists(st.sampled_from(EVERYWHERE), min_size=1, max_size=3),
    )
    def same_headers(self, like: Mail, where: list[str]) -> Any:
        """Equal headers, and each another body."""
        head = like.data.partition(b"\r\n\r\n")[0]
        self._touched(like)
        others = []
        for mailbox in where:
            self.number += 1
            data = head + b"\r\n\r\nanother text %d\r\n" % self.number
            others.append(self._add(data, mailbox))
        return multiple(*others)

    @rule(message=mails, account=st.sampled_from(sorted(ACCOUNTS)))
    def deliver_once_more(self, message: Mail, account: str) -> None:
        """Twice to the same account, or late to another one."""
        self.bench.deliver(account, message.data)
        self.left[self.all.index(message)].add(account)
        self._touched(message)

    @rule(message=mails, mailbox=st.sampled_from(EVERYWHERE))
    def delete(self, message: Mail, mailbox: str) -> None:
        place = self._find(message, mailbox)
        if place:
            self.bench.boxes[mailbox].remove(*place)
            message.deleted = True
            self._taken_away(message, mailbox)
            self._touched(message)

    @rule(message=mails, mailbox=st.sampled_from(MOVABLE), to=st.sampled_from(["INBOX", "Archive"]))
    def file(self, message: Mail, mailbox: str, to: str) -> None:
        place = self._find(message, mailbox)
        if place and place[0] != to:
            self.bench.boxes[mailbox].move(*place, to)
            self._touched(message)

    @rule(message=mails, mailbox=st.sampled_from(MOVABLE))
    def throw_away(self, message: Mail, mailbox: str) -> None:
        place = self._find(message, mailbox)
        if place:
            self.bench.boxes[mailbox].move(*place, "Trash")
            message.deleted = True
            self._taken_away(message, mailbox)
            self._touched(message)

    @rule(message=mails, mailbox=st.sampled_from(MOVABLE))
    def restore_from_trash(self, message: Mail, mailbox: str) -> None:
        box = self.bench.boxes[mailbox]
        for uid, held in list(box.folders["Trash"].messages.items()):
            if held.data == message.data:
                box.move("Trash", uid, "INBOX")
                self._touched(message)
                return

    @rule(message=mails, source=st.sampled_from(EVERYWHERE), to=st.sampled_from(MOVABLE))
    def move(self, message: Mail, source: str, to: str) -> None:
        """Between accounts, to and from the consolidated mailbox."""
        place = self._find(message, source)
        if not place or source == to:
            return
        self.bench.boxes[source].remove(*place)
        self.bench.deliver(to, message.data)
        places = self.left[self.all.index(message)]
        self._taken_away(message, source)
        if not self._find(message, source):
            places.discard(source)
        places.add(to)
        self.note_moved(self.all.index(message), to)
        self._touched(message)

    @rule(message=mails, text=st.integers(0, 9))
    def edit_as_draft(self, message: Mail, text: int) -> None:
        """A draft with the same headers, replaced by a newer version."""
        head, _, _ = message.data.partition(b"\r\n\r\n")
        drafts = self.bench.home.folders["Drafts"]
        for uid, held in list(drafts.messages.items()):
            if held.data.startswith(head):
                self.bench.home.remove("Drafts", uid)
        data = head + b"\r\n\r\ndraft %d\r\n" % text
        self.bench.home.deliver("Drafts", data, flags=["\\Draft"])

    @rule(mailbox=st.sampled_from(EVERYWHERE))
    def renumber(self, mailbox: str) -> None:
        self.bench.boxes[mailbox].renumber("INBOX")
        for message in self.all:
            if self._find(message, mailbox):
                self._touched(message)

    @rule(message=mails, mailbox=st.sampled_from(MOVABLE))
    def mark_deleted(self, message: Mail, mailbox: str) -> None:
        place = self._find(message, mailbox)
        if place:
            self.bench.boxes[mailbox].mark_deleted(*place)
            self._touched(message)

    @rule(message=mails, mailbox=st.sampled_from(MOVABLE))
    def flag(self, message: Mail, mailbox: str) -> None:
        """Flagged mail is protected here: no sync takes it away again."""
        place = self._find(message, mailbox)
        if place:
            self.bench.boxes[mailbox].flag(*place, "\\Flagged")
            self._touched(message)

    @rule(
        mailbox=st.sampled_from(EVERYWHERE),
        how=st.sampled_from(["away", "broken off", "too large"]),
    )
    def trouble(self, mailbox: str, how: str) -> None:
        box = self.bench.boxes[mailbox]
        if how == "away":
            box.unreachable = "no route to host"
        elif how == "too large" and box.nameless:
            box.note = "all mail is more than may be fetched"
        else:
            box.incomplete = "the connection broke"

    @precondition(lambda self: self.floor == 0 and not self.bench.boxes["isp"].nameless)
    @rule(hides=st.booleans())
    def the_provider_hides_what_is_fetched(self, hides: bool) -> None:
        """From the next RETR on, or no more; what is hidden stays so."""
        self.bench.boxes["isp"].hides = hides

    @rule()
    def trouble_ends(self) -> None:
        self._calm()

    def _was_sent(self, message: Mail) -> bool:
        """Whether the intent to store it is open."""
        key = identity_of(message.data).key
        with contextlib.closing(open_ledger(self.bench.directory / FILE_NAME)) as ledger:
            sent = [a.message for a in journal.unsettled(ledger) if a.message is not None]
            rows = ledger.messages(sent).values()
        return any(row.identity is not None and row.identity.key == key for row in rows)

    @precondition(lambda self: not self._anything_away())
    @rule(
        target=mails,
        account=st.sampled_from(sorted(ACCOUNTS)),
        meanwhile=st.lists(DIRECTIONS, max_size=2),
    )
    def stored_late(self, account: str, meanwhile: list[tuple[str, ...]]) -> Mail:
        """(g) The connection breaks, and the server stores what it was sent when it comes to it."""
        self.number += 1
        message = self._add(mail(self.number), account)

        def fail(step: str, index: int) -> None:
            if step == "store":
                raise Unreachable("the connection broke")

        self.bench.home.fault = fail
        self._sync((), [])
        self.bench.home.fault = None
        sent = self._was_sent(message)
        for directions in meanwhile:
            self._sync(directions, [])
        if not sent:  # the connection broke at what stood before it
            return message
        self.bench.home.deliver("INBOX", message.data)
        plans = [self._sync((), []) for _ in range(2)]
        if all(plan is not None and not plan.blocked for plan in plans):
            assert self._copies(message)["consolidated"] == 1, "(g) doubled"
        self._check_survival()
        return message

    @precondition(lambda self: not self._anything_away())
    @rule(
        target=mails,
        message=mails,
        account=st.sampled_from(sorted(ACCOUNTS)),
        mailbox=st.sampled_from(EVERYWHERE),
        new=st.booleans(),
    )
    def a_server_hangs_at_one(self, message: Mail, account: str, mailbox: str, new: bool) -> Any:
        """(i) Whatever is asked of it for one message, while more comes; then somebody mends it."""
        box = self.bench.boxes[mailbox]
        if box.nameless:
            return multiple()  # it cannot even be listed
        mails = []
        for _ in range(3):
            self.number += 1
            mails.append(self._add(mail(self.number), account))
        if new:
            message = mails[1]
        box.breaks_at.add(message.data)
        if all(self._sync((), []) for _ in range(2)):
            plan = self.bench.plan()
            name = _subject(message)
            others = [line for line in plan.lines if line.subject != name]
            assert not others, f"(i) not done, as {mailbox} hangs at {name}: {others}"
            self._check_nothing_is_passed_over(plan, name)
        box.breaks_at.clear()
        # What it hung at sits out some syncs, for a day at most.
        self.bench.wait(minutes=24 * 60)
        self._sync((), [])
        self._check_survival()
        return multiple(*mails)

    # --- syncs

    @rule(
        directions=DIRECTIONS,
        taken=st.lists(st.integers(0, 5), max_size=3),
        fault=st.none()
        | st.tuples(
            st.sampled_from(EVERYWHERE),
            st.sampled_from(["heads", "fetch", "store", "stored", "delete", "deleted"]),
            st.integers(0, 4),
        ),
    )
    def sync(self, directions: tuple[str, ...], taken: list[int], fault: Any) -> None:
        if fault:
            self._break(*fault)
        plan = self._sync(directions, taken)
        for box in self.bench.boxes.values():
            box.fault = None
        if plan is None:
            return
        self._check_survival()
        calm = not fault and not taken and not directions and not self._anything_away()
        if calm and any(line.compare for line in plan.lines):
            # It turned out not to be the one that is absent: so that one is gone.
            calm = self._sync((), []) is not None
            self._check_survival()
        if calm and self.exit == 0:
            self._check_second_plan()

    def _break(self, mailbox: str, operation: str, at: int) -> None:
        countdown = [at]

        def fail(step: str, index: int) -> None:
            if step == operation:
                countdown[0] -= 1
                if countdown[0] < 0:
                    raise Unreachable("the connection broke")

        self.bench.boxes[mailbox].fault = fail

    @precondition(lambda self: self.floor > 0 and not self._anything_away())
    @rule(message=mails, mailbox=st.sampled_from(EVERYWHERE))
    def one_deletion_when_all_is_settled(self, message: Mail, mailbox: str) -> None:
        """(e) A deletion reaches every copy that ``allow`` lets it."""
        for _ in range(3):
            if self._sync((), []) is None:
                return
        plan = self.bench.plan()
        assert not plan.lines, plan.lines
        if plan.held or plan.blocked or plan.waiting or not self._plain(message):
            return
        place = self._find(message, mailbox)
        if not place or max(self._copies(message).values()) > 1 or message.deleted:
            return
        if self.all.index(message) in self.undone:
            return  # the consolidated mailbox's own
        if any(place[0] != "INBOX" for a in ACCOUNTS if (place := self._find(message, a))):
            return  # copies outside ``folders`` are never deleted
        place = self._find(message, mailbox)
        assert place
        self.bench.boxes[mailbox].remove(*place)
        message.deleted = True
        note(f"deleted in {mailbox}; copies before: {self._copies(message)}")
        self._sync((), [])
        self._sync((), [])
        left = {name: n for name, n in self._copies(message).items() if n}
        assert not left, f"one deletion did not reach {left}"

    # --- the promises

    def _check_survival(self) -> None:
        for index, message in enumerate(self.all):
            if message.deleted:
                continue
            for mailbox in self.left[index]:
                assert self._find(message, mailbox), (
                    f"(a) nobody deleted {message.data!r}, and {mailbox} does not hold it"
                )
            if self._find(message, "consolidated"):
                self.left[index].add("consolidated")
        self._check_kept()

    def _check_kept_plan(self, options: Options) -> None:
        """(j) A plan that is kept is the one that would be made in full, now and for a year."""
        faults = {name: box.fault for name, box in self.bench.boxes.items()}
        for box in self.bench.boxes.values():
            box.fault = None
        now = self.bench.now
        for days in (0, 1, 8, 366):
            self.bench.now = now + timedelta(days=days)
            self.bench.plan(*options.directions)
        self.bench.now = now
        for name, box in self.bench.boxes.items():
            box.fault = faults[name]

    def _check_second_plan(self) -> None:
        plan = self.bench.plan()
        # What was stored has come to the other door.
        lines = [n for n in plan.lines if n.account != DOOR or not (n.kind == "adopt" or n.compare)]
        assert not lines, f"(c) a second plan is not empty: {lines}"
        self._check_nothing_is_passed_over(plan)

    def _check_nothing_is_passed_over(self, plan: Plan, but: str = "") -> None:
        """What an account lists is in the consolidated mailbox, or held with a reason.

        Args:
            plan: A plan of now.
            but: The subject of what could not be collected.
        """
        if plan.blocked or plan.waiting:
            return
        held = {(each.message_id, each.subject) for each in plan.held}
        gathered = {
            content_digest(message.data)
            for folder in self.bench.home.folders.values()
            for message in folder.messages.values()
        }
        for account in ACCOUNTS:
            box = self.bench.boxes[account]
            for uid, message in box.folders["INBOX"].messages.items():
                if ("INBOX", uid) in box.hidden:
                    continue
                summary = summary_of_header(message.data)
                name = (identity_of(message.data).message_id, summary.subject)
                left = "\\Deleted" in message.flags or summary.subject == but
                if not left and name not in held:
                    assert content_digest(message.data) in gathered, f"(e) passed over: {name}"

    # --- helpers

    def _add(self, data: bytes, mailbox: str) -> Mail:
        message = Mail(data)
        self.all.append(message)
        self.bench.deliver(mailbox, data)
        self.left[len(self.all) - 1] = {mailbox}
        return message

    def _touched(self, message: Mail) -> None:
        subject = _subject(message)
        self.declined = {d: at for d, at in self.declined.items() if d[2] != subject}

    def _find(self, message: Mail, mailbox: str) -> tuple[str, Any] | None:
        for name, folder in self.bench.boxes[mailbox].folders.items():
            if name in SEEN:
                for uid, held in folder.messages.items():
                    if held.data == message.data:
                        return name, uid
        return None

    def _copies(self, message: Mail) -> Counter[str]:
        return Counter(
            {
                name: sum(
                    held.data == message.data
                    for folder, content in box.folders.items()
                    if folder in SEEN
                    for held in content.messages.values()
                )
                for name, box in self.bench.boxes.items()
                if name != DOOR
            }
        )

    def _plain(self, message: Mail) -> bool:
        """Nothing about it that a rule treats apart: no equal headers, no mark, not a draft."""
        head = message.data.partition(b"\r\n\r\n")[0]
        alike = [
            held
            for box in self.bench.boxes.values()
            for folder in box.folders.values()
            for held in folder.messages.values()
            if held.data.startswith(head + b"\r\n\r\n")
        ]
        return all(
            h.data == message.data and not h.flags & {"\\Deleted", "\\Flagged"} for h in alike
        ) and not self._alike(message)

    def _alike(self, message: Mail) -> bool:
        """Whether another one has its headers."""
        head = message.data.partition(b"\r\n\r\n")[0]
        return any(m is not message and m.data.startswith(head + b"\r\n\r\n") for m in self.all)

    def _away(self, mailbox: str) -> bool:
        box = self.bench.boxes[mailbox]
        return any(why is not None for why in (box.unreachable, box.incomplete, box.note))

    def _anything_away(self) -> bool:
        return any(self._away(name) for name in self.bench.boxes)

    def _calm(self) -> None:
        for box in self.bench.boxes.values():
            box.unreachable = box.incomplete = box.note = None

    def _sync(self, directions: tuple[str, ...], taken: list[int]) -> Plan | None:
        shown: list[Plan] = []

        def choose(plan: Plan) -> frozenset[str]:
            shown.append(plan)
            for line in plan.lines:
                if line.compare:
                    continue  # its bytes tell whether it was
                account = line.account if line.kind == "reverse-delete" else None
                key = (line.kind, account, line.subject)
                if len([m for m in self.all if _subject(m) == line.subject]) > 1:
                    assert not self.declined.get(key, set()).intersection(line.copies), f"(d) {key}"
                else:
                    assert key not in self.declined, f"(d) {key} was taken out before"
            out = {plan.lines[i % len(plan.lines)].id for i in taken} if plan.lines else set()
            for line in plan.lines:
                if line.id in out and line.kind in ("collect", "forward-delete", "reverse-delete"):
                    account = None if line.kind != "reverse-delete" else line.account
                    key = (line.kind, account, line.subject)
                    self.declined.setdefault(key, set()).update(line.copies)
            return frozenset(out)

        flagged, declined = self._flagged(), set(self.declined)
        options = Options(directions=directions) if directions else Options()  # type: ignore[arg-type]
        before = {id(m): self._copies(m)["consolidated"] for m in self.all}
        self.before_sync()
        try:
            with self.bench.session() as session:
                result = session.sync(options, choose)
                self.exit = result.exit
            self.after_sync(result.plan, self.bench.now)
        except SessionError:
            return None
        finally:
            self.bench.wait()
            gone = flagged - self._flagged()
            assert not gone, f"flagged, and deleted by a sync: {gone}"
            for message in self.all:
                grown = self._copies(message)["consolidated"] - before[id(message)]
                assert grown <= 1, f"(b) collected {grown} times: {message.data!r}"
                if grown > 0:
                    key = ("collect", None, _subject(message))
                    assert key not in declined or self._alike(message), (
                        f"(d) {key} was taken out before"
                    )
                    was = before[id(message)]
                    assert was == 0 or self._only_drafts(message), (
                        f"(b) collected where it was present: {message.data!r}"
                    )
        self._check_kept_plan(options)
        return result.plan

    def _flagged(self) -> set[tuple[str, str, Any]]:
        """Where flagged mail lies."""
        return {
            (name, folder, uid)
            for name, box in self.bench.boxes.items()
            for folder, content in box.folders.items()
            for uid, held in content.messages.items()
            if "\\Flagged" in held.flags
        }

    def _only_drafts(self, message: Mail) -> bool:
        return any(
            held.data == message.data
            for name in ("Drafts", "Sent")
            for held in self.bench.home.folders[name].messages.values()
        )


_EXAMPLES = os.environ.get("MAILSYNC_MACHINE_EXAMPLES")
Machine.TestCase.settings = settings(
    max_examples=int(_EXAMPLES or "60"),
    derandomize=_EXAMPLES is None,  # whoever asks for more looks for what nobody has seen
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestMachine = Machine.TestCase
