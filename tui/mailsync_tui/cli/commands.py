"""The commands and their options; what they do is loaded when one of them is called.

One thing, however many there are: what a person can type is read here and nowhere else.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, TypeVar

import click

from mailsync_tui import __version__
from mailsync_tui.cli.output import PROGRAM, guarded
from mailsync_tui.cli.settings import Settings, nearest, only_accounts
from mailsync_tui.errors import INTERRUPTED, CommandError, ConfigError, UserError
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.engine.model import Direction, Options
    from mailsync_tui.session.person import Person

F = TypeVar("F", bound=Callable[..., Any])

EPILOG = """\b
Examples:
  mailsync-tui check
  mailsync-tui plan
  mailsync-tui --user ann sync --collect

\b
Shell completion, in ~/.bashrc, ~/.zshrc or ~/.config/fish/config.fish:
  eval "$(_MAILSYNC_TUI_COMPLETE=bash_source mailsync-tui)"
  eval "$(_MAILSYNC_TUI_COMPLETE=zsh_source mailsync-tui)"
  _MAILSYNC_TUI_COMPLETE=fish_source mailsync-tui | source

\b
Exit codes: 0 done, 1 failed, 2 wrong command line or configuration, 3 partly,
4 blocked by a guard, 5 the saved plan is stale, 6 another run is applying, 130 interrupted.

\b
The manual: mailsync-tui manual
"""
"""What stands below the list of commands."""


class Subcommand(click.Command):
    """A command that takes the global options too, as they stand before it."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own parameters, then the global ones."""
        return [*super().get_params(ctx), *GLOBAL_OPTIONS]

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; the log says so first."""
        settings: Settings = ctx.obj
        settings.output.log(f"command {ctx.info_name}")
        return super().invoke(ctx)


class Program(click.Group):
    """A group whose commands return their exit code."""

    command_class = Subcommand

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own parameters, and the global ones first."""
        return [*GLOBAL_OPTIONS, *super().get_params(ctx)]

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: ARG002 - this program always ends by itself
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Parse and run; ends with ``SystemExit`` and never with a traceback."""
        settings = Settings()
        start = super().main

        def run() -> int:
            code = start(
                args,
                prog_name or PROGRAM,
                complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                obj=settings,
                **extra,
            )
            return code if isinstance(code, int) else 0

        code, _ = guarded(settings.output, run)
        settings.output.close()
        sys.exit(code)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a misspelt one is answered with the nearest."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            known = self.list_commands(ctx)
            raise click.UsageError(
                f"no such command: {safe_text(name, 64)}{nearest(name, known)}", ctx
            )
        return super().resolve_command(ctx, args)


class PathType(click.Path):
    """A path. An empty one, as of a variable that is not set, is not the present directory."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path.

        Raises:
            UsageError: it is empty, or cannot be used.
        """
        if value == "":
            self.fail("expected a path, not an empty text", param, ctx)
        return super().convert(value, param, ctx)


_PATH = PathType(path_type=Path)
_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Keep the value of a global option, given before the command or after it.

    Raises:
        CommandError: The log file cannot be opened.
    """
    if value is None or param.name is None:
        return
    settings: Settings = ctx.obj
    if param.name != "log_file":
        setattr(settings, param.name, value)
        return
    try:
        settings.output.open_log(value)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CommandError(f"the log file {value} cannot be opened: {reason}") from error


