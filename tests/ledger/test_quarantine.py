from __future__ import annotations

import errno
import gzip
import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailsync_tui.errors import NoSpace, QuarantineError
from mailsync_tui.ledger import quarantine as module
from mailsync_tui.ledger.quarantine import MARGIN, Quarantine

MAIL = b"Message-ID: <a@b>\r\nSubject: one\r\n\r\nBody\r\n"
OTHER = b"\0\xff not mail at all \r\r\n" * 100
NOW = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "ann" / "quarantine"


@pytest.fixture
def store(directory: Path) -> Quarantine:
    return Quarantine(directory)


def files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def age(directory: Path, name: str, days: float) -> None:
    put = (NOW - timedelta(days=days)).timestamp()
    (path,) = directory.rglob(f"{name}*")
    os.utime(path, (put, put))


class TestPutAndGet:
    def test_bytes_come_back_as_they_were(self, store: Quarantine) -> None:
        messages = [MAIL, OTHER, b"", b"x" * 3_000_000, MAIL.replace(b"\r\n", b"\n")]
        names = store.put_all(messages)
        assert names == [hashlib.sha256(message).hexdigest() for message in messages]
        assert [store.get(name) for name in names] == messages

    def test_another_run_finds_them(self, store: Quarantine, directory: Path) -> None:
        (name,) = store.put_all([MAIL])
        assert Quarantine(directory).get(name) == MAIL

    def test_nothing(self, store: Quarantine) -> None:
        assert store.put_all([]) == []
        assert store.size() == (0, 0)

    def test_equal_messages_are_kept_once(self, store: Quarantine) -> None:
        names = store.put_all([MAIL, OTHER, MAIL])
        assert names[0] == names[2]
        assert store.size()[0] == 2
        assert store.get(names[0]) == MAIL

    def test_any_gzip_can_unpack_them(self, store: Quarantine, directory: Path) -> None:
        store.put_all([MAIL])
        (path,) = files(directory)
        assert path.suffix == ".gz"
        assert gzip.decompress(path.read_bytes()) == MAIL

    def test_only_their_owner_can_read_them(self, store: Quarantine, directory: Path) -> None:
        umask = os.umask(0)
        try:
            store.put_all([MAIL, OTHER])
        finally:
            os.umask(umask)
        for path in (directory.parent, directory, *directory.rglob("*")):
            assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)

    def test_a_generator_is_not_drained_at_once(
        self, store: Quarantine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "_IN_FLIGHT", 3)
        ahead = []
        done: list[bytes] = []
        write = Quarantine._write

        def recorded(self: Quarantine, data: bytes, temporary: Path) -> object:
            result = write(self, data, temporary)
            done.append(data)
            return result

        def messages() -> Iterator[bytes]:
            for number in range(50):
                ahead.append(number - len(done))
                yield b"%d" % number

        monkeypatch.setattr(Quarantine, "_write", recorded)
        assert len(store.put_all(messages())) == 50
        assert max(ahead) < 3

    def test_an_intact_one_is_not_written_anew_but_its_age_starts_anew(
        self, store: Quarantine, directory: Path
    ) -> None:
        (name,) = store.put_all([MAIL])
        age(directory, name, 20)
        (path,) = files(directory)
        before = path.stat()
        store.put_all([MAIL])
        after = path.stat()
        assert after.st_ino == before.st_ino
        assert after.st_mtime > before.st_mtime

    @pytest.mark.parametrize("damage", [b"", b"nonsense", gzip.compress(b"another", mtime=0)])
    def test_a_damaged_one_is_written_anew(
        self, store: Quarantine, directory: Path, damage: bytes
    ) -> None:
        (name,) = store.put_all([MAIL])
        files(directory)[0].write_bytes(damage)
        assert store.put_all([MAIL]) == [name]
        assert store.get(name) == MAIL


