# shellcheck shell=bash
# The slow path of zephyr_uv_sync.sh: everything that changes the machine. Sourced by it, after
# zephyr_common.sh. Starts at sync_environment, at the end.

LOG=$TOOLS/sync.log
PYTHON=""         # the Python that .venv is made from
PYTHON_VERSION="" # 3.11.7
PYTHON_PREFIX=""  # its sys.base_prefix
UV=""

AGAIN="fix that, then call $ROOT/scripts/zephyr_uv_sync.sh again"

# That a venv can be made is part of the question: a pyenv shim may exist and run nothing. A venv's own Python
# answers for the one it was made from, which before 3.11 it does not know by name.
PROBE='
import os, sys, venv, importlib.util as u
assert u.find_spec("ensurepip") or u.find_spec("pip"), "neither ensurepip nor pip"
python = sys._base_executable
if sys.prefix != sys.base_prefix and python == sys.executable:
    python = os.path.join(sys.base_prefix, "bin", "python%d.%d" % sys.version_info[:2])
    assert os.access(python, os.X_OK), python
print(sys.version.split()[0], python, sys.base_prefix, sep="\n")'

# --- running things ----------------------------------------------------------------------------------------

# Index addresses may hold a password; neither the log nor the terminal may.
without_secrets() { sed -E 's#(://)[^/@[:space:]]*@#\1***@#g'; }

# Runs a command with all it says in the log (with --verbose, also on the terminal).
logged() {
    printf '\n$ %s\n' "$*" | without_secrets >>"$LOG"
    if [ -n "$VERBOSE" ]; then
        "$@" 2>&1 | without_secrets | tee -a "$LOG" >&2
    else
        "$@" 2>&1 | without_secrets >>"$LOG"
    fi
}

# What the log's last command says about its failure, as one line: its errors, else its last words.
reason() {
    local said errors
    said=$(awk '/^\$ / { said = ""; next } { said = said $0 "\n" } END { printf "%s", said }' "$LOG")
    errors=$(grep -E '^ *(error|cause|ERROR|[A-Za-z]*Error|fatal|×|╰─▶)' <<<"$said" || true)
    if [ -n "$errors" ]; then head -n 4 <<<"$errors"; else tail -n 2 <<<"$said"; fi | tr -s ' \n' ' ' | cut -c 1-300
}

# --- the lock ----------------------------------------------------------------------------------------------

# Held through descriptor 9 until this process and all it started have ended.
take_lock() {
    if ! { mkdir -p "$TOOLS" && : >>"$TOOLS/sync.lock"; } 2>/dev/null; then
        die "cannot write to $TOOLS" "make the repository's folder writable"
    fi
    exec 9<>"$TOOLS/sync.lock"
    "$PYTHON" -I -S "$SCRIPTS/lib/take_lock.py" 9 "$$" "${ZEPHYR_LOCK_WAIT_S:-900}" || exit 1
}

# --- the interpreter ---------------------------------------------------------------------------------------

# Sets PYTHON and what belongs to it if the interpreter runs, can make a venv and is new enough.
accept_python() { # interpreter [newest minor version]
    local answer version minor
    answer=$("$1" -I -c "$PROBE" 2>/dev/null) || return 1
    version=${answer%%$'\n'*}
    minor=${version#3.}
    minor=${minor%%.*}
    case $version in 3.*) ;; *) return 1 ;; esac
    [ "$minor" -ge 10 ] && [ "$minor" -le "${2:-99}" ] || return 1
    answer=${answer#*$'\n'}
    PYTHON_VERSION=$version PYTHON=${answer%%$'\n'*} PYTHON_PREFIX=${answer#*$'\n'}
}

find_python() {
    local name candidate
    if in_container; then
        accept_python "$SPACK_VIEW/bin/python" ||
            die "the container's $SPACK_VIEW/bin/python does not run, is older than 3.10, or cannot make a venv" \
                "try it: $SPACK_VIEW/bin/python -m venv --without-pip /tmp/try"
        return
    fi
    if [ -n "${ZEPHYR_PYTHON:-}" ]; then
        accept_python "$ZEPHYR_PYTHON" ||
            die "ZEPHYR_PYTHON=$ZEPHYR_PYTHON does not run, is older than 3.10, or cannot make a venv" \
                "name another one, or unset ZEPHYR_PYTHON"
        return
    fi
    # A newer Python that appears later is no reason to build a good venv anew.
    if [ -z "$REBUILD" ] && accept_python "$VENV_PYTHON" 13; then return; fi
    for name in python3.13 python3.12 python3.11 python3.10 python3 python; do
        while IFS= read -r candidate; do
            if [ -n "$candidate" ] && accept_python "$candidate" 13; then return; fi
        done <<<"$(type -aP "$name")"
    done
    die "no Python 3.10 to 3.13 on the PATH that runs and can make a venv" \
        "install one (Debian: apt-get install python3-venv), or set ZEPHYR_PYTHON=/path/to/python"
}

# --- the venv ----------------------------------------------------------------------------------------------

why_rebuild() { # prints the reason; nothing means that .venv is good
    local answer inherits=false config
    if [ -n "$REBUILD" ]; then echo "as asked"; return; fi
    if [ -e "$UNFINISHED" ]; then echo "the last sync was cut short"; return; fi
    answer=$("$VENV_PYTHON" -I -S -c 'import sys
print("%d.%d" % sys.version_info[:2], sys.base_prefix, sep="\n")' 2>/dev/null) ||
        { echo "its Python has gone"; return; }
    if [ "$answer" != "${PYTHON_VERSION%.*}"$'\n'"$PYTHON_PREFIX" ]; then
        echo "it was made from another Python"
        return
    fi
    if [ ! -d "$VENV/lib/python${PYTHON_VERSION%.*}/site-packages" ]; then echo "its packages have gone"; return; fi
    if [ ! -f "$VENV/pyvenv.cfg" ]; then echo "its pyvenv.cfg has gone"; return; fi
    grep -qF -- "$VENV" "$VENV/bin/activate" 2>/dev/null || { echo "it was made in another folder"; return; }
    in_container && inherits=true
    config=$(tr '[:upper:]' '[:lower:]' <"$VENV/pyvenv.cfg")
    case $config in
        *"include-system-site-packages = $inherits"*) ;;
        *) echo "what it inherits from the system has changed" ;;
    esac
}

