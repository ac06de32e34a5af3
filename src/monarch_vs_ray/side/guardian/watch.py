"""Guard one side: start it, wait for its end or for a reason to end it, and remove its last trace.

The guardian

- makes the run folder, closed to other users, and locks it; becomes a *child subreaper* (orphans of the side
  are handed to it by the kernel, also those that left their session) and starts the side in a session of
  its own;
- waits for the first of: the side's end, the deadline, the launcher asking to stop, the launcher's
  death. The last two look the same: its stdin, whose other end only the launcher holds, ends;
- kills every descendant until the kernel says there is none left, unlinks the shared-memory
  segments they had, and removes the run folder.

On its report pipe it writes a JSON line at each turn: ``started``, ``ended``, ``cleaned``.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time

from . import INNER, processes, removal

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
CLEAN_UP_SECONDS = 4.0
DEAF_TO = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE)


def main() -> None:
    """Guard the side that the command line orders, from its start to the removal of its last trace."""
    order = json.loads(sys.argv[1])
    guardian = Guardian(order["folder"], order["traces"], order["report_fd"])
    try:
        guardian.prepare()
        guardian.start(order["command"], order["pass_fds"])
    except OSError as error:
        guardian.give_up(error)
    else:
        guardian.wait(order["deadline"])
    guardian.clean_up()


class Guardian:
    """One side's guardian; the run's ``folder`` is made by it and removed by it.

    ``traces`` are patterns of files that an engine insists on writing elsewhere, under names that
    belong to this run alone.
    """

    def __init__(self, folder: str, traces: list[str], report_fd: int) -> None:
        self.path = folder
        self.traces = traces
        self.report_fd = report_fd
        self.side = 0
        self.folder: removal.Folder | None = None
        self.status: int | None = None
        self.ending = "exit"
        self.strays: list[str] = []
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
        self.folder = removal.Folder.make(self.path)

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
            # Python looks for modules in the current folder: not in the one where the user happens to be.
            os.chdir(os.path.join(self.path, INNER))
            for fd in pass_fds:
                os.set_inheritable(fd, True)
            os.execvp(command[0], command)
        except OSError as error:
            os.write(2, f"{command[0]} could not be started: {error.strerror}\n".encode())
        finally:
            os._exit(127)

    def give_up(self, error: OSError) -> None:
        """Report that the side could not be started at all, as its own exit code would."""
        what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        with contextlib.suppress(OSError):
            os.write(2, f"the side could not be started: {what}\n".encode())
        self._report(ended="exit", exit_code=126, signal=None)

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
        segments: set[tuple[str, int]] = set()
        end = time.monotonic() + CLEAN_UP_SECONDS
        first = True
        while time.monotonic() < end:
            pids = self._survivors()
            if not pids and not self._reap():
                break
            if first and self.ending in ("exit", "signal"):
                self.strays = sorted(filter(None, map(processes.name, pids)))
            first = False
            for pid in pids:
                segments |= processes.mapped_segments(pid)
            for pid in pids:
                processes.kill(pid)
            select.select([self.woken], [], [], 0.02)
            _drain(self.woken)
            self._reap()
        removed = removal.remove_traces(self.traces)
        if self.folder is not None:
            removed += removal.remove_segments(segments, self.folder.began)
            removed += self.folder.remove()
        self._report(cleaned=True, strays=self.strays, removed=removed)

    def _survivors(self) -> list[int]:
        """Our descendants; the side's session; and whoever has our run folder in the environment."""
        found = processes.processes()
        ours = processes.descendants(found, os.getpid())
        ours |= {pid for pid, (_, session) in found.items() if self.side and session == self.side}
        ours |= {pid for pid in found if pid not in ours and processes.is_marked(pid, self.path)}
        return sorted(ours - {os.getpid()})

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
