"""The set-up, asked line by line: accounts, how they sign in, folders, and where mail is gathered.

Nothing is contacted but the mailboxes that the person names, and nothing is written before the
person has seen the change and said yes.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from mailsync_tui.cli import render
from mailsync_tui.cli.output import is_terminal
from mailsync_tui.cli.screen import Screen
from mailsync_tui.errors import OK, CommandError, ConfigError
from mailsync_tui.report.words import several
from mailsync_tui.session.setup import (
    SECRET_KEYS,
    Checked,
    Provider,
    Setup,
    account_name,
    provider_of,
)
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.cli.settings import Settings

_HOME = "consolidated"
_KEPT = ("ca_file", "insecure", "distinct", "max_listing")
"""What is not asked for, and stays as it is in a section that is changed."""
_SECRETS = {
    "command": "a command prints it (a password manager: pass, secret-tool, ...)",
    "keyring": "the desktop's keyring holds it",
    "env": "an environment variable holds it",
    "file": "it stands in the configuration, which only you can read",
}


def set_up(settings: Settings) -> int:
    """Ask, try, show, write.

    Raises:
        CommandError: There is no terminal to ask on.
        ConfigError: The file that is there cannot be read.
        click.Abort: The person ended it (Ctrl+C, Ctrl+D): nothing was written.
    """
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise CommandError("there is no terminal to ask on: nothing was contacted")
    setup = Setup(settings.config_file, settings.user)
    dialog = _Dialog(settings, setup)
    dialog.say(f"The configuration: {setup.path}{' (new)' if setup.new else ''}")
    dialog.say("Enter takes what stands in [brackets]; Ctrl+C ends, and nothing is written.")
    if not setup.sections:
        dialog.account()
        while dialog.yes("Another account?", default=False):
            dialog.account()
        dialog.home()
    dialog.change()
    while not dialog.written():
        dialog.change()
    return dialog.first_plan()


class _Dialog:
    """The questions, in whatever order the person goes through them."""

    def __init__(self, settings: Settings, setup: Setup) -> None:
        self.settings, self.setup = settings, setup

    # --- asking

    def say(self, text: str) -> None:
        """A sentence, wrapped; foreign text in it is made safe."""
        screen = Screen(self.settings.output, "stderr")
        screen.text(safe_text(text))
        screen.show()

    def ask(self, question: str, default: str | None = None, *, hidden: bool = False) -> str:
        """A line of text, without blanks around it."""
        answer = click.prompt(question, default=default, hide_input=hidden, err=True)
        return str(answer).strip()

    def yes(self, question: str, *, default: bool) -> bool:
        """A yes or no."""
        return click.confirm(question, default=default, err=True)

    def choose(self, question: str, options: Mapping[str, str], default: str) -> str:
        """One of a few words, each explained."""
        for word, meaning in options.items():
            self.say(f"  {word}: {meaning}")
        return str(click.prompt(question, default, type=click.Choice([*options]), err=True))

    # --- accounts

    def account(self, name: str | None = None, entered: Mapping[str, Any] | None = None) -> None:
        """Ask for an account, try it, and take it over; or not.

        Args:
            name: The account that is to be changed, or entered anew.
            entered: Its keys; those in the file if not said.
        """
        before = dict(entered or (self.setup.sections[name] if name else {}))
        if before.get("type") == "maildir":
            section = self.maildir("Its Maildir", before["path"])
        else:
            address = self.ask("Mail address", before.get("user"))
            section = self.server(address, provider_of(address), before)
        name = name or self.name(section)
        section |= {key: before[key] for key in ("folders", "into", "allow") if key in before}
        checked = self.tried(name, section)
        if checked == "change":
            self.account(name, section)
        if not isinstance(checked, Checked):
            return
        if checked.facts is not None and section["type"] != "pop3":
            section["folders"] = self.folders(checked, before.get("folders", ["INBOX"]))
        self.say(
            "Where another program fetches mail from this mailbox and removes it there, what it"
            " removes must not be deleted in your consolidated mailbox."
        )
        removed = "forward" not in before.get("allow", ["forward"])
        if self.yes("Does another program remove mail there?", default=removed):
            section["allow"] = ["collect", "reverse"]
        else:
            section.pop("allow", None)
        self.setup.put(name, section)

    def name(self, section: Mapping[str, Any]) -> str:
        """What the account is to be called."""
        server = section.get("host", Path(section.get("path", "")).name)
        domain = server.rpartition(".")[0].rpartition(".")[2] or server
        suggested = account_name("mail" if domain.isdigit() else domain, self.taken)
        while True:
            name = self.ask("A short name for this account", suggested)
            if name in self.taken:
                self.say(f"{name} is taken.")
            elif account_name(name, {}) == name.lower() and name != _HOME:
                return name
            else:
                self.say("A name has letters, digits, - and _.")

    @property
    def taken(self) -> Mapping[str, Any]:
        """The names that are in use."""
        return self.setup.sections

    def server(
        self, address: str, provider: Provider | None, before: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The section of a mailbox on a server."""
        domain = address.rpartition("@")[2]
        servers: dict[str, dict[str, Any]] = {"imap": {}, "pop3": {}}
        if provider is not None:
            servers = provider.servers
            self.say(f"This is {provider.name}. {provider.note}")
            if provider.takes != "password":
                self.say(f"It takes a {provider.takes}, not your password: {provider.page}")
        protocol = next(iter(servers))
        if len(servers) > 1:
            options = {
                "imap": "folders, and what is deleted there can be put back there",
                "pop3": "the inbox alone",
            }
            kind = before.get("type", protocol)
            protocol = self.choose("Protocol", {word: options[word] for word in servers}, kind)
        known = {**before, **servers[protocol]} if before else servers[protocol]
        section: dict[str, Any] = {"type": protocol}
        guess = f"{'imap' if protocol == 'imap' else 'pop'}.{domain}"
        section["host"] = self.ask("Server", known.get("host", guess))
        tls = {
            "implicit": "TLS from the first byte",
            "starttls": "TLS after a plain greeting",
            "none": "no TLS; only for this machine itself",
        }
        section["tls"] = self.choose("Encryption", tls, known.get("tls", "implicit"))
        usual = (995, 110) if protocol == "pop3" else (993, 143)
        port = known.get("port", usual[section["tls"] != "implicit"])
        section["port"] = click.prompt("Port", port, type=click.IntRange(1, 65535), err=True)
        section |= {
            key: before[key] for key in ("ca_file", "fingerprint", "distinct") if key in before
        }
        section["user"] = self.ask("User name", before.get("user", address))
        secret = {key: before[key] for key in SECRET_KEYS if key in before}
        if not secret or not self.yes("Keep the password, or where it comes from?", default=True):
            secret = self.secret(section, provider)
        section |= secret
        if section["tls"] == "implicit":
            del section["tls"]
        if section["port"] == usual["tls" in section]:
            del section["port"]
        return section

    def secret(self, section: Mapping[str, Any], provider: Provider | None) -> dict[str, Any]:
        """How the program gets the password or token."""
        user, host = section["user"], section["host"]
        if provider is not None and provider.takes == "token":
            return {"token_command": self.ask("Command that prints a token", f"oama access {user}")}
        how = self.choose("Where does the password come from?", _SECRETS, "command")
        if how == "command":
            return {"password_command": self.ask("Command", f"pass show {host}")}
        if how == "env":
            return {"password_env": self.ask("Variable", "MAIL_PASSWORD")}
        password = self.ask("Password (it is not shown)", hidden=True)
        if how == "file":
            return {"password": password}
        try:
            import keyring
            from keyring.errors import KeyringError
        except ImportError:
            self.say("The keyring needs an extra: pip install 'mailsync-tui[keyring]'.")
            return self.secret(section, provider)
        try:
            keyring.set_password("mailsync-tui", f"{user}@{host}", password)
        except KeyringError as error:
            self.say(f"The keyring does not take it: {error}")
            return self.secret(section, provider)
        return {"keyring": True}

    def maildir(self, question: str, default: str) -> dict[str, Any]:
        """The section of a Maildir on this machine."""
        return {"type": "maildir", "path": self.ask(question, default)}

    def folders(self, checked: Checked, default: Sequence[str]) -> list[str]:
        """Which folders are collected from."""
        screen = Screen(self.settings.output, "stderr")
        render.folders(screen, checked)
        screen.show()
        self.say("Which of these are collected from? Names or globs, with commas between them.")
        answer = self.ask("Folders", ", ".join(default))
        return [part.strip() for part in answer.split(",") if part.strip()]

    # --- the consolidated mailbox, and the rest

    def home(self, entered: Mapping[str, Any] | None = None) -> None:
        """Ask where all mail is gathered; what was entered, or the file has, is suggested."""
        before = dict(entered or self.setup.sections.get(_HOME, {}))
        options = {"maildir": "on this machine; needs no server", "imap": "an IMAP account"}
        kind = self.choose("Where is all mail gathered?", options, before.get("type", "maildir"))
        if kind == "maildir":
            section = self.maildir(
                "Maildir (made by the first sync)", before.get("path", "~/Mail/all")
            )
        else:
            address = self.ask("Its mail address", before.get("user"))
            provider = provider_of(address)
            if provider is not None and "imap" not in provider.servers:
                provider = None
            section = self.server(address, provider, {**before, "type": "imap"})
            section["type"] = "imap"
        keep = ("folder", "root", "delete", "trash", "junk", "junk_means")
        section |= {key: before[key] for key in keep if key in before}
        checked = self.tried(_HOME, section)
        if checked == "change":
            self.home(section)
        elif isinstance(checked, Checked):
            self.setup.put(_HOME, section)

    def tried(self, name: str, section: dict[str, Any]) -> Checked | Literal["change", "drop"]:
        """Sign in; where that fails, the person decides what becomes of what was entered."""
        while True:
            self.say(f"Trying {name} ...")
            try:
                checked = self.setup.attempt(name, section)
                reason = checked.error
            except ConfigError as error:
                checked, reason = None, str(error)
            if reason is None and checked is not None:
                count = several(checked.messages, "message")
                self.say(f"{name} works: {count}." if checked.facts else checked.warnings[0])
                return checked
            for line in (reason or "").split("\n"):
                self.say(f"{name} does not work: {line}")
            options = {
                "change": "enter it anew",
                "again": "try it once more",
                "drop": "forget what was entered",
            }
            if checked is not None:
                options["keep"] = "keep it as it is, and mend it later"
            what = self.choose("What now?", options, "change")
            if what == "keep" and checked is not None:
                return checked
            if what != "again":
                return "change" if what == "change" else "drop"

    def change(self) -> None:
        """Let the person change, add and remove until it is right."""
        options = {
            "done": "look at the change, and write it",
            "add": "another account",
            "change": "an account, or where mail is gathered",
            "remove": "an account",
        }
        while True:
            for name, section in self.setup.sections.items():
                where = section.get("path") or f"{section.get('user')} on {section.get('host')}"
                self.say(f"  {name}: {section.get('type')}, {where}")
            what = self.choose("What next?", options, "done")
            if what == "done":
                return
            if what == "add":
                self.account()
                continue
            names = [n for n in self.setup.sections if what == "change" or n != _HOME]
            if not names:
                continue
            name = str(click.prompt("Which", type=click.Choice(names), err=True))
            if what == "remove":
                self.setup.remove(name)
            elif name == _HOME:
                self.home()
            else:
                self.account(name)

    def written(self) -> bool:
        """Show the change and write it, if the person wants that; whether there is nothing left."""
        diff = self.setup.diff()
        if not diff:
            self.say("Nothing was changed.")
            return True
        screen = Screen(self.settings.output, "stderr")
        for line in diff.split("\n"):
            screen.line(safe_text(line))
        screen.show()
        if not self.yes(f"Write this to {safe_text(str(self.setup.path))}?", default=True):
            return False
        try:
            self.setup.save()
        except ConfigError as error:
            for problem in error.problems:
                self.say(f"Not written: {problem}")
            return False
        self.say(f"Written to {self.setup.path}, for your eyes only.")
        return True

    def first_plan(self) -> int:
        """Offer to show what a first sync would do."""
        if not self.yes("Look at the plan now? It changes nothing.", default=True):
            return OK
        from mailsync_tui.cli import runs
        from mailsync_tui.cli.interrupts import Interrupts
        from mailsync_tui.engine.model import Options

        with Interrupts(self.settings.output) as interrupts:
            command = runs.Command(self.settings, (self.settings.person(),), interrupts, False)
            code = command.each(lambda person: runs.plan(command, person, Options()))
        self.say("`mailsync-tui sync` applies it, once it has asked; `mailsync-tui` is the app.")
        return code
