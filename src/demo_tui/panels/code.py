"""Source code with lines that light up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module

from rich.style import Style

from demo_tui.cells import clean, describe
from demo_tui.cells import width as cell_width
from demo_tui.panel import Panel, PanelConfig
from demo_tui.strips import Pen, Strip
from demo_tui.theme import Theme

__all__ = ["CodePanel"]

LineKey = tuple[int, "str | None", "str | None", int, Theme]
STATES = ("lit", "done", "failed")
_MARKS = {"lit": "running", "done": "done", "failed": "failed"}


class CodePanel(Panel):
    """Highlighted source that scrolls to the line that runs now.

    A line is `lit` (runs now), `done` or `failed`; the panel scrolls so that the lit lines, or else the last
    changed ones, are visible. Highlighting happens once per code; changing states costs only the lines that
    change.

    Args:
        code: The source.
        language: A name that pygments knows; an unknown one is shown without colours.
        lit: Lines that run now.
        first_line: The number of the first line; all line arguments count that way.
        config: A title, or a `PanelConfig`.
        line_numbers: Show them.
    """

    min_height = 6
    min_width = 30

    def __init__(
        self,
        code: str = "",
        language: str = "python",
        lit: Iterable[int] = (),
        *,
        first_line: int = 1,
        config: PanelConfig | str | None = None,
        line_numbers: bool = True,
    ) -> None:
        super().__init__(config)
        self.language = language
        self.first_line = first_line
        self.line_numbers = line_numbers
        self._states: dict[int, str] = dict.fromkeys(lit, "lit")
        self._focus = min(self._states, default=first_line)
        self._notes: dict[int, str] = {}
        self.set_code(code)

    def set_code(self, code: str, first_line: int | None = None) -> None:
        """Show other code. States and notes stay with their line numbers.

        Args:
            code: The source.
            first_line: The number of its first line; None leaves it as it is.
        """
        if first_line is not None:
            self.first_line = first_line
        self.code = describe(code)
        self._held: int | None = None
        self._tokens: list[list[tuple[str, str]]] | None = None
        self._top = 0
        self._strips: dict[LineKey, Strip] = {}
        self.touch()

    def light(self, lines: Iterable[int] | int, *, keep: str | None = "done") -> None:
        """Light lines.

        Args:
            lines: One line or several.
            keep: The state of the lines that were lit before; None takes it away.
        """
        wanted = {lines} if isinstance(lines, int) else set(lines)
        states = {line: state for line, state in self._states.items() if state != "lit"}
        if keep is not None:
            states.update({line: keep for line, state in self._states.items() if state == "lit"})
        states.update(dict.fromkeys(wanted, "lit"))
        self._states = states
        self._focus = min(wanted, default=self._focus)
        self.touch()

    def mark(self, lines: Iterable[int] | int, state: str | None) -> None:
        """Give lines a state.

        Args:
            lines: One line or several.
            state: `lit`, `done`, `failed`, or None for no state.

        Raises:
            ValueError: For another state.
        """
        if state is not None and state not in STATES:
            raise ValueError(f"{state!r} is no state of a line; use one of {', '.join(STATES)} or None")
        wanted = {lines} if isinstance(lines, int) else set(lines)
        states = {line: old for line, old in self._states.items() if line not in wanted}
        if state is not None:
            states.update(dict.fromkeys(wanted, state))
            self._focus = min(wanted, default=self._focus)
        self._states = states
        self.touch()

    def clear_states(self) -> None:
        """Take away all states and notes."""
        self._states, self._notes = {}, {}
        self._focus = self.first_line
        self.touch()

    def note(self, line: int, text: str) -> None:
        """Write a short remark at the right end of a line.

        Args:
            line: The line.
            text: The remark, such as a count; an empty one removes it.
        """
        self._notes = {**self._notes, line: describe(text)}
        self.touch()

    @property
    def states(self) -> Mapping[int, str]:
        """Return the state by line number; lines without a state are absent."""
        return dict(self._states)

    def natural_height(self) -> int:
        """Return one line for each line of code, and two for the border."""
        return self.code.count("\n") + 3

    def scroll(self, lines: int) -> None:
        """Move the view and hold it, until `scroll_end` lets it follow the lit lines again.

        Args:
            lines: How far towards the beginning; negative towards the end.
        """
        total = self.code.count("\n") + 1
        if lines <= -(10**9):
            self._held = None
        else:
            top = self._top if self._held is None else self._held
            self._held = max(0, min(top - lines, total - self._page))
        self.touch()

    # -- drawing ---------------------------------------------------------------------------------

    def body(self, width: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return the lines around those that run now."""
        if self._tokens is None:
            self._tokens = highlight(self.code, self.language)
        states, notes = self._states, self._notes
        top = self._scroll(len(self._tokens), height, states)
        strips: dict[LineKey, Strip] = {}
        for index in range(top, min(top + height, len(self._tokens))):
            number = index + self.first_line
            key = (index, states.get(number), notes.get(number), width, theme)
            strips[key] = self._strips.get(key) or self._line(*key)
        self._strips = strips
        return list(strips.values())

    def _scroll(self, total: int, height: int, states: Mapping[int, str]) -> int:
        """Keep the view where it is while the lit lines are inside it, else move as little as needed."""
        if self._held is not None:
            return min(self._held, max(0, total - 1))
        lit = [number - self.first_line for number, state in states.items() if state == "lit"]
        first = min(lit, default=self._focus - self.first_line)
        last = min(max(lit, default=first), first + height - 1)
        margin = min(2, max(0, (height - (last - first + 1)) // 2))
        top = min(self._top, first - margin)
        top = max(top, last + margin - height + 1)
        self._top = max(0, min(top, total - height))
        return self._top

    def _line(self, index: int, state: str | None, note: str | None, width: int, theme: Theme) -> Strip:
        assert self._tokens is not None
        back = theme.style(f"{state}.line" if state else None) or Style.null()
        pen = Pen(width, theme)
        self._gutter(pen, index, state, back, theme)
        room = pen.room
        if note:
            note = " " + clean(note, theme.ascii)
            room = max(room // 2, room - cell_width(note))
        code = Pen(room, theme)
        for text, style in self._tokens[index]:
            code.put(text, (theme.style(style) or Style.null()) + back)
        for text, segment_style, _ in code.strip(back).segments:
            pen.put(text, segment_style)
        if note:
            pen.cell(note, pen.room, (theme.style("dim") or Style.null()) + back)
        return pen.strip(back)

    def _gutter(self, pen: Pen, index: int, state: str | None, back: Style, theme: Theme) -> None:
        mark = getattr(theme.glyphs, _MARKS[state]) if state else " "
        style = theme.style(_MARKS[state]) if state else None
        pen.put(mark + " ", (style or Style.null()) + back)
        if self.line_numbers:
            assert self._tokens is not None
            digits = len(str(self.first_line + len(self._tokens) - 1))
            number = f"{self.first_line + index:>{digits}} "
            pen.put(
                number, (theme.style("title" if state == "lit" else "line.number") or Style.null()) + back
            )


def highlight(code: str, language: str) -> list[list[tuple[str, str]]]:
    """Split code into styled pieces; tabs are four columns.

    Args:
        code: The source.
        language: A name that pygments knows.

    Returns:
        For each line, pairs of text and theme style name.
    """
    lines: list[list[tuple[str, str]]] = [[]]
    for text, style in _lex(code.expandtabs(4), language):
        first, *rest = text.split("\n")
        lines[-1].append((first, style))
        lines += [[(part, style)] for part in rest]
    if len(lines) > 1 and not any(text for text, _ in lines[-1]):
        lines.pop()  # the newline that ends a file is no line of its own
    return lines


def _lex(code: str, language: str) -> Iterable[tuple[str, str]]:
    try:
        lexers, errors = import_module("pygments.lexers"), import_module("pygments.util")
    except ImportError:
        return [(code, "code")]
    try:
        lexer = lexers.get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except errors.ClassNotFound:
        return [(code, "code")]
    return ((text, _style_of(kind)) for kind, text in lexer.get_tokens(code))


def _style_of(kind: object) -> str:
    """The theme style of a pygments token type: that of its nearest known ancestor."""
    name = str(kind)
    for prefix, style in _STYLES:
        if name.startswith(prefix):
            return style
    return "code"


_STYLES = (
    ("Token.Comment", "code.comment"),
    ("Token.Literal.String", "code.string"),
    ("Token.Literal.Number", "code.number"),
    ("Token.Keyword.Constant", "code.number"),
    ("Token.Keyword", "code.keyword"),
    ("Token.Operator.Word", "code.keyword"),
    ("Token.Name.Decorator", "code.decorator"),
    ("Token.Name.Function", "code.name"),
    ("Token.Name.Class", "code.name"),
    ("Token.Name.Builtin", "code.builtin"),
    ("Token.Name.Exception", "code.builtin"),
)
