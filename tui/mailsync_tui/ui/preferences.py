"""What a person chose in the app and finds again on the next start: in a file beside the ledger."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

_FILE = "app.json"


def preferences(directory: Path) -> dict[str, object]:
    """What was chosen: ``theme`` by name, ``differences`` as a truth value; none that is not.

    Args:
        directory: The state directory of the person.
    """
    with suppress(OSError, ValueError):
        found = json.loads((directory / _FILE).read_text())
        if isinstance(found, dict):
            return found
    return {}


def keep(directory: Path, **chosen: object) -> None:
    """Keep what was chosen; where nothing can be written it is forgotten."""
    path = directory / _FILE
    with suppress(OSError):
        part = path.with_suffix(".part")
        part.write_text(json.dumps(preferences(directory) | chosen))
        part.replace(path)
