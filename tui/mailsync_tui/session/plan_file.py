"""A plan as JSON, and back from a saved file: lines may have been removed, and nothing else done.

The file holds each line twice: once to be read, and once, packed, in its seal. The seal brings
the plan back as it was made; a line that is left must read exactly as the seal's line does.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import stat
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from mailsync_tui.engine.model import (
    Accept,
    Blocked,
    HeldLine,
    Line,
    MailboxReport,
    Options,
    Place,
    Plan,
    Waiting,
)
from mailsync_tui.errors import PlanFileError
from mailsync_tui.mailboxes.base import Location
from mailsync_tui.text.safe import safe_text

VERSION = 1
LARGEST = 512 * 2**20
"""Octets of a file that are read at most: some 400,000 lines."""
_LARGEST_SEAL = 2 * LARGEST
_FREE = frozenset({"created", "actions"})
"""What the checksum leaves out: two plans differ in the one, and from the other lines may go."""
_UTC = "%Y-%m-%dT%H:%M:%SZ"
_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"
_UID_KEYS = {"imap": "uid", "pop3": "uidl", "maildir": "file"}


def save(plan: Plan) -> dict[str, Any]:
    """The plan as the JSON of the manual, with ``waiting`` and the ``seal`` besides."""
    types = {name: report.type for name, report in plan.mailboxes.items()}
    document: dict[str, Any] = {
        "version": VERSION,
        "user": plan.user,
        "created": utc(plan.created),
        "ledger": {"id": plan.ledger_id, "serial": plan.serial},
        "mailboxes": mailboxes_form(plan),
        "actions": [_action(line, types) for line in plan.lines],
        "held": held_form(plan),
        "blocked": blocked_form(plan),
        "waiting": [
            {"account": w.account, "kind": w.kind, "count": w.count, "detail": w.detail}
            for w in plan.waiting
        ],
    }
    seal: dict[str, Any] = {
        "directions": list(plan.options.directions),
        "reconsider": plan.options.reconsider,
        "accepts": [[a.account, a.rule, a.count] for a in plan.options.accepts],
        "marks": json.dumps([plan.options.marked, plan.options.marks, plan.options.scope]),
        "lines": _packed([_sealed(line) for line in plan.lines]),
    }
    document["seal"] = seal
    seal["sha256"] = _checksum(document)
    return document


def load(text: str, user: str) -> tuple[Plan, frozenset[str]]:
    """The plan that was saved, and the ids of the lines that are still in the file.

    Args:
        text: The file's content.
        user: Whose plan it must be.

    Raises:
        PlanFileError: It is no plan, another person's, or altered.
    """
    document = _parsed(text)
    version = document.get("version")
    if "seal" not in document or "actions" not in document:
        raise PlanFileError("this is no saved plan")
    if type(version) is not int or version != VERSION:
        raise PlanFileError(f"the plan is not of version {VERSION}, the one that is known here")
    if document.get("user") != user:
        other = safe_text(str(document.get("user")), 64)
        raise PlanFileError(f"this is the plan of {other}, not of {user}")
    try:
        if document["seal"]["sha256"] != _checksum(document):
            raise PlanFileError("the plan was altered; only whole actions may be removed")
        plan = _plan(document)
        left = _left(plan, document["actions"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, zlib.error) as error:
        raise PlanFileError("this is no saved plan, or it is damaged") from error
    return plan, left


def dumps(document: dict[str, Any]) -> str:
    """The text of a file: one action a line, so that an editor or ``grep`` can take it out."""
    parts = []
    for key, value in document.items():
        if key == "actions" and value:
            lines = ",\n  ".join(json.dumps(action) for action in value)
            parts.append(f' "actions": [\n  {lines}\n ]')
        else:
            parts.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def write(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all.

    Raises:
        OSError: It cannot be written; a symbolic link or a special file is never written to.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        pass
    else:
        if not stat.S_ISREG(mode):
            raise OSError(f"{safe_text(str(path))} is there and is no ordinary file")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read(path: Path) -> str:
    """The text of a saved plan.

    Raises:
        PlanFileError: It cannot be read, is too large, or no text.
    """
    try:
        with path.open("rb") as file:
            return read_from(file)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise PlanFileError(f"{path} cannot be read: {reason}") from error
    except ValueError as error:
        raise PlanFileError(f"{path} is no file name") from error


def read_from(file: BinaryIO | None) -> str:
    """The same from an open file; ``None`` is a standard input that is closed.

    Raises:
        PlanFileError: It is closed, too large, or no text.
        OSError: It cannot be read.
    """
    if file is None:
        raise PlanFileError("standard input is closed")
    data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise PlanFileError("this is too large for a saved plan")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlanFileError("this is no saved plan: it is not UTF-8") from error


# --- the forms that results share


def utc(moment: datetime) -> str:
    """A moment as JSON has it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime(_UTC)


