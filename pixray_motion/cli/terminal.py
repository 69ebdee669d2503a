"""Everything that the program prints goes through here, and nothing else writes to a terminal.

What is printed is full of the words of others: of stories, names of files, plug-ins, ffmpeg. A line is given as one
argument and stays one line, in which whatever would act on a terminal, or look like something else, is escaped.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

import click

from pixray_motion.wording import printable

if TYPE_CHECKING:
    from rich.console import Console

PATIENCE = 1.0  # seconds of silence before a line says what takes so long


def say(*lines: object, err: bool = False) -> None:
    """Print lines on stdout, or on stderr. Raises: ``OSError`` where they cannot be written."""
    for line in lines:
        click.echo(printable(str(line)), err=err)


def say_if_heard(*lines: object) -> None:
    """On stderr, which may be a pipe that nobody reads any more."""
    with suppress(OSError):
        say(*lines, err=True)


def say_traceback(error: BaseException) -> None:
    say(*(line for part in traceback.format_exception(error) for line in part.splitlines()), err=True)


def open_streams() -> None:
    """Prepare the process's streams. Those that were closed, as by ``>&-``, lead nowhere; else the next file opened
    would get their number. What an encoding lacks is written as an escape."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - open to the end
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a stream that replaces them may have none
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    warnings.showwarning = _say_warning


def drop_stdout() -> None:
    """What is still buffered goes nowhere; else Python would complain of the pipe when it exits."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def flush_stdout() -> None:
    sys.stdout.flush()


def is_watched() -> bool:
    """Whether somebody looks at stderr on a terminal."""
    return sys.stderr.isatty()


def console() -> Console:
    """For a live display on stderr. What is shown there must be made printable by who shows it."""
    from rich.console import Console

    return Console(stderr=True)


@contextmanager
def telling(what: str) -> Iterator[None]:
    """On a terminal, tell ``what`` is being done, and for how long already, once it takes more than a moment."""
    if not is_watched():
        yield
        return
    done = threading.Event()
    teller = threading.Thread(target=_tell, args=(printable(what), done), daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _tell(what: str, done: threading.Event) -> None:
    started, told = time.monotonic(), False
    while not done.wait(PATIENCE):
        told = True
        _overwrite(f"{what}: {time.monotonic() - started:.0f} s")
    if told:
        _overwrite("")


def _overwrite(line: str) -> None:
    """Write over the terminal's current line."""
    with suppress(OSError):
        click.echo(f"\r\x1b[K{line}", nl=False, err=True)


def _say_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - Python's signature
    line: str | None = None,  # noqa: ARG001
) -> None:
    say_if_heard(f"{filename}:{lineno}: {category.__name__}: {' '.join(str(message).split())}")


def shell_word(text: str) -> str:
    """``text`` as a shell must get it; what cannot be printed, as bash, zsh and ksh have it: ``$'\\033'``."""
    if printable(text) == text:
        return shlex.quote(text)
    raw = os.fsencode(text).decode("latin-1")
    return "$'" + re.sub(r"[^ -~]|['\\]", lambda match: f"\\{ord(match[0]):03o}", raw) + "'"
