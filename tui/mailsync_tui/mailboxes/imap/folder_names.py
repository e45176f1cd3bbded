"""How folders are called: the ``/`` form, the server's own form, and what each is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from imapclient import imap_utf7

from mailsync_tui.mailboxes.base import Role
from mailsync_tui.mailboxes.imap.syntax import GarbledError, Token, quoted

INBOX = "INBOX"

_SLASH_IN_NAME = "\N{DIVISION SLASH}"
"""Stands for a slash inside a level, where the server's delimiter is another character."""

_SPECIAL_USE = {
    "\\trash": Role.TRASH,
    "\\junk": Role.JUNK,
    "\\spam": Role.JUNK,
    "\\drafts": Role.DRAFTS,
    "\\sent": Role.SENT,
    "\\all": Role.ALL,
    "\\allmail": Role.ALL,
    # Views on messages that lie elsewhere too, as all mail is.
    "\\flagged": Role.ALL,
    "\\important": Role.ALL,
}
_WELL_KNOWN = {
    Role.TRASH: "Trash|Bin|Deleted|Deleted Items|Deleted Messages|Papierkorb|Gelöschte Elemente"
    "|Gelöschte Objekte|Corbeille|Papelera|Cestino|Lixeira|Prullenbak|Kosz",
    Role.JUNK: "Junk|Spam|Junk E-mail|Junk Mail|Bulk Mail|Junk-E-Mail|Spamverdacht|Unerwünscht",
    Role.DRAFTS: "Drafts|Draft|Entwürfe|Brouillons|Borradores|Bozze",
    Role.SENT: "Sent|Sent Items|Sent Messages|Sent Mail|Gesendet|Gesendete Elemente"
    "|Gesendete Objekte|Envoyés|Enviados|Inviata",
    Role.ALL: "All Mail|Alle Nachrichten",
}
"""What mail programs call these folders, the best known name first."""
_NAMED = {
    name.casefold(): (role, rank)
    for role, names in _WELL_KNOWN.items()
    for rank, name in enumerate(names.split("|"))
}
_GMAIL = ("[gmail]/", "[google mail]/")
_INHERITED = (Role.TRASH, Role.JUNK, Role.DRAFTS, Role.SENT)
_UNSELECTABLE = ("\\noselect", "\\nonexistent")


class Names:
    """Translates folder names of one server.

    Args:
        personal: Prefix and delimiter of the personal namespaces (RFC 2342); the first counts.
        other: Prefixes of other people's and of shared namespaces.
    """

    def __init__(self, personal: Sequence[tuple[str, str]], other: Sequence[str]) -> None:
        prefix, self._delimiter = personal[0] if personal else ("", "")
        self._prefix = prefix
        self._other = tuple(one for one in other if one)
        # Names whose own form cannot be computed from the one with "/".
        self._odd: dict[str, bytes] = {}

    @property
    def delimited(self) -> bool:
        """Whether a personal namespace gave the hierarchy delimiter."""
        return bool(self._delimiter)

    def learn_delimiter(self, delimiter: str) -> None:
        """Take the delimiter from a LIST answer, where no namespace gave it."""
        self._delimiter = self._delimiter or delimiter

    def shown(self, raw: bytes) -> str:
        """The ``/`` form, without the personal prefix, of a name in the server's own form."""
        text = _decoded(raw)
        if text.upper() == INBOX:
            return INBOX
        short = self._slashed(self._without_prefix(text))
        if self._own(short) != raw:
            # Outside every namespace that the server named, or no modified UTF-7. No other name
            # begins with a slash, so it is never shown as another folder is.
            short = "/" + self._slashed(text)
            if self._own(short) != raw:
                self._odd[short] = raw
        return short

    def argument(self, folder: str) -> bytes:
        """The server's own form, quoted for a command.

        Raises:
            MailboxError: it cannot be said in IMAP.
        """
        return quoted(self._own(folder))

    def resolve(self, folder: str) -> str:
        """The ``/`` form of a name in that form, with the prefix or without, or the server's."""
        return self.shown(self._own(folder))

    def _own(self, folder: str) -> bytes:
        if folder in self._odd:
            return self._odd[folder]
        if folder.upper() == INBOX:
            return b"INBOX"
        whole = folder.startswith("/")
        name = folder[1:] if whole else folder
        if self._delimiter and self._delimiter != "/":
            name = name.replace("/", self._delimiter).replace(_SLASH_IN_NAME, "/")
        spelled: bytes = imap_utf7.encode(name)
        known = (self._prefix, *self._other)
        if whole or not self._prefix or any(_begins(name, one) for one in known):
            return spelled
        encoded: bytes = imap_utf7.encode(self._prefix)
        return encoded + spelled

    def _without_prefix(self, text: str) -> str:
        if self._prefix and _begins(text, self._prefix):
            return text[len(self._prefix) :]
        return text

    def _slashed(self, text: str) -> str:
        if not self._delimiter or self._delimiter == "/":
            return text
        return text.replace("/", _SLASH_IN_NAME).replace(self._delimiter, "/")


