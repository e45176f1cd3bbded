"""The global options, the configuration they lead to, and whose turn it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mailsync_tui.cli.output import Output
from mailsync_tui.errors import CommandError
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.engine.model import Accept
    from mailsync_tui.session.person import Person


@dataclass(slots=True)
class Settings:
    """The global options."""

    output: Output = field(default_factory=Output)
    config: Path | None = None
    state_dir: Path | None = None
    user: str | None = None
    mouse: bool | None = None
    """Whether the app takes the mouse; ``None``: as the terminal's kind suggests."""

    @property
    def config_file(self) -> Path:
        """The configuration file, which need not be there."""
        from mailsync_tui.session.person import config_path

        return config_path(self.config)

    def person(self) -> Person:
        """Read the configuration: the one person that is meant.

        Raises:
            ConfigError: It is wrong, or there is none.
            CommandError: There are several and none was chosen, or the chosen one is unknown.
        """
        (person,) = self.people(everybody=False)
        return person

    def people(self, *, everybody: bool) -> tuple[Person, ...]:
        """Read the configuration: the people whose turn it is.

        Raises:
            ConfigError: It is wrong, or there is none.
            CommandError: See :meth:`person`; or both ``--user`` and ``--all-users`` were given.
        """
        from mailsync_tui.session.person import load_people

        found = load_people(self.config_file, self.state_dir)
        if everybody:
            if self.user is not None:
                raise CommandError("--user and --all-users exclude each other")
            return found
        names = [person.name for person in found]
        if self.user is None:
            if len(names) > 1:
                raise CommandError(
                    f"the configuration has several people ({', '.join(names)}): choose one with "
                    "--user NAME, or take all with --all-users where it is "
                    "offered"
                )
            return found
        if self.user not in names:
            raise CommandError(
                f"unknown user {safe_text(self.user, 64)}{nearest(self.user, names)}"
            )
        return tuple(person for person in found if person.name == self.user)


def nearest(name: str, known: Iterable[str]) -> str:
    """What to add to a sentence about an unknown name."""
    import difflib

    names = list(known)
    close = difflib.get_close_matches(name[:64], names, n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else f"; known are: {', '.join(names)}"


def accounts_of(person: Person) -> list[str]:
    """The names of a person's mailboxes."""
    return [config.name for config in person.config.mailboxes]


def only_accounts(people: Iterable[Person], names: Collection[str]) -> tuple[Person, ...]:
    """The people who have some of the mailboxes that are named; everybody, if none is.

    Raises:
        CommandError: Nobody has one of that name.
    """
    found = tuple(people)
    known = list(dict.fromkeys(name for person in found for name in accounts_of(person)))
    for name in names:
        if name not in known:
            raise CommandError(f"unknown account {safe_text(name, 64)}{nearest(name, known)}")
    return tuple(p for p in found if not names or set(accounts_of(p)) & set(names))


def parse_accepts(texts: Iterable[str], people: Iterable[Person]) -> tuple[Accept, ...]:
    """Read every ``--accept-blocked ACCOUNT:RULE[=COUNT]``.

    Raises:
        CommandError: An unknown account or rule, one that cannot be accepted, or a wrong count.
    """
    known = list(dict.fromkeys(name for person in people for name in accounts_of(person)))
    return tuple(_accept(text, known) for text in texts)


def parse_marks(file: TextIO | None) -> tuple[str, ...]:
    """The IDs of a ``--marks`` file, one a line; empty lines and those that begin with # are none.

    Raises:
        CommandError: It cannot be read, or is no text.
    """
    try:
        lines = [line.strip() for line in file or ()]
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError("--marks cannot be read: it is no text in UTF-8") from error
    return tuple(line for line in lines if line and not line.startswith("#"))


def _accept(text: str, accounts: list[str]) -> Accept:
    from mailsync_tui.engine.model import Accept
    from mailsync_tui.engine.plan.guards import RULES, UNACCEPTABLE

    where = f"--accept-blocked {safe_text(text, 120)}"
    account, colon, rest = text.partition(":")
    rule, equals, number = rest.partition("=")
    if not colon:
        raise CommandError(f"{where}: expected ACCOUNT:RULE or ACCOUNT:RULE=COUNT")
    if account not in accounts:
        raise CommandError(f"{where}: unknown account{nearest(account, accounts)}")
    allowed = [name for name in RULES if name not in UNACCEPTABLE]
    if rule in UNACCEPTABLE:
        raise CommandError(
            f"{where}: {rule} cannot be accepted; see `plan` for the way out "
            f"(can be accepted: {', '.join(allowed)})"
        )
    if rule not in allowed:
        raise CommandError(f"{where}: unknown rule; can be accepted: {', '.join(allowed)}")
    if not equals:
        return Accept(account, rule)
    if not (number.isascii() and number.isdigit() and len(number) < 10 and int(number) > 0):
        raise CommandError(f"{where}: expected a number of lines above 0 after =")
    return Accept(account, rule, int(number))
