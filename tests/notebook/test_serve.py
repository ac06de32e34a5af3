"""`mvr notebook` opens a notebook on loopback, with a token, and never a file of the package."""

from __future__ import annotations

import sys
from pathlib import Path

from monarch_vs_ray.notebook import serve
from monarch_vs_ray.notebook.catalogue import find
from monarch_vs_ray.notebook.serve import Choices, command


def test_the_command_is_on_loopback_with_a_token():
    words = command(Path("x.py"), Choices(browser=False))
    assert words[:3] == [sys.executable, "-m", "marimo"]
    assert words[words.index("--host") + 1] == "127.0.0.1"
    assert "--token" in words
    assert "--headless" in words
    assert "--" not in words
    assert command(Path("x.py"), Choices(recorded=True))[-2:] == ["--", "--recorded"]


def test_what_is_executed_is_marimo_on_the_notebook_of_the_checkout():
    seen = []
    assert serve.serve(find("3"), Choices(), execute=lambda *called: seen.append(called)) == 0
    ((program, words, environment),) = seen
    assert program == sys.executable
    assert words[4] == str(find("3").path)
    assert environment.items() >= serve.AT_ONCE.items()


def test_without_a_checkout_the_users_copy_is_opened_and_kept(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(serve, "CHECKOUT", None)
    monkeypatch.setattr(serve, "user_notebooks", lambda: tmp_path / "mine")
    copy = serve.own_copy(find("3"))
    assert copy.read_bytes() == find("3").path.read_bytes()
    copy.write_text("# changed\n")
    assert serve.own_copy(find("3")).read_text() == "# changed\n"
    assert "differs from the original" in capsys.readouterr().err
