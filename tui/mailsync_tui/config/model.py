"""The configuration as immutable typed values; what each key means stands in the manual."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal, NamedTuple

MailboxType = Literal["pop3", "imap", "maildir"]
Tls = Literal["implicit", "starttls", "none"]
Direction = Literal["collect", "forward", "reverse"]
SecretSource = Literal["password", "password_env", "password_command", "keyring", "token_command"]

DIRECTIONS: tuple[Direction, ...] = ("collect", "forward", "reverse")
"""All directions, in the order in which a plan applies them."""

DEFAULT_PORTS: dict[MailboxType, tuple[int, int]] = {"pop3": (995, 110), "imap": (993, 143)}
"""With TLS from the first byte, and without."""

NAME = "^[A-Za-z0-9_-]{1,64}$"
"""What accounts and people may be called: a regular expression."""

CONSOLIDATED = "consolidated"
"""The name of the consolidated mailbox; no account may be called so."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a password or token comes from; its value never appears in ``repr``."""

    source: SecretSource
    value: str = field(repr=False)
    """The password itself, the variable's name, the command line, or ``user@host``: the name of
    the entry in the keyring."""


@dataclass(frozen=True, slots=True)
class MailboxConfig:
    """One external mailbox, or the consolidated one."""

    name: str
    """The account's name, or ``consolidated``."""
    type: MailboxType
    host: str = ""
    port: int = 0
    """The port that is used (the default is filled in when the file is read)."""
    tls: Tls = "implicit"
    ca_file: Path | None = None
    certificate: str | None = None
    """SHA-256 of the only certificate that is accepted: ``AA:BB:…``."""
    distinct: bool = False
    """It is a mailbox of its own, though another section seems to name it too."""
    user: str = ""
    secret: Secret | None = None
    path: Path | None = None
    """Maildir only: absolute, ``~`` expanded."""
    root: str = ""
    """Consolidated only: look at nothing outside this subtree."""
    folder: str = "INBOX"
    """Consolidated only: where collected mail goes."""
    delete: Literal["expunge", "trash"] = "expunge"
    trash: str | None = None
    junk: str | None = None
    junk_means: Literal["keep", "delete"] = "keep"
    allow: tuple[Direction, ...] = DIRECTIONS
    max_size: int | None = None
    """Octets; what is larger is not collected unasked."""
    every: timedelta | None = None
    """``sync --every`` contacts it no more often."""
    max_listing: int = 200_000_000
    """POP3 with neither UIDL nor TOP: octets that one listing fetches at most."""
    folders: tuple[str, ...] = ("INBOX",)
    """External IMAP and Maildir: globs of the folders that are collected from."""
    into: str | None = None
    """External only: collect into this folder; ``None`` is ``consolidated.folder``."""

    @property
    def fingerprint(self) -> str:
        """Which mailbox this is, whatever it is called: type, host, user and path.

        The port does not matter; hosts are compared whatever their case.
        """
        if self.type == "maildir":
            # No path of pathlib holds two slashes, so this is never another Maildir's path.
            return f"maildir:{self.path}//{self.root}" if self.root else f"maildir:{self.path}"
        root = f"/{self.root}" if self.root else ""
        return f"{self.type}:{self.user}@{self.host.lower().rstrip('.')}{root}"


@dataclass(frozen=True, slots=True)
class Guards:
    """Limits that hold deletions back."""

    max_delete_share: float = 0.5
    max_delete_floor: int = 10
    absent_scans: int = 1
    copies: Literal["any", "all"] = "any"
    unreached_days: int = 7
    """So long a mailbox that is not reached may hold what is gone elsewhere."""
    adopted: Literal["delete", "hold"] = "delete"
    """What becomes of mail that the consolidated mailbox had before, once it is gone elsewhere."""


@dataclass(frozen=True, slots=True)
class Holds:
    """Mail that is never deleted, on either side."""

    flagged: bool = False
    r"""What is flagged (``\Flagged``) where it would be deleted."""
    senders: tuple[str, ...] = ()
    """Globs for the sender's address, in any case."""
    folders: tuple[str, ...] = ()
    """Globs for the folder in which it would be deleted."""
    younger_than: timedelta = timedelta(0)
    """By its Date, or since when it is known; nothing is younger than 0."""


@dataclass(frozen=True, slots=True)
class UserConfig:
    """One person: a consolidated mailbox, the external ones, and the rules."""

    name: str
    """``default`` when the file has no ``[users.…]`` sections."""
    consolidated: MailboxConfig
    external: tuple[MailboxConfig, ...]
    """In the order of the file."""
    guards: Guards = Guards()
    holds: Holds = Holds()
    keep_days: int = 30
    schedule_apply: tuple[Direction, ...] = ("collect",)
    after_collect: str | None = None
    """Run after a run that collected something."""
    on_attention: str | None = None
    """Run when something begins to wait for the person."""
    message_timeout: timedelta = timedelta(seconds=120)
    """Without a byte, until a server hangs at a message that it was asked for."""

    @property
    def mailboxes(self) -> tuple[MailboxConfig, ...]:
        """The external ones in the order of the file, then the consolidated one."""
        return (*self.external, self.consolidated)

    def mailbox(self, name: str) -> MailboxConfig:
        """The mailbox of that name: an account's, or ``consolidated``.

        Raises:
            KeyError: there is none.
        """
        for config in self.mailboxes:
            if config.name == name:
                return config
        raise KeyError(name)


class Config(NamedTuple):
    """The whole file."""

    path: Path
    users: tuple[UserConfig, ...]
    state_dir: Path | None = None
    """The top-level ``state_dir``, absolute, or ``None``."""
