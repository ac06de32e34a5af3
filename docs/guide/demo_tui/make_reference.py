"""Write reference.md: every public name of demo_tui with its signature and docstring.

python docs/guide/demo_tui/make_reference.py
"""

import inspect
import re
from pathlib import Path

import demo_tui

PAGE = Path(__file__).with_name("reference.md")
HEAD = """# Reference

Every public name of `demo_tui`, made from the docstrings by `docs/guide/demo_tui/make_reference.py`. Methods
that a class only inherits are listed with the class they come from; `Panel` has those of every panel.
"""


def main():
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


def page():
    """Return the page."""
    parts = [HEAD]
    for name in sorted(demo_tui.__all__, key=str.lower):
        thing = getattr(demo_tui, name)
        if inspect.isclass(thing):
            parts += [f"## {name}", entry(name, thing), *members(thing)]
        elif callable(thing):
            parts += [f"## {name}", entry(name, thing)]
        else:
            parts += [f"## {name}", f"A `{type(thing).__name__}`."]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def members(cls):
    """Its own, and those of bases that have no entry of their own; not what every panel has."""
    public = {
        getattr(demo_tui, name) for name in demo_tui.__all__ if inspect.isclass(getattr(demo_tui, name))
    }
    bases = [base for base in cls.__mro__ if base.__module__.startswith("demo_tui.")]
    plumbing = set(vars(demo_tui.Panel)) if cls is not demo_tui.Panel else set()
    for base in bases[:1] + [base for base in bases[1:] if base not in public]:
        for name, member in vars(base).items():
            if name.startswith("_") or name in plumbing:
                continue
            if isinstance(member, property):
                yield f"### {cls.__name__}.{name}\n\n{text(member.fget)}"
            elif inspect.isfunction(member):
                yield f"### {cls.__name__}.{name}\n\n{entry(name, member)}"


def entry(name, thing):
    """The signature, on one line where it fits, and the docstring."""
    spec = inspect.signature(thing)
    given = [each for each in spec.parameters.values() if each.name != "self"]
    shown = [parameter(each) for each in given]
    kinds = [each.kind for each in given]
    if inspect.Parameter.KEYWORD_ONLY in kinds and inspect.Parameter.VAR_POSITIONAL not in kinds:
        shown.insert(kinds.index(inspect.Parameter.KEYWORD_ONLY), "*")
    result = annotation(spec.return_annotation)
    back = "" if result in ("", "None") else f" -> {result}"
    line = f"{name}({', '.join(shown)}){back}"
    if len(line) > 100:
        line = f"{name}(\n" + "".join(f"    {each},\n" for each in shown) + f"){back}"
    return f"```\n{line}\n```\n\n{text(thing)}"


def parameter(each):
    """As it would be written."""
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}.get(each.kind, "")
    kind = annotation(each.annotation)
    shown = f"{stars}{each.name}" + (f": {kind}" if kind else "")
    if each.default is each.empty:
        return shown
    default = getattr(each.default, "__name__", None) or repr(each.default)
    return f"{shown} = {default}"


def annotation(value):
    """As it is written in the source; empty where there is none."""
    if value is inspect.Parameter.empty:
        return ""
    return (value if isinstance(value, str) else getattr(value, "__name__", str(value))).replace("'", "")


def text(thing):
    """The docstring; its sections as lists."""
    out, section = [], False
    for line in (inspect.getdoc(thing) or "").split("\n"):
        if re.fullmatch(r"(Args|Returns|Raises):", line):
            section = True
            out += [f"**{line[:-1]}**", ""]
        elif section and re.match(r"    \S", line):
            out.append("- " + re.sub(r"^(\*{0,2}\w+): ", r"`\1`: ", line.strip()))
        elif section and line.startswith("        "):
            out.append("  " + line.strip())
        else:
            out.append(line)
    return "\n".join(out)


if __name__ == "__main__":
    main()
