"""What a run of the program ends with: one line on stderr and an exit code, whatever happened."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click

from pixray_motion.cli.blame import blame
from pixray_motion.cli.terminal import (
    drop_stdout,
    flush_stdout,
    say_if_heard,
    say_traceback,
    shell_word,
)
from pixray_motion.errors import (
    MotionError,
    OutputError,
    PluginError,
    StoryError,
    is_out_of_memory,
    reason,
)
from pixray_motion.plugins import describe_exception, loaded_plugins

BAD, INTERRUPTED = 2, 130


class Failure(click.ClickException):
    """The program cannot do what was asked, and ends with ``lines``, mostly one."""

    exit_code = BAD

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Interrupted(Failure):
    """The user ended it; the line says how to go on."""

    exit_code = INTERRUPTED


class Program(click.Group):
    """A click group whose failures are single lines, unwrapped and without colour."""

    def main(self, args: Sequence[str] | None = None, *positional: Any, **extra: Any) -> NoReturn:
        given = sys.argv[1:] if args is None else list(args)
        extra |= {"standalone_mode": False, "obj": given}
        try:
            code = super().main(given, *positional, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            say_if_heard(*error.format_message().splitlines())
            _end(BAD)
        except click.ClickException as error:
            say_if_heard(*_lines(error))
            _end(error.exit_code)
        except click.Abort:
            say_if_heard("interrupted")
            _end(INTERRUPTED)
        except OSError as error:  # --help and --version write before a command is invoked
            say_if_heard(sentence(error))
            _end(BAD)
        _end(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _sigterm_as_ctrl_c():
                result = super().invoke(ctx)
                flush_stdout()
                return result
        except BrokenPipeError:
            drop_stdout()
            ctx.exit(0)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except KeyboardInterrupt as interrupt:
            raise Interrupted("interrupted") from interrupt
        except Exception as error:
            show_traceback(ctx, error)
            lines = error.lines() if isinstance(error, StoryError) else [sentence(error)]
            raise Failure(*lines) from error


def sentence(error: BaseException) -> str:
    """An exception in words for the user. What a plug-in did not expect is told as the plug-in's, and not as ours."""
    error = _file_of_plugin(error) or error
    if is_out_of_memory(error):
        return (
            "there is not enough memory: close other programs, allow more by ulimit -v, or try --quality draft or a "
            "smaller canvas such as --set canvas=192x108"
        )
    if isinstance(error, MotionError):
        return str(error)
    what = describe_exception(error)
    expected = isinstance(error, OSError) and error.strerror
    if isinstance(error, OSError) and expected:
        what = f"{error.filename}: {reason(error)}" if error.filename else reason(error)
    found = blame(error)
    if found is not None:
        return f"plug-in {found.origin.name} ({found.place}): {what}"
    if expected:
        return what
    plugins = ", ".join(loaded_plugins())
    please = f"If it happens without plug-ins ({plugins}), please" if plugins else "Please"
    return f"internal error: {what}. {please} report it with the output of 'pixray-motion --debug ...'"


def show_traceback(ctx: click.Context, error: BaseException) -> None:
    """With ``--debug``, the traceback of an exception that nobody expected: ours, or that of a plug-in being loaded."""
    unexpected = error.__cause__ if isinstance(error, PluginError) else _file_of_plugin(error) or error
    if (
        ctx.find_root().params.get("debug")
        and unexpected is not None
        and not isinstance(unexpected, MotionError)
    ):
        say_traceback(unexpected)


def _file_of_plugin(error: BaseException) -> OSError | None:
    """The file that a plug-in could not use, where that was taken for a fault of the output that was being made."""
    cause = error.__cause__
    is_file = isinstance(error, OutputError) and isinstance(cause, OSError) and cause.filename
    return cause if is_file and isinstance(cause, OSError) and blame(cause) else None


def command_again(ctx: click.Context, option: str, without: str) -> str:
    """The command line that was typed, with ``option`` and not ``without``, ready for a shell."""
    root = ctx.find_root()
    words = _without(root.obj, {option, without}, ctx.command)
    place = words.index(str(ctx.info_name)) + 1
    return f"{program_name(ctx)} {' '.join(map(shell_word, [*words[:place], option, *words[place:]]))}"


def _without(words: Sequence[str], options: set[str], command: click.Command) -> list[str]:
    """The words but for ``options``. What follows ``--``, or an option with a value, may look like one and is none."""
    end = words.index("--") if "--" in words else len(words)
    valued = {
        name
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.is_flag
        for name in parameter.opts
    }
    kept: list[str] = []
    is_value = False
    for word in words[:end]:
        if is_value or word not in options:
            kept.append(word)
        is_value = not is_value and word in valued
    return [*kept, *words[end:]]


def as_argument(path: Path) -> str:
    """A path as a shell must get it, so that it is no option even if its name begins with a dash."""
    text = str(path)
    return shell_word(f"./{text}" if text.startswith("-") else text)


def program_name(ctx: click.Context) -> str:
    """What calls this program in a shell, even where that would not find it by its name."""
    name = str(ctx.find_root().info_name)
    if name.startswith("python"):
        return f"{shell_word(sys.executable)} -m pixray_motion"
    if shutil.which(name) is None and os.path.basename(sys.argv[0]) == name:
        return shell_word(sys.argv[0])
    return name


def _end(code: int) -> NoReturn:
    try:
        flush_stdout()
    except (OSError, ValueError):
        drop_stdout()
    sys.exit(code)


def _lines(error: click.ClickException) -> Sequence[str]:
    if isinstance(error, Failure):
        return error.lines
    message = " ".join(error.format_message().split())
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return [f"{message} (see '{error.ctx.command_path} --help')"]
    return [message]


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
