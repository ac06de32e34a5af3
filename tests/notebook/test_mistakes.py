"""A reader's mistake: the error and the line of the reader's program, and nothing of ours."""

from __future__ import annotations

import pytest

from monarch_vs_ray.notebook import mistakes

PROGRAM = "import os\n\ndef f():\n    return undefined\n\nf()\n"
FAILED = """Monarch internal logs are being written to <tmp>/log
Traceback (most recent call last):
  File "<tmp>/mvr-notebook-x/supervision_on_ray.py", line 6, in <module>
    f()
  File "<tmp>/mvr-notebook-x/supervision_on_ray.py", line 4, in f
    return undefined
           ^^^^^^^^^
NameError: name 'undefined' is not defined
""".splitlines()


def test_an_error_of_a_run_is_found_with_its_line():
    found = mistakes.in_output(FAILED, PROGRAM, "supervision_on_ray.py")
    assert found
    assert found.error == "NameError: name 'undefined' is not defined"
    assert found.line == 4
    assert (4, "    return undefined") in found.excerpt


def test_a_line_of_another_file_is_none_of_the_readers():
    lines = ["Traceback (most recent call last):", '  File "x/queue.py", line 7, in get', "ValueError: no"]
    assert mistakes.in_output(lines, PROGRAM, "supervision_on_ray.py") is None


def test_an_error_within_a_library_has_the_readers_line():
    lines = [*FAILED[:5], '  File "<python>/lib/queue.py", line 1700, in get', "queue.TimeoutError: 5 s"]
    found = mistakes.in_output(lines, PROGRAM, "supervision_on_ray.py")
    assert found
    assert (found.line, found.error) == (4, "queue.TimeoutError: 5 s")


@pytest.mark.parametrize(
    ("text", "line", "error"),
    [
        ("a = 1\nb = (\n", 2, "SyntaxError"),
        ("if True:\nprint(1)\n", 2, "IndentationError"),
        ("a = 1\0\n", 0, "null"),
    ],
)
def test_a_mistake_in_the_syntax_is_found_before_anything_runs(text, line, error):
    found = mistakes.in_syntax(text, "x.py")
    assert found
    assert error in found.error
    assert found.line == line


def test_a_program_without_mistakes_has_none():
    assert mistakes.in_syntax(PROGRAM, "x.py") is None
