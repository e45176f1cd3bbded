"""The manual as one man page: the pages and the commands in roff, with the macros of man(7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from mailsync_tui import __version__
from mailsync_tui.report.manual import PAGES, page

_LEFT_OUT = ("index", "development")
"""The index becomes the beginning; who develops the program has the Markdown."""
_SPECIAL = str.maketrans(
    {
        "\\": r"\e",
        "^": r"\(ha",
        "~": r"\(ti",
        "`": r"\(ga",
        "–": r"\(en",
        "×": r"\(mu",
        "…": "...",
    }
)
"""What roff reads otherwise, or cannot show in every locale."""
_LITERAL = str.maketrans({"-": r"\-", "'": r"\(aq"})


def man_page(program: click.Group) -> str:
    """Make the page, for section 1: what ``man`` and ``mandoc`` read.

    Args:
        program: Its commands make the synopsis.
    """
    parser = MarkdownIt("commonmark").enable("table")
    trees = {name: SyntaxTreeNode(parser.parse(page(name))) for name in PAGES}
    name = _literal(program.name or "")
    lines = [
        f'.TH {name.upper()} 1 "" "{name} {__version__}"',
        ".SH NAME",
        rf"{name} \- {_purpose(program)}",
        ".SH SYNOPSIS",
        *_synopsis(program, name),
        ".SH DESCRIPTION",
        *_blocks(_introduction(trees["index"])),
    ]
    for other in PAGES:
        if other not in _LEFT_OUT:
            lines += _blocks(trees[other].children)
    return "\n".join(line for line in lines if line)


def _purpose(program: click.Group) -> str:
    sentence = (program.help or "").partition("\n")[0].rstrip(".")
    return _escaped(sentence[:1].lower() + sentence[1:])


def _synopsis(program: click.Group, name: str) -> Iterator[str]:
    """A line for each command."""
    context = click.Context(program)
    yield f"\\fB{name}\\fR [OPTIONS]"
    for command in program.commands.values():
        usage = " ".join(command.collect_usage_pieces(context))
        yield f".br\n\\fB{name}\\fR [OPTIONS] \\fB{command.name}\\fR {_literal(usage)}"


def _introduction(index: SyntaxTreeNode) -> Iterator[SyntaxTreeNode]:
    """What stands in the index, but for its title and the list of pages."""
    section = ""
    for node in index.children:
        if node.type == "heading":
            section = _plain(node)
        if section != "Pages" and node.tag != "h1":
            yield node


def _blocks(nodes: Iterable[SyntaxTreeNode]) -> Iterator[str]:
    """Each block as lines of roff; comments give none."""
    begins = True
    """Directly below a heading, which has its own distance."""
    for node in nodes:
        match node.type:
            case "heading" if node.tag == "h1":
                yield f".SH {_escaped(_plain(node)).upper()}"
            case "heading" if node.tag == "h2":
                yield f".SS {_escaped(_plain(node))}"
            case "heading":
                yield "" if begins else ".PP"
                yield f"\\fB{_escaped(_plain(node))}\\fR"
            case "paragraph":
                yield "" if begins else ".PP"
                yield _inline(node)
            case "bullet_list" | "ordered_list":
                for number, item in enumerate(node.children, 1):
                    sign = r"\(bu" if node.type == "bullet_list" else f"{number}."
                    yield f".IP {sign} 3\n" + "\n.sp\n".join(map(_inline, item.children))
            case "fence":
                code = "\n".join(map(_begun, _literal(node.content.rstrip()).split("\n")))
                yield "" if begins else ".PP"
                yield f".RS 4\n.EX\n{code}\n.EE\n.RE"
            case "table":
                yield from _entries(node)
            case "html_block":
                continue
            case other:
                raise ValueError(f"the manual has a block that man pages have not: {other}")
        begins = node.tag in ("h1", "h2")


def _entries(table: SyntaxTreeNode) -> Iterator[str]:
    """A table as a list: the first cell names what the others say, each after its heading."""
    head, body = table.children
    titles = [_inline(cell) for cell in head.children[0].children]
    for row in body.children:
        first, *others = map(_inline, row.children)
        if len(others) > 1:
            named = zip(titles[1:], others, strict=True)
            others = [
                cell if title == "means" else f"{title}: {cell}"
                for title, cell in named
                if cell != "–"
            ]
        yield f".TP\n{first}\n" + "\n.br\n".join(others)


def _inline(node: SyntaxTreeNode) -> str:
    """The text of a block: code and what is strong in bold."""
    return "\n".join(_begun(line.strip()) for line in "".join(_spans(node)).split("\n"))


def _spans(node: SyntaxTreeNode) -> Iterator[str]:
    for child in node.children:
        match child.type:
            case "text":
                yield _escaped(child.content)
            case "code_inline":
                yield f"\\fB{_literal(child.content)}\\fR"
            case "strong" | "em":
                yield f"\\f{'B' if child.type == 'strong' else 'I'}{''.join(_spans(child))}\\fR"
            case "softbreak":
                yield "\n"
            case "inline" | "link":
                yield from _spans(child)
            case other:
                raise ValueError(f"the manual has a text that man pages have not: {other}")


def _plain(node: SyntaxTreeNode) -> str:
    """The words of a heading."""
    return "".join(child.content for child in node.walk() if child.type in ("text", "code_inline"))


def _escaped(text: str) -> str:
    return text.translate(_SPECIAL)


def _literal(text: str) -> str:
    """Text to be typed as it stands: no hyphen and no quote becomes another character."""
    return _escaped(text).translate(_LITERAL)


def _begun(line: str) -> str:
    """A line of text, never taken for a macro."""
    return rf"\&{line}" if line.startswith((".", "'")) else line
