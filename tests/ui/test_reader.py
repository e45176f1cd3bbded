"""Reading a message in the app."""

from __future__ import annotations

import asyncio
import threading
from email.message import EmailMessage
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from mailsync_tui.errors import QuarantineError
from mailsync_tui.ledger.quarantine import Quarantine
from mailsync_tui.mailboxes.base import Location, MailboxError
from mailsync_tui.ui.app import MailsyncApp
from mailsync_tui.ui.screens.dialogs import AskScreen
from mailsync_tui.ui.screens.reader import ReaderScreen
from mailsync_tui.ui.widgets.panes import Panes
from mailsync_tui.ui.widgets.text_view import TextView
from tests.builders import mail
from tests.engine.bench import Bench
from tests.ui.harness import drawn, press, run, running, screen, settled, text


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """One message on isp (POP3), on work (IMAP) and in the consolidated mailbox."""
    bench = Bench(tmp_path / "state")
    bench.deliver("isp", mail("shared"))
    bench.deliver("work", mail("shared"))
    bench.sync()
    return bench


def letter(name: str, body: str, *attachments: tuple[str, bytes]) -> bytes:
    message = EmailMessage()
    message["From"] = "Ann <ann@example.org>"
    message["Subject"] = f"message {name}"
    message["Date"] = "Mon, 05 Jan 2026 09:00:00 +0000"
    message["Message-ID"] = f"<{name}@example.org>"
    message["X-Odd"] = "an odd field"
    message.set_content(body)
    for file, data in attachments:
        message.add_attachment(data, maintype="application", subtype="pdf", filename=file)
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


async def go_to(app: MailsyncApp, pilot: Pilot[int], name: str) -> None:
    """Put the cursor on that message, whatever else is at work."""
    panes = app.screen.query_one(Panes)
    for _ in panes.comparison.mailboxes:
        await pilot.press("home")
        for _ in range(len(panes.lines)):
            if panes.row is not None and panes.row.subject == f"message {name}":
                return
            await pilot.press("down")
        await press(app, pilot, "tab")  # the pane of its mailbox may not be shown
    raise AssertionError(f"{name} is not shown")


async def opened(app: MailsyncApp, pilot: Pilot[int], name: str) -> ReaderScreen:
    """The reader, with that message."""
    await go_to(app, pilot, name)
    await press(app, pilot, "enter")
    return screen(app, ReaderScreen)


async def asked(app: MailsyncApp, pilot: Pilot[int], question: str) -> AskScreen:
    """The question, once it is asked; the worker that asks goes on waiting."""
    while not (isinstance(app.screen, AskScreen) and app.screen.question.startswith(question)):
        await pilot.pause()
    return app.screen


def rows(reader: ReaderScreen) -> list[str]:
    return drawn(reader.query_one(TextView))


def test_it_is_read_from_the_consolidated_mailbox_first_and_leaves_no_trace(bench: Bench) -> None:
    before = {name: box.called("fetch") for name, box in bench.boxes.items()}

    async def work() -> None:
        async with running(bench) as (app, pilot):
            reader = await opened(app, pilot, "shared")
            first = text(app, "#title")
            assert first == " read from consolidated, INBOX; also in isp, work"
            assert rows(reader)[:4] == [
                "From:        Ann <ann@example.org>",
                "To:          bob@example.org",
                "Date:        Mon, 05 Jan 2026 09:00:00 +0000",
                "Subject:     message shared",
            ]
            assert "text shared" in rows(reader)
            assert text(app, "#status") == " lines 1-7 of 7"
            await press(app, pilot, "tab")
            assert text(app, "#title") == " read from isp, INBOX; also in consolidated, work"
            await press(app, pilot, "tab")
            assert text(app, "#title") == " read from work, INBOX; also in consolidated, isp"
            await press(app, pilot, "tab")
            assert text(app, "#title") == first
            await press(app, pilot, "escape")
            assert not isinstance(app.screen, ReaderScreen)

    run(work)
    assert {name: box.called("fetch") for name, box in bench.boxes.items()} == before
    assert [box.called("read") for box in bench.boxes.values()] == [1, 1, 2]
    flags = {
        m.flags for box in bench.boxes.values() for m in box.folders["INBOX"].messages.values()
    }
    assert flags == {frozenset()}


def test_where_it_cannot_be_read_the_next_mailbox_is_asked_and_the_reason_told(
    bench: Bench,
) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            bench.remove("consolidated", mail("shared"))
            bench.boxes["isp"].note = "it has neither UIDL nor TOP"
            reader = await opened(app, pilot, "shared")
            assert text(app, "#title") == " read from work, INBOX; also in consolidated, isp"
            shown = "\n".join(rows(reader))
            assert "! not read from consolidated, INBOX: the message is not there any more" in shown
            assert "! not read from isp, INBOX: this server cannot show a message" in shown
            assert "text shared" in shown

    run(work)


