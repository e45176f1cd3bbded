"""What can be wrong with the configuration: problems, all of them at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing in the file that has to be mended."""

    key: str
    """The dotted key, sanitised; empty where the file as a whole is meant."""
    message: str
    """What is wrong and what was expected, sanitised; never a value that may be a secret."""
    nearest: str | None = None
    """The dotted key that was probably meant."""

    def __str__(self) -> str:
        text = f"{self.key}: {self.message}" if self.key else self.message
        return f"{text}; nearest known key: {self.nearest}" if self.nearest else text


class ConfigError(Exception):
    """The configuration cannot be used; ``str()`` lists every problem, one a line.

    Attributes:
        problems: Every problem of the file, at least one.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SecretError(Exception):
    """A password or token could not be had; the text says why and never holds the secret."""
