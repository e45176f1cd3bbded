"""What the program says: results on standard output, all else on standard error, and the log.

An error becomes a sentence and an exit code here, and in no other place.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, AnyStr, TextIO

import click

from mailsync_tui.errors import FAILED, WRONG, Interrupted, OutputError, UserError
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    import logging
    from io import TextIOWrapper

PROGRAM = "mailsync-tui"


class Output:
    """The two streams and the log file, if one was asked for."""

    def __init__(self) -> None:
        self._log: logging.Logger | None = None
        self._log_reported = False
        for stream in (sys.stdout, sys.stderr):
            # A locale that lacks a letter of a subject is no reason to fail.
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="replace")

    def result(self, text: str) -> None:
        """Print a result, and the line end after it.

        Raises:
            OutputError: It cannot be written. That nobody reads it any more is no error.
        """
        self.written(sys.stdout, text + "\n")

    def raw(self, data: bytes) -> None:
        """Write octets as they are to standard output.

        Raises:
            OutputError: They cannot be written. That nobody reads them any more is no error.
        """
        self.written(sys.stdout and sys.stdout.buffer, data)

    def note(self, text: str) -> None:
        """Say something on standard error."""
        with contextlib.suppress(OutputError):
            self.written(sys.stderr, text + "\n")

    def error(self, text: str, user: str | None = None) -> None:
        """Say what went wrong, on standard error and in the log."""
        who = f"{PROGRAM}: {user}" if user else PROGRAM
        # Not splitlines(), which takes ten more characters for line ends, as strangers may write.
        for line in text.split("\n"):
            self.note(f"{who}: {safe_text(line)}")
            self.log(f"{user}: {line}" if user else line, error=True)

    def written(self, stream: IO[AnyStr] | None, text: AnyStr) -> None:
        """Write and flush.

        Raises:
            OutputError: It cannot be written. That nobody reads it any more is no error.
        """
        if stream is None:
            raise OutputError("the output cannot be written: it is closed")
        try:
            stream.write(text)
            stream.flush()
        except BrokenPipeError:
            _silence(stream)
        except OSError as error:
            _silence(stream)
            reason = error.strerror or type(error).__name__
            raise OutputError(f"the output cannot be written: {reason}") from error

    # --- the log

    def open_log(self, path: Path) -> None:
        """Append to a log file from now on; only its owner can read it.

        It is opened anew once another file, or none, is there (logrotate).

        Raises:
            OSError: It cannot be opened, or is no ordinary file.
        """
        import logging
        from logging.handlers import WatchedFileHandler

        class PrivateFile(WatchedFileHandler):
            def emit(self, record: logging.LogRecord) -> None:
                try:
                    super().emit(record)
                except OSError:  # it cannot be opened anew
                    self.handleError(record)

            def _open(self) -> TextIOWrapper:
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
                descriptor = os.open(self.baseFilename, flags, 0o600)
                try:
                    os.fchmod(descriptor, 0o600)
                    return os.fdopen(descriptor, "a", encoding="utf-8", errors="replace")
                except BaseException:
                    os.close(descriptor)
                    raise

        handler = PrivateFile(path)
        handler.handleError = self._log_failed  # type: ignore[method-assign]
        formatter = logging.Formatter(
            f"%(asctime)s {os.getpid()} %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z"
        )
        handler.setFormatter(formatter)
        self._log = logging.Logger(PROGRAM, logging.INFO)
        self._log.addHandler(handler)

    def log(self, text: str, *, error: bool = False) -> None:
        """Append one line to the log, if there is one; foreign text cannot begin another."""
        if self._log is not None:
            (self._log.error if error else self._log.info)("%s", safe_text(text))

    def log_trace(self, error: BaseException) -> None:
        """Append where an error came from: frames only, as messages may hold anything."""
        if self._log is None:
            return
        import traceback

        seen: BaseException | None = error
        while seen is not None:
            self.log(f"{type(seen).__name__} raised at:", error=True)
            for frame in traceback.extract_tb(seen.__traceback__):
                self.log(f"  {frame.filename}:{frame.lineno} in {frame.name}", error=True)
            seen = seen.__cause__ or seen.__context__

    def close(self) -> None:
        """Close the log."""
        if self._log is not None:
            for handler in self._log.handlers:
                with contextlib.suppress(OSError):  # what it still held was reported already
                    handler.close()
            self._log = None

    def _log_failed(self, record: logging.LogRecord) -> None:
        """Say once that the log is not written; the run goes on without it."""
        del record
        if not self._log_reported:
            self._log_reported = True
            error = sys.exc_info()[1]
            reason = getattr(error, "strerror", None) or type(error).__name__
            self.note(f"{PROGRAM}: the log cannot be written: {safe_text(reason)}")


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a standard stream is a terminal; one that was closed before the start is ``None``."""
    return stream is not None and stream.isatty()


def _silence(stream: IO[Any]) -> None:
    """Send what is still buffered nowhere, so that Python does not complain at its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def guarded(output: Output, work: Callable[[], int], user: str | None = None) -> tuple[int, str]:
    """Do something, and report what goes wrong instead of raising it.

    Args:
        output: Where it is reported.
        work: Gives the exit code.
        user: Whose work it is, if there are several people.

    Returns:
        The exit code, and what went wrong in words; empty if nothing did.
    """
    try:
        return work(), ""
    except (KeyboardInterrupt, click.Abort):
        code, text = Interrupted.exit_code, str(Interrupted())
    except UserError as error:
        code, text = error.exit_code, str(error)
    except click.UsageError as error:
        hint = f"\nTry '{error.ctx.command_path} --help'." if error.ctx is not None else ""
        code, text = WRONG, error.format_message() + hint
    except Exception as error:  # noqa: BLE001 - the last resort
        from mailsync_tui.report.errors import unforeseen

        code, text = FAILED, unforeseen(error)
        output.error(text, user)
        output.log_trace(error)
        return code, text
    output.error(text, user)
    return code, text
