"""Links and ids in documents: found wherever they stand, and held against the table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch_vs_ray.references.links import check_ids, check_links, find_ids, find_links
from monarch_vs_ray.references.table import table

REPOSITORIES = [release.repo for release in table().releases.values()]
ACTOR = table()["monarch.Actor"]


def problems(text: str):
    return list(check_links("x.md", find_links(text, REPOSITORIES), table()))


def test_a_link_of_the_table_is_right():
    assert problems(f"See [`Actor`]({ACTOR.url}).") == []


def test_a_wrong_line_tells_the_right_one():
    wrong = ACTOR.url.replace(f"#L{ACTOR.line}", f"#L{ACTOR.line + 3}")
    (problem,) = problems(f"one\n\n[`Actor`]({wrong})")
    assert (problem.file, problem.line) == ("x.md", 3)
    assert f"`Actor` is at meta-pytorch/monarch v0.7.0 line {ACTOR.line}" in problem.fact
    assert problem.next_step == f'use {{{{ source("monarch.Actor") }}}}, which is {ACTOR.url}'


@pytest.mark.parametrize(
    "wrong",
    [
        ACTOR.url.replace("v0.7.0", "main"),
        ACTOR.url.replace("meta-pytorch", "pytorch"),
        ACTOR.url.partition("#")[0],
        ACTOR.url + "-L2300",
        ACTOR.url.replace("/blob/", "/blame/") + "0",
        ACTOR.url.replace("actor_mesh.py", "actor_mush.py"),
    ],
    ids=["branch", "old owner", "no line", "range", "blame", "path"],
)
def test_what_is_not_the_table_s_is_wrong(wrong):
    assert len(problems(f"<{wrong}>")) == 1


def test_a_line_of_the_earlier_comparison_leads_to_what_it_meant():
    old = f"https://github.com/pytorch/monarch/blob/abc123/{ACTOR.path}#L{ACTOR.earlier_line}"
    (problem,) = problems(f"({old})")
    assert 'source("monarch.Actor")' in problem.next_step


def test_an_unknown_path_names_one_that_is_near():
    (problem,) = problems("https://github.com/ray-project/ray/blob/ray-2.60.0/python/ray/acter.py#L1")
    assert "near it: python/ray/actor.py" in problem.fact


def test_other_repositories_and_other_pages_are_not_ours():
    text = (
        "https://github.com/pytorch/torchft/blob/main/README.md#L1 "
        "https://github.com/ray-project/ray https://github.com/ray-project/ray/issues/1"
    )
    assert find_links(text, REPOSITORIES) == []


@given(
    reference=st.sampled_from(sorted(table().references.values(), key=lambda reference: reference.id)),
    form=st.sampled_from(
        ["[x]({})", "<{}>", "`{}`", "{}", "{}.", "({}),", '"{}"', "| {} |", "**{}**", "[a]: {}\n"]
    ),
    lines=st.integers(0, 5),
)
def test_a_right_link_is_found_in_any_surrounding(reference, form, lines):
    (found,) = find_links("\n" * lines + form.format(reference.url), REPOSITORIES)
    assert (found.url, found.line, found.at) == (reference.url, reference.line, lines + 1)


def test_ids_in_templates_are_found_with_their_lines():
    text = 'a\n{{ source("ray.get") }} and {{ source(\'ray.wait\', "wait") }}\n{{ resource("x") }}'
    assert [(one.id, one.at) for one in find_ids(text)] == [("ray.get", 2), ("ray.wait", 2)]


def test_a_wrong_id_names_the_nearest():
    (problem,) = check_ids("x.md", find_ids('{{ source("ray.gett") }}'), table())
    assert "no reference is called 'ray.gett'" in problem.fact
    assert "ray.get" in problem.next_step
