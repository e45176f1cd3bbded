"""What the commands that look at mailboxes do for one person."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mailsync_tui.cli import json_form, render
from mailsync_tui.cli.confirm import confirmed, plan_confirmed
from mailsync_tui.cli.interrupts import Interrupts
from mailsync_tui.cli.output import Output, guarded
from mailsync_tui.cli.progress import ProgressDisplay, mailbox_text, progress_for
from mailsync_tui.cli.screen import Screen
from mailsync_tui.cli.settings import Settings, nearest
from mailsync_tui.engine.events import (
    Applying,
    Event,
    LineDone,
    ListingDone,
    ListingProgress,
    ReadingProgress,
)
from mailsync_tui.engine.outcome import Choose, NotReached, PastRun, Result
from mailsync_tui.errors import (
    FAILED,
    INTERRUPTED,
    OK,
    CommandError,
    Interrupted,
    OutputError,
    worst_exit_code,
)
from mailsync_tui.report.run import became, result_page
from mailsync_tui.report.words import several, size_in_words
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.engine.model import Line, Options, Plan, UndoLine
    from mailsync_tui.session.person import Person
    from mailsync_tui.session.session import Session


class Command(NamedTuple):
    """One command as it runs, for however many people."""

    settings: Settings
    people: tuple[Person, ...]
    interrupts: Interrupts
    json: bool
    only: tuple[str, ...] = ()
    """Of the accounts, only these are contacted; none named: all."""
    repeated: bool = False
    """It is a round of ``--every``: nothing is said of how far it is, and what keeps failing is not
    tried each time."""

    def each(
        self,
        work: Callable[[Person], int],
        failed: Callable[..., dict[str, Any]] = json_form.failure,
    ) -> int:
        """Do it for one person after the other; one who fails does not stop the rest.

        Args:
            work: Gives the exit code for one person.
            failed: The JSON of a person for whom nothing could be done: name, code and reason.
        """
        codes = []
        for person in self.people:
            if self.interrupts.happened:
                codes.append(INTERRUPTED)
                break
            codes.append(self._one(person, work, failed))
        return worst_exit_code(codes)

    def _one(
        self, person: Person, work: Callable[[Person], int], failed: Callable[..., dict[str, Any]]
    ) -> int:
        output = self.settings.output
        missed: dict[str, Plan] = {}

        def working() -> int:
            try:
                return work(person)
            except NotReached as error:
                missed["plan"] = error.plan
                raise

        code, text = guarded(output, working, person.name if len(self.people) > 1 else None)
        output.log(f"{person.name}: exit {code}")
        if text and self.json:
            output.result(json_form.line(failed(person.name, code, text, **missed)))
        return code

    @contextmanager
    def session(self, person: Person) -> Iterator[tuple[Session, ProgressDisplay]]:
        """Open a person's mailboxes and ledger; what happens is shown and logged.

        Raises:
            Interrupted: A signal stopped it before anything was done.
        """
        output = self.settings.output
        asked = [c for c in person.config.mailboxes if not self.only or c.name in self.only]
        who = person.name if len(self.people) > 1 else ""
        progress = progress_for(output, len(asked), who, json=self.json, quiet=self.repeated)

        def emit(event: Event) -> None:
            self.interrupts.watch(event)
            progress(event)
            if not isinstance(event, (ListingProgress, ReadingProgress)):
                output.log(f"{person.name}: {_event_text(event)}")

        session = person.open_session(emit, self.only, patient=self.repeated)
        gc.freeze()  # what is loaded stays
        gc.enable()
        try:
            with self.interrupts.guarding(session, progress.pause), session:
                yield session, progress
        except Exception as error:
            # Whatever was cut by the signal, the signal is the reason.
            if session.stopped and not isinstance(error, OutputError):
                raise Interrupted from error
            raise
        finally:
            progress.pause()
            for complaint in session.complaints:
                output.error(complaint, who or None)


def check(command: Command, person: Person) -> int:
    """Check one person's mailboxes, and print what they are."""
    from mailsync_tui.session.check import check_code, check_mailboxes

    with command.session(person) as (session, progress):
        checked = check_mailboxes(session)
        kept = session.quarantined()
        progress.pause()
        if session.stopped:
            raise Interrupted
    found = check_code(checked)
    if command.json:
        document = json_form.check(person.name, checked, (), found)
        document["quarantine"] = {"messages": kept[0], "bytes": kept[1]}
        command.settings.output.result(json_form.line(document))
        return found
    screen = Screen(command.settings.output)
    render.check(screen, person.name, checked)
    screen.line("")
    screen.line(
        ("quarantine", "name"),
        f": {several(kept[0], 'deleted message')}, {size_in_words(kept[1])}; each is kept for"
        f" {person.config.keep_days} days",
    )
    screen.show()
    return found


def plan(command: Command, person: Person, options: Options, out: Path | None = None) -> int:
    """Make a plan, print and save it."""
    from mailsync_tui.engine.outcome import plan_code
    from mailsync_tui.session import plan_file

    output = command.settings.output
    with command.session(person) as (session, _):
        found = session.plan(options)
        if session.stopped:
            raise Interrupted
    document = plan_file.save(found)
    if command.json:
        output.result(json_form.line(document))
    else:
        screen = Screen(output)
        render.plan(screen, found)
        screen.show()
    code = plan_code(found)
    if out is not None:
        try:
            plan_file.write(out, plan_file.dumps(document))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            output.error(f"the plan was not saved to {out}: {reason}")
            return worst_exit_code([code, FAILED])
        output.note(f"saved to {safe_text(str(out))}")
    return code


