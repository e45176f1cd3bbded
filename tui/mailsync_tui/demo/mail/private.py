"""Letters as they arrive at a private account: family, shops, the bank, the choir, trips."""

from __future__ import annotations

from mailsync_tui.demo.mail.text import Template

PRIVATE: tuple[Template, ...] = (
    Template(
        (),
        (
            "{dish} on {day}?",
            "Coffee at {place}, {day} {hour}",
            "Are you coming to {city} in {month}?",
            "{day} evening",
            "Thank you for the {dish}!",
            "Found: {thing}",
        ),
        (
            ("Hi Ann,", "Dear Ann,", "Hej Ann!", "Ann,"),
            (
                "It was so good to see you last week. The children still talk about the {dish}.",
                "Just a quick line before I forget: {day} at {hour} would suit us perfectly.",
                "We are finally unpacked, and guess what turned up in the last box: {thing}.",
                "I have been meaning to write since {month}, and then the weeks went by.",
            ),
            (
                "Shall we meet at {place}? I could be there around {hour}, with or without cake.",
                "Could you bring {thing}? No hurry, but Mother asks about it every time we speak.",
                "I finished {book} on the train and you have to read it. I will leave my copy "
                "at {place} for you.",
                "We think of taking the night train to {city} in {month}. There would be a bed "
                "for you, if you do not mind {count} snoring relatives.",
            ),
            ("Love,\n{first}", "Hugs, {first}", "See you,\n{first}", "– {first}"),
        ),
    ),
    Template(
        (),
        ("Photos from {city}", "The garden in {month}", "{count} pictures from {day}"),
        (
            ("Hi Ann,", "Look what I found on the camera:"),
            (
                "Here is the one from {place} that you asked for. The others are too dark.",
                "The light was like this for about {count} minutes and then the rain came.",
            ),
            ("Print it if you like!\n{first}", "More when I am home.\n{first}"),
        ),
        enclosure="picture",
    ),
    Template(
        (("Hemma & Hus", "order@hemma-hus.example"), ("Velo Nord", "shop@velo-nord.example")),
        (
            "Your order {number} is on its way",
            "Order confirmation {number}: {product}",
            "We have received your return ({product})",
            "Delivered: {product}",
        ),
        (
            ("Hello Ann Bergström,", "Dear customer,"),
            (
                "Your parcel with 1 × {product} left our warehouse this morning and will be "
                "delivered on {day} before {hour}.",
                "Thank you for your order. 1 × {product}, {amount} EUR, paid by card ending in "
                "4417.",
                "Your return of 1 × {product} has been checked. {amount} EUR will be on your "
                "account within five working days.",
                "Your parcel with 1 × {product} was handed to a neighbour: {first}, second floor.",
            ),
            (
                "Order number: {number}\nShipping: PostNord, tracking {number}SE",
                "Order number: {number}\nPayment: card\nTotal including VAT: {amount} EUR",
            ),
            ("Questions? Just reply to this message.", "Thank you for shopping with us."),
        ),
        shape="both",
    ),
    Template(
        (("Fjordbanken", "no-reply@fjordbanken.example"),),
        (
            "Your statement for {month} is ready",
            "Payment of {amount} EUR will be made on {day}",
            "New login from {city}",
        ),
        (
            ("Dear Ann Bergström,",),
            (
                "your statement for {month} (document {number}) is waiting in your inbox at "
                "Fjordbanken. For your security we do not send account details by mail.",
                "a standing order of {amount} EUR is due on {day}. You need not do anything.",
                "we noticed a login from {city} at {hour}. If this was you, all is well. If "
                "not, please call us on the number on the back of your card.",
            ),
            ("Kind regards,\nFjordbanken",),
        ),
    ),
    Template(
        (("Elverket", "faktura@elverket.example"), ("Fjordnet", "billing@fjordnet.example")),
        ("Invoice {number} for {month}", "Reminder: invoice {number}, {amount} EUR"),
        (
            ("Dear customer,",),
            (
                "please find attached the invoice for {month}. The amount of {amount} EUR will "
                "be drawn from your account on the 28th.",
                "perhaps this slipped your mind: invoice {number} over {amount} EUR was due on "
                "{day}. If you paid meanwhile, please ignore this letter.",
            ),
            ("This letter was made by a machine and is valid without a signature.",),
        ),
        enclosure="pdf",
    ),
    Template(
        (("Nordlicht Reisen", "buchung@nordlicht-reisen.example"),),
        ("Your trip to {city}: booking {number}", "Seat reservation {city}, {day} {hour}"),
        (
            ("Dear Ms Bergström,",),
            (
                "thank you for booking with us. Your train to {city} leaves on {day} at {hour} "
                "from platform 3. The ticket is attached; showing it on a telephone will do.",
                "your seats are confirmed: coach 7, {count} seats, quiet zone. Please be on the "
                "platform ten minutes before {hour}.",
            ),
            ("Booking code: {number}\nFare: {amount} EUR, refundable until the day before.",),
            ("Have a good journey!\nNordlicht Reisen",),
        ),
        shape="both",
        enclosure="calendar",
    ),
    Template(
        (("Kammarkören", "choir@kammarkoren.example"),),
        (
            "[choir] Rehearsal {day}, {piece}",
            "[choir] Who drives to {city}?",
            "[choir] Scores for {piece}",
        ),
        (
            ("Dear singers,", "Dear all,"),
            (
                "on {day} we start with {piece} from bar 1, so please look at the text "
                "beforehand. Altos: the breath mark on page {count} is gone.",
                "we have {count} seats in cars for {city} and need at least four more. Write "
                "to the list if you can drive.",
                "the scores for {piece} lie at {place}. Take one, and sign the list, please.",
            ),
            ("Warm-up at {hour}, coffee afterwards.", "We begin at {hour} sharp."),
            ("Tove, for the board",),
        ),
        bulk=True,
    ),
    Template(
        (("Brf Ekbacken", "styrelsen@brf-ekbacken.example"),),
        ("Concerning {subjectmatter}", "House meeting on {day}: {subjectmatter}"),
        (
            ("Dear neighbours,",),
            (
                "work on {subjectmatter} begins on {day} at {hour} and will take {count} days. "
                "Please keep the entrance free.",
                "the board has talked at length about {subjectmatter}, and asks for your opinion "
                "before {day}.",
            ),
            (
                "The offers of {count} firms hang in the stairwell; the cheapest is at {amount} "
                "EUR for each flat.",
                "Coffee and cinnamon buns will be served, as always.",
            ),
            ("The board",),
        ),
    ),
    Template(
        (("City Library", "lan@stadsbiblioteket.example"),),
        ("Due on {day}: {book}", "Your reservation is here: {book}"),
        (
            ("Hello Ann,",),
            (
                "“{book}” is due back on {day}. You can renew it {count} more times.",
                "“{book}” waits for you at the desk until {day}, {hour}.",
            ),
            ("City Library, open until 19:00",),
        ),
    ),
    Template(
        (("Slow Kitchen Letter", "letter@slow-kitchen.example"),),
        ("{dish}, {count} ways", "What to cook in {month}: {dish}"),
        (
            ("<b>Good morning!</b> The market is full again, and so is this letter.",),
            (
                "This week: <i>{dish}</i>, the way our neighbour in {city} makes it. It takes "
                "an hour, most of it waiting.",
                "Readers sent us {count} versions of <i>{dish}</i>. We cooked all of them.",
            ),
            ("You get this letter because you asked for it at {place}.",),
        ),
        shape="html",
        bulk=True,
    ),
)

BANK: tuple[Template, ...] = (
    Template(
        (("The Old Harbour Bank", "statements@bank.example"),),
        (
            "Your statement {number}",
            "Interest on your savings in {month}",
            "Tax certificate {number}",
        ),
        (
            ("Dear Ms Bergström,",),
            (
                "statement {number} is enclosed. On {day} your balance was {amount} EUR.",
                "in {month} your savings brought {amount} EUR, which we have added to them.",
                "please keep certificate {number} over {amount} EUR for the tax office.",
            ),
            ("The Old Harbour Bank, {city}",),
        ),
        enclosure="pdf",
    ),
)