prepare_venv() {
    local why inherit="" ours=""
    if [ -f "$STAMP" ] || [ -f "$VENV/pyvenv.cfg" ] || [ -e "$UNFINISHED" ]; then ours=1; fi
    if [ -d "$VENV" ]; then
        rm -f "$STAMP"
        why=$(why_rebuild)
        [ -n "$why" ] || return 0
        [ -n "$ours" ] || [ -z "$(ls -A "$VENV")" ] ||
            die "$VENV is there, but it is no virtual environment" "move it away, then call this again"
        say "builds .venv anew: $why"
    elif [ -e "$VENV" ] || [ -L "$VENV" ]; then
        die "$VENV is no folder" "rm '$VENV'; then call this again"
    fi
    if in_container; then inherit=--system-site-packages; fi
    say "builds .venv with Python $PYTHON_VERSION ($PYTHON)${inherit:+, inheriting its packages}"
    mkdir -p "$VENV"
    : >"$UNFINISHED"
    find "$VENV" -mindepth 1 -maxdepth 1 ! -name "${UNFINISHED##*/}" -exec rm -rf {} +
    logged "$PYTHON" -I -m venv --without-pip ${inherit:+"$inherit"} "$VENV" ||
        die "$PYTHON could not make a venv (details: $LOG)" "$AGAIN"
}

# --- pip and uv --------------------------------------------------------------------------------------------

has_pip() { "$1" -I -c 'import importlib.util as u, sys; sys.exit(u.find_spec("pip") is None)' 2>/dev/null; }

give_venv_pip() {
    has_pip "$VENV_PYTHON" || logged "$VENV_PYTHON" -I -m ensurepip ||
        die "Python $PYTHON_VERSION brings no pip (details: $LOG)" "install it (Debian: apt-get install python3-venv)"
}

# The Python whose pip can fetch uv.
python_with_pip() {
    if has_pip "$PYTHON"; then echo "$PYTHON"; return; fi
    give_venv_pip
    echo "$VENV_PYTHON"
}

# Old ones cannot leave packages out.
uv_is_able() {
    case $("$1" pip compile --help 2>/dev/null) in *--excludes*) return 0 ;; esac
    return 1
}

prepare_uv() {
    local python
    UV=$(command -v uv) && uv_is_able "$UV" && return
    UV=$TOOLS/uv/bin/uv
    if [ -x "$UV" ] && uv_is_able "$UV"; then return; fi
    say "fetches uv into .tools"
    python=$(python_with_pip) || exit 1
    rm -rf "$TOOLS/uv.new"
    PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 logged "$python" -I -m pip install --no-input \
        --disable-pip-version-check -c "$ROOT/constraints.txt" --target "$TOOLS/uv.new" 'uv>=0.9.8' ||
        die "pip could not fetch uv: $(reason)" \
            "check the network and 'pip config list', or put uv on the PATH; details: $LOG"
    rm -rf "$TOOLS/uv"
    mv "$TOOLS/uv.new" "$TOOLS/uv"
    uv_is_able "$UV" || die "the uv that pip fetched does not run here: $UV" "put a uv >= 0.9.8 on the PATH"
}

