"""The grammar: sets, dates, flags, and answers that nobody should send."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsync_tui.mailboxes.base import MailboxError
from mailsync_tui.mailboxes.imap.folder_names import Names
from mailsync_tui.mailboxes.imap.syntax import (
    SET_LIMIT,
    GarbledError,
    Token,
    expand_set,
    format_date,
    parse_date,
    quoted,
    storable_flags,
    tokens,
    uid_set,
    uid_sets,
)

UIDS = st.lists(st.integers(1, 2**32 - 1))


@given(UIDS)
def test_a_set_names_exactly_these(uids: list[int]) -> None:
    named = uid_set(uids)
    if uids:
        assert expand_set(named, len(uids)) == sorted(set(uids))
    else:
        assert named == b""


@given(st.lists(st.integers(1, 2**32 - 1), max_size=2000), st.integers(1, 700))
def test_sets_are_short_and_lose_nothing(uids: list[int], most: int) -> None:
    cut = list(uid_sets(uids, most))
    assert [uid for batch, _ in cut for uid in batch] == uids
    assert all(len(batch) <= most and len(line) <= SET_LIMIT for batch, line in cut)
    assert all(line == uid_set(batch) for batch, line in cut)


@pytest.mark.parametrize("text", [b"1:4294967295", b"", b"a", b"1,,2", b"1:*", b"1:2:3"])
def test_sets_that_are_not_believed(text: bytes) -> None:
    with pytest.raises(GarbledError):
        expand_set(text, 1000)


@given(
    st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),
    st.integers(-14 * 60, 14 * 60),
)
def test_dates_there_and_back(date: datetime, minutes: int) -> None:
    aware = date.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_date(format_date(aware).strip(b'"')) == aware


def test_dates_with_odd_offsets_and_dates_that_are_none() -> None:
    odd = datetime(2024, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(minutes=53, seconds=28)))
    assert parse_date(format_date(odd).strip(b'"')) == odd.astimezone(UTC)
    none: list[Token] = [b"", b"31-Feb-2024 00:00:00 +0000", b"1-Foo-2024 00:00:00 +0000", None, []]
    for text in none:
        assert parse_date(text) is None


@given(st.binary(max_size=300))
def test_any_answer_is_read_or_refused(data: bytes) -> None:
    try:
        tokens([data])
    except GarbledError:
        return


@given(st.binary(max_size=50))
def test_a_quoted_string_comes_back(data: bytes) -> None:
    try:
        written = quoted(data)
    except MailboxError:
        assert any(octet in data for octet in b"\r\n\0")
    else:
        assert tokens([written]) == [data]


def test_many_opening_brackets_take_no_time_and_no_depth() -> None:
    assert tokens([b"[" * 100_000]) == [b"[" * 100_000]
    with pytest.raises(GarbledError):
        tokens([b"(" * 100_000])


def test_nothing_in_flags_can_end_the_list() -> None:
    assert storable_flags(["$A) {5", "a b", 'q"', "\\Custom", "ok", "\u00e4"], keywords=True) == [
        "ok"
    ]


@given(st.text(min_size=1), st.sampled_from(["/", ".", "\\"]), st.sampled_from(["", "INBOX"]))
def test_any_name_that_a_server_lists_leads_back_to_it(
    name: str, delimiter: str, prefix: str
) -> None:
    names = Names([(prefix + delimiter if prefix else "", delimiter)], ["shared" + delimiter])
    raw = name.encode("utf-8", "surrogatepass").translate(None, b"\r\n\0")
    shown = names.shown(raw)
    shown.encode("utf-8")
    if raw.upper() != b"INBOX":
        assert names.argument(shown) == quoted(raw)


def test_two_names_are_never_shown_alike() -> None:
    names = Names([("INBOX.", ".")], [])
    raw = [b"INBOX.Work", b"Work", b"INBOX.INBOX.Work", b"INBOX.&AOk-", "INBOX.é".encode()]
    shown = [names.shown(one) for one in raw]
    assert len(set(shown)) == len(raw)
    assert [names.argument(one) for one in shown] == [quoted(one) for one in raw]