def sync(
    command: Command,
    person: Person,
    options: Options,
    choose: Choose,
    show: Callable[[Result], None],
) -> int:
    """Plan, let ``choose`` say what is taken out, apply, show."""
    with command.session(person) as (session, progress):

        def choosing(plan: Plan) -> frozenset[str] | None:
            progress.pause()
            return choose(plan)

        found = session.sync(options, choosing)
    show(found)
    return ended(command, found.exit, found.run)


def apply(command: Command, person: Person, saved: Plan, left: frozenset[str], *, yes: bool) -> int:
    """Ask about a saved plan, and apply what is left of it."""
    from mailsync_tui.engine.outcome import Result, asks
    from mailsync_tui.report.choice import Choice

    output = command.settings.output
    choice = Choice(saved)
    choice.toggle(choice.lines.keys() - left)
    with command.session(person) as (session, progress):
        progress.pause()
        asked = not yes and asks(replace(saved, lines=choice.doing))
        if asked and not plan_confirmed(
            output, command.interrupts, choice, person.config.keep_days
        ):
            show(command, Result(saved.user, None, saved, (), 0))
            return 0
        found = session.apply(saved, left)
    declined = [choice.lines[line] for line in choice.lines if line in choice.out]
    show(command, found, choice.doing, declined)
    return ended(command, found.exit, found.run)


def undo(
    command: Command, person: Person, number: str, lines: tuple[str, ...], *, yes: bool
) -> int:
    """Undo a run, or some lines of it, for one person."""
    from mailsync_tui.report.undo import nothing_to_undo, undo_page, undo_question

    output = command.settings.output
    offered: tuple[UndoLine, ...] = ()
    with command.session(person) as (session, progress):

        def confirm(shown: tuple[UndoLine, ...]) -> bool:
            nonlocal offered
            offered = shown
            if yes:
                return True
            progress.pause()
            screen = Screen(output, "stderr")
            asked = undo_question(number, shown)
            render.undo_question(screen, asked, shown)
            screen.show()
            return confirmed(output, command.interrupts, asked.title)

        found = session.undo(number, frozenset(lines) if lines else None, confirm)
    if command.json:
        output.result(json_form.line(json_form.result(found)))
    elif found.run is None:
        if found.exit == OK:
            shown_number = safe_text(number, 40)
            output.result("Nothing was put back." if offered else nothing_to_undo(shown_number, ()))
    else:
        screen = Screen(output)
        screen.page(undo_page(number, found, offered))
        screen.show()
    return ended(command, found.exit, found.run)


def rebase(command: Command, person: Person, account: str, *, yes: bool) -> int:
    """Ask, and take the present listing of a mailbox as the new base."""
    output = command.settings.output
    question = (
        f"Take what {account} lists now as the new base? Nothing is deleted; what it lacks is "
        "new again, wherever it still is."
    )
    if not yes and not confirmed(output, command.interrupts, question):
        output.note("nothing was changed")
        return 0
    with command.session(person) as (session, _):
        found = session.rebase(account)
    if command.json:
        output.result(json_form.line(json_form.result(found)))
        return found.exit
    report = found.plan.mailboxes[account]
    screen = Screen(output)
    screen.text(
        f"Run {found.run}: the {report.messages or 0:,} messages that {account} lists are its "
        "new base; nothing was deleted. Look at `plan` before the next sync."
    )
    screen.show()
    return found.exit


def show_history(output: Output, person: Person, *, as_json: bool) -> int:
    """All runs, newest first."""
    runs = person.runs()
    if as_json:
        output.result(json_form.line(json_form.runs(runs)))
        return OK
    screen = Screen(output)
    render.history(screen, runs)
    screen.show()
    return OK


def known_run(person: Person, run: str) -> PastRun:
    """The run of that number.

    Raises:
        CommandError: There is none.
    """
    runs = {str(each.id): each for each in person.runs()}
    if run not in runs:
        known = nearest(run, runs) if runs else "; there is none yet"
        raise CommandError(f"unknown run {safe_text(run, 40)}{known}")
    return runs[run]


def show_run(output: Output, person: Person, run: str, *, as_json: bool) -> int:
    """One run, line by line.

    Raises:
        CommandError: There is no such run.
    """
    found = known_run(person, run)
    lines = person.run_lines(found.id)
    if as_json:
        output.result(json_form.line(json_form.past_run(person.name, found, lines)))
        return OK
    screen = Screen(output)
    render.past_run(screen, found, lines)
    screen.show()
    return OK


def show(
    command: Command,
    found: Result,
    lines: Sequence[Line] | None = None,
    declined: Sequence[Line] = (),
) -> None:
    """Print a result.

    Args:
        command: The command.
        found: What a run did.
        lines: What it was to do; without them, the whole plan.
        declined: What was taken out of the plan.
    """
    output = command.settings.output
    if command.json:
        output.result(json_form.line(json_form.result(found)))
        return
    screen = Screen(output)
    doing = found.plan.lines if lines is None else lines
    screen.page(result_page(found, doing, declined, lambda blocked: blocked.detail))
    screen.show()


def ended(command: Command, code: int, run: str | None) -> int:
    """The exit code, said aloud where a signal ended the run."""
    if code == INTERRUPTED:
        command.settings.output.error(
            became(INTERRUPTED, ()) if run is not None else str(Interrupted())
        )
    return code


def _event_text(event: ListingDone | Applying | LineDone) -> str:
    match event:
        case ListingDone():
            return mailbox_text(event)
        case Applying(lines):
            return f"applying {lines} lines"
        case LineDone(line, kind, account, outcome, reason):
            text = f"{outcome} {kind} {account} {line}"
            return f"{text}: {reason}" if reason else text
