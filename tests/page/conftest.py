"""The page as `mvr page` writes it, made once for all tests; and evidence that means harm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from installation import make_once
from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.ledger.claims import Ledger
from monarch_vs_ray.page import build, sources
from monarch_vs_ray.page.sources import Source

HARM = '</script><script>window.harmed=1</script><img src=x onerror="window.harmed=2">\'"&\u202e\x1b[31m'


REAL_LIBRARY = build.drawing_library


def _write(folder: Path) -> None:
    folder.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "drawing_library", REAL_LIBRARY)
        _build(folder)


def _build(folder: Path) -> None:
    (folder / "page.html").write_text(build.make(sources.published()), encoding="utf-8")


@pytest.fixture(scope="session")
def page(shared: Path) -> Path:
    """The page of what is published."""
    return make_once(shared / "page", _write) / "page.html"


@pytest.fixture(scope="session", autouse=True)
def small_library() -> Iterator[str]:
    """Stand in for the drawing library, which takes seconds to put together; `page` holds the real one."""
    text = "var vegaEmbed = 1; // </script> in a comment"
    real, build.drawing_library = build.drawing_library, lambda: text
    yield text
    build.drawing_library = real


@pytest.fixture(scope="session")
def html() -> str:
    """The same page's text, without the drawing library."""
    return build.make(sources.published())


@pytest.fixture(scope="session")
def harmful() -> tuple[Source, Ledger]:
    """Published evidence and claims whose texts try to leave their places."""
    source = sources.published()
    quoted = {
        id_: msgspec.structs.replace(
            each,
            said=HARM,
            version=HARM,
            first_try=HARM,
            brief_said=HARM,
            observed=[
                msgspec.structs.replace(one, seen={**one.seen, HARM: [HARM, {HARM: HARM}]})
                for one in each.observed
            ],
        )
        for id_, each in source.quoted.items()
    }
    concepts = []
    for concept in catalogue.ledger().concepts.values():
        rows = [
            msgspec.structs.replace(
                row,
                aspect=HARM,
                **{
                    engine: msgspec.structs.replace(cell, statement=HARM, note=HARM)
                    for engine in ("monarch", "ray")
                    if (cell := row.cell(engine))
                },
            )
            for row in concept.claim
        ]
        concepts.append(msgspec.structs.replace(concept, claim=rows))
    known = {id_: [each] for id_, each in quoted.items()}
    return Source(quoted=quoted, known=known, breaks=source.breaks, folder=Path("none")), Ledger(concepts)
