"""The answer to NAMESPACE (RFC 2342)."""

from __future__ import annotations

import imaplib
from collections.abc import Iterator, Sequence

from imapclient import imap_utf7

from mailsync_tui.mailboxes.imap.syntax import GarbledError, Token, tokens


def ask_namespaces(imap: imaplib.IMAP4) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Prefix and delimiter of each personal namespace, and the prefixes of all others.

    Not by imapclient, which knows no extensions, and NIL in capitals only. A server that offers the
    command and then refuses it is taken for one that does not offer it.

    Raises:
        GarbledError: the answer cannot be read, or there is none.
        imaplib.IMAP4.abort: the connection is lost.
    """
    try:
        status, data = imap.namespace()
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        return (), ()
    if status != "OK":
        return (), ()
    if data == [None]:
        raise GarbledError("it does not tell its namespaces")
    return _parse(data)


def _parse(
    data: Sequence[bytes | tuple[bytes, bytes]],
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """The answer as imaplib gives it: text, and before a literal a pair of both."""
    parts: list[bytes] = []
    for piece in data:
        if isinstance(piece, tuple):
            head, literal = piece
            parts += [head[: head.rindex(b"{")], literal]
        else:
            parts.append(piece)
    personal, *others = tokens(parts)
    return tuple(_spaces(personal)), tuple(prefix for one in others for prefix, _ in _spaces(one))


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
