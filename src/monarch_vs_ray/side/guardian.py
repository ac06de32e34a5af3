"""The process between the launcher and a side: it sees to it that nothing of the side survives.

Started by the launcher as ``python -I -S guardian.py JSON``, before the side exists. It

- makes the run folder, becomes a *child subreaper* (orphans of the side are handed to it by the
  kernel, also those that left their session) and starts the side in a session of its own;
- waits for the first of: the side's end, the deadline, the launcher asking to stop, the launcher's
  death. The last two look the same: its stdin, whose other end only the launcher holds, ends;
- kills every descendant until the kernel says there is none left, unlinks the shared-memory
  segments they had, and removes the run folder.

On its report pipe it writes a JSON line at each turn: ``started``, ``ended``, ``cleaned``.

It imports the standard library only, and little of it: it must be up in milliseconds, and it must
keep working when everything else is broken. Linux only: other systems have no subreapers.
"""

from __future__ import annotations

import contextlib
import ctypes
import glob
import itertools
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
CLEAN_UP_SECONDS = 4.0
DEAF_TO = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE)
RUN_DIR = "MVR_RUN_DIR"


def main() -> None:
    """Guard one side from its start to the removal of its last trace."""
    order = json.loads(sys.argv[1])
    if "sweep" in order:
        guardian = Guardian(order["sweep"], order["traces"], report_fd=-1)
        guardian.side = order["session"]
        guardian.clean_up()
        return
    guardian = Guardian(order["run_dir"], order["traces"], order["report_fd"])
    guardian.prepare()
    guardian.start(order["command"], order["pass_fds"])
    guardian.wait(order["deadline"])
    guardian.clean_up()