def test_where_nobody_can_give_it_that_is_said_with_what_to_do(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            for box in bench.boxes.values():
                box.unreachable = "no route to the server"
            reader = await opened(app, pilot, "shared")
            assert text(app, "#title") == " it cannot be read"
            shown = rows(reader)
            assert shown[0] == "message shared"
            assert "! not read from isp, INBOX: no route to the server" in shown
            assert "Esc: back, and there F5 lists the mailboxes anew." in shown
            assert reader.check_action("save", ()) is False
            assert reader.check_action("headers", ()) is False
            for box in bench.boxes.values():
                box.unreachable = None
            await press(app, pilot, "tab")
            assert "text shared" in rows(reader)

    run(work)


def test_while_a_mailbox_is_waited_for_that_is_said_and_another_can_be_asked(
    bench: Bench,
) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slow(operation: str, index: int) -> None:
        del index
        if operation == "read":
            asked.set()
            go_on.wait(60)

    async def work() -> None:
        async with running(bench) as (app, pilot):
            bench.home.fault = slow
            await go_to(app, pilot, "shared")
            await pilot.press("enter")
            await asyncio.to_thread(asked.wait, 60)
            await pilot.pause()
            assert text(app, "#title") == " reading from consolidated, INBOX ..."
            await pilot.press("tab")
            await settled(app, pilot)
            assert text(app, "#title") == " read from isp, INBOX; also in consolidated, work"
            go_on.set()
            await settled(app, pilot)
            assert text(app, "#title") == " read from isp, INBOX; also in consolidated, work"

    try:
        run(work)
    finally:
        go_on.set()


def test_all_headers(bench: Bench) -> None:
    bench.deliver("work", letter("odd", "text"))

    async def work() -> None:
        async with running(bench) as (app, pilot):
            reader = await opened(app, pilot, "odd")
            assert not any("an odd field" in row for row in rows(reader))
            await press(app, pilot, "H")
            assert "X-Odd:       an odd field" in rows(reader)
            await press(app, pilot, "H")
            assert not any("an odd field" in row for row in rows(reader))

    run(work)


def test_long_lines_are_broken_for_the_width_and_the_place_is_kept(bench: Bench) -> None:
    bench.deliver("work", letter("long", "\n".join(f"{n} " + "word " * 100 for n in range(200))))

    async def work() -> None:
        async with running(bench, size=(80, 24)) as (app, pilot):
            reader = await opened(app, pilot, "long")
            view = reader.query_one(TextView)
            assert all(len(row) <= 79 for row in rows(reader))
            await press(app, pilot, *["pagedown"] * 20)
            assert view.first == 20 * (view.size.height - 1)
            top = view.lines.key(view.first)
            await pilot.resize_terminal(50, 24)
            await settled(app, pilot)
            assert view.lines.index(top) == view.first
            assert all(len(row) <= 49 for row in rows(reader))
            await press(app, pilot, "end")
            assert "199" in "".join(drawn(view)[-15:])
            await press(app, pilot, "up")
            assert view.first == len(view.lines) - view.size.height - 1
            await press(app, pilot, "g")
            assert view.first == 0

    run(work)


def test_words_are_found_in_it(bench: Bench) -> None:
    body = "\n".join("here is a Needle" if n in (50, 90) else f"line {n}" for n in range(120))
    bench.deliver("work", letter("hay", body))

    async def work() -> None:
        async with running(bench, size=(80, 24)) as (app, pilot):
            reader = await opened(app, pilot, "hay")
            view = reader.query_one(TextView)
            assert reader.check_action("next_hit", ()) is False
            await press(app, pilot, "slash", *"needle")
            assert reader.query_one(Input).value == "needle"
            await press(app, pilot, "enter")
            assert "'needle': 1 of 2" in text(app, "#status")
            assert any("here is a Needle" in row for row in drawn(view))
            first = view.first
            await press(app, pilot, "n")
            assert "'needle': 2 of 2" in text(app, "#status")
            assert view.first > first
            await press(app, pilot, "n")
            assert "'needle': 1 of 2" in text(app, "#status")
            assert view.first <= first + view.size.height
            await press(app, pilot, "N")
            assert "'needle': 2 of 2" in text(app, "#status")
            await press(app, pilot, "slash", *"s", "escape")
            assert screen(app, ReaderScreen) is reader
            await press(app, pilot, "slash", "ctrl+u", *"nowhere", "enter")
            assert "'nowhere' is not in it" in text(app, "#status")
            assert reader.check_action("next_hit", ()) is False

    run(work)


def test_an_attachment_is_saved_under_a_safe_name_and_overwrites_nothing(
    bench: Bench, tmp_path: Path
) -> None:
    target = tmp_path / "saved"
    target.mkdir()
    (target / "passwd").write_bytes(b"mine")
    data = letter("files", "see", ("a.pdf", b"first"), ("../../etc/passwd", b"second"))
    bench.deliver("work", data)

    async def work() -> None:
        async with running(bench) as (app, pilot):
            reader = await opened(app, pilot, "files")
            shown = "\n".join(rows(reader))
            assert "Attachments (s saves one):" in shown
            assert "  1  a.pdf" in shown
            assert "  2  passwd" in shown
            assert "6 B  application/pdf" in shown
            await pilot.press("s")
            await asked(app, pilot, "Save which attachment?")
            await pilot.press("3", "enter")
            await pilot.pause()
            assert "from 1 to 2" in text(app, "#problem")
            await pilot.press("backspace", "2", "enter")
            ask = await asked(app, pilot, "Save passwd to which directory?")
            ask.query_one(Input).value = str(tmp_path / "nowhere")
            await pilot.press("enter")
            await pilot.pause()
            assert "no such directory" in text(app, "#problem")
            ask.query_one(Input).value = str(target)
            await press(app, pilot, "enter")
            assert f"saved to {target / 'passwd (2)'}" in text(app, "#status")

    run(work)
    assert (target / "passwd").read_bytes() == b"mine"
    assert (target / "passwd (2)").read_bytes() == b"second"


def test_what_was_deleted_is_read_from_the_quarantine(bench: Bench) -> None:
    (name,) = Quarantine(bench.directory / "quarantine").put_all([letter("gone", "kept text")])

    async def work() -> None:
        async with running(bench) as (app, pilot):

            def load() -> bytes:
                return app.background.session.quarantined_bytes(name)

            app.open_reader(None, "message gone", ("the quarantine", load))
            await settled(app, pilot)
            reader = screen(app, ReaderScreen)
            assert text(app, "#title") == " read from the quarantine"
            assert "kept text" in rows(reader)
            assert reader.check_action("other_mailbox", ()) is False
            await press(app, pilot, "escape")

            def fail() -> bytes:
                return app.background.session.quarantined_bytes("0" * 64)

            app.open_reader(None, "message gone", ("the quarantine", fail))
            await settled(app, pilot)
            shown = rows(screen(app, ReaderScreen))
            assert "not read from the quarantine: the copy 000" in " ".join(shown)
            assert "Esc: back." in shown

    run(work)
    with pytest.raises(QuarantineError), bench.session() as session:
        session.quarantined_bytes("../ledger.sqlite3")


def test_a_listing_that_hangs_is_not_waited_for(bench: Bench) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slow(operation: str, index: int) -> None:
        del index
        if operation == "list":
            asked.set()
            go_on.wait(60)

    async def work() -> None:
        async with running(bench) as (app, pilot):
            for box in bench.boxes.values():
                box.fault = slow
            await pilot.press("f5")
            await asyncio.to_thread(asked.wait, 60)
            await go_to(app, pilot, "shared")
            await pilot.press("enter")
            reader = screen(app, ReaderScreen)
            while reader.reading is None:
                await pilot.pause()
            assert not go_on.is_set()
            go_on.set()

    try:
        run(work)
    finally:
        go_on.set()


def test_leaving_while_it_is_read_disturbs_nothing(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            await pilot.press("home", "enter", "escape", "enter", "tab", "escape")
            await settled(app, pilot)
            assert app.screen.query_one(Panes)
            reader = await opened(app, pilot, "shared")
            assert "text shared" in rows(reader)

    run(work)


def test_a_message_is_read_while_its_mailbox_is_at_work(bench: Bench) -> None:
    with bench.session() as session:
        go_on = threading.Event()
        busy = threading.Thread(target=session.connections.parallel, args=({"work": go_on.wait},))
        busy.start()
        try:
            (uid,) = bench.boxes["work"].folders["INBOX"].messages
            (folder,) = [f for f in bench.boxes["work"].list().folders if f.name == "INBOX"]
            found = session.connections.read(
                "work", Location("INBOX", folder.validity, uid)
            ).result(60)
            assert found is not None
            session.abort()
            with pytest.raises(MailboxError):
                session.connections.read("work", found.location).result(60)
        finally:
            go_on.set()
            busy.join()


def test_the_history_reads_a_deleted_message_from_the_quarantine(bench: Bench) -> None:
    bench.deliver("isp", mail("gone"))
    bench.sync()
    bench.remove("isp", mail("gone"))
    bench.sync("forward")

    async def work() -> None:
        async with running(bench) as (app, pilot):
            await press(app, pilot, "h", "enter", "enter")
            assert text(app, "#title") == " read from the quarantine"
            assert "text gone" in rows(screen(app, ReaderScreen))

    run(work)
