"""The commands of ``[hooks]``: what happened stands in their environment, as counts and names."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from mailsync_tui.config.secrets import run_command
from mailsync_tui.engine.outcome import Result
from mailsync_tui.errors import SecretError
from mailsync_tui.ledger.rows import WaitRow

SECONDS = 600.0
"""A command that takes longer is ended."""


def after_collect(found: Result) -> dict[str, str]:
    """What ``after_collect`` is told; empty where nothing was collected."""
    accounts = [
        each.line.account
        for each in found.lines
        if each.line.kind == "collect" and each.outcome == "done"
    ]
    if not accounts or found.run is None:
        return {}
    return {
        "MAILSYNC_RUN": found.run,
        "MAILSYNC_COLLECTED": str(len(accounts)),
        "MAILSYNC_ACCOUNTS": " ".join(dict.fromkeys(accounts)),
    }


def on_attention(rows: Sequence[WaitRow]) -> dict[str, str]:
    """What ``on_attention`` is told of what waits since now, one a line."""
    texts = []
    for row in rows:
        state, account, kind, rule = row.key
        texts.append(" ".join(filter(None, (state, account, kind, rule, str(row.lines)))))
    return {
        "MAILSYNC_WAITS": "\n".join(texts),
        "MAILSYNC_COUNT": str(sum(row.lines for row in rows)),
    }


def run_hook(
    key: str, command: str, variables: dict[str, str], cancelled: Callable[[], bool]
) -> str | None:
    """Run a command, and wait for its end.

    Returns:
        What went wrong, in words; ``None``: nothing.
    """
    try:
        run_command(command, f"hooks.{key}", SECONDS, cancelled, {**os.environ, **variables})
    except SecretError as error:
        return str(error)
    return None
