"""Messages with equal headers and other bodies, in any mailboxes: one sync settles them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mailsync_tui.engine.apply.collect import DECLINED_BEFORE
from mailsync_tui.errors import OK, SessionError
from mailsync_tui.mailboxes.base import MailboxError, Unreachable
from tests.builders import mail
from tests.engine.bench import Bench, kinds

ACCOUNTS = {"isp": "pop3", "pop": "pop3", "work": "imap", "old": "imap"}


def same_header(number: int, *, named: bool) -> bytes:
    """Equal headers, and a text of its own."""
    head = mail(1, message_id=named).partition(b"\r\n\r\n")[0]
    return head + b"\r\n\r\ntext %d\r\n" % number


CHAINS = {
    "two on one account": "consolidated3 / isp2 isp4",
    "and one of them is the own one": "consolidated4 isp3 isp4 isp1",
    "over two accounts": "work1 work4 isp3 consolidated1",
    "one of them twice": "isp3 consolidated2 isp3",
    "many": "isp3 consolidated3 isp5 old5 isp4 isp1 isp5 work4",
    "two own ones": "old1 old1 old2 consolidated1 consolidated3",
    "some later": "pop4 consolidated3 isp1 consolidated4 / old3 old3 isp1",
    "none of the own": "isp1 isp2 / pop2 pop3 work3 / old4 work1",
}


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_a_chain_of_them_takes_one_sync(tmp_path: Path, chain: str, named: bool) -> None:
    bench = Bench(tmp_path, ACCOUNTS)
    bench.sync()
    everything = set()
    for arrived in chain.split("/"):
        for place in arrived.split():
            message = same_header(int(place[-1]), named=named)
            everything.add(message)
            bench.deliver(place[:-1], message)
        plan = bench.plan()
        result = bench.sync()
        assert result.exit == OK
        assert len(result.lines) == len(plan.lines)  # each has its result
        assert kinds(bench.plan()) == []
    assert [bench.holds("consolidated", message) for message in everything] == [1] * len(everything)


@pytest.mark.parametrize("named", [True, False])
def test_each_of_a_chain_is_deleted_for_itself(tmp_path: Path, named: bool) -> None:
    bench = Bench(tmp_path, ACCOUNTS)
    bench.deliver("consolidated", same_header(1, named=named))
    for account, number in (("work", 1), ("work", 2), ("old", 2), ("old", 3)):
        bench.deliver(account, same_header(number, named=named))
    bench.sync()
    bench.remove("old", same_header(2, named=named))
    bench.remove("work", same_header(1, named=named))
    bench.sync()
    left = [bench.holds("consolidated", same_header(number, named=named)) for number in (1, 2, 3)]
    assert left == [0, 0, 1]
    assert bench.holds("work", same_header(2, named=named)) == 0
    assert kinds(bench.plan()) == []


def test_beside_an_own_one_that_is_unlike_it_is_collected(tmp_path: Path) -> None:
    """Its bytes were read before; those of the own copy, which has its headers, were not."""
    bench = Bench(tmp_path, ACCOUNTS)
    one, two, three = (same_header(number, named=True) for number in (1, 2, 3))
    bench.deliver("work", one)
    bench.deliver("consolidated", two)
    bench.sync("forward")
    bench.remove("consolidated", two)
    bench.sync("forward")
    bench.deliver("consolidated", three)
    assert kinds(bench.plan()) == [("adopt", "work")]
    assert bench.sync("forward").exit != OK
    assert bench.holds("consolidated", one) == 0
    assert bench.sync().exit == OK
    assert (bench.holds("consolidated", one), bench.holds("consolidated", three)) == (1, 1)
    assert kinds(bench.plan()) == []


def test_one_that_was_not_stored_is_stored_once_though_two_accounts_have_it(tmp_path: Path) -> None:
    """Of one account it is believed to be the message that ended, of the other it is known."""
    bench = Bench(tmp_path, ACCOUNTS)
    one, two = (same_header(number, named=True) for number in (1, 2))
    for account in ("work", "old"):
        bench.deliver(account, one)
    bench.sync()
    bench.remove("work", one)
    bench.sync()
    for account in ("work", "old"):
        bench.deliver(account, two)

    def fault(step: str, index: int) -> None:
        if step == "store":
            raise Unreachable("the connection broke")

    bench.home.fault = fault
    bench.sync()
    bench.home.fault = None
    assert bench.sync().exit == OK
    assert bench.holds("consolidated", two) == 1
    assert kinds(bench.plan()) == []


PASSED_OVER = {
    "without a Message-ID": lambda n: same_header(n, named=False),
    "without any header": lambda n: b"\r\njust text %d\r\n" % n,
}


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("message", PASSED_OVER.values(), ids=PASSED_OVER)
def test_a_run_that_did_not_collect_them_hides_none(
    tmp_path: Path, message: Callable[[int], bytes], count: int
) -> None:
    bench = Bench(tmp_path, ACCOUNTS)
    for number in range(count):
        bench.deliver("isp", message(number))
    for _ in range(2):
        bench.sync("forward")
        assert kinds(bench.plan()) == [("collect", "isp")] * count
    bench.sync(without=["collect"])
    plan = bench.plan()
    assert kinds(plan) == []
    assert [held.rule for held in plan.held] == ["declined"] * count
    assert len(bench.sync(reconsider=True).lines) == count
    found = {one.data for one in bench.home.folders["INBOX"].messages.values()}
    assert {message(number) for number in range(count)} <= found
    assert bench.plan().lines == ()


def test_a_failed_store_hides_none(tmp_path: Path) -> None:
    bench = Bench(tmp_path, ACCOUNTS)
    for number in range(2):
        bench.deliver("isp", same_header(number, named=False))

    def fail(step: str, index: int) -> None:
        if step == "store":
            raise Unreachable("the connection broke")

    bench.home.fault = fail
    bench.sync()
    bench.home.fault = None
    assert kinds(bench.plan()) == [("collect", "isp")] * 2
    assert bench.sync().exit == OK
    assert len(bench.home.folders["INBOX"].messages) == 3


def _twins(directory: Path, account: str) -> Bench:
    bench = Bench(directory, ACCOUNTS)
    for number in (1, 2):
        bench.deliver(account, same_header(number, named=True))
    bench.sync()
    return bench


def _settled(bench: Bench) -> bool:
    """Whether nothing is to be done, also once that is recorded."""
    for _ in range(3):
        plan = bench.plan()
        if plan.lines or plan.held:
            return False
        bench.sync()
    return True


@pytest.mark.parametrize("account", ["isp", "work"])
def test_moved_to_the_consolidated_mailbox_though_it_was_collected(
    tmp_path: Path, account: str
) -> None:
    """Two copies lie there then: which message came is read, as its headers do not tell."""
    bench = _twins(tmp_path, account)
    two = same_header(2, named=True)
    bench.remove(account, two)
    bench.deliver("consolidated", two)
    assert _settled(bench)
    assert bench.holds("consolidated", two) == 2


@pytest.mark.parametrize("error", [Unreachable("away"), MailboxError("not this one")])
def test_what_cannot_be_read_may_be_what_was_moved(tmp_path: Path, error: MailboxError) -> None:
    """Whether the connection broke at it, or it never comes: nothing is deleted for it."""
    bench = _twins(tmp_path, "isp")
    two = same_header(2, named=True)
    bench.remove("isp", two)
    bench.deliver("consolidated", two)

    def fail(step: str, index: int) -> None:
        if step == "fetch":
            raise error

    bench.home.fault = fail
    if isinstance(error, Unreachable):
        assert bench.plan().lines == ()
        with pytest.raises(SessionError):
            bench.sync()
        bench.wait()
        bench.home.fault = None
    assert _settled(bench)
    assert bench.holds("consolidated", two) == 2


def test_a_draft_with_the_headers_of_one_that_is_thrown_away(tmp_path: Path) -> None:
    """It is another message, and that shows in the plan that sees both."""
    bench = _twins(tmp_path, "work")
    bench.home.deliver("Drafts", same_header(3, named=True), flags=["\\Draft"])
    bench.move("work", same_header(2, named=True), "Trash")
    assert kinds(bench.plan()) == [("forward-delete", "work")]
    bench.sync()
    assert bench.holds("consolidated", same_header(1, named=True)) == 1
    assert _settled(bench)


def test_one_that_was_taken_out_is_not_collected_from_where_its_bytes_are_not_known(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path, ACCOUNTS)
    message = same_header(1, named=False)
    bench.deliver("work", message)
    bench.sync(without=["collect"])
    bench.deliver("isp", message)
    (line,) = bench.plan().lines
    assert (line.kind, line.account, line.compare) == ("collect", "isp", True)
    (result,) = bench.sync().lines
    assert (result.outcome, result.reason) == ("skipped", DECLINED_BEFORE)
    assert bench.holds("consolidated", message) == 0
    assert [each.rule for each in bench.plan().held] == ["declined"]
    assert kinds(bench.plan()) == []
    bench.sync(reconsider=True)
    assert bench.holds("consolidated", message) == 1
    assert kinds(bench.plan()) == []


def test_one_that_two_accounts_have_is_there_already_and_is_not_stored(tmp_path: Path) -> None:
    """The bytes of one account's are known before they are fetched, those of the others are not."""
    bench = Bench(tmp_path, ACCOUNTS)
    bench.boxes["isp"].nameless = True
    bench.deliver("isp", same_header(1, named=True))
    bench.sync()
    two = same_header(2, named=True)
    for mailbox in ("consolidated", "isp", "old"):
        bench.deliver(mailbox, two)
    assert bench.sync().exit == OK
    assert bench.holds("consolidated", two) == 1
    assert kinds(bench.plan()) == []
    bench.remove("old", two)
    assert kinds(bench.plan()) == [("forward-delete", "old"), ("reverse-delete", "isp")]


