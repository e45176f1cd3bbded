"""One logged-in IMAP connection: its wire, what it can do, and which folder is open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from mailsync_tui.mailboxes.base import MailboxError
from mailsync_tui.mailboxes.imap.folder_names import INBOX, Names, names_of
from mailsync_tui.mailboxes.imap.syntax import (
    GarbledError,
    Token,
    expand_set,
    number,
    response_code,
    tokens,
)
from mailsync_tui.mailboxes.imap.wire import ImapCommand, ImapWire, RefusedError, Untagged

if TYPE_CHECKING:
    from mailsync_tui.mailboxes.imap.connection import LoggedIn


class Opened(NamedTuple):
    """What a server says of a folder when it is opened."""

    folder: str
    exists: int
    validity: int
    """0: it gives none."""
    uidnext: int | None
    modseq: int | None
    writable: bool


class ImapSession:
    """One connection; every answer goes through its wire.

    Args:
        logged_in: The connection.
    """

    def __init__(self, logged_in: LoggedIn) -> None:
        self.wire = ImapWire(logged_in.imap)
        self.imap = logged_in.imap
        self.capabilities = logged_in.capabilities
        self.encryption = logged_in.encryption
        self._names: Names | None = None
        # Asked with whatever comes first, and read when a name is to be translated.
        self._namespace = (
            self.wire.send(b"NAMESPACE", "asking for the namespaces")
            if "NAMESPACE" in self.capabilities
            else None
        )
        self.opened: Opened | None = None
        """The folder that is open, read-only or not."""
        self.sizes: dict[tuple[str, int], dict[int, int]] = {}
        """Sizes seen lately, by folder and UIDVALIDITY: hints, for making batches."""
        self.esearch = "ESEARCH" in self.capabilities or "IMAP4REV2" in self.capabilities

    @property
    def names(self) -> Names:
        """How its folders are called.

        Raises:
            MailboxError: it does not say so.
        """
        if self._names is None:
            self._names = self._ask_names()
        return self._names

    def _ask_names(self) -> Names:
        """A server that offers NAMESPACE, and then refuses it, is taken for one without it."""
        asked = self._namespace and self.wire.finish(self._namespace)
        if asked is not None and asked.status == "OK":
            found = [one for one in asked.untagged if one.kind == b"NAMESPACE"]
            try:
                names = names_of([word for one in found for word in tokens(one.parts, one.start)])
            except GarbledError as error:
                raise MailboxError(f"the server does not describe itself: {error}") from error
        else:
            names = Names((), ())
        if not names.delimited:
            command = self.wire.finish(self.wire.send(b'LIST "" ""', "asking for the delimiter"))
            for answer in command.untagged:
                if answer.kind == b"LIST":
                    _learn(names, tokens(answer.parts, answer.start))
        return names

    def has(self, capability: str) -> bool:
        """Whether the server offers it (IMAP4rev2 has many built in, RFC 9051, appendix E)."""
        return capability in self.capabilities or (
            capability in _PART_OF_REV2 and "IMAP4REV2" in self.capabilities
        )

    @property
    def gmail(self) -> bool:
        """Whether folders are labels, so that deleting from one takes nothing away."""
        return self.has("X-GM-EXT-1")

    @property
    def counts_changes(self) -> bool:
        """Whether HIGHESTMODSEQ tells of every change in a folder (RFC 7162)."""
        return self.has("CONDSTORE") or self.has("QRESYNC")

    def argument(self, folder: str) -> bytes:
        """A folder's name as it stands in a command; for INBOX nothing has to be known."""
        return b"INBOX" if folder == INBOX else self.names.argument(folder)

    def send_examine(self, folder: str, *, counting: bool = False) -> ImapCommand:
        """Begin to open a folder read-only; :meth:`examined` takes the answer.

        Args:
            folder: Its name.
            counting: Ask for its HIGHESTMODSEQ, which some servers give only then.
        """
        self.opened = None
        line = b"EXAMINE " + self.argument(folder) + (b" (CONDSTORE)" if counting else b"")
        return self.wire.send(line, f"opening {folder}")

    def examined(self, command: ImapCommand, folder: str) -> Opened:
        """The answer to :meth:`send_examine`; the folder counts as the one that is open.

        Raises:
            RefusedError: it cannot be opened.
        """
        self.opened = _opened(folder, self.wire.finish(command).check())
        return self.opened

    def examine(self, folder: str) -> Opened:
        """Open a folder read-only, afresh even if it is open.

        Raises:
            RefusedError: it cannot be opened.
        """
        return self.examined(self.send_examine(folder), folder)

    def select(self, folder: str) -> Opened:
        """Open a folder for changes, afresh even if it is open.

        Raises:
            RefusedError: it cannot be opened.
        """
        self.opened = None
        line = b"SELECT " + self.names.argument(folder)
        command = self.wire.call(line, f"opening {folder}")
        self.opened = _opened(folder, command)
        return self.opened

    def ensure_open(self, folder: str) -> Opened:
        """Open a folder read-only, unless it is open already.

        Raises:
            RefusedError: it cannot be opened.
        """
        if self.opened is not None and self.opened.folder == folder:
            return self.opened
        return self.examine(folder)

    def unselect(self) -> None:
        r"""Leave the open folder. Never by CLOSE, which expunges whatever is ``\Deleted``."""
        if self.opened is None:
            return
        folder, self.opened = self.opened.folder, None
        if self.has("UNSELECT"):
            self.wire.finish(self.wire.send(b"UNSELECT", f"leaving {folder}"))
            return
        # A failed EXAMINE leaves nothing open (RFC 3501, 6.3.2), but not on every server; where
        # there is another folder, that one is opened instead.
        if folder != "INBOX":
            self.wire.finish(self.send_examine("INBOX"))
        else:
            self.wire.finish(self.send_examine("mailsync-tui looks at nothing"))

    def search(self, criteria: bytes, what: str) -> list[int]:
        """UID SEARCH in the open folder, ascending.

        Raises:
            RefusedError: the server cannot.
        """
        if self.esearch:
            try:
                return self.found(self.send_search(criteria, what))
            except RefusedError:
                # Offered, and not understood (DESIGN.md, vice 12): it is not asked for again.
                self.esearch = False
        return self.found(self.send_plain_search(criteria, what))

    def listed(self, uids: Iterable[int], what: str) -> set[int]:
        """Those of these UIDs that the open folder lists.

        All are asked for, and compared here: one server reads the numbers of the search key UID as
        message numbers, and finds nothing for a set with ``*`` (DESIGN.md, vice 22).

        Raises:
            RefusedError: the server cannot.
        """
        wanted = set(uids)
        return wanted.intersection(self.search(b"ALL", what)) if wanted else wanted

    def send_search(self, criteria: bytes, what: str) -> ImapCommand:
        """Begin a UID SEARCH in the short form, if the server has it; :meth:`found` ends it."""
        form = b"RETURN (ALL) " if self.esearch else b""
        return self.wire.send(b"UID SEARCH " + form + criteria, what)

    def send_plain_search(self, criteria: bytes, what: str) -> ImapCommand:
        """Begin a UID SEARCH in the form that every server knows."""
        return self.wire.send(b"UID SEARCH " + criteria, what)

    def found(self, command: ImapCommand) -> list[int]:
        """The UIDs that a search found, ascending.

        Raises:
            RefusedError: the server cannot.
            MailboxError: the answer is none, or cannot be read.
        """
        return sorted(numbers_found(self.wire.finish(command).check()))

    def list_folders(self) -> list[tuple[frozenset[str], bytes]]:
        """LIST everything: attributes in lower case, and names as the server writes them.

        Raises:
            RefusedError: the server cannot.
        """
        line = b'LIST "" "*"'
        if self.has("SPECIAL-USE") and self.has("LIST-EXTENDED"):
            line += b" RETURN (SPECIAL-USE)"
        command = self.wire.call(line, "listing the folders")
        folders: list[tuple[frozenset[str], bytes]] = []
        for answer in command.untagged:
            if answer.kind != b"LIST":
                continue
            answered = tokens(answer.parts, answer.start)
            match answered:
                case [list(attributes), _, bytes(name), *_]:
                    _learn(self.names, answered)
                    folders.append((_lower(attributes), name))
                case _:
                    raise MailboxError("the list of folders cannot be read")
        return folders