# Where uv has no index settings of its own, the machine's are in pip's.
pass_on_pip_settings() {
    local settings helper=$SCRIPTS/lib/pip_settings_for_uv.py
    if ! settings=$("$PYTHON" -I "$helper" "$ROOT" 2>/dev/null); then # it has no pip, most likely
        give_venv_pip
        settings=$("$VENV_PYTHON" -I "$helper" "$ROOT") ||
            die "could not read pip's settings" "try: $VENV_PYTHON -m pip config list"
    fi
    eval "$settings"
}

run_uv() { # subcommand...: always from the repository, so that its [tool.uv] counts
    (cd "$ROOT" && unset UV_CONSTRAINT UV_OVERRIDE UV_EXCLUDE && UV_PYTHON_DOWNLOADS=never NO_COLOR=1 logged "$UV" pip "$@" \
        --python "$VENV_PYTHON" --no-progress ${ZEPHYR_PIP_NO_INDEX:+--no-index} \
        --no-build --build-constraints "$NEVER_FILE")
}

# --- the plan ----------------------------------------------------------------------------------------------

# One name a line, as they are compared: lower case, runs of - _ . as one hyphen.
normalised() { tr '[:upper:]' '[:lower:]' | sed -E 's/[-_.]+/-/g; s/^-+|-+$//g'; }

# The names in a plan ("name==1", "name @ address") or, where there is none, in what uv said against it.
names_in_plan() { sed -E -n 's/^([A-Za-z0-9][A-Za-z0-9._-]*).*/\1/p' "$1" | normalised; }
names_in_words() { sed '/^\$ /d' "$1" | tr -cs 'A-Za-z0-9._-' '\n' | normalised; }

# Of the names on stdin: those that uv must never install.
forbidden_names() {
    local name
    sort -u | while IFS= read -r name; do
        if is_never_by_uv "$name"; then printf '%s\n' "$name"; fi
    done
}

not_left_out_yet() { grep -vxFf "$EXCLUDES" || true; }

# What the system provides of INHERITED_IF_PRESENT, one "name version" a line.
inherited() {
    # shellcheck disable=SC2086  # a list of words
    "$PYTHON" -I - $INHERITED_IF_PRESENT <<'PYTHON'
import importlib.metadata
import importlib.util
import sys

for pair in sys.argv[1:]:
    name, module = pair.split(":")
    try:
        print(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        if importlib.util.find_spec(module):
            print(name, "(version unknown)")
PYTHON
}

# Writes PLAN, an exact list of all that uv is to install with nothing forbidden in it. A forbidden name that
# turns up is left out of the next try, with all that it asks for.
make_plan() {
    local found line
    PLAN=$TOOLS/plan.txt EXCLUDES=$TOOLS/excludes.txt
    # shellcheck disable=SC2086  # a list of words
    printf '%s\n' $NEVER_BY_UV >"$EXCLUDES"
    if in_container; then
        found=$(inherited) || die "$PYTHON cannot tell its packages" "try: $PYTHON -m pip list"
        while IFS= read -r line; do
            [ -n "$line" ] || continue
            say "inherits $line from the system"
            printf '%s\n' "${line%% *}" >>"$EXCLUDES"
        done <<<"$found"
    fi
    # What is built here is only the project itself; its build must not ask for these either. Nor may a uv that
    # is called inside the environment.
    known_never_by_uv | sed 's/$/<0/' >"$NEVER_FILE"
    while :; do
        : >"$LOG"
        if run_uv compile --no-header --no-annotate --extra engines --extra dev --excludes "$EXCLUDES" \
            -c "$ROOT/constraints.txt" -o "$PLAN.new" "$ROOT/pyproject.toml"; then
            found=$(names_in_plan "$PLAN.new" | forbidden_names)
            [ -n "$found" ] || break
            found=$(not_left_out_yet <<<"$found")
            [ -n "$found" ] || die "uv plans packages that it was told to leave out" "see $EXCLUDES and $PLAN.new"
        else
            found=$(names_in_words "$LOG" | forbidden_names | not_left_out_yet)
            [ -n "$found" ] || die "uv found no set of packages: $(reason)" \
                "check the network and the index settings (pip config list; UV_*); details: $LOG"
        fi
        say "leaves out what uv must not install: $(tr '\n' ' ' <<<"$found")"
        printf '%s\n' "$found" >>"$EXCLUDES"
    done
    mv "$PLAN.new" "$PLAN"
}

# --- damage ------------------------------------------------------------------------------------------------

# What is incomplete of what was installed, one name a line.
DAMAGED=""
find_damage() {
    DAMAGED=$("$VENV_PYTHON" -I -S "$SCRIPTS/lib/inventory.py" "$VENV" damage "$TOOLS/plan.txt" 2>/dev/null) || true
}

# True if nothing but folders of packages has changed since the last sync: something was removed or added by hand.
only_folders_changed() {
    [ -z "$REBUILD" ] && [ -f "$STAMP" ] && [ ! -e "$UNFINISHED" ] && [ -x "$VENV_PYTHON" ] || return 1
    local now
    now=$(fingerprint) || return 1
    [ "$now" != "$(<"$STAMP")" ] && [ "${now/ changed$'\n'/ whole$'\n'}" = "$(<"$STAMP")" ]
}

# torch is pip's, not uv's: it is taken out, and comes back when a command needs it.
take_out_damaged_torch() {
    grep -qx torch <<<"$DAMAGED" || return 0
    say "takes the damaged torch out; it is installed again when a command needs it (or: $0 --torch)"
    rm -rf "$VENV"/lib/python3.*/site-packages/torch "$VENV"/lib/python3.*/site-packages/torch-*.dist-info
}

# --- installing --------------------------------------------------------------------------------------------

installed_names() {
    local folder
    for folder in "$VENV"/lib/python3.*/site-packages/*.dist-info; do
        folder=${folder##*/}
        printf '%s\n' "${folder%%-*}"
    done | normalised | sort
}

