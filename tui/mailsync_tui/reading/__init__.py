"""What a person reads of a message, from its raw bytes; nothing in it is loaded or executed."""

from __future__ import annotations

from mailsync_tui.reading.attachments import Attachment, write_attachment
from mailsync_tui.reading.reader import Reading, read_message

__all__ = ["Attachment", "Reading", "read_message", "write_attachment"]
