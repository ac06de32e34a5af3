"""What pip's settings say is passed on to uv."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from environment_scripts.make_believe import REPOSITORY, Project, assert_failed


def exported_settings(python: Path, project: Path, environment: dict[str, str]) -> dict[str, str]:
    """What the helper exports for a project, and what of that kind is in the environment already."""
    helper = REPOSITORY / "scripts/lib/pip_settings_for_uv.py"
    script = f'PATH=/usr/bin:/bin; eval "$("{python}" -I "{helper}" "{project}")"; env -0'
    given = {"HOME": str(project), **environment}
    done = subprocess.run(["/bin/bash", "-c", script], env=given, capture_output=True, text=True, check=True)
    pairs = dict(line.split("=", 1) for line in done.stdout.split("\0") if line)
    return {name: value for name, value in pairs.items() if name.startswith(("UV_", "SSL_", "ZEPHYR_"))}


@pytest.fixture(scope="module")
def of_this_machine(tmp_path_factory: pytest.TempPathFactory, python: Path) -> dict[str, str]:
    """What this machine's /etc/pip.conf says: pip reads it whatever one does."""
    project = tmp_path_factory.mktemp("nothing said")
    (project / "pyproject.toml").touch()
    return exported_settings(python, project, {})


@pytest.fixture
def settings_for_uv(
    tmp_path: Path, python: Path, of_this_machine: dict[str, str]
) -> Callable[..., dict[str, str]]:
    """What is passed on to uv from a pip.conf and an environment."""
    (tmp_path / "pyproject.toml").write_text("[project]\n")

    def ask(pip_conf: str, **environment: str) -> dict[str, str]:
        (tmp_path / "pip.conf").write_text(pip_conf)
        given = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), **environment}
        return dict(exported_settings(python, tmp_path, given).items() - of_this_machine.items())

    return ask


def test_pips_settings_are_passed_on(settings_for_uv: Callable[..., dict[str, str]], tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "simple").mkdir()
    (tmp_path / "ca.pem").touch()
    pip_conf = f"""
        [global]
        index-url = https://me:it's$ecret@first.invalid/simple
        extra-index-url = file://{tmp_path}/simple
            file://{tmp_path}/missing
            https://second.invalid/simple
        find-links = {tmp_path}/wheels {tmp_path}/missing https://third.invalid/links
        trusted-host = first.invalid second.invalid
        timeout = 7
        cert = {tmp_path}/ca.pem
        """
    pip_conf = "\n".join(line[8:] for line in pip_conf.splitlines())
    assert settings_for_uv(pip_conf) == {
        "UV_DEFAULT_INDEX": "https://me:it's$ecret@first.invalid/simple",
        "UV_INDEX": f"file://{tmp_path}/simple https://second.invalid/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": f"{tmp_path}/wheels,https://third.invalid/links",
        "UV_INSECURE_HOST": "first.invalid second.invalid",
        "UV_HTTP_TIMEOUT": "7",
        "SSL_CERT_FILE": f"{tmp_path}/ca.pem",
    }


def test_the_environment_comes_before_pips_files(settings_for_uv: Callable[..., dict[str, str]]) -> None:
    pip_conf = (
        "[global]\nindex-url = https://global.invalid\n[install]\nindex-url = https://install.invalid\n"
    )
    assert settings_for_uv(pip_conf) == {"UV_DEFAULT_INDEX": "https://install.invalid"}
    environment = {"PIP_INDEX_URL": "https://environment.invalid", "PIP_NO_INDEX": "true"}
    assert settings_for_uv(pip_conf, **environment) == {
        "UV_DEFAULT_INDEX": "https://environment.invalid",
        "ZEPHYR_PIP_NO_INDEX": "1",
    }


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("uv.toml", '[[index]]\nurl = "https://uv.invalid"\n'),
        (".config/uv/uv.toml", 'index-url = "https://uv.invalid"\n'),
        ("pyproject.toml", '[project]\n[[tool.uv.index]]\nurl = "https://uv.invalid"\n'),
        ("pyproject.toml", '[tool.uv]\nfind-links = ["/somewhere"]\n[tool.other]\n'),
    ],
)
def test_uvs_own_files_win(
    settings_for_uv: Callable[..., dict[str, str]], tmp_path: Path, file: str, text: str
) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    pip_conf = "[global]\nindex-url = https://pip.invalid\ntimeout = 7\n"
    assert settings_for_uv(pip_conf) == {}


def test_uvs_own_variables_win(settings_for_uv: Callable[..., dict[str, str]]) -> None:
    pip_conf = "[global]\nindex-url = https://pip.invalid\ntimeout = 7\n"
    assert settings_for_uv(pip_conf, UV_INDEX="https://uv.invalid") == {"UV_INDEX": "https://uv.invalid"}
    shown = settings_for_uv(pip_conf, UV_HTTP_TIMEOUT="5")
    assert shown == {"UV_DEFAULT_INDEX": "https://pip.invalid", "UV_HTTP_TIMEOUT": "5"}


def test_a_password_in_an_index_address_is_never_shown(project: Project) -> None:
    del project.environment["UV_CONFIG_FILE"], project.environment["PIP_NO_INDEX"]
    project.environment |= {"PIP_INDEX_URL": "http://me:hunter2@127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    project.depend_on("no-such-package")
    done = project.sync("--verbose")
    assert_failed(done, "zephyr: uv found no set of packages: error: Failed to fetch: http://127.0.0.1:9/")
    assert "hunter2" not in done.stdout + done.stderr + project.log.read_text()
    assert not any("hunter2" in call for call in project.uv_calls)
