"""``python -m mailsync_tui`` is the command ``mailsync-tui``."""

from mailsync_tui.cli import main

main()
