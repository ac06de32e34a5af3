"""Notice what has gone from a virtual environment: `inventory.py VENV [take | damage [PLAN]]`.

With VENV alone it prints the Python's version and home, and `whole` or `changed`: whether every folder of
packages is as it was when the inventory was taken. A file that comes or goes changes its folder's time, so
some 3,000 folders are looked at and no file; that takes 10 ms. `take` takes the inventory. `damage` compares
every file with what was installed, and prints the names of the distributions of which something is missing,
or that PLAN has and the environment has not; half a second.

It runs in the environment's own Python with -I -S, so it needs no package.
"""

from __future__ import annotations

import csv
import os
import re
import sys
from collections.abc import Iterator

INVENTORY = ".zephyr-inventory"


def package_folders(venv: str) -> list[str]:
    """Where packages and their commands are, but for folders that hold nothing but bytecode."""
    return [f"{venv}/bin", *(folder for packages in site_packages(venv) for folder in below(packages))]


def site_packages(venv: str) -> list[str]:
    """The environment's folders of packages; `lib64` is a link to `lib`."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return [f"{venv}/lib/{version}/site-packages"]


def below(folder: str) -> Iterator[str]:
    """A folder and all in it."""
    for path, folders, _ in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield path


def is_whole(venv: str) -> bool:
    """True if every folder of the inventory is there and has the time it had."""
    try:
        with open(f"{venv}/{INVENTORY}", encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                time, _, path = line.rstrip("\n").partition(" ")
                if os.stat(path).st_mtime_ns != int(time):
                    return False
    except (OSError, ValueError):
        return False
    return True


def take(venv: str) -> None:
    """Write the inventory, whole or not at all."""
    path = f"{venv}/{INVENTORY}"
    with open(f"{path}.new", "w", encoding="utf-8", errors="surrogateescape") as file:
        for folder in package_folders(venv):
            if os.path.isdir(folder):
                file.write(f"{os.stat(folder).st_mtime_ns} {folder}\n")
    os.replace(f"{path}.new", path)


def normalised(name: str) -> str:
    """How names of distributions are compared."""
    return re.sub(r"[-_.]+", "-", name).lower().strip("-")


def is_complete(packages: str, info: str) -> bool:
    """True if every file that was installed is there, and none inside the packages has shrunk to nothing."""
    try:
        with open(f"{packages}/{info}/RECORD", encoding="utf-8", newline="") as file:
            for path, _, size in csv.reader(file):
                if path.endswith(".pyc"):
                    continue
                found = os.stat(os.path.join(packages, path)).st_size
                if size.isdigit() and int(size) and not found:
                    return False
    except (OSError, ValueError):
        return False
    return True


def damaged(venv: str, plan: str) -> set[str]:
    """The distributions of which something is missing, or all."""
    bad, there = set(), set()
    for packages in site_packages(venv):
        for info in sorted(os.listdir(packages)) if os.path.isdir(packages) else ():
            if info.endswith(".dist-info"):
                name = normalised(info.partition("-")[0])
                there.add(name)
                if not is_complete(packages, info):
                    bad.add(name)
    return bad | (planned(plan) - there)


def planned(plan: str) -> set[str]:
    """The names in the list of what was to be installed."""
    try:
        with open(plan, encoding="utf-8") as file:
            found = (re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line) for line in file)
            return {normalised(match.group()) for match in found if match}
    except OSError:
        return set()


def main(venv: str, what: str = "", plan: str = "") -> int:
    """Do what the command line asks."""
    if what == "take":
        take(venv)
    elif what == "damage":
        print(*sorted(damaged(venv, plan)), sep="\n")
    else:
        print(sys.version.split()[0], sys.base_prefix, "whole" if is_whole(venv) else "changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
