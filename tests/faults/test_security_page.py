"""Every point of the manual's page on security is proved, and its numbers are the real ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailsync_tui.mailboxes.imap import listing as imap_listing
from mailsync_tui.mailboxes.imap import session as imap_session
from mailsync_tui.mailboxes.imap import wire as imap_wire
from mailsync_tui.mailboxes.pop3 import uidl as pop3_census
from mailsync_tui.mailboxes.pop3 import wire as pop3_wire
from tests.manual.documents import PAGES

TESTS = Path(__file__).parent.parent

PROOFS = {
    "Files": (
        "faults/test_security_files.py::test_whatever_the_umask",
        "faults/test_security_files.py::test_what_sqlite_writes_beside_the_ledger",
        "faults/test_security.py::test_everything_that_is_kept_is_its_owners_alone",
        "faults/test_security.py::test_a_ledger_that_others_can_read_is_refused",
        "config/test_load.py::test_a_password_that_others_can_read",
    ),
    "Passwords and tokens": (
        "faults/test_security_secrets.py::test_pop3_that_repeats_it",
        "faults/test_security_secrets.py::test_imap_that_repeats_it",
        "faults/test_security_secrets.py::test_no_process_shows_it",
        "faults/test_security_secrets.py::test_no_file_and_no_output_holds_it",
        "faults/test_security_secrets.py::test_the_unforeseen_tells_no_secret",
    ),
    "TLS": (
        "faults/test_security_tls.py::test_a_certificate_that_is_refused_is_explained",
        "faults/test_security_tls.py::test_a_fingerprint_accepts_one_certificate_alone",
        "faults/test_security_tls.py::test_starttls_is_never_stripped",
    ),
    "Sizes": (
        "faults/test_security_sizes.py::test_imap_answers",
        "faults/test_security_sizes.py::test_pop3_answers",
        "faults/test_security_sizes.py::test_more_folders_than_anybody_has_are_not_believed",
        "faults/test_security_sizes.py::test_more_messages_than_can_be_are_not_believed",
        "faults/test_security_sizes.py::test_more_pop3_messages_than_can_be_are_not_believed",
        "faults/test_security_sizes.py::test_nothing_is_unpacked",
    ),
    "Names": (
        "faults/test_security_names.py::test_a_maildir_is_not_left",
        "faults/test_security_names.py::test_from_imap_into_a_maildir",
        "reading/test_saving.py::test_names",
        "reading/test_saving.py::test_nothing_is_overwritten",
        "reading/test_saving.py::test_symbolic_links_are_not_followed",
    ),
    "Message-IDs": (
        "faults/test_security_identity.py::test_gone_from_the_account",
        "faults/test_security_identity.py::test_gone_from_the_consolidated_mailbox",
        "faults/test_security_identity.py::test_forged_in_the_consolidated_mailbox_itself",
    ),
    "Words of strangers": (
        "faults/test_security_words.py::test_in_output_and_log",
        "ui/test_hostile_screens.py::test_all_of_them",
        "ui/test_hostile_screens.py::test_on_a_terminal",
    ),
}


def test_every_point_is_proved() -> None:
    told = re.findall(
        r"^- \*\*([^*]+)\.\*\*", PAGES["security"].section("What is protected"), re.MULTILINE
    )
    assert told == list(PROOFS)


@pytest.mark.parametrize("proof", [one for proofs in PROOFS.values() for one in proofs])
def test_every_proof_is_there(proof: str) -> None:
    file, _, name = proof.partition("::")
    assert re.search(rf"^ *def {name}\(", (TESTS / file).read_text(), re.MULTILINE)


def test_the_numbers() -> None:
    text = " ".join(PAGES["security"].section("What is protected").split())
    gigabyte, megabyte = 1 << 30, 1 << 20
    assert imap_wire.MAX_LITERAL == pop3_wire.MESSAGE_LIMIT == gigabyte
    for number, words in (
        (gigabyte // gigabyte, "{} GiB for a message"),
        (imap_wire.BEFORE_LOG_IN // megabyte, "{} MiB before the log-in over IMAP"),
        (imap_wire.MAX_ANSWERS // megabyte, "{} MiB for the answers to one question"),
        (imap_listing.MOST_FOLDERS, "{:,} folders"),
        (imap_session.MOST_MESSAGES, "{:,} messages in an IMAP folder"),
        (pop3_census.MOST_MESSAGES, "{:,} over POP3"),
    ):
        assert words.format(number) in text
