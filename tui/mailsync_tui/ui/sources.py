"""Where a message can be read from: the mailboxes that hold it, or a copy that was kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsync_tui.engine.model import Place
from mailsync_tui.mailboxes.base import MailboxError
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.engine.comparison import Key
    from mailsync_tui.ui.app import MailsyncApp


@dataclass(frozen=True, slots=True)
class Source:
    """One copy of a message."""

    name: str
    """The mailbox's, or what else holds the copy; sanitised."""
    where: str
    """The same with the folder."""
    read: Callable[[], Awaitable[bytes]]
    """Reads it; raises :class:`UserError`."""


async def mailboxes_with(app: MailsyncApp, key: Key) -> Sequence[Source]:
    """The copies of a message, in the order in which they are to be tried.

    Raises:
        LedgerError: the ledger cannot be used.
    """
    places = await app.aside(lambda: app.viewing.places(key))
    return [_at(app, place) for place in places]


def _at(app: MailsyncApp, place: Place) -> Source:
    async def read() -> bytes:
        raw = await asyncio.wrap_future(app.viewing.read(place))
        if raw is None:
            raise MailboxError("the message is not there any more")
        return raw.data

    name = safe_text(place.mailbox, 64)
    return Source(name, f"{name}, {safe_text(place.location.folder, 100)}", read)


def kept_copy(app: MailsyncApp, told: str, load: Callable[[], bytes]) -> Source:
    """A copy that no mailbox holds.

    Args:
        app: Whose thread reads it.
        told: What holds it, for "read from ...".
        load: Gives the bytes; may block.
    """
    name = safe_text(told, 200)
    return Source(name, name, lambda: app.aside(load))


def others(sources: Sequence[Source], at: int) -> list[str]:
    """The other mailboxes that hold it, each once."""
    return [name for name in dict.fromkeys(s.name for s in sources) if name != sources[at].name]


def next_mailbox(sources: Sequence[Source], at: int) -> int:
    """The first copy in another mailbox, going round; the same where there is none."""
    turn = [(at + step) % len(sources) for step in range(len(sources))]
    return next((n for n in turn if sources[n].name != sources[at].name), at)
