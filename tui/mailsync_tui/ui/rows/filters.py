"""What a person types after ``/``: words and a few fields; a list shows what passes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

FIELDS = ("from", "subject", "is", "on")


class FilterFields(NamedTuple):
    """What a filter looks at in one line."""

    subject: str
    sender: str
    states: frozenset[str]
    """The words that ``is:`` may name."""
    mailboxes: frozenset[str]
    """The mailboxes that ``on:`` may name."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Every part has to be met, whatever the case of letters."""

    words: tuple[str, ...] = ()
    """In subject or sender."""
    sender: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    """The beginning of a state's word is enough."""
    mailboxes: tuple[str, ...] = ()
    """The beginning of a mailbox's name is enough."""
    unknown: tuple[str, ...] = field(default=(), compare=False)
    """Words that look like ``field:word`` with a field that there is not."""

    @property
    def empty(self) -> bool:
        """Whether every line passes."""
        return self == Filter()

    @property
    def nothing(self) -> str:
        """What is said where no line passes; empty for the filter that all lines pass."""
        if self.empty:
            return ""
        unknown = ", ".join(f"{name}:" for name in self.unknown)
        known = ", ".join(f"{name}:" for name in FIELDS)
        named = f" There is no {unknown} (but {known})." if unknown else ""
        return f"No line passes the filter.{named}"

    def refines(self, other: Filter) -> bool:
        """Whether every line that passes this passes the other too."""
        return (
            all(any(part in word for word in self.words) for part in other.words)
            and all(any(part in word for word in self.sender) for part in other.sender)
            and all(any(part in word for word in self.subject) for part in other.subject)
            and all(any(w.startswith(part) for w in self.states) for part in other.states)
            and all(any(w.startswith(part) for w in self.mailboxes) for part in other.mailboxes)
        )

    def admits(self, text: FilterFields) -> bool:
        """Whether a line passes."""
        if self.states and not _begun(self.states, text.states):
            return False
        if self.mailboxes and not _begun(self.mailboxes, text.mailboxes):
            return False
        return self.reads(text.subject, text.sender)

    def reads(self, subject: str, sender: str) -> bool:
        """Whether subject and sender pass."""
        if not (self.words or self.sender or self.subject):
            return True
        subject, sender = subject.casefold(), sender.casefold()
        return (
            all(word in subject or word in sender for word in self.words)
            and all(word in sender for word in self.sender)
            and all(word in subject for word in self.subject)
        )


def parse(text: str) -> Filter:
    """Read what was typed. Any text is a filter: what is no field is a word.

    Args:
        text: Words parted by blanks; ``"two words"`` are one; ``field:word`` names a field.
    """
    found: dict[str, list[str]] = {name: [] for name in ("words", *FIELDS)}
    unknown: list[str] = []
    for word in _split(text):
        name, colon, value = word.partition(":")
        if colon and name in FIELDS:
            if value:
                found[name].append(value)
        else:
            found["words"].append(word)
            if colon and name.isalpha() and not value.startswith("/"):
                unknown.append(name)
    return Filter(
        tuple(found["words"]),
        tuple(found["from"]),
        tuple(found["subject"]),
        tuple(found["is"]),
        tuple(found["on"]),
        tuple(unknown),
    )


def _split(text: str) -> list[str]:
    """Words; quotes keep blanks, and one that is not closed yet reaches to the end."""
    words: list[str] = []
    word, quoted = "", False
    for character in text.casefold():
        if character == '"':
            quoted = not quoted
        elif character.isspace() and not quoted:
            words.append(word)
            word = ""
        else:
            word += character
    return [w for w in (*words, word) if w]


def _begun(wanted: tuple[str, ...], there: frozenset[str]) -> bool:
    return all(any(name.casefold().startswith(part) for name in there) for part in wanted)