def _moment(text: str) -> datetime:
    """The moment of :func:`utc`; any other form is an alteration."""
    moment = datetime.strptime(text, _UTC).replace(tzinfo=UTC)
    if utc(moment) != text:
        raise ValueError("not as a plan has it")
    return moment


def mailboxes_form(plan: Plan) -> dict[str, Any]:
    """What each mailbox listed, and why it was not reached."""
    return {
        name: {
            "type": report.type,
            "messages": report.messages,
            "complete": report.complete,
            "error": report.error,
            **({"note": report.note} if report.note else {}),
            **({"unmatched": list(report.unmatched)} if report.unmatched else {}),
            **({"left_out": report.left_out} if report.left_out else {}),
        }
        for name, report in plan.mailboxes.items()
    }


def held_form(plan: Plan) -> list[dict[str, Any]]:
    """The lines that wait for a person."""
    return [
        {
            "id": held.id,
            "kind": held.kind,
            "account": held.account,
            "rule": held.rule,
            "since": utc(held.since) if held.since else None,
            "message_id": held.message_id,
            "subject": safe_text(held.subject),
            **({"hold": safe_text(held.hold)} if held.hold is not None else {}),
            **({"reason": safe_text(held.reason)} if held.reason is not None else {}),
        }
        for held in plan.held
    ]


def blocked_form(plan: Plan) -> list[dict[str, Any]]:
    """What guards stopped."""
    return [
        {
            "account": blocked.account,
            "kind": blocked.kind,
            "rule": blocked.rule,
            "count": blocked.count,
            "allow": blocked.count,
            "detail": blocked.detail,
        }
        for blocked in plan.blocked
    ]


def _action(line: Line, types: dict[str, str]) -> dict[str, Any]:
    action: dict[str, Any] = {
        "id": line.id,
        "kind": line.kind,
        "account": line.account,
        "accounts": list(line.accounts),
        "needs": list(line.needs),
        "target": _place(line.target, types),
        "message_id": line.message_id,
        "subject": safe_text(line.subject),
        "from": safe_text(line.sender),
        "date": utc(line.date) if line.date else None,
        "size": line.size,
        "reason": line.reason,
        "undo": line.undo,
    }
    if line.evidence:
        action["evidence"] = [safe_text(sentence) for sentence in line.evidence]
    if len(line.copies) > 1:
        action["copies"] = [_place(place, types) for place in line.copies]
    return action


def _place(place: Place, types: dict[str, str]) -> dict[str, Any]:
    folder, validity, uid = place.location
    form: dict[str, Any] = {"mailbox": place.mailbox, "folder": folder}
    kind = types.get(place.mailbox, "imap")
    if kind == "imap":
        form["uidvalidity"] = validity or None
    form[_UID_KEYS[kind]] = None if uid == "" else uid
    return form


# --- the seal


def _sealed(line: Line) -> list[Any]:
    return [
        line.kind,
        line.account,
        list(line.accounts),
        list(line.needs),
        [[p.mailbox, *p.location] for p in (line.target, *line.copies)],
        line.message,
        line.message_id,
        line.subject,
        line.sender,
        line.date.isoformat() if line.date else None,
        line.size,
        line.reason,
        line.undo,
        line.compare,
        list(line.evidence),
    ]


