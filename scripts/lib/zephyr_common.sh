# shellcheck shell=bash
# What the environment scripts share: the two rules worth reading, places, words.
#
# Sourced, never run. Needs bash >= 3.2. Expects ROOT (the repository's folder) to be set.
# shellcheck disable=SC2034  # most of it is used by those who source it

# --- Rule 1: what uv never installs, whatever a dependency asks -------------------------------------------
# These come from the system (a container's Spack tree), or, torch alone, from pip when a command needs it.

# Known by name: taken out of the very first resolution.
NEVER_BY_UV="torch pytorch-triton triton cuda-bindings cuda-pathfinder cuda-python cuda-toolkit
    jax jaxlib nvidia-ml-py"

# Known by pattern: looked for in every plan before anything is installed. Takes a normalised name.
is_never_by_uv() {
    case $1 in
        torch | triton | triton-* | pytorch-triton*) return 0 ;;
        cuda-* | nvidia-*) return 0 ;;
        jax | jaxlib | jax-*) return 0 ;;
    esac
    return 1
}

# Left to the system where the system has them (distribution:module). Elsewhere uv installs them.
# numpy is one of them because the system's torch is built against it.
INHERITED_IF_PRESENT="torchmonarch:monarch numpy:numpy"

# --- Rule 2: which commands need torch ---------------------------------------------------------------------
# The demos that train or move tensors, run for real: `python [options] .../06_name.py [arguments]`.
command_needs_torch() {
    local word script=""
    case ${1##*/} in
        python | python[0-9]*) shift ;;
        *.py) ;;
        *) return 1 ;;
    esac
    for word in "$@"; do
        case ${script:+later}$word in
            -c* | -m*) return 1 ;; # python runs something else than a script
        esac
        case $word in
            --dry-run | --help | -h) return 1 ;;
            *.py) [ -n "$script" ] || script=${word##*/} ;;
        esac
    done
    case $script in
        06_* | 07_* | 08_* | demo_monarch_two_gpu_transformer_train.py) return 0 ;;
    esac
    return 1
}

# --- Places ------------------------------------------------------------------------------------------------
SPACK_VIEW=${ZEPHYR_SPACK_VIEW:-/opt/spack_store/view}
CUDA_ROOT=${ZEPHYR_CUDA_ROOT:-/usr/local/cuda}
VENV=$ROOT/.venv
VENV_PYTHON=$VENV/bin/python
TOOLS=$ROOT/.tools
# Both live in the venv, so that whoever deletes the venv deletes what was believed of it.
STAMP=$VENV/.zephyr-stamp           # written last: what the venv was made from
UNFINISHED=$VENV/.zephyr-unfinished # there while packages are being changed; a kill leaves it behind

in_container() { [ -x "$SPACK_VIEW/bin/python" ]; }

# --- Words -------------------------------------------------------------------------------------------------
# All of them go to stderr: stdout belongs to the command.
say() { printf 'zephyr: %s\n' "$*" >&2; }

# die WHAT NEXT: what failed, what to do next.
die() {
    say "$1"
    [ $# -lt 2 ] || say "next: $2"
    exit 1
}
