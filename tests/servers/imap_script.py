"""A small IMAP server of our own, so that a test can give it one vice: subclass and override."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Self

from tests.servers.script import talking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SECRET = "battery staple"

_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n$")


@dataclass(eq=False)
class Message:
    uid: int
    data: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class Folder:
    validity: int = 7
    uidnext: int = 1
    messages: list[Message] = field(default_factory=list)

    def add(self, data: bytes, *flags: str) -> Message:
        """Let a message arrive."""
        message = Message(self.uidnext, data, set(flags))
        self.messages.append(message)
        self.uidnext += 1
        return message

    @property
    def uids(self) -> list[int]:
        return [message.uid for message in self.messages]


class HangupError(OSError):
    """Raised by a handler: the connection ends here."""


class ImapScript:
    """Serves one account to one connection at a time; use as a context manager.

    Every command is a method ``do_…(connection, tag, arguments, literals)``.
    """

    capabilities = "IMAP4rev1 UIDPLUS MOVE UNSELECT ESEARCH NAMESPACE MULTIAPPEND LITERAL+"
    namespace = b'(("" "/")) NIL NIL'
    delimiter = "/"
    greeting = b"* OK hello\r\n"

    def __init__(self) -> None:
        self.folders = {"INBOX": Folder()}
        self.attributes: dict[str, str] = {}
        self.lines: list[str] = []
        """All commands, without tags and literals."""
        self.port = 0
        self.octets = 0
        """How many the last connection sent."""
        self.cut_after: int | None = None
        self.too_large: int | None = None
        """Octets of a literal that is refused before it is sent."""
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self.port = self._stack.enter_context(talking(self._talk))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def inbox(self) -> Folder:
        return self.folders["INBOX"]

    def sent(self, verb: str) -> list[str]:
        """The commands that began so."""
        return [line for line in self.lines if line.upper().startswith(verb)]

    def _talk(self, file: BinaryIO) -> None:
        Connection(self, file).serve()

    # The commands

    def do_capability(self, to: Connection, tag: bytes, *_: object) -> None:
        to.say(b"* CAPABILITY " + self.capabilities.encode())
        to.ok(tag)

    def do_login(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        if SECRET in arguments:
            to.ok(tag)
        else:
            to.say(tag + b" NO [AUTHENTICATIONFAILED] no")

    def do_namespace(self, to: Connection, tag: bytes, *_: object) -> None:
        to.say(b"* NAMESPACE " + self.namespace)
        to.ok(tag)

    def do_noop(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        to.ok(tag)

    do_subscribe = do_noop

    def do_logout(self, to: Connection, tag: bytes, *_: object) -> None:
        to.say(b"* BYE bye")
        to.ok(tag)
        raise HangupError

    def do_list(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        if arguments.endswith('""'):
            to.say(b'* LIST (\\Noselect) "%b" ""' % self.delimiter.encode())
        else:
            for name in self.folders:
                attributes = self.attributes.get(name, "")
                to.say(f'* LIST ({attributes}) "{self.delimiter}" "{name}"'.encode())
        to.ok(tag)

    def do_create(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        if _name(arguments) in self.folders:
            to.say(tag + b" NO [ALREADYEXISTS] it exists")
            return
        self.folders[_name(arguments)] = Folder()
        to.ok(tag)

    def do_status(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        folder = self.folders.get(_name(arguments))
        if folder is None:
            to.say(tag + b" NO [NONEXISTENT] no such folder")
            return
        to.say(
            b"* STATUS %b (MESSAGES %d UIDNEXT %d UIDVALIDITY %d)"
            % (arguments.split(" (")[0].encode(), len(folder.messages), folder.uidnext, 7)
        )
        to.ok(tag)

    def do_examine(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        self.open(to, tag, arguments, b"READ-ONLY")

    def do_select(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        self.open(to, tag, arguments, b"READ-WRITE")

    def open(self, to: Connection, tag: bytes, arguments: str, mode: bytes) -> None:
        folder = to.folder = self.folders.get(_name(arguments))
        if folder is None:
            to.say(tag + b" NO no such folder")
            return
        to.say(b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)")
        to.say(b"* %d EXISTS" % self.exists(folder))
        to.say(b"* OK [UIDVALIDITY %d] valid" % folder.validity)
        to.say(b"* OK [UIDNEXT %d] next" % folder.uidnext)
        to.say(tag + b" OK [" + mode + b"] open")

    def exists(self, folder: Folder) -> int:
        return len(folder.messages)

    def do_unselect(self, to: Connection, tag: bytes, *_: object) -> None:
        to.folder = None
        to.ok(tag)

    def do_search(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        if to.folder is None:
            to.say(tag + b" BAD nothing is open")
            return
        short = arguments.startswith("RETURN (ALL) ")
        found = self.found(to.folder, arguments.removeprefix("RETURN (ALL) "))
        numbers = ("," if short else " ").join(map(str, found))
        if short:
            to.say(f'* ESEARCH (TAG "{tag.decode()}") UID'.encode(), end=b"")
            to.say(f" ALL {numbers}".encode() if found else b"")
        else:
            to.say(f"* SEARCH {numbers}".rstrip().encode())
        to.ok(tag)

    def found(self, folder: Folder, criteria: str) -> list[int]:
        if criteria.startswith("UID "):
            return [message.uid for message in self.chosen(folder, criteria[4:])]
        keys = {"DELETED": "\\Deleted", "DRAFT": "\\Draft", "FLAGGED": "\\Flagged"}
        if criteria == "ALL":
            return folder.uids
        # One key, or several of them after as many OR as it takes.
        wanted = {keys[word] for word in criteria.split() if word != "OR"}
        return [one.uid for one in folder.messages if wanted & one.flags]

    def chosen(self, folder: Folder, numbers: str) -> list[Message]:
        highest = max(folder.uids, default=0)
        wanted: set[int] = set()
        for piece in numbers.split(","):
            low, _, high = piece.partition(":")
            if high == "*":
                # The last message belongs to it, whatever the first number is.
                wanted.update({highest}, range(int(low), highest + 1))
            else:
                wanted.update(range(int(low), int(high or low) + 1))
        return [one for one in folder.messages if one.uid in wanted]

    def do_fetch(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        assert to.folder is not None
        numbers, _, items = arguments.partition(" ")
        for message in self.chosen(to.folder, numbers):
            self.answer_fetch(to, to.folder, message, items)
        to.ok(tag)

    def answer_fetch(self, to: Connection, folder: Folder, message: Message, items: str) -> None:
        """One answer to FETCH."""
        number = folder.messages.index(message) + 1
        flags = " ".join(sorted(message.flags)).encode()
        to.say(
            b"* %d FETCH (UID %d RFC822.SIZE %d FLAGS (%b) INTERNALDATE "
            b'" 3-Feb-2024 04:05:06 +0000"' % (number, message.uid, len(message.data), flags),
            end=b"",
        )
        if "BODY.PEEK[]" in items:
            to.say(b" BODY[] {%d}\r\n%b)" % (len(message.data), message.data))
        elif "HEADER" in items:
            header = message.data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
            fields = re.search(r"\[(.*?)\]", items)
            assert fields is not None
            to.say(b" BODY[%b] {%d}\r\n%b)" % (fields[1].encode(), len(header), header))
        else:
            to.say(b")")

    def do_store(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        assert to.folder is not None
        numbers, what, _ = arguments.split(" ", 2)
        for message in self.chosen(to.folder, numbers):
            if what.startswith("+"):
                message.flags.add("\\Deleted")
            else:
                message.flags.discard("\\Deleted")
        to.ok(tag)

    def do_expunge(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        """``EXPUNGE``, and with arguments ``UID EXPUNGE``."""
        assert to.folder is not None
        among = self.chosen(to.folder, arguments) if arguments else list(to.folder.messages)
        for message in among:
            if "\\Deleted" in message.flags:
                self.remove(to, message)
        to.ok(tag)

    def remove(self, to: Connection, message: Message) -> None:
        assert to.folder is not None
        to.say(b"* %d EXPUNGE" % (to.folder.messages.index(message) + 1))
        to.folder.messages.remove(message)

    def do_move(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        assert to.folder is not None
        numbers, _, name = arguments.partition(" ")
        for message in self.chosen(to.folder, numbers):
            self.folders[_name(name)].add(message.data, *message.flags)
            self.remove(to, message)
        to.ok(tag)

    def do_append(
        self, to: Connection, tag: bytes, arguments: str, literals: Iterable[bytes]
    ) -> None:
        folder = self.folders.get(_name(arguments))
        if folder is None:
            to.say(tag + b" NO [TRYCREATE] no such folder")
            return
        uids: list[str] = []
        for flags, data in zip(re.findall(r"\(([^)]*)\)", arguments), literals, strict=True):
            uids.append(str(folder.add(data, *flags.split()).uid))
        code = f"[APPENDUID {folder.validity} {','.join(uids)}] " if self.uidplus else ""
        to.say(tag + f" OK {code}done".encode())

    @property
    def uidplus(self) -> bool:
        return "UIDPLUS" in self.capabilities


class Connection:
    """One client."""

    def __init__(self, server: ImapScript, file: BinaryIO) -> None:
        self._server = server
        self._file = file
        self._unsent = bytearray()
        self.folder: Folder | None = None
        server.octets = 0

    def serve(self) -> None:
        self.say(self._server.greeting, end=b"")
        while (command := self.read()) is not None:
            tag, line, literals = command
            self._server.lines.append(line)
            verb, _, arguments = line.removeprefix("UID ").partition(" ")
            handler: Callable[..., None] | None = getattr(self._server, f"do_{verb.lower()}", None)
            if handler is None:
                self.say(tag + b" BAD unknown command")
            else:
                try:
                    handler(self, tag, arguments, literals)
                finally:
                    self.flush()

    def read(self) -> tuple[bytes, str, list[bytes]] | None:
        """Tag, text and literals of the next command."""
        self.flush()
        text = b""
        literals: list[bytes] = []
        while True:
            line = self._file.readline()
            if not line.endswith(b"\n"):
                return None
            match = _LITERAL.search(line)
            if match is None:
                tag, _, rest = (text + line).rstrip(b"\r\n").partition(b" ")
                return tag, rest.decode("utf-8", "replace"), literals
            text += line[: match.start()]
            if self._server.too_large is not None and int(match[1]) > self._server.too_large:
                self.say(text.split(b" ")[0] + b" NO [TOOBIG] too large")
                self.flush()
                text, literals = b"", []
                continue
            if not match[2]:
                self.say(b"+ go on")
                self.flush()
            literals.append(self._exactly(int(match[1])))

    def hang(self) -> None:
        """Say nothing any more, until the client has gone."""
        while self.line():
            pass
        raise HangupError

    def line(self) -> bytes:
        """A line that is no command; empty once the client has gone."""
        self.flush()
        return self._file.readline()

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self._file.read(size - len(data))
            if not more:
                raise HangupError
            data += more
        return data

    def say(self, data: bytes, *, end: bytes = b"\r\n") -> None:
        """Answer; it is sent when the client is listened to again, or the connection ends."""
        self._unsent += data + end
        left = self._server.cut_after
        if left is not None and self._server.octets + len(self._unsent) > left:
            del self._unsent[left - self._server.octets :]
            self.flush()
            raise HangupError
        if len(self._unsent) > 65536:
            self.flush()

    def forget(self) -> None:
        """What was answered since the client was listened to is never sent."""
        self._unsent.clear()

    def flush(self) -> None:
        self._server.octets += len(self._unsent)
        view = memoryview(bytes(self._unsent))
        self._unsent.clear()
        while view:
            view = view[self._file.write(view) :]

    def ok(self, tag: bytes) -> None:
        self.say(tag + b" OK done")


def _name(arguments: str) -> str:
    match = re.match(r'"((?:[^"\\]|\\.)*)"', arguments)
    return match[1] if match else arguments.split(" ")[0]


class WithoutKeywords(ImapScript):
    """Refuses keywords: the whole APPEND fails."""

    def do_append(
        self, to: Connection, tag: bytes, arguments: str, literals: Iterable[bytes]
    ) -> None:
        """Store it, if it has none."""
        if "$Work" in arguments:
            to.say(tag + b" NO no keywords here")
        else:
            super().do_append(to, tag, arguments, literals)
