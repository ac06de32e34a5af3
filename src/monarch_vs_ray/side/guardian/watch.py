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
import typing

from . import INNER, measuring, processes, removal

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
CLEAN_UP_SECONDS = 4.0
DEAF_TO = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE)


def main() -> None:
    """Guard the side that the command line orders, from its start to the removal of its last trace."""
    order = json.loads(sys.argv[1])
    guardian = Guardian(order)
    try:
        guardian.prepare()
        guardian.start()
    except OSError as error:
        guardian.give_up(error)
    else:
        guardian.wait(order["deadline"])
    guardian.clean_up()


class Guardian:
    """One side's guardian; the run's ``folder`` is made by it and removed by it.

    The order's ``traces`` are patterns of files that an engine insists on writing elsewhere, under names that
    belong to this run alone. ``folders`` are made below the engine's; the side starts in the last of them.
    ``grace``: seconds that its other processes get to end by themselves, once it has. ``sample``: seconds
    between samples of what it uses; 0 for none. ``restarts``: how often it is started again after a signal.
    """

    def __init__(self, order: dict[str, typing.Any]) -> None:
        self.path: str = order["folder"]
        self.traces: list[str] = order["traces"]
        self.report_fd: int = order["report_fd"]
        self.command: list[str] = order["command"]
        self.pass_fds: list[int] = order["pass_fds"]
        self.folders: list[str] = order.get("folders", [])
        self.grace: float = order.get("grace", 0.0)
        self.restarts: int = order.get("restarts", 0)
        self.measures = bool(order.get("sample"))
        self.meter = measuring.Meter(order.get("sample", 0.0))
        self.side = 0
        self.began = self.ended = 0
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
        signal.signal(signal.SIGCHLD, self._note_end)
        os.set_inheritable(self.report_fd, False)
        self.folder = removal.Folder.make(self.path)
        for name in self.folders:
            os.mkdir(os.path.join(self.path, INNER, name), 0o700)

    def start(self) -> None:
        """Start the side, its standard streams and ``pass_fds`` being the guardian's own."""
        guardian = os.getpid()
        self.began = self.began or time.monotonic_ns()
        self.side = os.fork()
        if self.side == 0:
            self._become(guardian)
        self._report(started=self.side)
        if not self.restarts:
            self._let_go()

    def _let_go(self) -> None:
        """Close what only the side writes to, so that its reader notices the end."""
        null = os.open(os.devnull, os.O_WRONLY)
        for fd in (1, 2):
            os.dup2(null, fd)
        for fd in self.pass_fds:
            os.close(fd)
        self.pass_fds = []

    def _become(self, guardian: int) -> None:
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
            os.chdir(os.path.join(self.path, INNER, *self.folders[-1:]))
            for fd in self.pass_fds:
                os.set_inheritable(fd, True)
            os.execvp(self.command[0], self.command)
        except OSError as error:
            os.write(2, f"{self.command[0]} could not be started: {error.strerror}\n".encode())
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
        self._await_end(time.monotonic() + deadline)
        nanoseconds = (self.ended or time.monotonic_ns()) - self.began
        status = self.status
        if status is not None and os.WIFSIGNALED(status):
            self.ending = "signal"
        self._report(
            ended=self.ending,
            exit_code=os.WEXITSTATUS(status) if self.ending == "exit" and status is not None else None,
            signal=os.WTERMSIG(status) if self.ending == "signal" and status is not None else None,
            nanoseconds=nanoseconds,
        )
        if self.ending in ("exit", "signal") and self.grace:
            self._await_others(time.monotonic() + self.grace)

    def _note_end(self, number: int, frame: object) -> None:
        """Note when the side ended, also while a sample is taken."""
        with contextlib.suppress(ChildProcessError):
            if self.side and os.waitid(os.P_PID, self.side, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                self.ended = self.ended or time.monotonic_ns()

    def _await_end(self, end: float) -> None:
        while self.status is None:
            left = end - time.monotonic()
            if left <= 0:
                self.ending = "deadline"
                return
            if self._select(left) and self.status is None:
                self.ending = "stopped"
                return
            if self.status is not None and os.WIFSIGNALED(self.status) and self.restarts:
                self.restarts -= 1
                self.status = None
                self.ended = 0
                self.start()

    def _await_others(self, end: float) -> None:
        """Return when no process of the side is left, when time is up, or when the launcher wants the end."""
        while self._reap() and (left := end - time.monotonic()) > 0:
            if self._select(left):
                return

    def _select(self, seconds: float) -> bool:
        """Wait for a death, for the next sample, or for the launcher; return whether it wants the end."""
        ready, _, _ = select.select([0, self.woken], [], [], min(seconds, self.meter.wait))
        if self.woken in ready:
            _drain(self.woken)
            self._reap()
        if self.meter.wait == 0 and self.status is None:
            self._report(sample=self.meter.sample())
        return 0 in ready and not os.read(0, 1)

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
        used: dict[str, object] = {}
        if self.measures:
            left = measuring.contents(self.path, self.folders)
            used = {"used": measuring.processor_time(), "left": left}
        removed = removal.remove_traces(self.traces)
        if self.folder is not None:
            removed += removal.remove_segments(segments, self.folder.began)
            removed += self.folder.remove()
        self._report(cleaned=True, strays=self.strays, removed=removed, **used)

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
