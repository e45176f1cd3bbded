"""What real servers do wrong, by number, and which tests prove that it harms nobody.

``python -m tests.faults.registry`` prints each vice and each story with the tests that bear its
mark, over the whole tree of tests.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).parents[1]

VICES = {
    1: "every round trip takes 40 ms",
    2: "an APPEND is answered by OK, and the message is lost",
    3: "QUIT is answered before the deletions are carried out",
    4: "several messages share a UIDL, or it is a mere position",
    5: "the bytes of a message are not the same from one server, or day, to the next",
    6: "without UIDPLUS, EXPUNGE takes what others have marked",
    7: "UIDVALIDITY stays where it must change, or changes where it need not",
    8: "a session answers for messages that another session has expunged",
    9: "nobody is told of what others change, or late",
    10: "the same answers come in many forms",
    11: "n:* names the last message too, and a long command line ends the connection",
    12: "what a server says it can do is not what it does",
    13: "[TRYCREATE] is said for other reasons, and a missing folder is BAD",
    14: "flags and bytes are not kept as they were sent",
    15: "a poison message is refused, or crashes the connection",
    16: "POP3 sessions lock each other out, are cut, or take one command at a time",
    17: "a log-in that fails takes seconds",
    18: "lines are longer than a library reads",
    19: "folders have a prefix, another delimiter, and parents that must be made first",
    20: "a provider of labels hides what was fetched, lists only a part, and keeps what is deleted",
    21: "a provider deletes old mail by itself",
    22: "a search for UIDs is read as one for message numbers, and a FETCH of none is BAD",
}

STORIES = {
    "disk not mounted": "16,885 messages went because a disk was not mounted",
    "side empty": "an account lost everything at once, and the other side followed",
    "renumbered": "190 of 191 messages went after a server had renumbered them",
    "made anew": "a folder was made anew, and its new mail passed for the old under its UIDs",
    "hidden after fetching": "a webmail hid what had been fetched over POP3",
    "listing cut": "a provider lists about 250 at a time, or no more than its limit",
    "provider cleans up": "a provider deleted what was old",
    "backup restored": "a server was restored from a backup, and what came since was missing",
    "not reached": "a refused log-in and a broken listing passed for an empty mailbox",
    "folder gone": "a folder was missing for a day, and its mail went everywhere",
    "mailbox swapped": "an account got another host, whose mailbox was empty",
    "account taken out": "an account was taken out of the configuration",
    "moved": "filed in another folder, or on another account, and taken for deleted",
    "moved out": "moved out of the consolidated mailbox to an account, and deleted there",
    "marked": "marked as deleted, thought better of, and deleted everywhere else",
    "seen between": "a file went from new to cur while both were read, and was seen in neither",
    "label": "archived on a server of labels, and taken for deleted",
    "append lost": "20 times OK, and 1 to 9 messages were kept",
    "quit lags": "1,056 of 2,000 deleted messages were still listed right after",
    "shared UIDL": "20 messages with one UIDL, and one was taken for all",
    "position as UIDL": "new mail took the place of old, and passed for known",
    "expunged with ours": "an EXPUNGE took what others had marked",
    "reused id": "unlike messages with one Message-ID, and one was deleted for the other",
    "forged id": "a stranger's mail with a known Message-ID was taken for the real one",
    "id cut": "a Message-ID with commas and colons was cut, and met another",
    "id within id": "a search for a Message-ID found one that holds it",
    "rewritten": "messages were parsed and written back, and were other messages then",
    "poison": "one message stopped all that came after it",
    "long line": "a library gave up on a long line, and was out of step then",
    "declined": "a message that was never collected was deleted at its source",
    "late forward": "a forward came after its message was deleted, and came back for ever",
    "draft": "a draft and sent mail were taken for collected mail",
    "overtaken": "what was looked at in the preview was another message when it was deleted",
    "wrong one": "deleted by mistake, and nothing was left to put back",
    "killed": "a run was killed in the middle, and the next one did everything twice",
    "many deletions": "a mistake in one place deleted most of a mailbox everywhere",
    "disk full": "the disk was full, and what should have been kept was not",
    "synced with himself": "two accounts were one mailbox, and each copy was a second copy",
}


def marked(marker: str) -> dict[object, list[str]]:
    """The tests that bear ``pytest.mark.MARKER(…)``, by what stands in it; ``file::test`` each."""
    found: dict[object, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            for decorator in node.decorator_list:
                match decorator:
                    case ast.Call(
                        func=ast.Attribute(
                            value=ast.Attribute(value=ast.Name("pytest"), attr="mark"), attr=name
                        ),
                        args=arguments,
                    ) if name == marker:
                        for argument in arguments:
                            assert isinstance(argument, ast.Constant)
                            found[argument.value].append(
                                f"{path.relative_to(TESTS.parent)}::{node.name}"
                            )
    return dict(found)


def main() -> None:
    """Print everything."""
    titles: tuple[tuple[str, dict[int, str] | dict[str, str]], ...] = (
        ("vice", VICES),
        ("story", STORIES),
    )
    for marker, table in titles:
        tests = marked(marker)
        for key, title in table.items():
            print(f"{key}: {title}")
            for test in tests.get(key, ["no test"]):
                print(f"    {test}")


if __name__ == "__main__":
    main()
