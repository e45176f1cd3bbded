"""Every action of the app, once: key bindings, footer, help, palette and manual follow from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from textual.binding import Binding

Where = Literal[
    "comparison",
    "preview",
    "why",
    "ask",
    "held",
    "confirm",
    "progress",
    "result",
    "reader",
    "history",
    "run",
    "help",
]
"""The screens; each takes the actions that name it."""

SCREENS: dict[Where, str] = {
    "comparison": "Comparing the mailboxes",
    "preview": "Previewing a plan",
    "why": "Why a line is in the plan",
    "ask": "Typing an answer",
    "confirm": "Confirming",
    "progress": "While it works",
    "result": "The result",
    "held": "What is held",
    "reader": "Reading a message",
    "history": "Earlier runs",
    "run": "One earlier run",
    "help": "This help",
}
"""What the help calls them, in its order."""

EVERYWHERE: tuple[Where, ...] = tuple(SCREENS)
_ASKING: tuple[Where, ...] = ("confirm", "progress", "ask", "why")
_CALM: tuple[Where, ...] = tuple(where for where in SCREENS if where not in _ASKING)
_LISTS: tuple[Where, ...] = tuple(w for w in SCREENS if w not in ("confirm", "ask", "why"))


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do."""

    name: str
    """The screen or view has a method ``action_NAME``; with ``app.`` before it, the app has it.
    ``{where}`` stands for the screen, ``{key}`` for the key."""
    keys: tuple[str, ...]
    """As Textual names them; the first is the one that is shown."""
    label: str
    """For the footer: one or two words."""
    help: str
    """One sentence."""
    where: tuple[Where, ...]
    footer: bool = True
    moves: bool = False
    """It moves through a list; the list itself has it, and the palette leaves it out."""

    def call(self, where: Where) -> str:
        """As Textual runs it on that screen."""
        return self.name.replace("{where}", where)


