#!/usr/bin/env bash
# Runs a command in the project's environment, which it first brings up to date. See --help.
# Needs bash >= 3.2.
set -euo pipefail
unset CDPATH

usage() {
    cat <<'HELP'
usage: zephyr_uv_run.sh [--torch] CMD [ARGUMENT...]

Brings .venv up to date (zephyr_uv_sync.sh), then runs CMD in it, in the folder you are in.

  ./scripts/zephyr_uv_run.sh python scripts/demos/01_actor_abstraction.py
  ./scripts/zephyr_uv_run.sh pytest tests/ -q
  ./scripts/zephyr_uv_run.sh mvr demo --json | jq .       only CMD writes to stdout
  ./scripts/zephyr_uv_run.sh --torch python               with torch, installed by pip if it is missing

Demos 06, 07, 08 and demo_monarch_two_gpu_transformer_train.py get torch without being asked, unless they
run with --dry-run. In the container, CUDA's libraries are put first in LD_LIBRARY_PATH
(ZEPHYR_CUDA_ROOT, usually /usr/local/cuda).

Exit code: that of CMD; 127 no such CMD, 125 the environment could not be set up, 2 usage.
HELP
}

SELF=${BASH_SOURCE[0]}
while [ -L "$SELF" ]; do
    link=$(readlink -- "$SELF")
    case $link in /*) SELF=$link ;; *) SELF=${SELF%/*}/$link ;; esac
done
case $SELF in */*) ;; *) SELF=./$SELF ;; esac
ROOT=$(cd -P -- "${SELF%/*}/.." && pwd)
# shellcheck source=scripts/lib/zephyr_common.sh
. "$ROOT/scripts/lib/zephyr_common.sh"

SYNC_OPTION=""
while [ $# -gt 0 ]; do
    case $1 in
        --torch) SYNC_OPTION=--torch; shift ;;
        --help | -h) usage; exit 0 ;;
        --) shift; break ;;
        -*) say "unknown option: $1"; say "next: $0 --help"; exit 2 ;;
        *) break ;;
    esac
done
if [ $# -eq 0 ]; then
    say "usage: zephyr_uv_run.sh [--torch] CMD [ARGUMENT...]   (--help shows examples)"
    exit 2
fi
if command_needs_torch "$@"; then SYNC_OPTION=--torch; fi

# stdin is the command's, not pip's.
"$ROOT/scripts/zephyr_uv_sync.sh" ${SYNC_OPTION:+"$SYNC_OPTION"} </dev/null || exit 125

# --- the container's CUDA libraries ------------------------------------------------------------------------

# CUDA's compat folder holds a libcuda for drivers older than this CUDA. In front of a driver that is as new
# or newer it breaks CUDA (error 803), so it is used unless the driver is known not to need it.
compat_is_needed() {
    local driver="" library wanted
    local version_file=${ZEPHYR_NVIDIA_VERSION_FILE:-/sys/module/nvidia/version}
    [ ! -r "$version_file" ] || read -r driver <"$version_file" || true
    driver=${driver%%.*}
    for library in "$CUDA_ROOT"/compat/libcuda.so.[0-9]*.*; do
        wanted=${library##*/libcuda.so.}
        wanted=${wanted%%.*}
        case $driver-$wanted in
            -* | *[!0-9-]*) ;;
            *) [ "$wanted" -gt "$driver" ] || return 1 ;;
        esac
    done
    return 0
}

# Adds a folder to OURS if it exists and is known neither there nor in LD_LIBRARY_PATH, under any name.
OURS=""
use_library_folder() {
    local rest=$OURS:${LD_LIBRARY_PATH:-}: known
    [ -d "$1" ] || return 0
    while [ -n "$rest" ]; do
        known=${rest%%:*}
        rest=${rest#*:}
        if [ "$known" = "$1" ] || [ "$known" -ef "$1" ]; then return 0; fi
    done
    OURS=${OURS:+$OURS:}$1
}

if in_container; then
    use_library_folder "$CUDA_ROOT/lib64"
    use_library_folder "$CUDA_ROOT/targets/$HOSTTYPE-linux/lib"
    case $HOSTTYPE in aarch64 | arm64) use_library_folder "$CUDA_ROOT/targets/sbsa-linux/lib" ;; esac
    if compat_is_needed; then use_library_folder "$CUDA_ROOT/compat"; fi
    if [ -n "$OURS" ]; then export LD_LIBRARY_PATH="$OURS${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"; fi
fi

# --- the command -------------------------------------------------------------------------------------------
export VIRTUAL_ENV=$VENV
export PATH="$VENV/bin:$PATH"
unset PYTHONHOME
# A uv that is called in here refuses what uv must never install, too (`uv pip`, `uv tool`); pip does not.
if [ -f "$NEVER_FILE" ]; then
    never=${NEVER_FILE//\%/%25} # in these variables a space would end the path
    never=file://${never// /%20}
    export UV_CONSTRAINT="${UV_CONSTRAINT:+$UV_CONSTRAINT }$never"
    export UV_BUILD_CONSTRAINT="${UV_BUILD_CONSTRAINT:+$UV_BUILD_CONSTRAINT }$never"
fi
if ! command -v -- "$1" >/dev/null; then
    say "no such command: $1"
    say "next: try 'python -m ${1##*/}', or see what is there: ls '$VENV/bin'"
    exit 127
fi
exec "$@"
