#!/usr/bin/env bash
# Makes .venv what pyproject.toml and constraints.txt say. See --help. Needs bash >= 3.2.
set -euo pipefail
unset CDPATH

usage() {
    cat <<'HELP'
Makes .venv hold what this project needs. zephyr_uv_run.sh calls it before every command.

  ./scripts/zephyr_uv_sync.sh              set up, or bring up to date; silent when there is nothing to do
  ./scripts/zephyr_uv_sync.sh --torch      and torch too (by pip, the version in constraints.txt), if missing
  ./scripts/zephyr_uv_sync.sh --rebuild    throw .venv away and make it anew
  ./scripts/zephyr_uv_sync.sh --verbose    say so even when there is nothing to do

In the container (there is an executable /opt/spack_store/view/bin/python) .venv inherits that Python's
packages. Elsewhere it uses the newest Python 3.10-3.13 on the PATH. uv installs everything but torch,
triton, CUDA, nvidia-*, cuda-* and JAX; it is fetched into .tools if it is not on the PATH.

  ZEPHYR_PYTHON=/path/to/python    use this Python            ZEPHYR_LOCK_WAIT_S=900  how long to wait for
  ZEPHYR_SPACK_VIEW=/path/to/view  the container's Spack view                         another sync, seconds

Touches .venv and .tools in the repository, and uv's and pip's own caches. Nothing else.
Exit codes: 0 up to date, 1 failed (the last line says what to do), 2 usage.
HELP
}

SELF=${BASH_SOURCE[0]}
while [ -L "$SELF" ]; do
    link=$(readlink -- "$SELF")
    case $link in /*) SELF=$link ;; *) SELF=${SELF%/*}/$link ;; esac
done
case $SELF in */*) ;; *) SELF=./$SELF ;; esac
ROOT=$(cd -P -- "${SELF%/*}/.." && pwd)
SCRIPTS=$ROOT/scripts
# shellcheck source=scripts/lib/zephyr_common.sh
. "$SCRIPTS/lib/zephyr_common.sh"

WITH_TORCH="" REBUILD="" VERBOSE=""
for option in "$@"; do
    case $option in
        --torch) WITH_TORCH=1 ;;
        --rebuild) REBUILD=1 ;;
        --verbose | -v) VERBOSE=1 ;;
        --help | -h) usage; exit 0 ;;
        *) say "unknown option: $option"; say "next: $0 --help"; exit 2 ;;
    esac
done

# What .venv depends on, as text: equal text means nothing changed. Two processes, some 25 ms.
fingerprint() {
    local python
    python=$("$VENV_PYTHON" -I -S "$SCRIPTS/lib/inventory.py" "$VENV" 2>/dev/null) || return 1
    printf '%s\n' "root $ROOT" "python $python" "asked for ${ZEPHYR_PYTHON:-any}"
    if in_container; then printf 'container %s\n' "$SPACK_VIEW"; fi
    hash_of "$ROOT/pyproject.toml" "$ROOT/constraints.txt" "$VENV/pyvenv.cfg" \
        "$SCRIPTS/zephyr_uv_sync.sh" "$SCRIPTS"/lib/*.sh "$SCRIPTS"/lib/*.py
}

hash_of() { # the first of these that the machine has
    local hasher
    for hasher in sha256sum "shasum -a 256" cksum; do
        if command -v "${hasher%% *}" >/dev/null; then
            $hasher "$@" 2>/dev/null
            return
        fi
    done
    return 1
}

up_to_date() {
    [ -z "$REBUILD" ] && [ -f "$STAMP" ] && [ ! -e "$UNFINISHED" ] && [ -x "$VENV_PYTHON" ] || return 1
    local now
    now=$(fingerprint) || return 1
    [ "$now" = "$(<"$STAMP")" ]
}

has_torch() {
    "$VENV_PYTHON" -I -c \
        'import importlib.util as u, sys; sys.exit(u.find_spec("torch") is None)' 2>/dev/null
}

nothing_to_do() { up_to_date && { [ -z "$WITH_TORCH" ] || has_torch; }; }

if nothing_to_do; then
    [ -z "$VERBOSE" ] || say "nothing to do: $VENV is up to date"
    exit 0
fi

# shellcheck source=scripts/lib/zephyr_install.sh
. "$SCRIPTS/lib/zephyr_install.sh"
sync_environment