ACTIONS: tuple[Action, ...] = (
    Action(
        "preview('forward')",
        ("f",),
        "forward",
        "Preview forward deletions: gone from an account, so deleted in the consolidated mailbox.",
        ("comparison",),
    ),
    Action(
        "preview('reverse')",
        ("r",),
        "reverse",
        "Preview reverse deletions: gone from the consolidated mailbox, so deleted on accounts.",
        ("comparison",),
    ),
    Action(
        "preview('both')",
        ("b",),
        "both",
        "Preview forward and reverse deletions together.",
        ("comparison",),
    ),
    Action(
        "preview('collect')",
        ("c",),
        "collect",
        "Show what is new and where, and copy it into the consolidated mailbox.",
        ("comparison",),
    ),
    Action(
        "mark",
        ("d",),
        "mark",
        "Mark the message, or the range, for deletion, or lift its mark; nothing is deleted yet.",
        ("comparison", "reader"),
    ),
    Action(
        "preview_marked",
        ("D",),
        "delete marked",
        "Preview the deletion of what is marked; there 0 to 9 say from where.",
        ("comparison",),
    ),
    Action(
        "choose_range",
        ("v",),
        "range",
        "Begin a range at this line, or end it; d marks all of it.",
        ("comparison",),
        footer=False,
    ),
    Action(
        "mark_all",
        ("asterisk",),
        "mark shown",
        "Mark all messages that the filter shows, or lift their marks.",
        ("comparison",),
        footer=False,
    ),
    Action(
        "scope({key})",
        tuple("0123456789"),
        "from where",
        "Delete what is marked everywhere (0), or only from the mailbox of that number.",
        ("preview",),
        footer=False,
    ),
    Action(
        "toggle",
        ("space",),
        "out/in",
        "Take a line, or a whole group, out of the plan or back in.",
        ("preview",),
    ),
    Action(
        "choose",
        ("space",),
        "choose",
        "Choose a line, or a whole group.",
        ("held", "run"),
    ),
    Action(
        "toggle_all",
        ("asterisk",),
        "all shown",
        "Take all lines that the filter shows out, or back in.",
        ("preview",),
    ),
    Action(
        "toggle_all",
        ("asterisk",),
        "all shown",
        "Choose all lines that the filter shows, or none.",
        ("held", "run"),
    ),
    Action(
        "why", ("w",), "why", "Tell why this would be done, and how that is known.", ("preview",)
    ),
    Action(
        "apply",
        ("a",),
        "apply",
        "Apply the plan as it is shown, after one more question.",
        ("preview",),
    ),
    Action(
        "accept",
        ("A",),
        "let through",
        "Let through, this once, what a guard blocked: type the account's name.",
        ("preview",),
    ),
    Action(
        "bring_back",
        ("a",),
        "bring back",
        "Preview the chosen lines as ordinary lines again.",
        ("held",),
    ),
    Action(
        "read",
        ("enter",),
        "read",
        "Read the message, from whichever side holds it, without marking it as seen; show or hide "
        "the lines of a group that is folded.",
        ("comparison", "preview", "held", "run"),
    ),
    Action("open", ("enter",), "open", "Show what this run did, line by line.", ("history",)),
    Action("open", ("enter",), "open", "Open the page that this line names.", ("help",)),
    Action(
        "undo",
        ("u",),
        "undo",
        "Put back what this run deleted; asks first.",
        ("history", "run"),
    ),
    Action(
        "save", ("s",), "save", "Save the plan to a file, for `mailsync-tui apply`.", ("preview",)
    ),
    Action("save", ("s",), "save", "Save an attachment, under a safe name.", ("reader",)),
    Action(
        "headers", ("H",), "all headers", "Show all header fields, or the usual ones.", ("reader",)
    ),
    Action("close", ("escape", "enter", "w", "q"), "close", "Back to the plan.", ("why",)),
    Action("leave_it", ("escape",), "leave it", "Do nothing.", ("ask",)),
    Action("yes", ("y",), "yes", "Do it.", ("confirm",)),
    Action("no", ("escape", "enter", "n", "q"), "no", "Do nothing.", ("confirm",)),
    Action(
        "cancel",
        ("escape", "q"),
        "stop",
        "Finish the current message, start no other, and tell what was done.",
        ("progress",),
    ),
    Action("clear", ("escape",), "end filter", "End the filter.", ("comparison",)),
    Action(
        "next_difference",
        ("n",),
        "next",
        "Go to the next difference.",
        ("comparison",),
    ),
    Action(
        "previous_difference",
        ("N",),
        "previous",
        "Go to the previous difference.",
        ("comparison",),
        footer=False,
    ),
    Action(
        "next_group",
        ("n",),
        "next group",
        "Go to the next group of lines.",
        ("preview",),
        footer=False,
    ),
    Action(
        "previous_group",
        ("N",),
        "previous group",
        "Go to the previous group of lines.",
        ("preview",),
        footer=False,
    ),
    Action(
        "filter",
        ("slash",),
        "filter",
        "Show only lines with these words; also from:ann, subject:tax, is:gone, on:isp.",
        ("comparison", "preview", "held", "run"),
    ),
    Action("find", ("slash",), "find", "Find words in the message.", ("reader",)),
    Action("next_hit", ("n",), "next", "Go to the next place with these words.", ("reader",)),
    Action(
        "previous_hit",
        ("N",),
        "previous",
        "Go to the previous place with these words.",
        ("reader",),
        footer=False,
    ),
    Action(
        "other_mailbox",
        ("tab",),
        "other mailbox",
        "Read it from the next mailbox that holds it.",
        ("reader",),
    ),
    Action("next_page", ("tab",), "manual", "Go to the next page of the manual.", ("help",)),
    Action(
        "previous_page",
        ("shift+tab",),
        "previous page",
        "Go to the previous page of the manual.",
        ("help",),
        footer=False,
    ),
    Action("other_pane", ("tab",), "pane", "Go to the next mailbox.", ("comparison",)),
    Action(
        "previous_pane",
        ("shift+tab",),
        "previous pane",
        "Go to the previous mailbox.",
        ("comparison",),
        footer=False,
    ),
    Action(
        "matrix",
        ("m",),
        "matrix",
        "Show one line a message and a column a mailbox, or a pane a mailbox.",
        ("comparison",),
    ),
    Action(
        "differences",
        ("equals_sign",),
        "differences",
        "Show differences only, or all messages; kept on the next start.",
        ("comparison",),
    ),
    Action(
        "zoom",
        ("z",),
        "zoom",
        "Show one pane beside the consolidated mailbox's, or all that fit.",
        ("comparison",),
    ),
    Action(
        "jump({key})",
        tuple("123456789"),
        "jump",
        "Go to the mailbox of that number.",
        ("comparison",),
        footer=False,
    ),
    Action(
        "order",
        ("o",),
        "order",
        "Sort by date, by thread, or with what changed first.",
        ("comparison",),
    ),
    Action(
        "held", ("x",), "held", "Show what is held back, and bring lines back.", ("comparison",)
    ),
    Action(
        "history", ("h",), "history", "Show earlier runs; undo there.", ("comparison", "result")
    ),
    Action(
        "look_again", ("f5",), "look again", "List all mailboxes anew.", ("comparison", "preview")
    ),
    Action(
        "app.help('{where}')",
        ("question_mark", "f1"),
        "help",
        "Show the keys that work here, and what the signs mean.",
        ("progress", *(where for where in _CALM if where != "help")),
    ),
    Action(
        "back",
        ("escape", "q"),
        "back",
        "Back to where you came from; what was chosen here is not kept.",
        tuple(where for where in _CALM if where != "comparison"),
    ),
    Action("leave", ("q",), "quit", "Leave the app.", ("comparison",)),
    Action(
        "app.command_palette",
        ("ctrl+p",),
        "every action",
        "Find any action by its name; themes too.",
        _CALM,
        footer=False,
    ),
    Action(
        "app.suspend_process",
        ("ctrl+z",),
        "suspend",
        "Suspend the app; `fg` in the shell brings it back.",
        _CALM,
        footer=False,
    ),
    Action(
        "app.interrupt",
        ("ctrl+c", "ctrl+q"),
        "end",
        "End the app, after the current message.",
        EVERYWHERE,
        footer=False,
    ),
    Action("cursor(-1)", ("up", "k"), "up", "One line up.", _LISTS, footer=False, moves=True),
    Action("cursor(1)", ("down", "j"), "down", "One line down.", _LISTS, footer=False, moves=True),
    Action(
        "page(-1)",
        ("pageup", "ctrl+u"),
        "page up",
        "One page up.",
        _LISTS,
        footer=False,
        moves=True,
    ),
    Action(
        "page(1)",
        ("pagedown", "ctrl+d"),
        "page down",
        "One page down.",
        _LISTS,
        footer=False,
        moves=True,
    ),
    Action("top", ("home", "g"), "top", "To the first line.", _LISTS, footer=False, moves=True),
    Action("bottom", ("end", "G"), "bottom", "To the last line.", _LISTS, footer=False, moves=True),
)

