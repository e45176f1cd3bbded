"""What is known of mail providers: servers, the kind of secret, what is peculiar."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Provider:
    """One mail provider, as ``providers.toml`` has it."""

    name: str
    domains: tuple[str, ...]
    takes: Literal["password", "app password", "token"]
    """What lets a program in."""
    page: str
    """Where it says how programs get in: a URL."""
    note: str
    """What is peculiar there; may be empty."""
    servers: dict[str, dict[str, Any]]
    """By protocol (``imap``, ``pop3``): the keys of a mailbox's section."""


def provider_of(address: str) -> Provider | None:
    """The provider of a mail address; ``None``: it is not known, and nobody is asked.

    Args:
        address: With or without what stands before the ``@``.
    """
    domain = address.rpartition("@")[2].strip().lower().rstrip(".")
    return next((each for each in providers() if domain in each.domains), None)


def providers() -> tuple[Provider, ...]:
    """All that are known."""
    text = files("mailsync_tui").joinpath("config", "providers.toml").read_text(encoding="utf-8")
    return tuple(_provider(entry) for entry in tomllib.loads(text)["provider"])


def _provider(entry: dict[str, Any]) -> Provider:
    servers: dict[str, dict[str, Any]] = {
        protocol: entry[protocol] for protocol in ("imap", "pop3") if protocol in entry
    }
    return Provider(
        entry["name"],
        tuple(entry["domains"]),
        entry["takes"],
        entry["page"],
        entry.get("note", ""),
        servers,
    )