def _unsealed(row: list[Any]) -> Line:
    kind, account, accounts, needs, places, message, message_id, subject, sender, date, *rest = row
    size, reason, undo, compare, *evidence = rest  # plans were saved without evidence once
    target, *copies = (Place(name, Location(*location)) for name, *location in places)
    return Line(
        kind=kind,
        account=account,
        accounts=tuple(accounts),
        needs=tuple(needs),
        target=target,
        copies=tuple(copies),
        message=message,
        message_id=message_id,
        subject=subject,
        sender=sender,
        date=datetime.fromisoformat(date) if date else None,
        size=size,
        reason=reason,
        undo=undo,
        compare=compare,
        evidence=tuple(evidence[0]) if evidence else (),
    )


def _packed(value: list[Any]) -> str:
    # Packed as ASCII, because tools such as jq rewrite strings that are not valid Unicode.
    text = json.dumps(value, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode("ascii"), 6)).decode("ascii")


def _unpacked(text: str) -> list[Any]:
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(base64.b64decode(text, validate=True), _LARGEST_SEAL)
    if not unpacker.eof:
        raise ValueError("cut off, or too large")
    value = json.loads(data)
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _checksum(document: dict[str, Any]) -> str:
    counted = {key: value for key, value in document.items() if key not in _FREE}
    counted["seal"] = {k: v for k, v in counted["seal"].items() if k != "sha256"}
    return hashlib.sha256(_canonical(counted).encode()).hexdigest()


def _canonical(value: object) -> str:
    """Text that is equal for equal values, also after a tool replaced what is no valid Unicode."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return _SURROGATE.sub(_REPLACEMENT, text)


def _plan(document: dict[str, Any]) -> Plan:
    seal = document["seal"]
    # Plans were saved without marks once.
    marked, marks, scope = json.loads(seal.get("marks", "[false, [], null]"))
    return Plan(
        user=document["user"],
        created=_moment(document["created"]),
        ledger_id=document["ledger"]["id"],
        serial=document["ledger"]["serial"],
        options=Options(
            tuple(seal["directions"]),
            seal["reconsider"],
            tuple(Accept(*accept) for accept in seal["accepts"]),
            marked,
            tuple(marks),
            scope,
        ),
        mailboxes={
            name: MailboxReport(**{**report, "unmatched": tuple(report.get("unmatched", ()))})
            for name, report in document["mailboxes"].items()
        },
        lines=tuple(_unsealed(row) for row in _unpacked(seal["lines"])),
        held=tuple(
            HeldLine(**{**held, "since": held["since"] and datetime.fromisoformat(held["since"])})
            for held in document["held"]
        ),
        blocked=tuple(
            Blocked(**{key: value for key, value in blocked.items() if key != "allow"})
            for blocked in document["blocked"]
        ),
        waiting=tuple(Waiting(**waiting) for waiting in document["waiting"]),
    )


def _left(plan: Plan, actions: list[dict[str, Any]]) -> frozenset[str]:
    """The lines that are left: in the order of the plan, each exactly as it was written."""
    types = {name: report.type for name, report in plan.mailboxes.items()}
    remaining = iter(plan.lines)
    left = set()
    if not isinstance(actions, list):
        raise TypeError("not a list")
    for action in actions:
        line = next((line for line in remaining if line.id == action["id"]), None)
        if line is None:
            raise PlanFileError(
                "an action was added, doubled or moved; only whole actions may be removed"
            )
        if _canonical(action) != _canonical(_action(line, types)):
            raise PlanFileError(f"the action {line.id} was altered; it may only be removed")
        left.add(line.id)
    return frozenset(left)


def _parsed(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanFileError("this is no saved plan: it is not JSON") from error
    if not isinstance(document, dict):
        raise PlanFileError("this is no saved plan")
    return document
