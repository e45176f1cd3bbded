"""Guards: what makes an absence unbelievable, and deletions too many (DESIGN.md, rule 12).

A guard stops the deletions of one account and direction. What it stopped stands in the plan with
the way out, and stays stopped until a person ends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.model import DELETIONS, KIND_DIRECTION, Accept, Kind

if TYPE_CHECKING:
    from mailsync_tui.engine.snapshot import Copy, MailboxState, Snapshot

SAME_MAILBOX = "same-mailbox"
RULES = (
    "changed",
    "folder-gone",
    "uidvalidity",
    "went-backwards",
    "hidden",
    "expired",
    "all-changed",
    "side-empty",
    SAME_MAILBOX,
    "unreached",
    "max-delete",
)
"""In the order in which they are asked; the first that applies is the one that is reported."""

UNACCEPTABLE = frozenset({"changed", "folder-gone"})
"""These end by ``rebase`` (or when the folder is back), never by ``--accept-blocked``."""

STICKY = frozenset(RULES) - UNACCEPTABLE - {"unreached"}
"""These stay in the ledger until a person ends them; the others are seen anew each time."""

_CAUSES = {
    "changed": "the mailbox {account} is another one than that in the ledger "
    "(type, host, user or path)",
    "folder-gone": "a folder of {mailbox} is missing",
    "uidvalidity": "the server of {mailbox} has given its messages new numbers, and some were not "
    "found again",
    "went-backwards": "the server of {mailbox} looks restored from a backup: its counters went "
    "backwards, and what came after the backup is missing",
    "hidden": "of what was fetched from {mailbox} in one go, nothing was listed any more right "
    "after: some providers hide over POP3 what was fetched, and the mail may still be there",
    "expired": "all that went from {mailbox} within 7 days is older than everything that is left: "
    "some providers clean up old mail, though nobody deleted it",
    "all-changed": "the mailbox {mailbox} shows none of the identifiers it had, and some messages "
    "were not found again",
    "side-empty": "the mailbox {mailbox} lists nothing at all, though it held mail: a disk that is "
    "not there looks the same",
    SAME_MAILBOX: "{account} seems to be {same} by another door: what is gone from {account} was "
    "filed there at the same time, or all that comes to one comes to the other",
    "unreached": "what is gone from {mailbox} may have been moved to {away}",
    "max-delete": "these are more deletions in 24 hours than max_delete_share and max_delete_floor "
    "in the configuration allow",
}
_CUT = (
    "the mailbox {mailbox} lists exactly {cut:,} messages, and more were known: some servers cut a "
    "listing at a round number, and the rest may still be there"
)
_PROVIDERS = frozenset({"hidden", "expired"})
"""What a provider does again and again: one more way out is to take no deletion from it."""


def cause(
    account: str, kind: Kind, rule: str, cut: int | None = None, away: str = "", same: str = ""
) -> str:
    """What a guard takes for the cause, as a sentence.

    Args:
        account: Whose lines are stopped.
        kind: Their kind.
        rule: The rule that stopped them.
        cut: The round number at which the listing behind it seems to be cut.
        away: The mailboxes that are not reached, in words.
        same: The mailbox that the account seems to be; empty: it was seen by an earlier listing.
    """
    text = _CUT if rule == "hidden" and cut is not None else _CAUSES[rule]
    other = "the consolidated mailbox" if same == CONSOLIDATED else same or "another mailbox"
    names = {"account": account, "mailbox": loser(account, kind), "same": other}
    return text.format(**names, cut=cut, away=away)


def detail(account: str, kind: Kind, rule: str, cause: str) -> str:
    """The cause, with the ways out as a command line has them."""
    return f"{cause}; {ways_out(account, kind, rule, f'`--accept-blocked {account}:{rule}`')}"


def ways_out(account: str, kind: Kind, rule: str, accept: str) -> str:
    """How a block ends.

    Args:
        account: Whose lines are stopped.
        kind: Their kind.
        rule: The rule that stopped them.
        accept: How a person lets them through, where that can be done.
    """
    mailbox = loser(account, kind)
    if rule == "changed":
        return f"nothing is deleted until `mailsync-tui rebase {account}` takes it as the new base"
    if rule == "folder-gone":
        return f"this ends when it is back, or with `mailsync-tui rebase {mailbox}`"
    if rule == SAME_MAILBOX:
        return (
            f"if it is, take {account} out of the configuration; if it is not, {accept}, or put"
            " `distinct = true` in its section to end this for good"
        )
    out = f"look at them, then {accept}"
    if rule == "unreached":
        return (
            f"this ends when that is reached, or after unreached_days; or {out}; take an account "
            "that is gone for good out of the configuration"
        )
    if rule != "max-delete":
        out += f", or `mailsync-tui rebase {mailbox}`"
    if rule in _PROVIDERS:
        out += f'; leave "{KIND_DIRECTION[kind]}" out of `allow` of {account} to end it for good'
    return out


def loser(account: str, kind: Kind) -> str:
    """The mailbox whose losses such a line stems from."""
    return account if kind == "forward-delete" else CONSOLIDATED


class GuardChecks:
    """The guards over one snapshot, before any line is counted."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.limits = snapshot.config.guards
        self._sticky: dict[tuple[str, str], list[str]] = {}
        distinct = {c.name for c in snapshot.config.mailboxes if c.distinct}
        for block in snapshot.blocks:
            if block.rule == SAME_MAILBOX and distinct & {block.account, CONSOLIDATED}:
                continue
            self._sticky.setdefault((block.account, block.kind), []).append(block.rule)

    def forward_rules(self, account: str, lost: Iterable[Copy], *, awaited: bool) -> list[str]:
        """The rules that stop a forward deletion stemming from this account's losses.

        Args:
            account: Which lost the message.
            lost: Its copies there.
            awaited: They may have been moved to a mailbox that is not reached.
        """
        rules = self._mailbox_rules(account) | _loss_rules(lost, awaited=awaited)
        return self._ordered(rules, account, "forward-delete")

    def reverse_rules(self, account: str, lost: Sequence[Copy], *, awaited: bool) -> list[str]:
        """The rules that stop a reverse deletion on this account.

        Args:
            account: Where it would be deleted.
            lost: The copies that the consolidated mailbox lost; none if we deleted them there.
            awaited: They may have been moved to a mailbox that is not reached.
        """
        rules = self._mailbox_rules(CONSOLIDATED) if lost else set()
        rules |= _loss_rules(lost, awaited=awaited)
        return self._ordered(rules, account, "reverse-delete")

    def mark_rules(self, mailbox: str) -> list[str]:
        """The rules that stop a marked deletion: no absence is behind it that may be unproved.

        Args:
            mailbox: Where it would be deleted.
        """
        twins = {SAME_MAILBOX} if self.snapshot.mailboxes[mailbox].same_as else set[str]()
        for kind in DELETIONS:
            twins.update({SAME_MAILBOX}.intersection(self._sticky.get((mailbox, kind), ())))
        return self._ordered(twins, mailbox, "delete")

    def _mailbox_rules(self, mailbox: str) -> set[str]:
        state = self.snapshot.mailboxes.get(mailbox)
        if state is None or not state.complete:
            return set()
        return {rule for rule in ("side-empty", "all-changed") if self._applies(rule, state)}

    def _applies(self, rule: str, state: MailboxState) -> bool:
        floor = self.limits.max_delete_floor
        if rule == "side-empty":
            some = 0 if state.name == CONSOLIDATED else floor
            return state.messages == 0 and state.known > some
        none_left = state.known > 0 and state.survivors == 0 and state.messages != 0
        return none_left and (state.known > floor or state.renumbered > 0)

    def _ordered(self, rules: set[str], account: str, kind: str) -> list[str]:
        if rules & {"uidvalidity", "hidden"}:  # the same, less precisely
            rules -= {"all-changed", "side-empty"}
        rules.update(self._sticky.get((account, kind), ()))
        state = self.snapshot.mailboxes.get(account)
        if state is not None and state.same_as is not None:
            rules.add(SAME_MAILBOX)
        return [rule for rule in RULES if rule in rules]

    def too_many(self, account: str, kind: Kind, lines: int) -> bool:
        """``max-delete``: whether so many, with those of the last 24 hours, are too many."""
        state = self.snapshot.mailboxes[account]
        counted = (kind,) if kind == "forward-delete" else ("reverse-delete", "delete")
        today = sum(state.deleted_today.get(each, 0) for each in counted)
        total = lines + today
        base = state.known + sum(state.deleted_today.values())
        return (
            lines > 0
            and total > self.limits.max_delete_floor
            and total > self.limits.max_delete_share * base
        )


