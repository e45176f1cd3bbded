"""The configuration as the set-up makes and changes it: section by section, tried, shown, written.

What stands in the file already is kept as it is, comments and unknown keys too (tomlkit); what is
new is written as ``tomli_w`` would.
"""

from __future__ import annotations

import difflib
import re
import tempfile
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError

from mailsync_tui.config.json_schema import json_schema
from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.config.providers import Provider, provider_of
from mailsync_tui.config.schema import SECRETS
from mailsync_tui.engine.events import nobody
from mailsync_tui.errors import ConfigError, Problem
from mailsync_tui.ledger.private import make_private_dir
from mailsync_tui.session import plan_file
from mailsync_tui.session.check import Checked, check_mailboxes
from mailsync_tui.session.person import load_people

__all__ = [
    "SECRET_KEYS",
    "Checked",
    "Provider",
    "Section",
    "Setup",
    "account_name",
    "json_schema",
    "provider_of",
]
SECRET_KEYS = tuple(spec.key for spec in SECRETS)
"""Those of a section that say where its password or token comes from."""

Section = Mapping[str, Any]
"""The keys of one mailbox, as TOML has them."""

_NEVER_NAMED = re.compile(r"[^A-Za-z0-9_-]+")
_HIDDEN = re.compile(r"^(.?\s*password\s*=\s*).*$", re.MULTILINE)


class Setup:
    """A configuration file that is being made or changed; nothing is written before :meth:`save`.

    Attributes:
        path: The file.
        new: It is not there yet.
    """

    def __init__(self, path: Path, user: str | None = None) -> None:
        """Read the file, if there is one.

        Args:
            path: The file; a symbolic link is followed.
            user: Whose sections, in a file of several people.

        Raises:
            ConfigError: It cannot be read, is no TOML, or is of several people and none was named.
        """
        self.path = path.resolve()
        try:
            self._before = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            self._before = ""
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise ConfigError([Problem("", f"{path}: cannot be read: {reason}")]) from error
        self.new = not self._before.strip()
        try:
            self._document = tomlkit.parse(self._before)
        except TOMLKitError as error:
            raise ConfigError([Problem("", f"{path}: no valid TOML: {error}")]) from error
        self._user = user
        if "users" in self._document and user is None:
            raise ConfigError(
                [Problem("users", "the file has several people: choose one with --user")]
            )

    @property
    def sections(self) -> dict[str, Section]:
        """Every mailbox by name: the accounts in the order of the file, ``consolidated`` last."""
        person = self._person
        found = dict(person.get("external", {}))
        if CONSOLIDATED in person:
            found[CONSOLIDATED] = person[CONSOLIDATED]
        return found

    def put(self, name: str, section: Section) -> None:
        """Add a mailbox, or change it: keys that it has no more are removed.

        Args:
            name: The account's, or ``consolidated``.
            section: All its keys.
        """
        person = self._person
        tables = person if name == CONSOLIDATED else person.setdefault("external", _super_table())
        there = tables.get(name)
        if there is None:
            tables[name] = tomlkit.item(dict(section))
            return
        for key in [key for key in there if key not in section]:
            del there[key]
        for key, value in section.items():
            if there.get(key) != value:
                there[key] = value

    def remove(self, name: str) -> None:
        """Take an account out. Its mail stays where it is, and its rows in the ledger too."""
        del self._person["external"][name]

    @property
    def text(self) -> str:
        """The file as it would be written."""
        return tomlkit.dumps(self._document)

    def diff(self) -> str:
        """What would change in the file, as a unified diff; a password is not shown."""
        before, after = self._before.splitlines(), self.text.splitlines()
        lines = difflib.unified_diff(before, after, "before", "after", lineterm="", n=2)
        return _HIDDEN.sub(r'\1"…"', "\n".join(lines))

    def attempt(self, name: str, section: Section) -> Checked:
        """Sign in to a mailbox and look at its folders; nothing is changed there.

        Args:
            name: The account's, or ``consolidated``.
            section: All its keys; they need not be in the file yet.

        Raises:
            ConfigError: They are wrong.
        """
        with tempfile.TemporaryDirectory(prefix="mailsync-setup-") as place:
            other = Path(place) / "other"
            for part in ("cur", "new", "tmp"):
                (other / part).mkdir(parents=True)
            beside = {"type": "maildir", "path": str(other)}
            home, accounts = section, {"other": beside}
            if name != CONSOLIDATED:
                home, accounts = beside, {name: cast("Any", section)}
            file = Path(place) / "config.toml"
            plan_file.write(file, tomlkit.dumps({CONSOLIDATED: home, "external": accounts}))
            (person,) = load_people(file, Path(place) / "state")
            with person.open_session(nobody) as session:
                checked = check_mailboxes(session)
        return next(each for each in checked if each.config.name == name)

    def save(self) -> None:
        """Write the file, whole or not at all, for its owner's eyes only.

        Raises:
            ConfigError: What it would say is wrong; or it cannot be written, or was changed
                meanwhile. The file is as it was.
        """
        try:
            make_private_dir(self.path.parent)
            with tempfile.TemporaryDirectory(prefix="mailsync-setup-") as place:
                file = Path(place) / "config.toml"
                plan_file.write(file, self.text)
                load_people(file)
            there = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
            if there != self._before:
                raise ConfigError([Problem("", f"{self.path}: it was changed meanwhile")])
            plan_file.write(self.path, self.text)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ConfigError([Problem("", f"{self.path}: not written: {reason}")]) from error

    @property
    def _person(self) -> MutableMapping[str, Any]:
        """The tables of the person whose file it is."""
        if self._user is None or ("users" not in self._document and not self.new):
            return self._document
        users = self._document.setdefault("users", _super_table())
        return cast("MutableMapping[str, Any]", users.setdefault(self._user, _super_table()))


def account_name(text: str, taken: Mapping[str, Any]) -> str:
    """A name for an account, made of a provider's name or a domain, that none has yet."""
    name = _NEVER_NAMED.sub("-", text.lower()).strip("-")[:60] or "mail"
    names = (name, *(f"{name}-{number}" for number in range(2, 100)))
    return next(each for each in names if each not in taken and each != CONSOLIDATED)


def _super_table() -> Any:
    return tomlkit.table(is_super_table=True)