_SHOWN = {
    "question_mark": "?",
    "slash": "/",
    "equals_sign": "=",
    "asterisk": "*",
    "escape": "Esc",
    "enter": "Enter",
    "space": "space",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "up": "Up",
    "down": "Down",
    "f1": "F1",
    "f5": "F5",
}


def shown_key(key: str) -> str:
    """A key as a person reads it."""
    if key.startswith("ctrl+"):
        return f"Ctrl+{key[5:].upper()}"
    return _SHOWN.get(key, key)


def actions(where: Where) -> tuple[Action, ...]:
    """The actions of a screen, in the order of the registry."""
    return tuple(action for action in ACTIONS if where in action.where)


def bindings(where: Where) -> list[Binding]:
    """The key bindings of a screen; those that move through a list belong to the list."""
    own = [action for action in actions(where) if not action.moves]
    return [
        _binding(replace(action, keys=keys), action.call(where).replace("{key}", keys[0]))
        for action in own
        for keys in ([(key,) for key in action.keys] if "{key}" in action.name else [action.keys])
    ]


def movements() -> list[Binding]:
    """The key bindings of a list."""
    return [_binding(action, action.name) for action in ACTIONS if action.moves]


def shown_keys(action: Action) -> str:
    """All keys of an action as a person reads them."""
    return " ".join(shown_key(key) for key in action.keys)


def _binding(action: Action, call: str) -> Binding:
    return Binding(
        ",".join(action.keys),
        call,
        action.label,
        key_display=shown_key(action.keys[0]),
        show=action.footer,
        priority=action.name == "app.interrupt",
    )