def test_beside_an_own_one_that_cannot_be_read_nothing_is_passed_over(tmp_path: Path) -> None:
    bench = Bench(tmp_path, ACCOUNTS)
    bench.deliver("consolidated", same_header(1, named=False))
    for number in (2, 3):
        bench.deliver("work", same_header(number, named=False))
    bench.home.breaks_at.add(same_header(1, named=False))
    for _ in range(2):
        assert kinds(bench.plan()) == [("collect", "work")] * 2
        assert {line.outcome for line in bench.sync().lines} == {"failed"}
    bench.home.breaks_at.clear()
    bench.sync()
    assert [bench.holds("consolidated", same_header(n, named=False)) for n in (1, 2, 3)] == [1] * 3


def test_beside_one_that_was_taken_out_unread_nothing_is_passed_over(tmp_path: Path) -> None:
    bench = Bench(tmp_path, ACCOUNTS)
    bench.deliver("isp", same_header(1, named=False))
    bench.sync(without=["collect"])
    bench.deliver("work", same_header(2, named=False))
    for _ in range(2):
        assert kinds(bench.plan()) == [("collect", "work")]
        bench.sync("forward")
    assert bench.sync().exit == OK
    assert bench.holds("consolidated", same_header(2, named=False)) == 1


@pytest.mark.parametrize("twice", [True, False])
def test_two_copies_of_the_own_one_are_one_message(tmp_path: Path, twice: bool) -> None:
    """The first of them takes the own copy over; the second finds it so, in the same run."""
    bench = Bench(tmp_path, ACCOUNTS)
    known, own = same_header(1, named=True), same_header(2, named=True)
    bench.deliver("isp", known)
    bench.sync()
    bench.deliver("consolidated", own)
    for message in (own, own, mail(9)) if twice else (own, mail(9)):
        bench.deliver("isp", message)

    def fail(step: str, index: int) -> None:
        if step == "store":
            raise Unreachable("the connection broke")

    bench.home.fault = fail
    bench.sync()
    bench.home.fault = None
    bench.sync()
    assert bench.holds("consolidated", own) == 1
    assert kinds(bench.plan()) == []
