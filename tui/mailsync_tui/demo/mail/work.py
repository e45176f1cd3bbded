"""Letters as they arrive at work: colleagues, customers, reviews, machines that report."""

from __future__ import annotations

from mailsync_tui.demo.mail.text import Template

WORK: tuple[Template, ...] = (
    Template(
        (),
        (
            "{project}: notes from {day}",
            "{project} – open points before {day}",
            "Question about {part}",
            "Can we move the {project} meeting to {hour}?",
            "{customer} wants {part} by {month}",
            "Draft of the {project} report",
        ),
        (
            ("Hi Ann,", "Ann,", "Morning,", "Hello Ann,"),
            (
                "short notes from today, please correct what I got wrong. {part} is on the "
                "critical path now; Rasmus has an eye on it.",
                "{customer} called again about {part}. They can live with {month}, but not with "
                "another date that moves.",
                "I looked at {part} this morning and I think that the drift we saw is thermal. "
                "With the door closed it is gone after {count} minutes.",
                "before I send this to {customer}: does the number in section {count} match "
                "yours? I get {amount}.",
            ),
            (
                "Open:\n- {part}: who tests on {day}?\n- purchase order {number} (Birgit)\n"
                "- slides for {customer}",
                "Would {day} at {hour} in {room} work? I have the room until lunch.",
                "Everything is on the shared drive under {project}/{number}. No need to answer "
                "today.",
            ),
            ("Best,\n{first}", "Thanks!\n{first}", "{first}", "Regards\n{first}"),
        ),
    ),
    Template(
        (("Forge", "forge@code.larkfield.example"),),
        (
            "[larkfield/{project}] Build {number} failed",
            "[larkfield/{project}] {first} asked for your review (#{number})",
            "[larkfield/{project}] Merged: tidy up {part} (#{number})",
        ),
        (
            (
                "Job test-linux failed after {count} minutes on runner-{count}.",
                "{first} asked for your review of “Make {part} survive a restart”.",
                "Merged 3 commits into main.",
            ),
            (
                "  tests/test_alignment.py::test_drift FAILED\n"
                "  E   AssertionError: 0.{number} is not below 0.05",
                "+118 -42 in 6 files. The author says: “{part} no longer waits for the "
                "network; see the note in the README.”",
                "+12 -96 in {count} files. The branch has been deleted.",
            ),
            ("-- \nYou get this because you watch larkfield/{project}.",),
        ),
        bulk=True,
    ),
    Template(
        (("Larkfield Calendar", "calendar@larkfield.example"),),
        (
            "Invitation: {project} review, {day} {hour}",
            "Updated: {project} stand-up, now {hour} in {room}",
            "Cancelled: {customer} call on {day}",
        ),
        (
            (
                "{first} invites you to a meeting.",
                "{first} has moved a meeting that you are invited to.",
                "{first} has cancelled a meeting that you were invited to.",
            ),
            ("When: {day}, {hour}\nWhere: {room}\nAbout: {project}, {part}",),
        ),
        enclosure="calendar",
    ),
    Template(
        (("Facilities", "facilities@larkfield.example"), ("IT Desk", "it@larkfield.example")),
        (
            "{room} is closed on {day}",
            "Planned maintenance on {day} from {hour}",
            "Ticket {number}: your request was answered",
            "Please return {thing}",
        ),
        (
            ("Dear colleagues,", "Hello,"),
            (
                "the heating in {room} is being repaired on {day}. Please use {room} instead.",
                "mail and file servers will be down for about {count} minutes on {day} from "
                "{hour}. Save your work, and go and get some air.",
                "your ticket {number} has a new answer: “Have you tried it with the other "
                "cable? There is one in {room}.”",
                "according to our list you borrowed {thing} in {month}. Others wait for it.",
            ),
            ("Thank you for your patience.", "Call 4417 if this does not suit you."),
        ),
    ),
    Template(
        (("Accounts Payable", "ap@kestrel-optics.example"), ("Hafen Logistik", "rg@hafen.example")),
        ("Purchase order {number}", "Invoice {number} for {part}", "Offer {number}: {part}"),
        (
            ("Dear Ms Bergström,", "To whom it may concern,"),
            (
                "with this order, {number}, we ask you for {count} pieces of {part} at {amount} "
                "EUR each, to be delivered in {month}.",
                "enclosed you find our invoice {number} over {amount} EUR for {part}. Payment "
                "within 30 days, please quote the number.",
                "as agreed with {first} we offer {part} at {amount} EUR a piece, from {count} "
                "pieces on. The offer stands until the end of {month}.",
            ),
            ("With kind regards\nNoor Haddad",),
        ),
        enclosure="pdf",
    ),
    Template(
        (("Payroll", "payroll@larkfield.example"), ("People Team", "people@larkfield.example")),
        (
            "Your payslip for {month}",
            "Holiday request for {month}: approved",
            "Please confirm your hours, week of {day}",
        ),
        (
            ("Hello Ann,",),
            (
                "your payslip for {month} is in the portal. Net amount: {amount} EUR.",
                "your request for {count} days in {month} has been approved by Claire Whitmore.",
                "please look over your hours until {day}, {hour}. One entry has no project.",
            ),
            ("This mailbox is not read.",),
        ),
        shape="both",
    ),
    Template(
        (),
        ("Measurements: {part}, run {number}", "{project} figures for {month}"),
        (
            ("Hi Ann,", "Hi,"),
            (
                "attached the raw numbers of run {number}. Column three is the one that counts; "
                "the spike at {hour} is me opening the door.",
                "here are the figures for {month}. Compared with last time we are {count} "
                "percent better, but I do not trust the second sensor.",
            ),
            ("Cheers\n{first}", "{first}"),
        ),
        enclosure="table",
    ),
    Template(
        (("Pager", "alerts@status.larkfield.example"),),
        (
            "[resolved] {part} slow in {city}",
            "[firing] {project} gateway: queue above {number}",
        ),
        (
            (
                "{hour}  resolved  restarted by {first}, duration {count} minutes",
                "{hour}  warning   queue length {number}\n{hour}  page      on call: {first}",
            ),
            ("Runbook: https://wiki.larkfield.example/{project}/{number}",),
        ),
        bulk=True,
    ),
    Template(
        (("Larkfield Weekly", "weekly@larkfield.example"),),
        ("Weekly: {project} ships, {first} turns ten", "Weekly: lunch moves to {room}"),
        (
            ("<h2>This week at Larkfield</h2>",),
            (
                "<b>{project}</b> went to {customer} on {day}. Thanks to everybody who stayed "
                "late for {part}.",
                "<b>{first}</b> has been with us for ten years. Cake in {room}, {day} {hour}.",
            ),
            ("Somebody left {thing} in {room}. The canteen has {dish} on {day}.",),
        ),
        shape="html",
        bulk=True,
    ),
    Template(
        (),
        ("Lunch? {dish} at {place}", "Lost: {thing}", "Card for {other}"),
        (
            ("Hi,", "All,"),
            (
                "they have {dish} at {place} on {day}. We leave at {hour}, whoever comes, comes.",
                "I cannot find {thing}. If it is on your desk: no questions asked.",
                "there is a card for {other} in {room}. Please write something kinder than "
                "“congrats” in it.",
            ),
            ("{first}",),
        ),
    ),
)
