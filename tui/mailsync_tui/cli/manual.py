"""``manual``: a page on standard output; on a terminal it is styled, and shown in a pager."""

from __future__ import annotations

import os
import sys

import click

from mailsync_tui.cli.output import Output, is_terminal
from mailsync_tui.cli.settings import nearest
from mailsync_tui.errors import OK, CommandError
from mailsync_tui.report.manual import PAGES, page
from mailsync_tui.text.safe import safe_text

_WIDEST = 100
"""Cells of a line, however wide the terminal is."""


def show(output: Output, name: str) -> int:
    """Print a page of the manual.

    Args:
        output: Writes.
        name: The page's name.

    Raises:
        CommandError: There is no such page.
        OutputError: It cannot be written.
    """
    if name not in PAGES:
        raise CommandError(f"no such page: {safe_text(name, 64)}{nearest(name, PAGES)}")
    text = page(name).rstrip()
    if not is_terminal(sys.stdout):
        output.result(text)
        return OK
    os.environ.setdefault("LESS", "-FRX")  # as git does: what fits is left on the terminal
    try:
        click.echo_via_pager(_styled(text))
    except ValueError:  # $PAGER is no command line
        output.result(text)
    return OK


def _styled(text: str) -> str:
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console()
    console.width = min(console.width, _WIDEST)
    with console.capture() as capture:
        console.print(Markdown(text, code_theme="ansi_dark", hyperlinks=False))
    return capture.get()
