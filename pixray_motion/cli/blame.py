"""Whose mistake an exception is: a plug-in's or ours."""

from __future__ import annotations

import inspect
import os
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pixray_motion.plugins import Origin, origin_of
from pixray_motion.registry import plugin_entries

_CALLED = re.compile(r"([\w.<>]+)\(\) ")


@dataclass(frozen=True)
class Blame:
    """The line of a plug-in, as ``FILE:LINE``, in which something went wrong."""

    origin: Origin
    place: str


def blame(error: BaseException) -> Blame | None:
    """The plug-in that an exception comes from; None if none had a part in it.

    That is one whose code the exception passed through, even if it was raised deeper, in torch or in a function of ours
    that the plug-in called: the line is the plug-in's innermost one. Or it is one whose function does not take what we
    call it with, which Python raises in the caller.
    """
    found = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        origin = origin_of(file)
        if origin is not None:
            found = Blame(origin, _place(file, line))
    return found or _blame_signature(error)


def _blame_signature(error: BaseException) -> Blame | None:
    """The plug-in whose function is named by a message such as ``Glow.draw() takes 1 positional argument but ...``."""
    match = _CALLED.match(str(error)) if isinstance(error, TypeError) else None
    for entry in plugin_entries() if match else ():
        name = getattr(entry.make, "__qualname__", "")
        assert match is not None
        if entry.origin is not None and f"{match[1]}.".startswith(f"{name}."):
            return Blame(entry.origin, _definition(entry.make, match[1][len(name) + 1 :], entry.origin))
    return None


def _definition(make: Callable[..., Any], method: str, origin: Origin) -> str:
    """Where a function, or a method of a class, begins; the class if the method is not written, as a dataclass's."""
    for found in (getattr(make, method, make) if method else make, make):
        try:
            return _place(inspect.getsourcefile(found) or origin.root, inspect.getsourcelines(found)[1])
        except (OSError, TypeError):
            continue
    return _place(origin.root, 1)


def _place(file: str, line: int) -> str:
    """``FILE:LINE``, seen from the current folder if the file lies in there."""
    return f"{file.removeprefix(os.getcwd() + os.sep)}:{line}"