def _loss_rules(lost: Iterable[Copy], *, awaited: bool) -> set[str]:
    return {copy.doubt for copy in lost if copy.doubt} | ({"unreached"} if awaited else set())


class Accepted:
    """Which blocks the person lets through, once their sizes are known."""

    def __init__(
        self, accepts: tuple[Accept, ...], shown: Mapping[tuple[str, Kind, str], int]
    ) -> None:
        """Take what the person said.

        Args:
            accepts: The blocks.
            shown: How many lines each account, kind and rule stops while nothing is let through.
        """
        self._accepts = accepts
        self._shown = shown

    def accepts(self, account: str, kind: Kind, rule: str, lines: Mapping[str, int]) -> bool:
        """Whether what a rule stops on an account is let through.

        Args:
            account: The account.
            kind: The kind of the lines.
            rule: The rule that stops them.
            lines: How many of this kind it stops, by account.
        """
        return rule not in UNACCEPTABLE and any(
            accept.rule == rule and self._meant(accept, account, kind, lines)
            for accept in self._accepts
        )

    def _meant(self, accept: Accept, account: str, kind: Kind, lines: Mapping[str, int]) -> bool:
        if accept.account not in (account, CONSOLIDATED):
            return False
        if accept.count is None:
            return True
        if accept.account == CONSOLIDATED:  # every account's
            return sum(lines.values()) <= accept.count
        meant = [k for k in DELETIONS if self._shown.get((account, k, accept.rule)) == accept.count]
        return lines.get(account, 0) <= accept.count and (kind in meant or not meant)