def _learn(names: Names, answer: list[Token]) -> None:
    """The hierarchy delimiter, where no namespace gave it."""
    if len(answer) > 1 and isinstance(answer[1], bytes):
        names.learn_delimiter(answer[1].decode("ascii", "replace"))


_PART_OF_REV2 = frozenset(
    {"ESEARCH", "LIST-EXTENDED", "LITERAL-", "MOVE", "SPECIAL-USE", "UIDPLUS", "UNSELECT"}
)


def numbers_found(command: ImapCommand) -> set[int]:
    """The UIDs in the answers to one UID SEARCH, in the old form or the short one (RFC 4731).

    Raises:
        MailboxError: there is no answer, or it cannot be read.
    """
    found: set[int] = set()
    answered = False
    for answer in command.untagged:
        if answer.kind not in (b"SEARCH", b"ESEARCH"):
            continue
        answered = True
        try:
            found.update(_plain(answer) if answer.kind == b"SEARCH" else _esearch(answer))
        except ValueError:
            raise MailboxError(f"{command.what}: the answer cannot be read") from None
    if not answered:
        raise MailboxError(f"{command.what}: the server answered nothing")
    if found and not 0 < min(found) <= max(found) <= _LARGEST_UID:
        raise MailboxError(f"{command.what}: the answer holds numbers that are no UIDs")
    return found


