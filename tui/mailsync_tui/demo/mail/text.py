"""The words that the demo's letters are made of: names, places, things, and the slots they fill."""

from __future__ import annotations

from typing import Literal, NamedTuple

Shape = Literal["text", "html", "both"]
Enclosure = Literal["none", "pdf", "picture", "calendar", "table"]
Flavour = Literal["private", "work", "old", "own", "bank"]

OWNER = "Ann Bergström"
ADDRESSES: dict[Flavour, str] = {
    "private": "ann@fjordnet.example",
    "work": "ann.bergstrom@larkfield.example",
    "old": "anniebee@oldpost.example",
    "own": "ann@fjordnet.example",
    "bank": "ann@fjordnet.example",
}
"""The address that letters of a flavour are sent to."""


class Template(NamedTuple):
    """A kind of letter; every text may hold slots such as ``{place}``."""

    senders: tuple[tuple[str, str], ...]
    """Names and addresses; empty: a friend or a colleague, by flavour."""
    subjects: tuple[str, ...]
    paragraphs: tuple[tuple[str, ...], ...]
    """One of each group is taken; of a group as long as ``subjects``, the one that fits."""
    shape: Shape = "text"
    enclosure: Enclosure = "none"
    bulk: bool = False
    """Sent to many: carries the header lines of a mailing list."""


FRIENDS: tuple[tuple[str, str], ...] = (
    ("Mikael Bergström", "mikael@fjordnet.example"),
    ("Ingrid Bergström", "mormor.ingrid@fjordnet.example"),
    ("Tove Lindqvist", "tove.lindqvist@posthus.example"),
    ("Jonas Aalto", "jonas@aalto-family.example"),
    ("Priya Raman", "priya.raman@inkwell.example"),
    ("Sam Okafor", "sam.okafor@inkwell.example"),
    ("Léa Fournier", "lea.fournier@courrier.example"),
    ("Daniel Weiß", "daniel.weiss@briefkasten.example"),
    ("Marta Kowalczyk", "marta.k@poczta.example"),
    ("Oskar Nyström", "oskar.nystrom@posthus.example"),
    ("Hannah Doyle", "hannah@doyle-cottage.example"),
    ("Yusuf Demir", "yusuf.demir@mektup.example"),
)

COLLEAGUES: tuple[tuple[str, str], ...] = (
    ("Claire Whitmore", "claire.whitmore@larkfield.example"),
    ("Rasmus Holm", "rasmus.holm@larkfield.example"),
    ("Deepa Nair", "deepa.nair@larkfield.example"),
    ("Tomás Herrera", "tomas.herrera@larkfield.example"),
    ("Birgit Sommer", "birgit.sommer@larkfield.example"),
    ("Wei Zhang", "wei.zhang@larkfield.example"),
    ("Gareth Pugh", "gareth.pugh@larkfield.example"),
    ("Aino Virtanen", "aino.virtanen@larkfield.example"),
    ("Noor Haddad", "noor.haddad@kestrel-optics.example"),
    ("Paul Lenoir", "p.lenoir@verre-et-lumiere.example"),
)

SLOTS: dict[str, tuple[str, ...]] = {
    "place": (
        "the harbour café",
        "Lindgren's",
        "the botanical garden",
        "the library steps",
        "our place",
        "the old boathouse",
        "platform 3",
        "the bakery on Kungsgatan",
    ),
    "city": (
        "Gothenburg",
        "Turku",
        "Bergen",
        "Lübeck",
        "Porto",
        "Edinburgh",
        "Kraków",
        "Utrecht",
        "Lyon",
        "Tallinn",
    ),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "month": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    "hour": ("8:30", "9:15", "10:00", "11:45", "13:00", "14:30", "16:00", "17:15", "19:00"),
    "count": ("two", "three", "four", "five", "six", "seven", "a dozen"),
    "product": (
        "oak bookshelf",
        "cast-iron pan",
        "bicycle pump",
        "wool blanket",
        "desk lamp",
        "hiking boots, size 39",
        "espresso grinder",
        "watercolour set",
        "garden shears",
        "rain jacket",
        "rye flour, 5 kg",
        "label printer",
        "reading glasses",
    ),
    "dish": (
        "mushroom pie",
        "cardamom buns",
        "fish soup",
        "pierogi",
        "lentil dal",
        "rhubarb crumble",
        "saffron bread",
        "beetroot salad",
    ),
    "book": (
        "The Summer Book",
        "Piranesi",
        "The Snow Leopard",
        "Middlemarch",
        "The Left Hand of Darkness",
        "Kristin Lavransdatter",
        "Station Eleven",
        "Invisible Cities",
    ),
    "thing": (
        "the spare key",
        "your blue scarf",
        "the borrowed tent",
        "grandfather's barometer",
        "the choir scores",
        "the car seat",
        "the sewing machine",
        "that box of slides",
    ),
    "project": ("Atlas", "Heron", "Lighthouse", "Quartz", "Tern", "Meridian"),
    "part": (
        "the mirror mount",
        "the calibration rig",
        "the firmware updater",
        "the export module",
        "the sensor board rev C",
        "the cooling loop",
        "the alignment routine",
        "the web console",
    ),
    "customer": (
        "Kestrel Optics",
        "Verre et Lumière",
        "the Uppsala lab",
        "Norrland Water",
        "the observatory",
        "Hafen Logistik",
    ),
    "room": ("Fermat", "Curie", "Noether", "Leavitt", "Hertz", "the small kitchen"),
    "plant": (
        "Phalaenopsis",
        "Masdevallia",
        "Dendrobium kingianum",
        "Cattleya",
        "Paphiopedilum",
        "Vanda coerulea",
    ),
    "piece": (
        "Fauré's Requiem",
        "the Duruflé motets",
        "Bach's Jesu, meine Freude",
        "Stenhammar's songs",
        "Pärt's Magnificat",
        "Brahms, opus 74",
    ),
    "subjectmatter": (
        "the roof",
        "the bicycle cellar",
        "the laundry rota",
        "the new recycling bins",
        "the courtyard lime tree",
        "the lift",
    ),
}
"""What a slot may become; amounts, numbers and names are made by the writer."""
