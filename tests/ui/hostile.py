"""What a stranger may write, and a look at what is drawn of it."""

from __future__ import annotations

import re

from mailsync_tui.ui.app import MailsyncApp
from tests.builders import MARKUP

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def check(app: MailsyncApp, *, shows: str = MARKUP[:20]) -> None:
    """Nothing unsafe is drawn, no markup was obeyed, and what is nasty is there literally."""
    strips = app.screen._compositor.render_strips()
    drawn = "\n".join(strip.text for strip in strips)
    assert not _UNSAFE.search(drawn.replace("\n", "")), drawn
    assert shows in drawn, f"{type(app.screen).__name__}: {drawn}"
    for strip in strips:
        for segment in strip:
            assert segment.style is None or "@click" not in segment.style.meta
