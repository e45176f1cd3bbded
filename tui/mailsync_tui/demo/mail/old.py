"""Letters as they still arrive at an old account, and those that a person writes herself."""

from __future__ import annotations

from mailsync_tui.demo.mail.text import Template

OLD: tuple[Template, ...] = (
    Template(
        (("Orchid Forum", "digest@orchid-forum.example"),),
        (
            "[orchid-forum] {plant} drops its buds",
            "[orchid-forum] Show us your {plant}!",
            "[orchid-forum] Digest {number}",
            "[orchid-forum] Re: watering {plant} in {month}",
        ),
        (
            (
                "moss_and_bark wrote:",
                "greenhouse_{number} wrote:",
                "Today's topics:",
                "rain_or_tap wrote:",
            ),
            (
                "My {plant} had {count} buds until {day}, then the radiator came on and all of "
                "them fell. Is it the dry air, or the draught from the door?",
                "Here is mine, on the north window, {count} flowers and not one of them "
                "straight. Bought in {city}, nearly thrown away in {month}.",
                "1. {plant}: mounted or potted? ({count} answers)\n2. Swap meet in {city}\n"
                "3. What is this on the leaf?",
                "Mine flowers every {month} since I stopped being nice to it. Less water, more "
                "light, and no sugar water, whatever the lady at the market says.",
            ),
            ("> You can answer by mail or at orchid-forum.example/t/{number}",),
        ),
        bulk=True,
    ),
    Template(
        (("Class of 98", "class98@reunion.example"),),
        ("Reunion in {city}: {count} have answered", "Do you remember {place}?"),
        (
            ("Hi everybody,", "Hello Annie,"),
            (
                "so far {count} of us will come to {city} in {month}. Please tell me until "
                "{day} whether you stay for dinner ({dish}, or the vegetarian one).",
                "I found the old photographs, and you are on {count} of them, with that hat.",
            ),
            ("Best wishes from {city}\n{first}",),
        ),
    ),
    Template(
        (("Friendlink", "notify@friendlink.example"), ("PhotoPile", "hello@photopile.example")),
        (
            "{first} has a birthday on {day}",
            "You have {count} memories from {month}",
            "{first} wants to link with you",
            "We miss you in {city}, Annie!",
        ),
        (
            ("<h1>Hello Annie!</h1>",),
            (
                "<b>{first}</b> has a birthday on {day}. Write something on the wall?",
                "You have {count} memories from {month}. The first one is from {city}.",
                "<b>{first}</b> from {city} wants to link with you. You share {count} friends.",
                "It has been {count} months. Your friends in {city} wonder where you are.",
            ),
            ("<small>PhotoPile Ltd. You can change what we send in your settings.</small>",),
        ),
        shape="html",
        bulk=True,
    ),
    Template(
        (("Flea & Find", "offers@flea-and-find.example"),),
        (
            "Only until {day}: {product} for {amount}",
            "New in your saved search: {product}",
            "Your advertisement “{product}” ends on {day}",
        ),
        (
            ("Dear Annie,",),
            (
                "this week only: {product}, {amount} EUR, to be fetched in {city}.",
                "{count} new advertisements match “{product}” near {city}. The cheapest is at "
                "{amount} EUR.",
                "nobody has bought your {product} yet. Lower the price to {amount} EUR?",
            ),
            ("Advertisement {number}",),
        ),
        shape="both",
        bulk=True,
    ),
    Template(
        (),
        ("Long time no see", "Is this still your address?", "{city}, years later", "Re: {thing}"),
        (
            ("Dear Annie,", "Annie!", "Hello stranger,"),
            (
                "I do not know whether you still read this address. I was in {city} in {month} "
                "and walked past {place}, and there was {thing} in the window, I swear.",
                "cleaning out the attic I found {thing} and your copy of {book}. Where shall I "
                "send them?",
            ),
            ("Write, if you like.\n{first}", "My number is the same.\n{first}"),
        ),
    ),
    Template(
        (("OldPost", "service@oldpost.example"),),
        (
            "Your mailbox is full: {number} messages",
            "Changes to our terms in {month}",
            "Your invoice {number}",
        ),
        (
            ("Dear user anniebee,",),
            (
                "{number} messages lie in your mailbox, and that is {count} too many. To keep "
                "it free of charge, delete some before {day}.",
                "our terms of use change on the first of {month}. By not answering you agree.",
                "invoice {number} over {amount} EUR for “extra space” is attached.",
            ),
            ("OldPost customer service, {city}",),
        ),
        enclosure="pdf",
    ),
    Template(
        (("Astro Club", "list@astro-club.example"),),
        ("Clear sky on {day}?", "Star party near {city}, {month}", "For sale: {product}"),
        (
            ("Hello,", "Dear members,"),
            (
                "the forecast for {day} is good until {hour}. We meet at {place} with the big "
                "telescope; bring tea and a red lamp.",
                "in {month} we drive to the dark hill behind {city} again. We have {count} "
                "seats left; sleeping bags are a good idea.",
                "{first} sells one {product} and {count} eyepieces, {amount} EUR together.",
            ),
            ("Clear skies!\n{first}",),
        ),
        bulk=True,
    ),
)

OWN: tuple[Template, ...] = (
    Template(
        (("Ann Bergström", "ann@fjordnet.example"),),
        (
            "Shopping: {dish}",
            "Notes on {book}",
            "Measurements of {place}",
            "To do before {day}",
            "Packing list {city}",
            "Yes, {day} at {hour}!",
            "The recipe for {dish}",
            "About {subjectmatter}",
        ),
        (
            (
                "Flour, butter, {count} eggs, and whatever else goes into {dish}.\n- {product}?",
                "Read until page {number}. Why does nobody ever say what they mean? Ask {first}.",
                "2.40 m by 1.15 m, the door opens inwards. The {product} will fit, just.",
                "- {product}\n- call {first}\n- bring back {thing}",
                "Socks ({count} pairs), {book}, {thing}, tickets, the good pen.",
                "Hi {first},\n\n{day} at {hour} is fine, I will be at {place}.",
                "{count} eggs, a pinch of salt, patience. Bake until it smells like {city}.",
                "Dear board,\n\nI can be there on {day} at {hour} when the firm comes to look at "
                "{subjectmatter}.",
            ),
            ("Ann", "A."),
        ),
    ),
)
