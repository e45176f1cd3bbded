"""The last line of every screen: the keys that work now, as many as fit, help among them."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

_ALWAYS = ("Esc", "?")
"""The way out and the help are there however narrow it is."""


class KeyBar(Widget):
    """Reads what the screen's bindings allow at this moment."""

    DEFAULT_CSS = """
    KeyBar { height: 1; background: $panel; dock: bottom; }
    """

    def on_mount(self) -> None:
        """Follow the bindings."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, _screen: object) -> None:
        self.refresh()

    def render(self) -> RenderResult:
        """Key and word for each."""
        entries: list[tuple[str, str]] = []
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            entry = (binding.key_display or binding.key, binding.description)
            if binding.show and enabled and entry not in entries:
                entries.append(entry)
        if not entries:
            return Content("")
        last = [entry for entry in entries if entry[0] in _ALWAYS]
        left = self.size.width - sum(map(_cells, last))
        shown = []
        for entry in entries:
            if entry not in last:
                left -= _cells(entry)
                if left < 0:
                    break
                shown.append(entry)
        shown += last
        return Content.assemble(
            *(
                part
                for key, label in shown
                for part in ((f" {key}", "bold $text-accent"), f" {label} ")
            )
        )


def _cells(entry: tuple[str, str]) -> int:
    return len(entry[0]) + len(entry[1]) + 3
