"""Say pip's index settings in uv's words: `pip_settings_for_uv.py PROJECT` prints shell `export` lines.

uv does not read pip's settings, and a machine behind a mirror of its own often has nothing else. Where uv has
index settings of its own (environment variables or files), those count and none of pip's are passed on. The
output may hold passwords: evaluate it, never show it. Fails if the Python that runs this has no pip.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

UV_INDEX_VARIABLES = (
    "UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX",
)  # fmt: skip
INDEX_SETTING = re.compile(
    r"^\s*(\[\[(tool\.uv\.)?(pip\.)?index\]\]"
    r"|(default-index|extra-index-url|find-links|index|index-url|no-index)\s*=)",
    re.MULTILINE,
)
UV_SECTION = re.compile(r"^\[+tool\.uv\b.*?(?=^\[(?!\[?tool\.uv\b)|\Z)", re.MULTILINE | re.DOTALL)


def pip_settings() -> dict[str, str]:
    """pip's own settings for `pip install`, the environment's before [install]'s before [global]'s."""
    command = [sys.executable, "-I", "-m", "pip", "config", "list", "--disable-pip-version-check"]
    shown = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in shown.splitlines():
        key, _, value = line.partition("=")
        section, _, option = key.rpartition(".")
        if section in sections:
            sections[section][option] = str(ast.literal_eval(value))
    return {**sections["global"], **sections["install"], **sections[":env:"]}


def uv_files(project: Path) -> list[Path]:
    """The files in which uv looks for its settings."""
    if os.environ.get("UV_NO_CONFIG"):
        return []
    if os.environ.get("UV_CONFIG_FILE"):
        return [Path(os.environ["UV_CONFIG_FILE"])]
    user = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    system = [Path(part) for part in os.environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":") if part]
    folders = [folder / "uv" for folder in [user, *system, Path("/etc")]]
    return [folder / "uv.toml" for folder in [project, *folders]]


def uv_knows_its_index(project: Path) -> bool:
    """Whether uv has index settings of its own."""
    if any(os.environ.get(name) for name in UV_INDEX_VARIABLES):
        return True
    texts = [path.read_text(errors="replace") for path in uv_files(project) if path.is_file()]
    if not os.environ.get("UV_NO_CONFIG"):
        pyproject = (project / "pyproject.toml").read_text(errors="replace")
        texts += UV_SECTION.findall(pyproject)
    return any(INDEX_SETTING.search(text) for text in texts)


def usable(entries: str) -> list[str]:
    """The entries but for local folders that are not there: pip overlooks those, uv fails on them."""
    kept = []
    for entry in entries.split():
        local = unquote(urlsplit(entry).path) if entry.startswith("file:") else entry
        if ("://" in entry and not entry.startswith("file:")) or Path(local).expanduser().exists():
            kept.append(entry)
    return kept


def is_true(value: str) -> bool:
    """How pip reads a switch."""
    return value.strip().lower() in {"1", "true", "yes", "on", "y", "t"}


def index_settings(pip: dict[str, str]) -> dict[str, str]:
    """pip's indexes as uv's; where there are several, the best version of all counts, as for pip."""
    settings = {}
    if pip.get("index-url"):
        settings["UV_DEFAULT_INDEX"] = pip["index-url"].strip()
    extra = usable(pip.get("extra-index-url", ""))
    if extra:
        settings["UV_INDEX"] = " ".join(extra)
        settings["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    links = usable(pip.get("find-links", ""))
    if links:
        settings["UV_FIND_LINKS"] = ",".join(links)
    if is_true(pip.get("no-index", "")):
        settings["ZEPHYR_PIP_NO_INDEX"] = "1"  # uv has an option for it, but no variable
    return settings


def connection_settings(pip: dict[str, str]) -> dict[str, str]:
    """How to reach the indexes: certificates, trusted hosts, time limit, proxy."""
    settings = {}
    if Path(pip.get("cert", "/nonexistent")).is_file():
        settings["SSL_CERT_FILE"] = pip["cert"]
    if Path(pip.get("client-cert", "/nonexistent")).is_file():
        settings["SSL_CLIENT_CERT"] = pip["client-cert"]
    if pip.get("trusted-host"):
        settings["UV_INSECURE_HOST"] = " ".join(pip["trusted-host"].split())
    timeout = pip.get("timeout") or pip.get("default-timeout")
    if timeout:
        settings["UV_HTTP_TIMEOUT"] = str(int(float(timeout)))
    proxies = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
    if pip.get("proxy") and not any(os.environ.get(name) for name in proxies):
        settings["ALL_PROXY"] = pip["proxy"]
    return settings


def main() -> int:
    """Print one line for each setting that the environment does not have yet."""
    if uv_knows_its_index(Path(sys.argv[1])):
        return 0
    pip = pip_settings()
    settings = index_settings(pip) | connection_settings(pip)
    for name, value in settings.items():
        if not os.environ.get(name):
            print(f"export {name}={shlex.quote(value)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
