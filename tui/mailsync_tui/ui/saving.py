"""Saving a plan from the app: for ``mailsync-tui apply``, without the lines that were taken out."""

from __future__ import annotations

from pathlib import Path

from mailsync_tui.engine.model import Plan
from mailsync_tui.report.choice import Choice
from mailsync_tui.session import plan_file as planfile
from mailsync_tui.text.safe import safe_text


def suggestion(plan: Plan) -> str:
    """A name for the file."""
    return f"plan-{plan.created.astimezone():%Y%m%d-%H%M}.json"


def problem(name: str) -> str:
    """What is wrong with a file name; empty if nothing is."""
    if not name.strip():
        return "Type the name of a file, or press Esc."
    try:
        there = _path(name).is_symlink() or _path(name).exists()
    except (OSError, RuntimeError, ValueError):
        return "That is no file name."
    return "A file of that name is there already: choose another." if there else ""


def save(choice: Choice, name: str) -> str:
    """Save what is left of a plan; what the person took out is declined when it is applied.

    Args:
        choice: The plan and what was taken out.
        name: The file; made for its owner alone.

    Returns:
        What went wrong, in a sentence; empty if nothing did.
    """
    document = planfile.save(choice.shown)
    declined = choice.declined
    document["actions"] = [x for x in document["actions"] if x["id"] not in declined]
    try:
        planfile.write(_path(name), planfile.dumps(document))
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return safe_text(f"The plan was not saved to {name}: {reason}", 400)
    return ""


def _path(name: str) -> Path:
    return Path(name.strip()).expanduser()
