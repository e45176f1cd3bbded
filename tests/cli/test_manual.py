"""``manual``: pages as they are in a pipe, in a pager on a terminal, and all of them for man."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mailsync_tui.cli.commands import cli
from mailsync_tui.report.manual import PAGES, page
from tests.cli.place import Place
from tests.cli.terminal import terminal


def test_without_a_page_it_lists_them(place: Place) -> None:
    place.config.unlink()
    shown = place.run("manual")
    assert shown.exit_code == 0
    assert shown.stdout == page("index")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_printed_as_it_is(place: Place, name: str) -> None:
    shown = place.run("manual", name)
    assert shown.exit_code == 0
    assert shown.stdout == page(name)


def test_an_unknown_page_is_answered_with_the_nearest(place: Place) -> None:
    shown = place.run("manual", "gards")
    assert shown.exit_code == 2
    assert "no such page: gards; did you mean guards?" in shown.stderr


# --- on a terminal


def test_the_pager_that_the_person_chose(place: Place) -> None:
    with terminal(place, "manual", "undo", PAGER="sed 's/^/paged: /'") as shown:
        assert shown.end() == 0
    assert b"paged: " in shown.seen
    assert b"Undo and quarantine" in shown.seen
    assert b"\x1b[" not in shown.seen, "not every pager takes colours"


def test_less_is_called_as_git_does(place: Place, tmp_path: Path) -> None:
    less = tmp_path / "bin" / "less"
    less.parent.mkdir()
    less.write_text('#!/bin/sh\necho "options: $LESS"\ncat\n')
    less.chmod(0o700)
    path = f"{less.parent}:{os.environ['PATH']}"
    with terminal(place, "manual", "undo", PAGER="", LESS="-FRX", PATH=path) as shown:
        assert shown.end() == 0
    assert b"options: -FRX" in shown.seen
    assert b"\x1b[1m" in shown.seen
    assert b"\x1b]8" not in shown.seen, "no links: they would lead nowhere"


@pytest.mark.parametrize("pager", ["no-such-pager", "less '"])
def test_without_a_pager_it_is_printed(place: Place, pager: str) -> None:
    with terminal(place, "manual", "undo", PAGER=pager) as shown:
        assert shown.end() == 0
    assert b"Undo and quarantine" in shown.seen


# --- for man


@pytest.fixture(scope="module")
def roff(tmp_path_factory: pytest.TempPathFactory) -> str:
    return Place(tmp_path_factory.mktemp("man")).run("manual", "--man").stdout


def test_a_page_and_the_man_page_exclude_each_other(place: Place) -> None:
    assert place.run("manual", "guards", "--man").exit_code == 2


def test_the_man_page_has_every_page_but_the_developers(roff: str) -> None:
    sections = re.findall(r"^\.SH (.+)$", roff, re.MULTILINE)
    titles = [page(name).partition("\n")[0].removeprefix("# ").upper() for name in PAGES]
    assert sections == ["NAME", "SYNOPSIS", "DESCRIPTION", *titles[1:-1]]


def test_the_man_page_has_every_command(roff: str) -> None:
    synopsis = roff.partition(".SH SYNOPSIS")[2].partition(".SH")[0]
    assert r"\fBapply\fR [OPTIONS] FILE" in synopsis
    assert all(rf"\fB{name}\fR" in synopsis for name in cli.commands)


def test_nothing_in_the_man_page_is_taken_for_a_macro(roff: str) -> None:
    known = {"TH", "SH", "SS", "PP", "TP", "IP", "br", "sp", "RS", "RE", "EX", "EE"}
    assert set(re.findall(r"^\.(\w*)", roff, re.MULTILINE)) <= known
    assert not re.findall(r"^'", roff, re.MULTILINE)
    # Octets of our own text that roff would take for escapes.
    assert r"EXAMPLE\eann" in roff
    assert set(re.findall(r"\\(.)", roff)) <= set("fe-&(")
    assert roff.isascii(), "some locales have no other letters"


def test_mandoc_finds_nothing_to_warn_of(roff: str) -> None:
    mandoc = shutil.which("mandoc")
    if mandoc is None:
        message = "mandoc is not installed (Debian: mandoc)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    found = subprocess.run(
        [mandoc, "-Tlint", "-Wwarning"], input=roff, stdout=subprocess.PIPE, text=True, check=False
    )
    # A date would differ each time that it is made.
    assert [line for line in found.stdout.splitlines() if "missing date" not in line] == []