def selectable(attributes: frozenset[str]) -> bool:
    """Whether a folder with these LIST attributes (in lower case) can hold messages."""
    return not attributes.intersection(_UNSELECTABLE)


def within(folder: str, root: str) -> bool:
    """Whether a folder is the root or lies below it; everything does for an empty root."""
    return not root or folder == root or folder.startswith(root + "/")


def roles(
    folders: Iterable[tuple[str, frozenset[str]]], trash: str | None, junk: str | None
) -> dict[str, Role]:
    """What each folder is for: as configured, else by special use (RFC 6154), else by its name.

    A folder below the trash, junk, drafts or sent folder is for the same.

    Args:
        folders: Names in ``/`` form, and their LIST attributes in lower case.
        trash: The configured trash folder.
        junk: The configured junk folder.
    """
    listed = list(folders)
    found: dict[str, Role] = {}
    configured = {Role.TRASH: trash, Role.JUNK: junk}
    decided = {role for role, name in configured.items() if name is not None}
    for name, attributes in listed:
        for attribute in attributes:
            role = _SPECIAL_USE.get(attribute)
            if role is not None and configured.get(role) is None and name != INBOX:
                found[name] = role
                decided.add(role)
    for name, _ in listed:
        known = _well_known(name)
        if known is not None and known[0] not in decided:
            found.setdefault(name, known[0])
    found |= {name: role for role, name in configured.items() if name is not None}
    found[INBOX] = Role.INBOX
    return {name: _role(name, found) for name, _ in listed}


def trash_folder(found: dict[str, Role], configured: str | None) -> str | None:
    """The folder that deleted mail is moved to, or ``None`` where there is none."""
    if configured is not None:
        return configured
    candidates = [name for name, role in found.items() if role is Role.TRASH]
    # The shortest is no folder below another one; among several the best known counts.
    return min(candidates, key=lambda name: (name.count("/"), _rank(name), name), default=None)


def _role(name: str, found: dict[str, Role]) -> Role:
    own = found.get(name)
    if own is not None:
        return own
    parent = name
    while "/" in parent:
        parent = parent.rpartition("/")[0]
        role = found.get(parent)
        if role in _INHERITED:
            assert role is not None
            return role
    return Role.NORMAL


def _well_known(name: str) -> tuple[Role, int] | None:
    plain = name.casefold()
    for prefix in (*_GMAIL, "inbox/"):
        plain = plain.removeprefix(prefix)
    return _NAMED.get(plain)


def _rank(name: str) -> int:
    known = _well_known(name)
    return known[1] if known else -1


def _begins(text: str, prefix: str) -> bool:
    """Whether a name begins with a prefix; ``INBOX`` in it is written in any case."""
    if text.startswith(prefix):
        return True
    return prefix[:5].upper() == INBOX and text[:5].upper() + text[5 : len(prefix)] == (
        INBOX + prefix[5:]
    )


def _decoded(raw: bytes) -> str:
    """From modified UTF-7; a name that is none, or no text at all, is shown as it is written."""
    try:
        text: str = imap_utf7.decode(raw)
        text.encode("utf-8")
        spelled: bytes = imap_utf7.encode(text)
    except (UnicodeError, ValueError):
        return raw.decode("utf-8", "backslashreplace")
    return text if spelled == raw else raw.decode("utf-8", "backslashreplace")


def names_of(answer: list[Token]) -> Names:
    """How a server's folders are called, by its answer to NAMESPACE (RFC 2342).

    Not by imapclient, which knows no extensions, and NIL in capitals only.

    Raises:
        GarbledError: the answer cannot be read.
    """
    try:
        personal, *others = answer
        return Names(
            tuple(_spaces(personal)), tuple(prefix for one in others for prefix, _ in _spaces(one))
        )
    except ValueError as error:
        raise GarbledError("a namespace that cannot be read") from error


def _spaces(found: Token) -> Iterator[tuple[str, str]]:
    if found is not None and not isinstance(found, list):
        raise GarbledError("a namespace that cannot be read")
    for space in found or ():
        # What follows these two are extensions.
        match space:
            case [bytes(prefix), bytes() | None as delimiter, *_]:
                yield imap_utf7.decode(prefix), (delimiter or b"").decode("ascii", "replace")
            case _:
                raise GarbledError("a namespace that cannot be read")
