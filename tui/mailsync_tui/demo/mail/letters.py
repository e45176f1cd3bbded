"""The writer of the demo's letters: the same seed and date give the same bytes, always."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime, parseaddr
from importlib import resources
from random import Random
from typing import Any, Literal, NamedTuple

from mailsync_tui.demo.mail import mime

Flavour = Literal["private", "work", "old", "own", "bank"]
"""What kind of mail: as ``letters.toml`` has it."""
Address = tuple[str, str]
"""A name and an address."""

REFERENCE = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
"""The demo's today: no letter is younger."""

_PROGRAMS = ("Thunderbird 128.5", "Apple Mail (2.3826)", "K-9 Mail 8.0", "Mutt/2.2.13")
_FIXED_EVERY = 7
"""Every how many letters of a flavour one comes that is written out, while they last."""


class Letter(NamedTuple):
    """One message as it travels: the same bytes wherever a copy lies."""

    message_id: str | None
    """The raw header value."""
    subject: str
    sender: str
    date: datetime
    """Aware, to the second."""
    data: bytes


class _Draft(NamedTuple):
    sender: Address
    subject: str
    text: str
    shape: str = "text"
    attachment: str = ""
    bulk: bool = False
    """Sent to many: carries the header lines of a mailing list."""
    answers: str | None = None


@functools.cache
def _words() -> dict[str, Any]:
    """What ``letters.toml`` says."""
    file = resources.files(__package__) / "letters.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _draft_of(table: Mapping[str, Any], sender: Address, subject: str, text: str) -> _Draft:
    """A letter as its table, one that is written out or a template, wants it."""
    shape, attachment = table.get("shape", "text"), table.get("attachment", "")
    return _Draft(sender, subject, text, shape, attachment, table.get("list", False))


class _Slots(dict[str, str]):
    """Draws what a slot is when it is first asked for, so that a letter agrees with itself."""

    def __init__(self, rng: Random, first: str) -> None:
        super().__init__(first=first)
        self._rng = rng

    def __missing__(self, slot: str) -> str:
        if slot == "number":
            value = str(self._rng.randrange(1000, 99999))
        elif slot == "other":
            value = parseaddr(self._rng.choice(_words()["colleagues"]))[0].split()[0]
        elif slot == "amount":
            value = f"{self._rng.randrange(4, 900)}.{self._rng.randrange(100):02d}"
        else:
            value = self._rng.choice(_words()["slots"][slot])
        self[slot] = value
        return value


