"""What is printed while a dashboard is shown: by this process, its children, and C libraries."""

from __future__ import annotations

import codecs
import ctypes
import fcntl
import io
import os
import select
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from demo_tui.lines import LineBuffer

__all__ = ["DescriptorCapture", "StreamCapture", "capture_for"]

Log = Callable[[str], object]
PIPE_BYTES = 1 << 20
_open: weakref.WeakSet[DescriptorCapture] = weakref.WeakSet()


def capture_for(buffer: LineBuffer, in_memory: bool) -> DescriptorCapture | StreamCapture:
    """Choose how to capture: at the descriptors, or, for a console in memory, at the Python streams.

    Args:
        buffer: Takes what is written.
        in_memory: The console has no descriptor.

    Returns:
        The capture, not yet started.
    """
    return StreamCapture(buffer) if in_memory else DescriptorCapture(buffer)


class DescriptorCapture:
    """Puts a pipe in the place of descriptors 1 and 2, where they are terminals.

    So everything arrives, whoever writes it: print, handlers that hold the stream, children, C libraries. A
    stream that was redirected to a file is left alone. A thread of its own reads the pipe. Children that
    still write after the end are passed through to the terminal.

    Args:
        buffer: Takes what is written.
    """

    def __init__(self, buffer: LineBuffer) -> None:
        self._buffer = buffer
        self._saved: dict[int, int] = {}
        self._pid = os.getpid()
        self._passing = False
        self._drained = threading.Event()

    def start(self) -> None:
        """Begin to capture."""
        targets = [fd for fd in (1, 2) if os.isatty(fd)]
        if not targets:
            return
        self._read_fd, write_fd = os.pipe()
        self._wake_read, self._wake_write = os.pipe()
        with suppress(OSError, AttributeError):  # the limit of a container may be lower
            fcntl.fcntl(write_fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        _flush_streams()
        for fd in targets:
            self._saved[fd] = os.dup(fd)
            os.dup2(write_fd, fd)
        os.close(write_fd)
        _line_buffered_c_output()
        _open.add(self)
        self._thread = threading.Thread(target=self._pump, name="demo_tui capture", daemon=True)
        self._thread.start()

    def drain(self, seconds: float = 1.0) -> None:
        """Wait until everything written so far has arrived.

        Args:
            seconds: The longest wait; a child may write without end.
        """
        if self._saved and os.getpid() == self._pid:
            _flush_streams()
            self._drained.clear()
            self._wake()
            self._drained.wait(seconds if self._thread.is_alive() else 0)
            self._buffer.finish()

    def stop(self) -> None:
        """Give the descriptors back; what arrives from now on is passed through. Safe to call twice."""
        saved, self._saved = self._saved, {}
        if not saved or os.getpid() != self._pid:
            return
        _flush_streams()
        self._original = os.dup(next(iter(saved.values())))
        self._passing = True
        for fd, original in saved.items():
            with suppress(OSError):
                os.dup2(original, fd)
            os.close(original)
        self._drained.clear()
        self._wake()
        self._drained.wait(1.0)

    def _wake(self) -> None:
        with suppress(OSError):
            os.write(self._wake_write, b"x")

    def _pump(self) -> None:
        """Read until nobody holds the other end any more."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        poll = select.poll()
        poll.register(self._read_fd, select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        while True:
            ready = {fd for fd, _ in poll.poll()}
            if self._read_fd in ready:
                data = os.read(self._read_fd, 1 << 16)
                if not data:
                    break
                self._take(data, decoder)
            elif self._wake_read in ready:  # and nothing else to read: all of it has arrived
                os.read(self._wake_read, 64)
                self._drained.set()
        self._close()
        self._drained.set()

    def _take(self, data: bytes, decoder: codecs.IncrementalDecoder) -> None:
        if not self._passing:
            with suppress(Exception):  # a log that fails must not block the writers
                self._buffer.feed(decoder.decode(data))
            return
        with suppress(OSError):
            os.write(self._original, data)

    def _close(self) -> None:
        _open.discard(self)
        for fd in (self._read_fd, self._wake_read, self._wake_write, getattr(self, "_original", -1)):
            with suppress(OSError):
                os.close(fd)

    def _forget(self) -> None:
        """In a forked child: it writes into the pipe, and must not hold the other end open."""
        self._saved_in_parent, self._saved = self._saved, {}
        for fd in (self._read_fd, self._wake_read, self._wake_write):
            with suppress(OSError):
                os.close(fd)


class StreamCapture:
    """Puts streams in the place of `sys.stdout` and `sys.stderr`; for consoles in memory.

    Args:
        buffer: Takes what is written.
    """

    def __init__(self, buffer: LineBuffer) -> None:
        self._buffers = {"stdout": buffer, "stderr": LineBuffer(buffer.log)}
        self._streams: list[tuple[str, TextIO, ProxyStream]] = []

    def start(self) -> None:
        """Begin to capture."""
        for name, buffer in self._buffers.items():
            original = getattr(sys, name)
            if original is not None:
                proxy = ProxyStream(buffer.feed, original)
                self._streams.append((name, original, proxy))
                setattr(sys, name, proxy)

    def drain(self, seconds: float = 1.0) -> None:
        """Log what has no newline yet; the rest has arrived already.

        Args:
            seconds: Not used.
        """
        for buffer in self._buffers.values():
            buffer.finish()

    def stop(self) -> None:
        """Give the streams back; who kept one of ours writes through it. Safe to call twice."""
        streams, self._streams = self._streams, []
        for name, original, proxy in streams:
            proxy.release()
            if getattr(sys, name) is proxy:
                setattr(sys, name, original)


class ProxyStream(io.TextIOBase):
    """A text stream that passes on what is written, and after `release` writes to the original.

    Args:
        feed: Takes text.
        original: The stream it stands for.
    """

    def __init__(self, feed: Callable[[str], object], original: TextIO) -> None:
        self._feed, self._original = feed, original
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.buffer = _Bytes(self)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Return that of the original."""
        return getattr(self._original, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        """Return that of the original."""
        return getattr(self._original, "errors", None) or "replace"

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return that of the original, for child processes."""
        return self._original.fileno()

    def write(self, text: str) -> int:
        """Pass a text on.

        Args:
            text: The text.

        Returns:
            Its length.

        Raises:
            TypeError: For anything but a string, as every text stream does.
        """
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._feed(text)
        return len(text)

    def write_bytes(self, data: bytes) -> int:
        """Pass bytes on.

        Args:
            data: UTF-8, cut anywhere.

        Returns:
            Their number.
        """
        data = bytes(data)
        self._feed(self._decoder.decode(data))
        return len(data)

    def release(self) -> None:
        """Write to the original from now on."""
        self._feed = self._original.write


class _Bytes(io.RawIOBase):
    """The `buffer` of a text stream."""

    def __init__(self, stream: ProxyStream) -> None:
        self._stream = stream

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        return self._stream.write_bytes(data)


def _flush_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    with suppress(Exception):
        ctypes.CDLL(None).fflush(None)


def _line_buffered_c_output() -> None:
    """Let C libraries write line by line also into a pipe; without it, they wait until 4 KB are full."""
    with suppress(Exception):
        libc = ctypes.CDLL(None)
        for name in ("stdout", "stderr"):
            libc.setlinebuf(ctypes.c_void_p.in_dll(libc, name))


def _forget_after_fork() -> None:
    for capture in list(_open):
        capture._forget()


os.register_at_fork(after_in_child=_forget_after_fork)
