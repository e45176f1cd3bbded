"""What is installed is what the source says, and what CI installs is pinned."""

from __future__ import annotations

import os
import subprocess
import sysconfig
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import mailsync_tui

ROOT = Path(__file__).parent.parent
NAME = "mailsync-tui"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]


@pytest.fixture
def installed() -> metadata.Distribution:
    try:
        return metadata.distribution(NAME)
    except metadata.PackageNotFoundError:
        if os.environ.get("CI"):
            raise
        pytest.skip("the project is not installed: pip install -e '.[test]'")


def pins() -> dict[str, str]:
    lines = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = [line.partition("==") for line in lines if line and not line.startswith("#")]
    assert all(equals for _, equals, _ in found), "only NAME==VERSION stands in constraints.txt"
    return {canonicalize_name(name): version for name, _, version in found}


def test_the_installed_version_is_the_source_s(installed: metadata.Distribution) -> None:
    assert installed.version == mailsync_tui.__version__


def test_the_changelog_knows_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert mailsync_tui.__version__ in changelog


def test_types_are_published() -> None:
    assert (Path(mailsync_tui.__file__).parent / "py.typed").is_file()
    assert PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"] == {
        "packages": ["tui/mailsync_tui"]
    }


def test_the_console_script_starts(installed: metadata.Distribution) -> None:
    (script,) = installed.entry_points.select(group="console_scripts")
    assert (script.name, script.value) == (NAME, "mailsync_tui.cli:main")
    program = Path(sysconfig.get_path("scripts")) / NAME
    done = subprocess.run(
        [program, "--version"], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == f"{NAME} {mailsync_tui.__version__}\n"


def test_the_demo_s_server_is_an_extra() -> None:
    extras = PROJECT["optional-dependencies"]
    assert not any(Requirement(text).name == "pymap" for text in PROJECT["dependencies"])
    for extra in ("demo", "test"):
        assert "pymap" in {Requirement(text).name for text in extras[extra]}, extra


@pytest.mark.parametrize(
    "text",
    [
        *PYPROJECT["build-system"]["requires"],
        *PROJECT["dependencies"],
        *(text for extra in PROJECT["optional-dependencies"].values() for text in extra),
    ],
)
def test_what_is_required_is_pinned_within_its_range(text: str) -> None:
    required = Requirement(text)
    version = pins().get(canonicalize_name(required.name))
    assert version is not None, f"{required.name} is not in .ci/constraints.txt"
    assert required.specifier.contains(version)