install_plan() {
    local before after arrived name
    local again=()
    before=$(installed_names)
    for name in $DAMAGED; do
        is_never_by_uv "$name" || again+=(--reinstall-package "$name")
    done
    say "installs $(wc -l <"$PLAN" | tr -d ' ') packages and the project itself"
    : >"$UNFINISHED"
    # Nothing is resolved any more: what is not in the plan cannot come. Compiled here once, since an engine's
    # many processes would each do it again where Python is told not to write bytecode.
    if ! run_uv install --compile-bytecode --no-deps ${again[@]+"${again[@]}"} -r "$PLAN" -e "$ROOT"; then
        # A download that failed has changed nothing, and is no reason to build a good venv anew.
        if [ -n "$before" ] && [ "$before" = "$(installed_names)" ]; then rm -f "$UNFINISHED"; fi
        die "uv could not install the packages: $(reason)" \
            "check the network and the disk, then call $ROOT/scripts/zephyr_uv_sync.sh again; details: $LOG"
    fi
    after=$(installed_names)
    arrived=$(comm -13 <(echo "$before") <(echo "$after") | forbidden_names | tr '\n' ' ')
    [ -z "$arrived" ] || die "uv installed what it must not: $arrived" "$ROOT/scripts/zephyr_uv_sync.sh --rebuild"
    rm -f "$UNFINISHED"
}

install_torch() {
    local pin
    pin=$(sed -E -n 's/^torch==([^ ;#]+).*/\1/p' "$ROOT/constraints.txt" | head -n 1)
    [ -n "$pin" ] || die "constraints.txt names no torch" "add a line like torch==2.13.0"
    give_venv_pip
    say "installs torch $pin by pip (a large package; this takes a while)"
    : >"$UNFINISHED"
    PIP_USER=0 logged "$VENV_PYTHON" -I -m pip install --no-input --disable-pip-version-check \
        -c "$ROOT/constraints.txt" "torch==$pin" ||
        die "pip could not install torch $pin: $(reason)" \
            "check the network and 'pip config list'; the demos run without torch with --dry-run; details: $LOG"
    rm -f "$UNFINISHED"
}

# --- all of it ---------------------------------------------------------------------------------------------

write_stamp() {
    { "$VENV_PYTHON" -I -S "$SCRIPTS/lib/inventory.py" "$VENV" take && fingerprint >"$STAMP.new"; } ||
        die "the new .venv does not run" "$ROOT/scripts/zephyr_uv_sync.sh --rebuild"
    mv "$STAMP.new" "$STAMP"
}

sync_environment() {
    local file
    SECONDS=0
    for file in pyproject.toml constraints.txt; do
        [ -f "$ROOT/$file" ] || die "$ROOT/$file is missing" "take it from the repository: git checkout $file"
    done
    find_python
    take_lock
    if nothing_to_do; then return; fi # another call has done it meanwhile
    : >"$LOG"
    if only_folders_changed; then
        find_damage
        if [ -z "$DAMAGED" ]; then # packages were added by hand, say
            write_stamp
            if nothing_to_do; then return; fi
        else
            say "repairs .venv, where files are missing of $(wc -l <<<"$DAMAGED" | tr -d ' ') packages:" \
                "$(head -n 5 <<<"$DAMAGED" | tr '\n' ' ')"
        fi
    fi
    if ! up_to_date; then
        prepare_venv
        prepare_uv
        pass_on_pip_settings
        make_plan
        take_out_damaged_torch
        install_plan
        write_stamp
    fi
    if [ -n "$WITH_TORCH" ] && ! has_torch; then
        install_torch
        write_stamp
    fi
    say "ready after $SECONDS s"
}
