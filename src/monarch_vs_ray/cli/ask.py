"""``mvr ask``: find the claims and passages that answer a question."""

from __future__ import annotations

from typing import Annotated

import typer

from monarch_vs_ray.core.output import say


def ask(
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS...", help="For instance: worker killed restart")
    ],
    most: Annotated[int, typer.Option(min=1, help="How many answers to print at most.")] = 8,
    json: Annotated[bool, typer.Option("--json", help="Print the answers as JSON.")] = False,
) -> None:
    """Print the claims and passages that have these words, or words like them, best first."""
    question = " ".join(words)
    if json:
        import msgspec

        from monarch_vs_ray.report.answers import answers

        say(msgspec.json.format(msgspec.json.encode(answers(question, most)), indent=2).decode())
        return
    from monarch_vs_ray.report.answers import print_answers

    print_answers(question, most)