def status_numbers(command: ImapCommand) -> dict[str, int]:
    """The numbers of a STATUS answer, by name; empty if it was refused."""
    numbers: dict[str, int] = {}
    for answer in command.untagged:
        if answer.kind != b"STATUS":
            continue
        listed = tokens(answer.parts, answer.start)[-1:]
        items: list[Token] = listed[0] if listed and isinstance(listed[0], list) else []
        for key, value in zip(items[::2], items[1::2], strict=False):
            count = number(value)
            if isinstance(key, bytes) and count is not None:
                numbers[key.decode("ascii", "replace").upper()] = count
    return numbers


def _plain(answer: Untagged) -> Iterable[int]:
    # A server with CONDSTORE may add "(MODSEQ n)".
    words = answer.text.partition(b"(")[0]
    if words.count(b" ") > MOST_MESSAGES:
        raise GarbledError("more messages than there are")
    return map(int, words.split())


def _esearch(answer: Untagged) -> Iterable[int]:
    words = [word.upper() for word in tokens(answer.parts, answer.start) if isinstance(word, bytes)]
    if b"UID" not in words:
        # Then these are message numbers, which mean nothing here.
        raise MailboxError("a search was answered with message numbers instead of UIDs")
    if b"ALL" not in words:
        return ()
    return expand_set(words[words.index(b"ALL") + 1], MOST_MESSAGES)


MOST_MESSAGES = 2_000_000
"""A folder that claims to hold more is not believed."""
_LARGEST_UID = 2**32 - 1


def _opened(folder: str, command: ImapCommand) -> Opened:
    exists = 0
    codes: dict[bytes, bytes] = {}
    for answer in command.untagged:
        if answer.kind == b"EXISTS" and answer.number is not None:
            exists = answer.number
        elif answer.kind == b"OK":
            code, argument = response_code(answer.text)
            codes[code] = argument
    return Opened(
        folder,
        exists,
        number(codes.get(b"UIDVALIDITY")) or 0,
        number(codes.get(b"UIDNEXT")),
        number(codes.get(b"HIGHESTMODSEQ")),
        command.code != b"READ-ONLY",
    )


def _lower(words: Iterable[Token]) -> frozenset[str]:
    return frozenset(
        word.decode("ascii", "replace").lower() for word in words if isinstance(word, bytes)
    )
