"""A local Maildir (Maildir++) as a mailbox."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mailsync_tui.mailboxes.base import (
    ANOTHER_MESSAGE,
    DeleteRequest,
    DeleteResult,
    Facts,
    FolderListing,
    Head,
    Listing,
    Location,
    MailboxError,
    MarkKeeper,
    Missing,
    NewMessage,
    Progress,
    Raw,
    Role,
    StoreResult,
    Unchanged,
    Unreachable,
    unwatched,
)
from mailsync_tui.mailboxes.maildir import names
from mailsync_tui.mailboxes.maildir.files import (
    Folder,
    free_name,
    make_folder,
    open_file,
    read_all,
    read_header,
    read_names,
    sync_directory,
    time_of,
    write_batch,
)

if TYPE_CHECKING:
    from mailsync_tui.config.model import MailboxConfig

_VANISHED = "it was moved again and again while it was to be deleted"


def create_maildir(path: Path) -> None:
    """Make a new, empty Maildir, with the directories above it that are missing.

    Never to be used for a Maildir that was known before: where it is gone, a file system is not
    mounted, and an empty one in its place would pass for deleted mail.

    Raises:
        MailboxError: it cannot be made.
    """
    try:
        make_folder(path)
    except OSError as error:
        raise _failure(path, error) from error


class MaildirMailbox:
    """A Maildir: ``INBOX`` is the path itself, the other folders are the ``.Name`` beside it.

    Directories that do not begin with a dot are not looked at.

    Args:
        config: With ``path``; ``root``, ``delete``, ``trash`` and ``junk`` are heeded.
    """

    kind = "maildir"
    peeks = True
    can_store = True

    def __init__(self, config: MailboxConfig) -> None:
        if config.path is None:
            raise ValueError("a Maildir needs a path")
        self.name = config.name
        self._config = config
        self._path = config.path
        self._root = self.resolve(config.root) if config.root else ""
        self._trash = self.resolve(config.trash) if config.trash else None
        self._junk = self.resolve(config.junk) if config.junk else None
        self._known: dict[str, Folder] = {}
        self._broken: list[str] = []
        self._aborted = threading.Event()

    def list(self, progress: Progress = unwatched, unless: str | None = None) -> Listing:
        """List everything. See :class:`~mailsync_tui.mailboxes.base.Mailbox`."""
        self._begin()
        if unless is not None and self._version_now() == unless:
            raise Unchanged
        listed = []
        count = 0
        errors = [f"the folder {name} lacks new or cur" for name in self._broken]
        for name, folder in self._known.items():
            try:
                files, steady = folder.steady(self._pause)
            except OSError as error:
                if name == names.INBOX:
                    raise _failure(self._path, error) from error
                errors.append(f"the folder {name}: {_why(error)}")
                continue
            if not steady:
                errors.append(f"the folder {name} kept changing while it was read")
            flags = {uid: names.flags_of(paths[0]) for uid, paths in files.items()}
            listed.append(
                FolderListing(
                    name,
                    self._role(name),
                    0,
                    sorted(files, key=names.arrival_order),
                    marked=frozenset(uid for uid, held in flags.items() if "\\Deleted" in held),
                    drafts=frozenset(uid for uid, held in flags.items() if "\\Draft" in held),
                    flagged=frozenset(uid for uid, held in flags.items() if "\\Flagged" in held),
                )
            )
            count += len(files)
            progress(count, None)
        progress(count, count)
        version = None if errors else self._version(each.names for each in self._known.values())
        return Listing(tuple(listed), not errors, "; ".join(errors) or None, version=version)

    def heads(self, locations: Iterable[Location]) -> Iterator[Head]:
        """Read headers, and no more of each file than that."""
        for location, path, descriptor in self._opened(locations):
            with contextlib.suppress(OSError):
                facts = os.fstat(descriptor)
                header = read_header(descriptor)
                yield Head(
                    location, header, facts.st_size, names.flags_of(path), time_of(facts.st_mtime)
                )

    def fetch(self, locations: Iterable[Location]) -> Iterator[Raw]:
        """Stream messages, one in memory at a time."""
        for location, path, descriptor in self._opened(locations):
            with contextlib.suppress(OSError):
                facts = os.fstat(descriptor)
                data = read_all(descriptor)
                yield Raw(location, data, names.flags_of(path), time_of(facts.st_mtime))

    def read(self, location: Location) -> Raw | None:
        """One message; looking at a file leaves no trace."""
        return next(iter([*self.fetch([location])]), None)

    def store(self, messages: Sequence[NewMessage], folder: str) -> Sequence[StoreResult]:
        """Store a batch: written to ``tmp``, each flushed, then renamed, the directory flushed."""
        self._begin()
        temporary: Sequence[str] = ()
        try:
            home = self._ensure(folder)
            # Strings, as a path object costs more than the call that takes it.
            tmp = home.path / "tmp"
            temporary = [f"{tmp}/{message.name}" for message in messages]
            failures = write_batch(tmp, [(m.name, m.data, m.date) for m in messages])
            if failures and all(failures):
                raise _failure(self._path, next(filter(None, failures)))
            outcomes = []
            touched = set()
            for message, file, failure in zip(messages, temporary, failures, strict=True):
                if failure is not None:
                    outcomes.append(StoreResult(None, f"it could not be written: {_why(failure)}"))
                    continue
                target = f"{home.path}/{names.flagged(message.name, message.flags)}"
                os.rename(file, target)  # noqa: PTH104
                home.placed(message.name, target)
                touched.add(os.path.dirname(target))  # noqa: PTH120
                outcomes.append(StoreResult(Location(folder, 0, message.name)))
            for directory in touched:
                sync_directory(Path(directory))
        except OSError as error:
            for file in temporary:
                with contextlib.suppress(OSError):
                    os.unlink(file)  # noqa: PTH108
            raise _failure(self._path, error) from error
        return outcomes

    def delete(
        self,
        requests: Sequence[DeleteRequest],
        marks: MarkKeeper,  # noqa: ARG002
    ) -> Sequence[DeleteResult]:
        """Delete exactly these; with ``delete = "trash"`` they are moved there."""
        self._begin()
        outcomes: dict[Location, DeleteResult] = {}
        touched: dict[Path, None] = {}
        try:
            trash = self._ensure(self._trash_name()).path if self._moves_to_trash() else None
            for one in requests:
                self._check()
                outcome = self._delete(one, trash, touched)
                if outcome is not None:
                    outcomes[one.location] = outcome
            # What a first look did not find is gone only if a steady reading lacks it too.
            lost = [one for one in requests if one.location not in outcomes]
            still = {
                name: self._known[name].steady(self._pause)[1]
                for name in {one.location.folder for one in lost}
            }
            for one in lost:
                outcome = self._delete(one, trash, touched)
                if outcome is None:
                    gone = still[one.location.folder]
                    outcome = (
                        DeleteResult(one.location, "gone")
                        if gone
                        else DeleteResult(one.location, "skipped", _VANISHED)
                    )
                outcomes[one.location] = outcome
            for directory in touched:
                sync_directory(directory)
        except OSError as error:
            raise _failure(self._path, error) from error
        return [outcomes[one.location] for one in requests]

    def restore_marks(self, folder: str, validity: int, uids: Sequence[int]) -> None:
        """No marks are ever lifted in a Maildir."""

    def resolve(self, folder: str) -> str:
        """The ``/`` form: no level of a Maildir++ folder holds a dot, so dots part levels too."""
        name = folder if "/" in folder else names.folder_name(folder)
        name = "/".join(level for level in name.replace(".", "/").split("/") if level)
        return names.INBOX if not name or name.upper() == names.INBOX else name

    def facts(self) -> Facts:
        """Describe it, for ``check``."""
        listing = self.list()
        return Facts(
            "Maildir",
            "local files",
            (),
            tuple((folder.name, folder.role, len(folder.uids)) for folder in listing.folders),
            (listing.error,) if listing.error else (),
        )

    def close(self) -> None:
        """Forget which files were seen where."""
        self._known.clear()

    def abort(self) -> None:
        """Make the call that is under way end before its next message, and begin no other."""
        self._aborted.set()

    def _begin(self) -> None:
        """Look which folders there are.

        Raises:
            Missing: the Maildir is not there.
            Unreachable: it was aborted.
        """
        self._check()
        self._broken = []
        found = {names.INBOX: self._path}
        try:
            for part in ("new", "cur"):
                (self._path / part).stat()
            with os.scandir(self._path) as entries:
                directories = sorted(entry.name for entry in entries if entry.name.startswith("."))
        except OSError as error:
            raise _failure(self._path, error) from error
        for directory in directories:
            path = self._path / directory
            parts = [(path / part).is_dir() for part in ("new", "cur")]
            name = names.folder_name(directory)
            if name in found:
                name = names.printable(directory)
            if all(parts):
                found[name] = path
            elif (any(parts) or (path / "maildirfolder").exists()) and self._in_root(name):
                self._broken.append(name)
        self._known = {
            name: self._known.get(name) or Folder(path)
            for name, path in found.items()
            if self._in_root(name)
        }

    def _version_now(self) -> str | None:
        """The version that a listing would have: the names in all folders, flags and all."""
        with contextlib.suppress(OSError):
            if not self._broken:
                return self._version(read_names(each.path) for each in self._known.values())
        return None

    def _version(self, read: Iterable[bytes]) -> str:
        digest = hashlib.sha256()
        for name, names_there in zip(self._known, read, strict=True):
            digest.update(f"{name}\0{self._role(name)}\0".encode("utf-8", "surrogateescape"))
            digest.update(names_there)
        return digest.hexdigest()

    def _in_root(self, name: str) -> bool:
        return not self._root or name == self._root or name.startswith(f"{self._root}/")

    def _role(self, name: str) -> Role:
        return names.role_of(name, self._trash, self._junk)

    def _moves_to_trash(self) -> bool:
        return self._config.delete == "trash"

    def _trash_name(self) -> str:
        if self._trash is not None:
            return self._trash
        found = (name for name in self._known if self._role(name) is Role.TRASH)
        return next(found, f"{self._root}/Trash" if self._root else "Trash")

    def _ensure(self, name: str) -> Folder:
        if not self._in_root(name):
            raise MailboxError(
                f"the folder {name} lies outside {self._root}, and nothing outside it is touched"
            )
        if name not in self._known:
            path = self._path / names.directory_name(name)
            make_folder(path)
            (path / "maildirfolder").touch(mode=0o600)
            sync_directory(path)
            self._known[name] = Folder(path)
        return self._known[name]

    def _opened(self, locations: Iterable[Location]) -> Iterator[tuple[Location, str, int]]:
        """Open these messages one after the other; what cannot be opened is left out."""
        self._begin()
        for location in locations:
            self._check()
            folder = self._known.get(location.folder)
            if folder is None:
                continue
            try:
                paths = folder.files(str(location.uid))
            except OSError as error:
                raise _failure(self._path, error) from error
            for path in paths[:1]:
                try:
                    descriptor = open_file(path)
                except OSError:
                    continue
                try:
                    yield location, path, descriptor
                finally:
                    os.close(descriptor)

    def _delete(
        self, request: DeleteRequest, trash: Path | None, touched: dict[Path, None]
    ) -> DeleteResult | None:
        """Delete one; ``None`` if it was not found."""
        location = request.location
        folder = self._known.get(location.folder)
        if folder is None:
            return DeleteResult(location, "skipped", "its folder is not there")
        paths = folder.files(str(location.uid))
        if not paths:
            return None
        try:
            if not _is_it(paths, request):
                return DeleteResult(location, "skipped", ANOTHER_MESSAGE)
            for path in map(Path, paths):
                if trash is None or folder.path == trash:
                    path.unlink()
                else:
                    target = free_name(trash / path.parent.name, path.name)
                    path.rename(target)
                    touched[target.parent] = None
                touched[path.parent] = None
        except FileNotFoundError:
            return None
        except OSError as error:
            return DeleteResult(location, "failed", _why(error))
        return DeleteResult(location, "done")

    def _pause(self, seconds: float) -> None:
        self._aborted.wait(seconds)
        self._check()

    def _check(self) -> None:
        if self._aborted.is_set():
            raise Unreachable("cut off")


def _is_it(paths: Sequence[str], request: DeleteRequest) -> bool:
    """Whether all files of one name hold this message; where they differ, which is it?"""
    contents = set()
    header = b""
    for path in paths:
        descriptor = open_file(path)
        try:
            header = read_header(descriptor)
            if len(paths) > 1:
                contents.add(read_all(descriptor))
        finally:
            os.close(descriptor)
    if len(contents) > 1:
        return False
    return request.refers_to(header)


def _why(error: OSError) -> str:
    return error.strerror or str(error)


def _failure(path: Path, error: OSError) -> MailboxError:
    where = names.printable(str(path))
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return Missing(f"there is no Maildir at {where} (is its file system mounted?)")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return MailboxError(f"no space is left for the Maildir at {where}")
    return Unreachable(f"the Maildir at {where} cannot be used: {_why(error)}")
