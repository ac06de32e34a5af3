"""The code in a Markdown text: its spans and its fenced blocks, each with its line."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("zero").enable(["backticks", "blockquote", "escape", "fence", "heading", "list"])
"""A parser of what decides where code is. HTML and tables are prose to it, and indented text is not code."""


class Code(msgspec.Struct, frozen=True):
    """Code in a text: its own text, the line on which it begins, and a block's language in lower case."""

    text: str
    at: int
    language: str = ""


def code_in(text: str) -> tuple[list[Code], list[Code]]:
    """Find the code in a Markdown text.

    Args:
        text: Markdown, or a template of it.

    Returns:
        The code spans, on one line each, and the fenced blocks.
    """
    spans: list[Code] = []
    blocks: list[Code] = []
    for token in PARSER.parse(text):
        if token.map and token.type == "inline":
            spans += _spans(token, token.map[0] + 1)
        elif token.map and token.type == "fence":
            language = token.info.partition(" ")[0].lower()
            blocks.append(Code(token.content, token.map[0] + 2, language))
    return spans, blocks


def _spans(inline: Token, first: int) -> Iterator[Code]:
    """Find the code spans of a paragraph that begins on a line."""
    content = inline.content.replace("\n", " ")  # as the parser does inside spans
    end = 0
    for token in inline.children or ():
        if token.type == "code_inline":
            code = token.content.strip()
            start = content.index(code, content.index(token.markup, end))
            end = content.index(token.markup, start + len(code)) + len(token.markup)
            yield Code(code, first + inline.content.count("\n", 0, start))