class TestDamage:
    @pytest.mark.parametrize(
        "damage",
        [
            lambda data: b"",
            lambda data: data[:-1],
            lambda data: data + b"x",
            lambda data: data[:20] + bytes([data[20] ^ 1]) + data[21:],
            lambda data: gzip.compress(b"another message"),
        ],
    )
    def test_it_is_noticed(
        self, store: Quarantine, directory: Path, damage: Callable[[bytes], bytes]
    ) -> None:
        (name,) = store.put_all([MAIL])
        (path,) = files(directory)
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(QuarantineError, match=f"{name} in the quarantine is damaged"):
            store.get(name)

    def test_missing(self, store: Quarantine, directory: Path) -> None:
        (name,) = store.put_all([MAIL])
        files(directory)[0].unlink()
        with pytest.raises(QuarantineError, match=f"{name} is not in the quarantine"):
            store.get(name)

    @pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
    def test_what_is_no_name(self, store: Quarantine, name: str) -> None:
        with pytest.raises(QuarantineError, match="is no name"):
            store.get(name)


class TestDurability:
    @pytest.fixture
    def steps(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
        """What is flushed and what is renamed, in that order."""
        steps: list[tuple[str, str]] = []
        fsync, replace = os.fsync, Path.replace

        def record_fsync(descriptor: int) -> None:
            fsync(descriptor)
            steps.append(("fsync", str(Path(f"/dev/fd/{descriptor}").resolve())))

        def record_replace(self: Path, target: Path) -> Path:
            steps.append(("rename", str(self)))
            steps.append(("renamed", str(target)))
            return replace(self, target)

        monkeypatch.setattr(os, "fsync", record_fsync)
        monkeypatch.setattr(Path, "replace", record_replace)
        return steps

    def test_a_file_before_its_rename_and_its_directories_after(
        self, store: Quarantine, directory: Path, steps: list[tuple[str, str]]
    ) -> None:
        store.put_all([MAIL, OTHER])
        renames = [place for place, (what, _) in enumerate(steps) if what == "rename"]
        assert len(renames) == 2
        for place in renames:
            assert ("fsync", steps[place][1]) in steps[: renames[0]]
        for path in files(directory):
            assert ("fsync", str(path.parent)) in steps[renames[-1] :]
        assert ("fsync", str(directory)) in steps
        assert ("fsync", str(directory.parent)) in steps

    def test_one_that_is_there_is_flushed_too(
        self, store: Quarantine, directory: Path, steps: list[tuple[str, str]]
    ) -> None:
        store.put_all([MAIL])
        steps.clear()
        store.put_all([MAIL])
        (path,) = files(directory)
        assert ("fsync", str(path)) in steps
        assert ("fsync", str(path.parent)) in steps
        assert "rename" not in [what for what, _ in steps]


class TestNoSpace:
    @pytest.mark.parametrize(
        ("number", "kind"),
        [(errno.ENOSPC, NoSpace), (errno.EDQUOT, NoSpace), (errno.EIO, QuarantineError)],
    )
    def test_nothing_half_written_is_left(
        self,
        store: Quarantine,
        directory: Path,
        monkeypatch: pytest.MonkeyPatch,
        number: int,
        kind: type[QuarantineError],
    ) -> None:
        (kept,) = store.put_all([MAIL])
        calls = 0
        fsync = os.fsync

        def fail(descriptor: int) -> None:
            nonlocal calls
            calls += 1
            if calls > 2:
                raise OSError(number, os.strerror(number))
            fsync(descriptor)

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(QuarantineError) as caught:
            store.put_all([b"%d" % number for number in range(10)])
        assert type(caught.value) is kind
        assert os.strerror(number) in str(caught.value)
        assert [path.name for path in files(directory)] == [f"{kept}.gz"]
        assert list(directory.glob("tmp-*")) == []

    def test_an_error_of_the_source_leaves_nothing_either(
        self, store: Quarantine, directory: Path
    ) -> None:
        def messages() -> Iterator[bytes]:
            yield MAIL
            raise KeyError("connection lost")

        with pytest.raises(KeyError):
            store.put_all(messages())
        assert files(directory) == []

    def test_space_is_asked_for(self, store: Quarantine, directory: Path) -> None:
        store.require_space(0)
        with pytest.raises(NoSpace, match="no space for the quarantine: the copies need") as caught:
            store.require_space(2**60)
        assert str(directory.parent.parent) in str(caught.value)
        assert not directory.exists()

    @pytest.mark.parametrize(("free", "enough"), [(MARGIN + 4096, True), (MARGIN, False)])
    def test_the_margin_stays_free(
        self, store: Quarantine, monkeypatch: pytest.MonkeyPatch, free: int, enough: bool
    ) -> None:
        room = (4096, 4096, 10**6, 10**6, free // 4096, 9, 9, 9, 0, 255)
        monkeypatch.setattr(os, "statvfs", lambda path: os.statvfs_result(room))
        if enough:
            store.require_space(4096)
        else:
            with pytest.raises(NoSpace):
                store.require_space(4096)

    def test_a_file_system_that_tells_nothing(
        self, store: Quarantine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        room = (4096, 4096, 0, 0, 0, 0, 0, 0, 0, 255)
        monkeypatch.setattr(os, "statvfs", lambda path: os.statvfs_result(room))
        store.require_space(2**60)


class TestPrivacy:
    @pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
    def test_a_directory_that_others_can_enter(self, directory: Path, mode: int) -> None:
        directory.mkdir(parents=True)
        directory.chmod(mode)
        with pytest.raises(QuarantineError) as caught:
            Quarantine(directory)
        assert str(caught.value).endswith(f"run: chmod 700 {directory}")

    def test_one_that_was_opened_to_others_meanwhile(
        self, store: Quarantine, directory: Path
    ) -> None:
        store.put_all([MAIL])
        directory.chmod(0o755)
        with pytest.raises(QuarantineError, match="chmod 700"):
            store.put_all([OTHER])
        directory.chmod(0o700)
        assert store.size()[0] == 1

    def test_what_is_no_directory(self, directory: Path) -> None:
        directory.parent.mkdir()
        directory.write_text("x")
        with pytest.raises(QuarantineError, match="is no directory"):
            Quarantine(directory)

    def test_looking_makes_nothing(self, store: Quarantine, directory: Path) -> None:
        assert store.size() == (0, 0)
        assert store.clean(NOW - timedelta(days=30), NOW, ()) == 0
        with pytest.raises(QuarantineError):
            store.get("a" * 64)
        assert not directory.parent.exists()


class TestClean:
    def test_old_ones_go_but_those_that_are_needed(
        self, store: Quarantine, directory: Path
    ) -> None:
        old, needed, young = store.put_all([MAIL, OTHER, b"young"])
        age(directory, old, 30.01)
        age(directory, needed, 400)
        age(directory, young, 29.99)
        assert store.clean(NOW - timedelta(days=30), NOW, [needed]) == 1
        assert store.size()[0] == 2
        assert store.get(needed) == OTHER
        assert store.get(young) == b"young"
        with pytest.raises(QuarantineError):
            store.get(old)

    def test_foreign_files_stay(self, store: Quarantine, directory: Path) -> None:
        (name,) = store.put_all([MAIL])
        foreign = directory / name[:2] / "README"
        foreign.write_text("x")
        os.utime(foreign, (0, 0))
        assert store.clean(NOW - timedelta(days=1), NOW, [name]) == 0
        assert foreign.exists()
        assert store.size()[0] == 1

    def test_what_a_killed_run_left(self, store: Quarantine, directory: Path) -> None:
        store.put_all([MAIL])
        for name, days in (("tmp-dead", 2), ("tmp-live", 0)):
            leftover = directory / name
            leftover.mkdir()
            (leftover / "0").write_bytes(b"half")
            put = (NOW - timedelta(days=days)).timestamp()
            os.utime(leftover, (put, put))
        assert store.size()[0] == 1
        store.clean(NOW - timedelta(days=10_000), NOW, ())
        assert [path.name for path in directory.glob("tmp-*")] == ["tmp-live"]


def test_size(store: Quarantine, directory: Path) -> None:
    store.put_all([MAIL, OTHER])
    assert store.size() == (2, sum(path.stat().st_size for path in files(directory)))
