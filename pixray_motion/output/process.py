"""Processes that are waited for, but not for ever: one that gives no sign of life for too long is ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import IO, Any, TypeVar

T = TypeVar("T")

SILENCE = 60.0
"""Seconds without a sign of life. A program may have to be read from a slow disk, and any disk may be busy for a while;
nothing is lost by ending one that would have come back, since the frames are kept."""
_PIECE = 1 << 20  # bytes of a frame that are handed over at once: each that is taken is a sign of life


class SilentProcess(Exception):
    """A process has been ended after ``seconds`` without a sign of life."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"it gave no sign of life for {seconds:.0f} seconds and was ended")


class Process:
    """A running process, with all that it starts. It never outlives the block in which it is entered.

    While it is waited for, it must give a sign of life every ``silence`` seconds: take what it is fed, print a line, or
    change what ``sign`` returns. ``log`` is a file for what it writes to stderr.
    """

    def __init__(
        self,
        command: Sequence[str],
        silence: float,
        sign: Callable[[], object] = lambda: None,
        is_fed: bool = False,
        prints: bool = False,
        log: IO[bytes] | None = None,
    ) -> None:
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        # A group of its own: Ctrl-C in the terminal must reach us alone, or ffmpeg would finish half a film.
        self._process = subprocess.Popen(
            command,
            bufsize=0,
            stdin=pipe if is_fed else nothing,
            stdout=pipe if prints else nothing,
            stderr=log or nothing,
            start_new_session=True,
        )
        self._silence = silence
        self._sign = sign
        self._waiting = self._silent = False
        self._taken = 0
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._watch_over, daemon=True)
        self._watch.start()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._kill()
        self._process.wait()
        self._watch.join()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(BrokenPipeError):
                if stream is not None:
                    stream.close()

    def feed(self, data: memoryview) -> bool:
        """Hand over all bytes of ``data``; False if the process takes no more. Raises: ``SilentProcess``."""
        stream: Any = self._process.stdin  # unbuffered: it tells how much was taken
        data = data.cast("B")
        with self._waited_for():
            while data:
                try:
                    taken = stream.write(data[:_PIECE])
                except BrokenPipeError:
                    return False
                data = data[taken:]
                self._taken += taken
        return True

    def lines(self) -> Iterator[bytes]:
        """What it prints, line by line. Raises: ``SilentProcess``."""
        assert self._process.stdout is not None
        with self._waited_for():
            for line in self._process.stdout:
                self._taken += len(line)
                yield line

    def end(self) -> int:
        """Feed no more, and wait for its return code. Raises: ``SilentProcess``."""
        with self._waited_for():
            if self._process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    self._process.stdin.close()
            return self._process.wait()

    @contextlib.contextmanager
    def _waited_for(self) -> Iterator[None]:
        self._waiting = True
        try:
            yield
        finally:
            self._waiting = False
            if self._silent:
                raise SilentProcess(self._silence)

    def _watch_over(self) -> None:
        last, since = self._signs(), time.monotonic()
        while not self._over.wait(min(1.0, self._silence / 4)):
            now = self._signs()
            if now != last or not self._waiting:
                last, since = now, time.monotonic()
            elif time.monotonic() - since > self._silence:
                self._silent = True
                self._kill()
                return

    def _signs(self) -> object:
        return self._taken, self._sign()

    def _kill(self) -> None:
        """All of its group: what it has started may hold our pipes open."""
        if os.name != "posix":
            self._process.kill()
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


def in_time(work: Callable[[], T], seconds: float) -> T:
    """What ``work`` returns, if it does within ``seconds``. It is for calls that wait for a process of their own.

    Raises: ``SilentProcess``, and what ``work`` raises.
    """
    found: Future[T] = Future()

    def call() -> None:
        try:
            found.set_result(work())
        except BaseException as error:
            found.set_exception(error)

    threading.Thread(target=call, daemon=True).start()
    try:
        return found.result(seconds)
    except TimeoutError as error:
        raise SilentProcess(seconds) from error


def printed(command: Sequence[str], silence: float) -> tuple[int, str]:
    """A short program's return code and what it prints. Raises: ``OSError``, ``SilentProcess``."""
    with Process(command, silence, prints=True) as process:
        text = b"".join(process.lines())
        return process.end(), text.decode("utf-8", "replace")
