"""Plug-ins: code of others that registers more of what a story may name.

Packages are found through the entry-point group ``pixray_motion.plugins``: each entry point names a module, which is
imported when a registry is first asked. They are looked for once in the life of a process, since that takes longer than
reading a story. Single files are loaded by name, before or after that: see ``load_plugin``.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import sys
import traceback
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from pixray_motion.errors import MotionError, PluginError, reason

PLUGIN_GROUP = "pixray_motion.plugins"


@dataclass(frozen=True)
class Origin:
    """A plug-in, as what it registers remembers it.

    ``name`` is that of its entry point, or of its file without ``.py``. ``version`` is its distribution's, '' for a
    file. ``root`` is its only file, or the folder of its package, and ``sha256`` the hash of the Python files there.
    """

    name: str
    version: str
    root: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}".rstrip()

    def holds(self, file: str) -> bool:
        """Whether ``file``, an absolute path, is part of it."""
        return file == self.root or file.startswith(self.root + os.sep)

    def fingerprint(self) -> str:
        """What changes with its version, and with every edit of its code."""
        return f"{self} {self.sha256}"


_broken: dict[str, str] = {}
_loaded: set[str] = set()
_origins: list[Origin] = []
_looked = False  # whether plug-ins have been looked for


def load_plugins(again: bool = False) -> None:
    """Import every installed plug-in once; one that fails is remembered and harms no other.

    ``again``: also those that were installed since.
    """
    global _looked
    if _looked and not again:
        return
    _looked = True
    points = [point for point in entry_points(group=PLUGIN_GROUP) if point.value not in _loaded]
    for point in points:  # all of them first, since one may import another
        _loaded.add(point.value)
        _add_origin(point)
    for point in points:
        try:
            point.load()
        except (Exception, SystemExit) as error:  # foreign code: whatever it raises is its author's
            _broken[point.name] = describe_exception(error)


def broken_plugins() -> dict[str, str]:
    """Name -> reason, on one line, of installed plug-ins that could not be imported."""
    load_plugins()
    return dict(_broken)


def load_plugin(path: str | os.PathLike[str]) -> None:
    """Load a plug-in from a Python file; what it decorates is then registered. A file is loaded once in a process.

    The file is a module with a name of its own. It imports what is installed, and nothing that lies beside it: its
    folder is not put on ``sys.path``, where its neighbours could hide other modules, and one hash holds all of its
    code. A plug-in of several files is a package, to be installed. No bytecode is written.

    Raises: ``PluginError``, with the file, the line and a remedy, if there is no such file, if it cannot be run to its
    end, or if a name that it registers is taken.
    """
    load_plugins()  # first, so that the file is told of the names that are taken
    given, file = os.fspath(path), os.path.realpath(path)
    if any(origin.root == file for origin in _origins):
        return
    _check_file(given, file)
    name = Path(file).stem
    try:
        origin = Origin(name, "", file, _hash_code(Path(file)))
    except OSError as error:
        raise PluginError(f"{given}: the plug-in cannot be read: {reason(error)}") from error
    _origins.append(origin)
    unique = f"pixray_motion_plugin_{re.sub(r'[^0-9A-Za-z]', '_', name)}_{_hash(file.encode())[:8]}"
    spec = importlib.util.spec_from_file_location(unique, file, loader=_UncachedLoader(unique, file))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[unique] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        _origins.remove(origin)
        del sys.modules[unique]
        raise PluginError(_describe_failure(error, given, file)) from error


def origin_of(file: str) -> Origin | None:
    """The plug-in whose code is in ``file``, as code objects name it; None if it is nobody's."""
    return next((origin for origin in _origins if origin.holds(file)), None)


def is_loaded(origin: Origin) -> bool:
    """False for a plug-in that failed and was given up, and whose names are free again."""
    return any(known is origin for known in _origins)


def loaded_plugins() -> list[str]:
    """The names of all plug-ins that were found or given, whether or not a story uses them."""
    return sorted({origin.name for origin in _origins})


class _UncachedLoader(SourceFileLoader):
    """Runs what the file says now: bytecode is taken for up to date within a second, and a plug-in is often edited."""

    def path_stats(self, path: Any) -> Any:
        raise OSError(path)


def _add_origin(point: EntryPoint) -> None:
    """Remember what an entry point belongs to; nothing if its module is not found, which its import will tell."""
    try:
        spec = _find_outermost(point.value.partition(":")[0].strip())
        if spec is None or spec.origin is None:
            return
        file = Path(os.path.abspath(spec.origin))
        root = file.parent if spec.submodule_search_locations else file
        version = point.dist.version if point.dist is not None else ""
        _origins.append(Origin(point.name, version, str(root), _hash_code(root)))
    except Exception:  # of a module that spoils the search, or of an unreadable folder
        return


def _find_outermost(module: str) -> ModuleSpec | None:
    """The outermost package of a module that has a file, or the module itself; namespaces have none."""
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        spec = importlib.util.find_spec(".".join(parts[:count]))
        if spec is None or spec.origin is not None:
            return spec
    return None


def _hash_code(root: Path) -> str:
    """Of a file, or of all Python files below a folder with their names. Raises: ``OSError``."""
    if root.is_file():
        return _hash(root.read_bytes())
    files = sorted(root.rglob("*.py"))
    return _hash("\n".join(f"{_hash(file.read_bytes())} {file.relative_to(root)}" for file in files).encode())


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _check_file(given: str, file: str) -> None:
    if os.path.isdir(file):
        raise PluginError(f"{given}: this is a folder; name a Python file, or install the package with pip")
    if not file.endswith(".py"):
        raise PluginError(f"{given}: a plug-in is a Python file, whose name ends in .py; name another file")
    if not os.path.exists(file):
        raise PluginError(f"{given}: there is no such file; look for a slip in the plug-in's name")


def _describe_failure(error: BaseException, given: str, file: str) -> str:
    """``FILE:LINE: what went wrong; remedy``, for a plug-in that could not be run to its end."""
    remedy = f"; correct the plug-in, or leave out --plugin {given}"
    if isinstance(error, SyntaxError) and error.filename == file:
        return f"{given}:{error.lineno or 1}: {type(error).__name__}: {error.msg}{remedy}"
    lines = [
        line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == file
    ]
    place = f"{given}:{lines[-1]}" if lines else given
    if isinstance(error, MotionError):
        return f"{place}: {error}"
    if isinstance(error, SystemExit):
        return f"{place}: the plug-in ends the program (SystemExit); a plug-in only defines and registers{remedy}"
    if isinstance(error, ModuleNotFoundError) and error.name is not None:
        beside = Path(file).parent / error.name.partition(".")[0]
        if beside.is_dir() or beside.with_suffix(".py").is_file():
            return (
                f"{place}: the module '{error.name}' lies beside the plug-in, and a plug-in file stands alone; put all "
                "into one file, or install both as a package"
            )
        return (
            f"{place}: there is no module '{error.name}'; install it with pip, or leave out --plugin {given}"
        )
    return f"{place}: {describe_exception(error)}{remedy}"


def describe_exception(error: BaseException) -> str:
    """Type and message of an exception, on one line."""
    return ": ".join(filter(None, [type(error).__name__, " ".join(str(error).split()).rstrip(".")]))