class Guardian:
    """One side's guardian; ``run_dir`` is made by it and removed by it.

    ``traces`` are patterns of files that an engine insists on writing elsewhere, under names that
    belong to this run alone.
    """

    def __init__(self, run_dir: str, traces: list[str], report_fd: int) -> None:
        self.run_dir = run_dir
        self.traces = traces
        self.report_fd = report_fd
        self.side = 0
        self.status: int | None = None
        self.ending = "exit"
        self.strays: list[str] = []
        self.removed = 0
        self.began = time.time()
        self.woken, self.waker = os.pipe()
        os.set_blocking(self.waker, False)
        os.set_blocking(self.woken, False)

    def prepare(self) -> None:
        """Become the one who gets the orphans, deaf to the signals that are meant for the launcher."""
        for number in DEAF_TO:
            signal.signal(number, signal.SIG_IGN)
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
        signal.set_wakeup_fd(self.waker)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        os.set_inheritable(self.report_fd, False)
        os.mkdir(self.run_dir, 0o700)

    def start(self, command: list[str], pass_fds: list[int]) -> None:
        """Start the side, its standard streams and ``pass_fds`` being the guardian's own."""
        guardian = os.getpid()
        self.side = os.fork()
        if self.side == 0:
            self._become(command, pass_fds, guardian)
        self._report(started=self.side)
        null = os.open(os.devnull, os.O_WRONLY)
        for fd in (1, 2):
            os.dup2(null, fd)
        for fd in pass_fds:
            os.close(fd)

    def _become(self, command: list[str], pass_fds: list[int], guardian: int) -> None:
        try:
            signal.set_wakeup_fd(-1)
            for number in DEAF_TO:
                signal.signal(number, signal.SIG_DFL)
            os.setsid()
            _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != guardian:
                os._exit(127)
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            for fd in pass_fds:
                os.set_inheritable(fd, True)
            os.execvp(command[0], command)
        except OSError as error:
            os.write(2, f"{command[0]} could not be started: {error.strerror}\n".encode())
        finally:
            os._exit(127)

    def wait(self, deadline: float) -> None:
        """Return when the side has ended or must end, and report which."""
        self._await_end(deadline)
        status = self.status
        if status is not None and os.WIFSIGNALED(status):
            self.ending = "signal"
        self._report(
            ended=self.ending,
            exit_code=os.WEXITSTATUS(status) if self.ending == "exit" and status is not None else None,
            signal=os.WTERMSIG(status) if self.ending == "signal" and status is not None else None,
        )

    def _await_end(self, deadline: float) -> None:
        end = time.monotonic() + deadline
        while self.status is None:
            left = end - time.monotonic()
            if left <= 0:
                self.ending = "deadline"
                return
            ready, _, _ = select.select([0, self.woken], [], [], left)
            if self.woken in ready:
                _drain(self.woken)
                self._reap()
            if 0 in ready and self.status is None and not os.read(0, 1):
                self.ending = "stopped"
                return

    def _reap(self) -> bool:
        """Collect the dead; false when no child is left at all."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == self.side:
                self.status = status
            if pid == 0:
                return True

    def clean_up(self) -> None:
        """Kill what is left of the side, and remove its files and shared memory."""
        segments: set[str] = set()
        end = time.monotonic() + CLEAN_UP_SECONDS
        first = True
        while time.monotonic() < end:
            pids = self._survivors()
            if not pids and not self._reap():
                break
            if first and self.ending in ("exit", "signal"):
                self.strays = sorted(filter(None, map(_name, pids)))
            first = False
            for pid in pids:
                segments |= _shared_memory(pid)
            for pid in pids:
                _kill(pid)
            select.select([self.woken], [], [], 0.02)
            _drain(self.woken)
            self._reap()
        self._remove(segments)
        self._report(cleaned=True, strays=self.strays, removed=self.removed)

    def _survivors(self) -> list[int]:
        """Our descendants; the side's session; and whoever has our run folder in the environment."""
        processes = _processes()
        ours = {os.getpid()}
        grew = True
        while grew:
            found = {pid for pid, (parent, _) in processes.items() if parent in ours} - ours
            ours |= found
            grew = bool(found)
        ours |= {pid for pid, (_, session) in processes.items() if self.side and session == self.side}
        mark = f"{RUN_DIR}={self.run_dir}\0".encode()
        ours |= {pid for pid in processes if pid not in ours and mark in _environment(pid)}
        return sorted(ours - {os.getpid()})

    def _remove(self, segments: set[str]) -> None:
        for path in filter(self._is_new, segments):
            self.removed += _attempt(os.unlink, path)
        for path in itertools.chain.from_iterable(map(glob.glob, self.traces)):
            self.removed += _attempt(os.unlink, path)
            if self._is_new(os.path.dirname(path)):
                _attempt(os.rmdir, os.path.dirname(path))
        for folder, folders, files in os.walk(self.run_dir, topdown=False):
            links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
            for name in files + links:
                self.removed += _attempt(os.unlink, os.path.join(folder, name))
            _attempt(os.rmdir, folder)

    def _is_new(self, path: str) -> bool:
        """Whether a file was made in this run; a segment older than it is somebody else's."""
        try:
            return os.stat(path).st_ctime >= self.began
        except OSError:
            return False

    def _report(self, **said: object) -> None:
        with contextlib.suppress(OSError):  # the launcher is dead, which is what we are for
            os.write(self.report_fd, json.dumps(said).encode() + b"\n")


def _prctl(option: int, value: int) -> None:
    """See prctl(2); there is no wrapper in the standard library."""
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _drain(fd: int) -> None:
    with contextlib.suppress(BlockingIOError):
        while os.read(fd, 4096):
            pass


def _attempt(remove: Callable[[str], None], path: str) -> bool:
    try:
        remove(path)
    except OSError:
        return False
    return True


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _processes() -> dict[int, tuple[int, int]]:
    """Parent and session of every process of the machine that is not yet dead."""
    processes = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = _read(f"/proc/{entry}/stat").rpartition(b")")[2].split()
            if fields and fields[0] not in (b"Z", b"X"):
                processes[int(entry)] = int(fields[1]), int(fields[3])
    return processes


def _environment(pid: int) -> bytes:
    return _read(f"/proc/{pid}/environ")


def _name(pid: int) -> str:
    return _read(f"/proc/{pid}/comm").decode("utf-8", "replace").strip()


def _shared_memory(pid: int) -> set[str]:
    """The files under /dev/shm that a process has mapped and that still have a name."""
    lines = _read(f"/proc/{pid}/maps").splitlines()
    paths = {line.split(None, 5)[5].decode("utf-8", "replace") for line in lines if b" /dev/shm/" in line}
    return {path for path in paths if not path.endswith(" (deleted)")}


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


if __name__ == "__main__":
    main()