def _people(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The people of the configuration, for the shell's completion."""
    del param
    return [one.name for one in _configured(ctx) if one.name.startswith(incomplete)]


def _accounts(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The mailboxes of the configuration, for the shell's completion."""
    del param
    names = {config.name for person in _configured(ctx) for config in person.config.mailboxes}
    return sorted(name for name in names if name.startswith(incomplete))


def _runs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The earlier runs, for the shell's completion."""
    del param
    found: list[str] = []
    with contextlib.suppress(UserError):
        found = [str(run.id) for person in _configured(ctx) for run in person.runs()]
    return [number for number in found if number.startswith(incomplete)]


def _configured(ctx: click.Context) -> tuple[Person, ...]:
    """The people that the options given so far lead to; nobody, where these are wrong."""
    settings = ctx.find_object(Settings) or Settings()
    try:
        return settings.people(everybody=settings.user is None)
    except UserError:
        return ()


GLOBAL_OPTIONS = (
    click.Option(
        ["--config"],
        type=_PATH,
        metavar="FILE",
        callback=_remember,
        expose_value=False,
        help="The configuration file; default: ~/.config/mailsync-tui/config.toml.",
    ),
    click.Option(
        ["--state-dir"],
        type=_PATH,
        metavar="DIR",
        callback=_remember,
        expose_value=False,
        help="Ledgers and quarantines lie here; default: ~/.local/state/mailsync-tui.",
    ),
    click.Option(
        ["--user"],
        metavar="NAME",
        callback=_remember,
        expose_value=False,
        shell_complete=_people,
        help="Whose mail, where the configuration has several.",
    ),
    click.Option(
        ["--log-file"],
        type=_PATH,
        metavar="FILE",
        callback=_remember,
        expose_value=False,
        help="Append what happens to this file.",
    ),
)
"""Before the command, or after it."""


def _no_dry_run(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Lead to the command that shows what would be done.

    Raises:
        UsageError: the option was given.
    """
    del param
    if value:
        raise click.UsageError(
            "there is no --dry-run: `mailsync-tui plan` shows what would be done, and changes"
            " nothing",
            ctx,
        )


dry_run_option = click.option(
    "--dry-run", is_flag=True, hidden=True, expose_value=False, callback=_no_dry_run
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, on one line.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask. For scripts.")
everybody_option = click.option(
    "--all-users", "everybody", is_flag=True, help="Take each person of the configuration in turn."
)


def _pages(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The pages of the manual, for the shell's completion."""
    del ctx, param
    from mailsync_tui.report.manual import PAGES

    return [name for name in PAGES if name.startswith(incomplete)]


accounts_argument = click.argument("accounts", nargs=-1, shell_complete=_accounts)


def plan_options(function: F) -> F:
    """The options that decide what a plan holds."""
    for option in (
        click.option(
            "--accept-blocked",
            "accepts",
            multiple=True,
            metavar="ACCOUNT:RULE[=COUNT]",
            help="Let through, this once, what that rule blocked on that account "
            "(consolidated: on every account), unless it is more than COUNT lines. Repeatable.",
        ),
        click.option(
            "--reconsider",
            is_flag=True,
            help="Make the lines that are held back ordinary ones again.",
        ),
        click.option(
            "--from",
            "scope",
            metavar="MAILBOX",
            help="Delete what is marked from this mailbox only (`consolidated`, or an account).",
        ),
        click.option(
            "--marks",
            "marks_file",
            type=click.File(encoding="utf-8"),
            metavar="FILE",
            help="The same for each ID of a file, one a line; `-` is standard input.",
        ),
        click.option(
            "--mark",
            "marks",
            multiple=True,
            metavar="ID",
            help="Delete this message: its number (`list`), Message-ID, or MAILBOX:FOLDER:UID. "
            "Repeatable. Without a direction nothing else is done.",
        ),
        click.option("--reverse", is_flag=True, help="Deletions on the external mailboxes."),
        click.option("--forward", is_flag=True, help="Deletions in the consolidated mailbox."),
        click.option("--collect", is_flag=True, help="New mail, into the consolidated mailbox."),
    ):
        function = option(function)
    return function


@click.group(
    cls=Program,
    name="mailsync-tui",
    invoke_without_command=True,
    context_settings=_HELP,
    epilog=EPILOG,
)
@click.option(
    "--mouse/--no-mouse",
    default=None,
    help="Whether the app takes the mouse; over SSH it does not unless told to.",
)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
@click.pass_context
def cli(
    ctx: click.Context,
    mouse: bool | None,
) -> int:
    """Gather the mail of several accounts in one mailbox; preview and propagate deletions.

    Without a command: the terminal app.
    """
    settings: Settings = ctx.obj
    settings.mouse = mouse
    if ctx.invoked_subcommand is None:
        settings.output.log("command (none)")
        return _app(settings)
    return 0


def _app(settings: Settings) -> int:
    from mailsync_tui.cli.app import show_app, welcome

    path = settings.config_file
    if not path.exists():
        return welcome(settings, path)
    return show_app(settings, settings.person())


@cli.command(
    epilog="\b\nExamples:\n  mailsync-tui check\n  mailsync-tui check isp"
    "\n  mailsync-tui check --json --all-users"
)
@accounts_argument
@json_option
@everybody_option
@click.pass_obj
def check(settings: Settings, accounts: tuple[str, ...], as_json: bool, everybody: bool) -> int:
    """Check the configuration and every mailbox; nothing is changed.

    With ACCOUNTS only these and the consolidated mailbox are contacted.
    """
    from mailsync_tui.cli import json_form, runs
    from mailsync_tui.cli.interrupts import Interrupts

    people = _people_of(settings, accounts, everybody=everybody, as_json=as_json)
    with Interrupts(settings.output) as interrupts:
        command = runs.Command(settings, people, interrupts, as_json, accounts)
        return command.each(
            lambda person: runs.check(command, person), failed=json_form.check_failure
        )


@cli.command(
    epilog="\b\nExamples:\n  mailsync-tui plan\n  mailsync-tui plan --forward --reverse"
    "\n  mailsync-tui plan --out plan.json\n  mailsync-tui plan --accept-blocked isp:max-delete=40"
)
@accounts_argument
@plan_options
@json_option
@click.option("--out", type=_PATH, metavar="FILE", help="Save the plan, for `apply`.")
@everybody_option
@click.pass_obj
def plan(
    settings: Settings,
    /,
    accounts: tuple[str, ...],
    as_json: bool,
    out: Path | None,
    everybody: bool,
    **chosen: Any,
) -> int:
    """Show what a sync would do; nothing is changed anywhere.

    Without --collect, --forward or --reverse: all three. With ACCOUNTS only these and the
    consolidated mailbox are contacted; what is left out is unknown, never gone.
    """
    from mailsync_tui.cli import runs
    from mailsync_tui.cli.interrupts import Interrupts

    people = _people_of(settings, accounts, everybody=everybody, as_json=as_json)
    if out is not None and len(people) > 1:
        raise CommandError("--out saves the plan of one person: choose one with --user")
    if str(out) == "-":
        raise CommandError("--out wants a file; --json prints the same on standard output")
    options = _options_for(people, **chosen)
    with Interrupts(settings.output) as interrupts:
        command = runs.Command(settings, people, interrupts, as_json, accounts)
        return command.each(lambda person: runs.plan(command, person, options(person), out))


@cli.command(
    epilog="\b\nExamples:\n  mailsync-tui sync\n  mailsync-tui sync --collect --yes isp"
    "\n  mailsync-tui sync --every 15m --yes"
)
@accounts_argument
@plan_options
@json_option
@yes_option
@dry_run_option
@click.option(
    "--every",
    metavar="DURATION",
    help="Repeat until interrupted, such as 15m, 1h, 90s. Needs --yes. Without a direction, what "
    "[schedule] apply says.",
)
@everybody_option
@click.pass_obj
def sync(
    settings: Settings,
    /,
    accounts: tuple[str, ...],
    as_json: bool,
    yes: bool,
    every: str | None,
    everybody: bool,
    **chosen: Any,
) -> int:
    """Plan, ask, and apply.

    Without --collect, --forward or --reverse: all three. With ACCOUNTS only these and the
    consolidated mailbox are contacted; what is left out is unknown, never gone.
    """
    from mailsync_tui.cli import runs
    from mailsync_tui.cli.confirm import chooser, require_terminal
    from mailsync_tui.cli.interrupts import Interrupts

    seconds = None
    if every is not None:
        from mailsync_tui.cli.every import parse_duration, repeat
        from mailsync_tui.cli.every import sync as sync_quietly
        from mailsync_tui.report.run import applies_text

        seconds = parse_duration(every)
        if not yes:
            raise CommandError("--every needs --yes, as nobody is asked")
    people = _people_of(settings, accounts, everybody=everybody, as_json=as_json)
    require_terminal(yes=yes)
    options = _options_for(people, scheduled=seconds is not None, **chosen)
    named = any(chosen[direction] for direction in ("collect", "forward", "reverse"))
    why = "named on the command line" if named else "[schedule] apply"
    with Interrupts(settings.output) as interrupts:
        command = runs.Command(
            settings, people, interrupts, as_json, accounts, repeated=seconds is not None
        )

        last: dict[str, str] = {}

        def sync_one(person: Person) -> int:
            if seconds is not None:
                return sync_quietly(command, person, options(person), why, last)
            choose = chooser(settings.output, interrupts, person.config.keep_days, yes=yes)
            return runs.sync(
                command, person, options(person), choose, lambda found: runs.show(command, found)
            )

        if every is None or seconds is None:
            return command.each(sync_one)
        for person in people:
            begun = applies_text(person.name, options(person).directions, why)
            settings.output.note(f"{begun}, every {every}; a round that does nothing says nothing")
        return repeat(settings.output, interrupts, seconds, lambda: command.each(sync_one))


@cli.command(
    epilog="\b\nExamples:\n  mailsync-tui apply plan.json\n  mailsync-tui apply --yes - < plan.json"
)
@click.argument("file", type=_PATH)
@json_option
@yes_option
@dry_run_option
@click.pass_obj
def apply(settings: Settings, file: Path, as_json: bool, yes: bool) -> int:
    """Apply a saved plan, looking at every line of it again first.

    FILE is what `plan --out FILE` saved; - is standard input. Actions may have been removed from
    it: these are declined, and held from then on.
    """
    from mailsync_tui.cli import runs
    from mailsync_tui.cli.confirm import require_terminal
    from mailsync_tui.cli.interrupts import Interrupts
    from mailsync_tui.session import plan_file

    if str(file) == "-" and not yes:
        raise CommandError("a plan on standard input leaves nothing to answer on: --yes is needed")
    (person,) = _people_of(settings, everybody=False, as_json=as_json)
    given = getattr(sys.stdin, "buffer", None)
    text = plan_file.read_from(given) if str(file) == "-" else plan_file.read(file)
    saved, left = plan_file.load(text, person.name)
    require_terminal(yes=yes)
    with Interrupts(settings.output) as interrupts:
        command = runs.Command(settings, (person,), interrupts, as_json)
        return command.each(lambda person: runs.apply(command, person, saved, left, yes=yes))


@cli.command(epilog="\b\nExamples:\n  mailsync-tui history\n  mailsync-tui history 12 --json")
@click.argument("run", required=False, shell_complete=_runs)
@json_option
@click.pass_obj
def history(settings: Settings, run: str | None, as_json: bool) -> int:
    """Show earlier runs, newest first; or one RUN, line by line."""
    from mailsync_tui.cli import runs

    (person,) = _people_of(settings, everybody=False, as_json=as_json)
    if run is None:
        return runs.show_history(settings.output, person, as_json=as_json)
    return runs.show_run(settings.output, person, run, as_json=as_json)


@cli.command(
    epilog="\b\nExamples:\n  mailsync-tui status\n  mailsync-tui status --json --all-users"
)
@json_option
@everybody_option
@click.pass_obj
def status(settings: Settings, as_json: bool, everybody: bool) -> int:
    """Show what the last sync left: what waits, what is away."""
    from mailsync_tui.cli.status import show

    people = _people_of(settings, everybody=everybody, as_json=as_json)
    return show(settings, people, as_json=as_json)


@cli.command(
    name="list",
    epilog="\b\nExamples:\n  mailsync-tui list\n  mailsync-tui list isp --filter 'from:ann is:gone'"
    "\n  mailsync-tui list --json",
)
@click.argument("account", default="consolidated", shell_complete=_accounts)
@click.option("--filter", "chosen", default="", metavar="TEXT", help="As after / in the app.")
@json_option
@click.pass_obj
def list_messages(settings: Settings, account: str, chosen: str, as_json: bool) -> int:
    """List the messages of ACCOUNT, or of the consolidated mailbox.

    As the ledger knows them since the last sync; nobody is contacted.
    """
    from mailsync_tui.cli.messages import show_list

    (person,) = _people_of(settings, everybody=False, as_json=as_json)
    return show_list(settings.output, person, account, chosen, as_json=as_json)


@cli.command(
    epilog="\b\nExamples:\n  mailsync-tui show 12\n  mailsync-tui show 12 --raw > mail.eml"
    "\n  mailsync-tui show 12 --origin --json"
)
@click.argument("message", metavar="ID")
@click.option("--raw", is_flag=True, help="Its bytes as they are.")
@click.option("--headers", is_flag=True, help="All header fields, without the text.")
@click.option("--origin", is_flag=True, help="Where it came from, and in which runs.")
@click.option("--json", "as_json", is_flag=True, help="With --origin: print JSON, on one line.")
@click.pass_obj
def show(
    settings: Settings, message: str, raw: bool, headers: bool, origin: bool, as_json: bool
) -> int:
    """Show a message; `list` has the IDs.

    It is read where it lies, and marked as seen nowhere; where no mailbox holds it, from the
    quarantine.
    """
    from mailsync_tui.cli.interrupts import Interrupts
    from mailsync_tui.cli.messages import show_message, show_origin
    from mailsync_tui.cli.runs import Command

    if raw + headers + origin > 1:
        raise CommandError("--raw, --headers and --origin exclude each other")
    if as_json and not origin:
        raise CommandError("--json goes with --origin")
    (person,) = _people_of(settings, everybody=False, as_json=as_json)
    if origin:
        return show_origin(settings.output, person, message, as_json=as_json)
    with Interrupts(settings.output) as interrupts:
        command = Command(settings, (person,), interrupts, json=False)
        return command.each(
            lambda person: show_message(command, person, message, raw=raw, headers=headers)
        )


@cli.command(
    epilog="\b\nExamples:\n  mailsync-tui history\n  mailsync-tui undo 12"
    "\n  mailsync-tui history 12\n  mailsync-tui undo 12 --line 77610c9332ee7d06"
)
@click.argument("run", shell_complete=_runs)
@click.option(
    "--line",
    "lines",
    multiple=True,
    metavar="ID",
    help="Undo only this line; `history RUN` shows the ids. Repeatable.",
)
@json_option
@yes_option
@dry_run_option
@click.pass_obj
def undo(settings: Settings, run: str, lines: tuple[str, ...], as_json: bool, yes: bool) -> int:
    """Put back what RUN deleted, from the quarantine.

    It goes to the same folder, with the same flags and date; what was deleted on a POP3 server,
    which takes no mail back, goes into the consolidated mailbox. `history` lists the runs.
    """
    from mailsync_tui.cli import runs
    from mailsync_tui.cli.confirm import require_terminal
    from mailsync_tui.cli.interrupts import Interrupts

    (person,) = _people_of(settings, everybody=False, as_json=as_json)
    runs.known_run(person, run)
    require_terminal(yes=yes)
    with Interrupts(settings.output) as interrupts:
        command = runs.Command(settings, (person,), interrupts, as_json)
        return command.each(lambda person: runs.undo(command, person, run, lines, yes=yes))


@cli.command(
    epilog="\b\nExamples:\n  mailsync-tui rebase isp\n  mailsync-tui rebase consolidated --yes"
)
@click.argument("account", shell_complete=_accounts)
@json_option
@yes_option
@dry_run_option
@click.pass_obj
def rebase(settings: Settings, account: str, as_json: bool, yes: bool) -> int:
    """Take what ACCOUNT lists now as the new base; nothing is deleted.

    ACCOUNT may be `consolidated`. What the new base lacks is new again, wherever it is still held.
    """
    from mailsync_tui.cli import runs
    from mailsync_tui.cli.confirm import require_terminal
    from mailsync_tui.cli.interrupts import Interrupts

    (person,) = _people_of(settings, (account,), everybody=False, as_json=as_json)
    require_terminal(yes=yes)
    with Interrupts(settings.output) as interrupts:
        command = runs.Command(settings, (person,), interrupts, as_json)
        return command.each(lambda person: runs.rebase(command, person, account, yes=yes))


@cli.command(
    epilog="\b\nExamples:\n  mailsync-tui service show\n  mailsync-tui service install"
    "\n  mailsync-tui service show --cron --every 30m"
)
@click.argument("action", type=click.Choice(["install", "remove", "show"]))
@click.option("--timer", is_flag=True, help="A timer that collects once each time.")
@click.option("--cron", is_flag=True, help="The line for `crontab -e`; with `show` alone.")
@click.option("--every", metavar="DURATION", default="15m", help="How often; default: 15m.")
@everybody_option
@click.pass_obj
def service(
    settings: Settings, action: str, timer: bool, cron: bool, every: str, everybody: bool
) -> int:
    """Write, remove or print a systemd unit that collects mail."""
    from mailsync_tui.cli.service import cron_line, install, remove, units

    if action == "remove":
        return remove(settings)
    if cron and (timer or action == "install"):
        raise CommandError("--cron goes with `service show` alone: the crontab is yours to edit")
    _people_of(settings, everybody=everybody, as_json=False)
    if cron:
        settings.output.result(cron_line(settings, every, everybody=everybody))
        return 0
    files = units(settings, every, timer=timer, everybody=everybody)
    if action == "install":
        return install(settings, files)
    settings.output.result("\n".join(f"# {name}\n{text}" for name, text in files.items()))
    return 0


@cli.command(epilog="\b\nExamples:\n  mailsync-tui demo\n  mailsync-tui demo --serve")
@click.option("--serve", "only_serve", is_flag=True, help="Start only the servers.")
@click.pass_obj
def demo(settings: Settings, only_serve: bool) -> int:
    """Open the app on embedded servers that are filled with mail.

    With --serve it only starts these, prints a configuration for them, and runs until interrupted.
    """
    from mailsync_tui.cli.app import show_demo
    from mailsync_tui.demo.run import serve

    if not only_serve:
        return show_demo(settings)
    gc.enable()
    serve(settings.output.result)
    return INTERRUPTED


@cli.command(epilog="\b\nExamples:\n  mailsync-tui setup\n  mailsync-tui setup --config other.toml")
@click.pass_obj
def setup(settings: Settings) -> int:
    """Make the configuration, or change it, question by question.

    Each account is tried before it is taken over. The change is shown before it is written; the
    file's comments stay.
    """
    from mailsync_tui.cli.setup import set_up

    return set_up(settings)


@cli.command(
    epilog="\b\nExamples:\n  mailsync-tui manual\n  mailsync-tui manual guards"
    "\n  mailsync-tui manual --man | man -l -"
)
@click.argument("page", required=False, shell_complete=_pages)
@click.option("--man", "as_man", is_flag=True, help="Print the whole manual as a man page (roff).")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the configuration.")
@click.pass_obj
def manual(settings: Settings, page: str | None, as_man: bool, schema: bool) -> int:
    """Show a PAGE of the manual; without one, which pages there are."""
    if schema:
        import json

        from mailsync_tui.session.setup import json_schema

        settings.output.result(json.dumps(json_schema(), indent=2))
        return 0
    if as_man:
        from mailsync_tui.cli.man_page import man_page

        if page is not None:
            raise CommandError("--man prints the whole manual: name no page")
        settings.output.result(man_page(cli))
        return 0
    from mailsync_tui.cli.manual import show

    return show(settings.output, page or "index")


def _people_of(
    settings: Settings, accounts: tuple[str, ...] = (), *, everybody: bool, as_json: bool
) -> tuple[Person, ...]:
    """Whose turn it is; a wrong configuration is printed as JSON where that is asked.

    Raises:
        ConfigError: It is wrong, or there is none: then with the way to one.
        CommandError: Nobody, or somebody unknown, was chosen; or an account that nobody has.
    """
    try:
        return only_accounts(settings.people(everybody=everybody), accounts)
    except ConfigError as error:
        if as_json:
            from mailsync_tui.cli import json_form

            document = json_form.check(None, (), error.problems, error.exit_code)
            settings.output.result(json_form.line(document))
        elif not settings.config_file.exists():
            from mailsync_tui.cli.app import how_to_begin

            settings.output.note(how_to_begin(settings.config_file))
        raise


def _options_for(
    people: tuple[Person, ...],
    *,
    accepts: tuple[str, ...],
    reconsider: bool,
    marks: tuple[str, ...],
    marks_file: TextIO | None,
    scope: str | None,
    scheduled: bool = False,
    **named: bool,
) -> Callable[[Person], Options]:
    """What was asked for, as options of the engine, for each person.

    Raises:
        CommandError: What is to be accepted is unknown, or what is to be marked cannot be read.
    """
    from mailsync_tui.cli.settings import accounts_of, parse_accepts, parse_marks
    from mailsync_tui.engine.model import DIRECTIONS, Options

    marks += parse_marks(marks_file)
    if marks and (scheduled or len(people) > 1):
        raise CommandError("--mark is for one plan of one person")
    accepted = parse_accepts(accepts, people)
    chosen: tuple[Direction, ...] = tuple(d for d in DIRECTIONS if named[d])

    def options(person: Person) -> Options:
        mine = accounts_of(person)
        default = person.config.schedule_apply if scheduled else () if marks else DIRECTIONS
        return Options(
            chosen or default,
            reconsider,
            tuple(a for a in accepted if a.account in mine),
            marked=not (chosen or scheduled or marks),
            marks=marks,
            scope=scope,
        )

    return options