class Writer:
    """Writes letters, no two with the same subject or the same words, all drawn from one seed."""

    def __init__(self, seed: int, today: datetime = REFERENCE) -> None:
        self._rng = Random(seed)  # noqa: S311 - the same letters every time, and no secrets
        self._today = today
        self._used: set[str] = set()
        self._fixed: dict[Flavour, Iterator[dict[str, Any]]] = {
            name: iter(flavour.get("letters", ())) for name, flavour in _words()["flavours"].items()
        }
        self._people = [*map(parseaddr, _words()["friends"] + _words()["colleagues"])]
        self._written = dict.fromkeys(self._fixed, 0)
        self._last: dict[Flavour, Letter] = {}

    def letter(self, flavour: Flavour, *, with_id: bool = True) -> Letter:
        """Write one letter of this flavour.

        Args:
            flavour: Which account's kind of mail.
            with_id: Without, the header has no Message-ID, as from some devices.
        """
        date = self._date(flavour)
        draft = self._next_fixed(flavour) or self._drafted(flavour)
        letter = self._finish(draft, flavour, date, self._message_id(draft) if with_id else None)
        if draft.sender in self._people:
            self._last[flavour] = letter
        return letter

    def same_id(self, letter: Letter, flavour: Flavour) -> Letter:
        """Write another letter that bears the same Message-ID: other sender, date and text."""
        draft = self._drafted(flavour)
        date = letter.date - timedelta(days=self._rng.randrange(2, 9), minutes=17)
        return self._finish(draft, flavour, date, letter.message_id)

    def _date(self, flavour: Flavour) -> datetime:
        hours = self._rng.randrange(3, _words()["flavours"][flavour]["max_age_hours"])
        zone = timezone(timedelta(hours=self._rng.choice((0, 1, 1, 1, 2, -5, 9))))
        date = self._today - timedelta(hours=hours, seconds=self._rng.randrange(3600))
        return date.astimezone(zone)

    def _next_fixed(self, flavour: Flavour) -> _Draft | None:
        self._written[flavour] += 1
        if self._written[flavour] % _FIXED_EVERY:
            return None
        fixed = next(self._fixed[flavour], None)
        if fixed is None:
            return None
        return _draft_of(fixed, parseaddr(fixed["from"]), fixed["subject"], fixed["text"])

    def _drafted(self, flavour: Flavour) -> _Draft:
        while True:
            draft = self._draft(flavour)
            if self._used.isdisjoint((draft.subject, draft.text)):
                self._used.update((draft.subject, draft.text))
                return draft

    def _draft(self, flavour: Flavour) -> _Draft:
        rng = self._rng
        template = rng.choice(_words()["flavours"][flavour]["templates"])
        people = _words()["colleagues" if flavour == "work" else "friends"]
        senders, subjects = template.get("from", ()), template["subjects"]
        sender = parseaddr(rng.choice(senders or people))
        first = (sender if not senders else parseaddr(rng.choice(people)))[0].split()[0]
        slots = _Slots(rng, first)
        chosen = rng.randrange(len(subjects))
        texts = (
            group[chosen] if len(group) == len(subjects) else rng.choice(group)
            for group in template["paragraphs"]
        )
        text = "\n\n".join(_capital(text.format_map(slots)) for text in texts)
        subject = _capital(subjects[chosen].format_map(slots))
        answered = self._last.get(flavour)
        if not senders and answered is not None and rng.random() < 0.3:
            quoted = f"{answered.sender} wrote:\n> {answered.subject}\n\n"
            return _Draft(
                sender,
                f"Re: {answered.subject.removeprefix('Re: ')}",
                quoted + text,
                answers=answered.message_id,
            )
        return _draft_of(template, sender, subject, text)

    def _message_id(self, draft: _Draft) -> str:
        domain = draft.sender[1].partition("@")[2]
        style = self._rng.randrange(4)
        number = self._rng.getrandbits(96)
        if style == 0:
            return f"<CA+{number:024x}@mail.{domain}>"
        if style == 1:
            return f"<{number % 10**12}.{number >> 64}.JavaMail.app@node-{number % 7}.{domain}>"
        if style == 2:
            return f"<{number >> 48:012X}.{number % 2**32:08X}@{domain}>"
        return f"<{number:024x}@{domain}>"

    def _finish(
        self, draft: _Draft, flavour: Flavour, date: datetime, message_id: str | None
    ) -> Letter:
        name, address = draft.sender
        recipient = _words()["flavours"][flavour]["to"]
        stamp = format_datetime(date)
        domain = address.partition("@")[2]
        headers = [
            ("Return-Path", f"<{address}>"),
            (
                "Received",
                f"from mx.{domain} by mail.{recipient.partition('@')[2]}\r\n"
                f"\twith ESMTPS id {self._rng.getrandbits(40):010x}; {stamp}",
            ),
            ("Date", stamp),
            ("From", mime.mailbox(name, address)),
            ("To", mime.mailbox(_words()["owner"], recipient)),
            ("Subject", mime.encoded(draft.subject)),
        ]
        if message_id is not None:
            headers.append(("Message-ID", message_id))
        if draft.answers is not None:
            headers += [("In-Reply-To", draft.answers), ("References", draft.answers)]
        if draft.bulk:
            headers += [
                ("List-Id", f"<news.{domain}>"),
                ("List-Unsubscribe", f"<mailto:leave@{domain}>"),
            ]
        else:
            headers.append(("User-Agent", self._rng.choice(_PROGRAMS)))
        data = mime.message(headers, self._body(draft, date))
        return Letter(message_id, draft.subject, name, date, data)

    def _body(self, draft: _Draft, date: datetime) -> mime.BodyPart:
        if draft.shape == "html":
            return mime.text_part(_html(draft.subject, draft.text), "html")
        body = mime.text_part(draft.text)
        if draft.shape == "both":
            page = mime.text_part(_html(draft.subject, draft.text), "html")
            body = mime.multipart("alternative", [body, page], self._rng)
        if not draft.attachment:
            return body
        return mime.multipart("mixed", [body, self._attached(draft, date)], self._rng)

    def _attached(self, draft: _Draft, date: datetime) -> mime.BodyPart:
        number = self._rng.randrange(1000, 9999)
        if draft.attachment == "pdf":
            return mime.file_part(
                f"document-{number}.pdf", "application/pdf", mime.pdf(draft.subject)
            )
        if draft.attachment == "picture":
            return mime.file_part(f"IMG_{number}.png", "image/png", mime.picture(self._rng))
        if draft.attachment == "calendar":
            begin = date.astimezone(UTC) + timedelta(days=3)
            event = _EVENT.format(number=number, begin=begin, title=draft.subject)
            return mime.file_part("invite.ics", "text/calendar", event.encode())
        rows = (f"{row},{self._rng.random():.4f},{self._rng.random():.4f}" for row in range(40))
        table = "\r\n".join(("run,first,second", *rows, ""))
        return mime.file_part(f"run-{number}.csv", "text/csv", table.encode())


_EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//demo//EN\r\nBEGIN:VEVENT\r\n"
    "UID:{number}@larkfield.example\r\nDTSTAMP:{begin:%Y%m%dT%H%M%SZ}\r\n"
    "DTSTART:{begin:%Y%m%dT%H%M%SZ}\r\nDURATION:PT1H\r\nSUMMARY:{title}\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _html(title: str, text: str) -> str:
    parts = text.replace("&", "&amp;").split("\n\n")
    blocks = "\n".join(part if part.startswith("<h") else f"<p>{part}</p>" for part in parts)
    return (
        "<!DOCTYPE html>\n<html><head><title>"
        f"{title.replace('&', '&amp;').replace('<', '&lt;')}</title>\n"
        "<style>body { font-family: sans-serif; max-width: 40em }</style></head>\n"
        f"<body>\n{blocks}\n</body></html>"
    )
