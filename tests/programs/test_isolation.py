"""A program gets folders of its own, and no setting of an engine that nobody asked for."""

from __future__ import annotations

from monarch_vs_ray.programs.isolation import described, variables

PRESENT = {
    "RAY_ADDRESS": "auto",
    "HYPERACTOR_X": "1",
    "XDG_CACHE_HOME": "/c",
    "PATH": "/bin",
    "PYTHONPATH": "/m",
}


def test_settings_of_engines_are_dropped_and_all_else_stays() -> None:
    changed = variables("ray", "/r", PRESENT)

    assert {name for name, value in changed.items() if value is None} == {
        "RAY_ADDRESS",
        "HYPERACTOR_X",
        "XDG_CACHE_HOME",
    }
    assert not {"PATH", "PYTHONPATH"} & changed.keys()


def test_what_is_kept_by_name_stays_as_it_is() -> None:
    present = {"RAY_USAGE_STATS_ENABLED": "1", "RAY_OTHER": "1"}

    changed = variables("ray", "/r", present, keep=["RAY_USAGE_STATS_ENABLED"])

    assert "RAY_USAGE_STATS_ENABLED" not in changed
    assert changed["RAY_OTHER"] is None


def test_the_home_is_kept_on_request_and_the_temporary_folder_is_not() -> None:
    changed = variables("ray", "/r", {"HOME": "/h", "TMPDIR": "/t"}, keep=["HOME", "TMPDIR"])

    assert "HOME" not in changed
    assert changed["TMPDIR"] == "/r/tmp"


def test_a_run_within_a_run_has_hooks_of_its_own() -> None:
    changed = variables("ray", "/r", {"MVR_HOOKS": "outer", "MVR_RUN_DIR": "/outer", "MVR_EVENTS_FD": "3"})

    assert "MVR_HOOKS" not in changed
    assert (changed["MVR_RUN_DIR"], changed["MVR_EVENTS_FD"]) == ("/r", None)


def test_the_folders_are_below_the_run_folder() -> None:
    changed = variables("monarch", "/r", {})

    assert (changed["HOME"], changed["TMPDIR"]) == ("/r/home", "/r/tmp")
    assert changed["PYTHONUSERBASE"]


def test_an_address_reaches_ray_alone() -> None:
    assert variables("ray", "/r", {}, ray_address="1.2.3.4:5")["RAY_ADDRESS"] == "1.2.3.4:5"
    assert "RAY_ADDRESS" not in variables("monarch", "/r", {}, ray_address="1.2.3.4:5")


def test_what_differs_from_plain_python_is_said() -> None:
    told = described("ray", settings={"OURS": "7"})

    assert "HOME=RUN/home" in told
    assert "RAY_USAGE_STATS_ENABLED=0" in told
    assert "OURS=7" in told
