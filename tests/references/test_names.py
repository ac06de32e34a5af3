"""API names in documents: what counts as one, and which are wrong."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monarch_vs_ray.references.api import Api
from monarch_vs_ray.references.markup import code_in
from monarch_vs_ray.references.names import check_names, in_markdown, in_python, in_strings


@pytest.fixture(scope="module")
def api(tmp_path_factory) -> Api:
    root = tmp_path_factory.mktemp("wheel")
    for name, text in {
        "ray/__init__.py": "def get(): ...\ndef wait(): ...\n",
        "ray/train.py": "def report(): ...\n",
        "monarch/__init__.py": "",
        "monarch/actor.py": "class Actor:\n    def stop(self): ...\n",
    }.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return Api({"ray": root, "monarch": root})


def names(text: str) -> list[tuple[str, int]]:
    return [(one.name, one.at) for one in in_markdown(text).mentions]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`ray.get`", ["ray.get"]),
        ("``ray.get``", ["ray.get"]),
        ("`ray.get(ref, timeout=3)` and `ray.wait`", ["ray.get", "ray.wait"]),
        ("`@ray.remote(num_cpus=1)`", ["ray.remote"]),
        ("`monarch.actor.Actor`", ["monarch.actor.Actor"]),
        ("`ray.put(\n  big)`", ["ray.put"]),
        ("`from monarch.actor import Actor, endpoint`", ["monarch.actor.Actor", "monarch.actor.endpoint"]),
        ("`import ray.train as t`", ["ray.train"]),
        (
            "`ray` `monarch` `mesh.slice` `ray.py` `docs.ray.io` `ray.io` `ray-2.60.0` `x ray.get`",
            [],
        ),
        ("`monarch.toml`, ray.get without a span, `from the start`, `import this`", []),
        ("`monarch.actor.Actor/x` `engines/ray.py`", []),
        ("```text\n`ray.get`\n```\n~~~\n`ray.get`\n~~~", []),
        ("a `tick\n\nray.get` b", []),
        ("\\`ray.get\\` `ray.wait`", ["ray.wait"]),
        ("<p>`ray.get`</p>\n\n| `ray.wait` | x |\n\n    `ray.put`", ["ray.get", "ray.wait", "ray.put"]),
        ("> - # `ray.get`\n>   ```\n>   `ray.wait`\n>   ```\n> `ray.put`", ["ray.get", "ray.put"]),
        ("```text\n`ray.get`", []),
    ],
)
def test_what_counts_in_prose(text, found):
    assert [name for name, _ in names(text)] == found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import ray\nray.get(1)", ["ray", "ray.get"]),
        ("import ray.train as t\nt.report()", ["ray.train", "ray.train.report"]),
        ("import ray.train\nray.train.report()", ["ray.train", "ray.train.report"]),
        ("from ray import train\ntrain.report()", ["ray.train", "ray.train.report"]),
        (
            "from monarch.actor import Actor as A\nclass B(A): ...\nA.stop",
            ["monarch.actor.Actor", "monarch.actor.Actor.stop"],
        ),
        ("from monarch.actor import *", ["monarch.actor"]),
        ("ray.wait(refs)  # the import was left out", ["ray.wait"]),
        ("ray.get(1).value.items()", ["ray.get"]),
        ("await ray.get(1)", ["ray.get"]),
        ("def f(ray):\n    return ray.get(1)", []),
        ("ray = make()\nray.get(1)", []),
        ("import other as ray\nray.get(1)", []),
        ("from other import train\ntrain.report()", []),
        ("from .ray import x\nx.y()", []),
        ("for ray in rays: ray.length", []),
        ("    import ray\n    ray.get(1)", ["ray", "ray.get"]),
        ("from monarch_vs_ray.side import step\nstep.x", []),
    ],
)
def test_what_counts_in_code(code, found):
    assert [one.name for one in in_python(code)] == found


def test_blocks_keep_their_lines_and_lists_their_indent():
    text = (
        "one `ray.get`\n\n- item\n\n  ```python\n  import ray\n  ray.wait()\n  ```\n\n`monarch.actor.Actor`\n"
    )
    assert names(text) == [("ray.get", 1), ("monarch.actor.Actor", 10), ("ray", 6), ("ray.wait", 7)]


def test_a_span_over_two_lines_does_not_move_the_next():
    assert names("ray.put\n`ray.get(\n  1)` and\n`ray.put`, `ray.put`") == [
        ("ray.get", 2),
        ("ray.put", 4),
        ("ray.put", 4),
    ]


def test_only_python_blocks_are_read_and_templates_are_counted():
    text = "```bash\nray.gett\n```\n```python\n{{ quote('x') }}\n```\n```py\nray.get()\n```"
    claimed = in_markdown(text)
    assert [one.name for one in claimed.mentions] == ["ray.get"]
    assert claimed.unread == 1


def test_a_wrong_name_is_a_problem_with_its_line_and_what_is_near(api):
    text = "fine: `ray.get`\n\n`ray.gett` and `monarch.actor.Actor.stopp`\n"
    found = check_names("x.md", in_markdown(text), api)
    assert found.exist == 1
    assert [(one.line, one.fact, one.next_step) for one in found.problems] == [
        (3, "`ray.gett` is not in the API", "near it: `ray.get`"),
        (3, "`monarch.actor.Actor.stopp` is not in the API", "near it: `monarch.actor.Actor.stop`"),
    ]


def test_the_part_that_is_missing_is_named(api):
    (problem,) = check_names("x.md", in_markdown("`ray.data.Dataset`"), api).problems
    assert problem.fact == "`ray.data.Dataset` is not in the API: there is no `ray.data`"


def test_code_that_is_no_python_is_a_problem(api):
    (problem,) = check_names("x.md", in_markdown("\n```python\nx = 1\nif:\n```"), api).problems
    assert problem.line == 4
    assert problem.fact.startswith("this Python block cannot be read: ")


def test_what_reading_cannot_say_is_no_problem(api):
    found = check_names("x.md", in_markdown("`ray.get.later`"), api)
    assert ([one.name for one in found.undecided], found.problems) == (["ray.get.later"], [])


def test_a_name_marked_as_absent_may_be_absent(api):
    text = "Was `ray.gett`, `monarch.actor.Mesh`.\n<!-- not in the API: ray.gett, monarch.actor.Mesh -->"
    assert check_names("x.md", in_markdown(text), api).problems == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("`ray.get` <!-- not in the API: ray.get -->", "and it exists"),
        ("nothing <!-- not in the API: ray.gett -->", "nothing here names it"),
    ],
)
def test_a_stale_mark_is_a_problem(api, text, complaint):
    (problem,) = check_names("x.md", in_markdown(text), api).problems
    assert complaint in problem.fact
    assert problem.next_step == "remove the mark"


def test_strings_of_a_toml_file_are_prose(api):
    text = 'a = 1\nstatement = "`ray.gett` is"\n'
    claimed = in_strings(text, ["`ray.gett` is"])
    (problem,) = check_names("concept.toml", claimed, api).problems
    assert problem.line == 2


@given(st.text(alphabet="`~ \nrayget.*>-python", max_size=120))
@example("`\n.`")
@example("`` ` x ` ``\n`x\n ` x `x`")
def test_code_is_on_the_lines_of_the_text_it_is_said_to_be_on(text):
    lines = text.split("\n")
    spans, blocks = code_in(text)
    for span in spans:
        assert span.text.split(" ")[0] in lines[span.at - 1]
    for block in blocks:
        for number, line in enumerate(block.text.splitlines()):
            assert lines[block.at - 1 + number].endswith(line)


@given(
    st.sampled_from(["ray.get", "ray.util.ActorPool", "monarch.actor.Actor"]),
    st.text(alphabet="ab \n.,(*", max_size=40),
)
def test_a_name_in_a_span_is_found_on_its_line(name, before):
    found = names(f"{before}`{name}`")
    assert found == [(name, before.count("\n") + 1)]
