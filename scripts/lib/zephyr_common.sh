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

# The names of both kinds that are known, one a line: for uv itself, which knows no patterns.
known_never_by_uv() {
    local library cuda
    # shellcheck disable=SC2086  # a list of words
    printf '%s\n' $NEVER_BY_UV triton-nightly pytorch-triton-rocm pytorch-triton-xpu cuda-core
    for cuda in 11 12 13; do
        printf '%s\n' "jax-cuda$cuda-plugin" "jax-cuda$cuda-pjrt"
        for library in cublas cuda-cccl cuda-crt cuda-cupti cuda-nvcc cuda-nvrtc cuda-runtime cudnn cufft cufile \
            curand cusolver cusparse cusparselt cutensor dali-cuda nccl npp nvcomp nvimgcodec nvjitlink nvjpeg \
            nvshmem nvtx nvvm; do
            printf '%s\n' "nvidia-$library-cu$cuda"
        done
    done
    for library in cublas cuda-cccl cuda-crt cuda-cupti cuda-nvcc cuda-nvrtc cuda-runtime cudnn cufft cufile \
        curand cusolver cusparse cusparselt nccl nvjitlink nvjpeg nvshmem nvtx nvvm cutlass-dsl; do
        printf '%s\n' "nvidia-$library"
    done
}

# Left to the system where the system has them (distribution:module). Elsewhere uv installs them.
# numpy is one of them because the system's torch is built against it.
INHERITED_IF_PRESENT="torchmonarch:monarch numpy:numpy"

# --- Rule 2: which commands need torch ---------------------------------------------------------------------
# The demos that train or move tensors, run for real (`python [options] .../06_name.py [arguments]`, `mvr demo 6`),
# what runs them all (`mvr demo all`, `mvr verify`), and the live tests (`pytest` without `-m "not live"`).
command_needs_torch() {
    local word script=""
    case ${1##*/} in
        python | python[0-9]*) shift ;;
        *.py) ;;
        mvr | monarch-vs-ray) shift; mvr_needs_torch "$@"; return ;;
        pytest) shift; pytest_needs_torch "$@"; return ;;
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

mvr_needs_torch() { # subcommand [argument...]
    local word named=""
    for word in "$@"; do
        case $word in --dry-run | --help | -h | --list) return 1 ;; esac
    done
    [ "${1:-}" = demo ] || [ "${1:-}" = verify ] || return 1
    case ${2:-} in # a number may be an option's, unless it is the first word
        all | [678] | 0[678]*) return 0 ;;
        [1-5] | 0[1-5]*) named=1 ;;
    esac
    for word in "${@:2}"; do
        case $word in
            data_plane* | distributed_tensors* | interactive_devx*) return 0 ;;
            [a-z]*_*) named=1 ;;
        esac
    done
    [ "$1" = verify ] && [ -z "$named" ] # all of them
}

pytest_needs_torch() {
    local word
    for word in "$@"; do
        case $word in "not live" | --help | -h | --collect-only | --co) return 1 ;; esac
    done
    return 0
}

# --- Places ------------------------------------------------------------------------------------------------
SPACK_VIEW=${ZEPHYR_SPACK_VIEW:-/opt/spack_store/view}
CUDA_ROOT=${ZEPHYR_CUDA_ROOT:-/usr/local/cuda}
VENV=$ROOT/.venv
VENV_PYTHON=$VENV/bin/python
TOOLS=$ROOT/.tools
# Both live in the venv, so that whoever deletes the venv deletes what was believed of it.
STAMP=$VENV/.zephyr-stamp           # written last: what the venv was made from
NEVER_FILE=$TOOLS/never-by-uv.txt   # the same names as constraints that nothing can meet
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
