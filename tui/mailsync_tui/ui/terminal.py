"""Whether the terminal is still there."""

from __future__ import annotations

import select


def hung_up(descriptor: int) -> bool:
    """Whether the other end of a terminal is gone.

    A process that does not control the terminal is sent no SIGHUP, and reads an end of file over
    and over.

    Args:
        descriptor: Open on the terminal.
    """
    poll = select.poll()
    poll.register(descriptor, 0)
    gone = select.POLLHUP | select.POLLERR | select.POLLNVAL
    return any(event & gone for _, event in poll.poll(0))
