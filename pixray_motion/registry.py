"""Named things that a story may ask for, and the one way to add more of them.

A decorated function or class is an entry; its keyword parameters, annotated with ``pixray_motion.units``, are the
keys that a story may write, their ranges and their defaults. Packages add entries through the entry-point group
``pixray_motion.plugins``: each entry point names a module, which is imported when a registry is first asked.
Plug-ins are looked for once in the life of a process, since that takes longer than reading a story.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar, get_args

from pixray_motion.errors import PluginError
from pixray_motion.units import Kind
from pixray_motion.wording import one_of, respell

T = TypeVar("T", bound=Callable[..., Any])
PLUGIN_GROUP = "pixray_motion.plugins"


@dataclass(frozen=True)
class Parameter:
    """One key of an entry: its kind of value and what it is when the story does not say."""

    name: str
    kind: Kind
    default: Any = inspect.Parameter.empty

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty


@dataclass(frozen=True)
class Entry(Generic[T]):
    """What is registered under a name: the function or class, its story keys, and the first line of its docstring."""

    name: str
    make: T
    parameters: tuple[Parameter, ...]
    summary: str
    traits: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The parameters that have no default."""
        return tuple(p.name for p in self.parameters if p.required)

    def parameter(self, name: str) -> Parameter | None:
        return next((p for p in self.parameters if p.name == name), None)


class Registry(Generic[T]):
    """Entries of one kind ("movement", "drawer", ...), by name.

    ``common`` are keys that a story may give beside every entry's own, such as a weight; whoever reads the story reads
    them, and an entry must have no parameter of that name. ``animatable`` is False where entries are made once for the
    film, so that even numbers are fixed.
    """

    def __init__(
        self, kind: str, builtin: str, common: tuple[Parameter, ...] = (), animatable: bool = True
    ) -> None:
        """``builtin`` is the package whose import registers our own entries."""
        self.kind = kind
        self.common = common
        self.animatable = animatable
        self._builtin = builtin
        self._entries: dict[str, Entry[T]] = {}
        self._loaded = False

    def __call__(self, name: str, **traits: Any) -> Callable[[T], T]:
        """Decorate a function or class to register it; a taken name is a ``PluginError``.

        ``traits`` are what those who use an entry of this kind want to know of it beforehand.
        """

        def register(make: T) -> T:
            if name in self._entries and self._entries[name].make is not make:
                raise PluginError(f"the {self.kind} '{name}' is already registered; choose another name")
            summary = (inspect.getdoc(make) or "").partition("\n")[0]
            parameters = _parameters(make)
            taken = {p.name for p in parameters} & {p.name for p in self.common}
            if taken:
                raise PluginError(
                    f"the {self.kind} '{name}' has the parameter '{min(taken)}', which every {self.kind} has; choose "
                    "another name"
                )
            self._entries[name] = Entry(name, make, parameters, summary, traits)
            return make

        return register

    def names(self) -> list[str]:
        self._load()
        return sorted(self._entries)

    def get(self, name: str) -> Entry[T] | None:
        """The entry of that name, in either spelling of "colour"; None if there is none."""
        if not (self._loaded and _looked):
            self._load()
        return self._entries.get(name) or self._entries.get(respell(name, self._entries))

    def make(self, name: str) -> T:
        """What is registered under a name that is known to exist."""
        self._load()
        return self._entries[name].make

    def traits(self, name: str) -> Mapping[str, Any]:
        """What an entry says of itself; nothing if there is none of that name."""
        entry = self.get(name)
        return entry.traits if entry else {}

    def entries(self) -> list[Entry[T]]:
        return [self._entries[name] for name in self.names()]

    def unknown(self, name: str) -> str:
        """The sentence that refuses ``name``: what exists, what is nearest, which plugins are broken."""
        broken = f"; broken plugins: {', '.join(sorted(_broken))}" if _broken else ""
        return f"unknown {self.kind} '{name}'; {one_of(name, self.names())}{broken}"

    def _load(self) -> None:
        if not self._loaded:
            importlib.import_module(self._builtin)
            self._loaded = True
        load_plugins()


_broken: dict[str, str] = {}
_loaded: set[str] = set()
_looked = False  # whether plug-ins have been looked for


def load_plugins(again: bool = False) -> None:
    """Import every installed plugin once; one that fails is remembered and harms no other.

    ``again``: also those that were installed since.
    """
    global _looked
    if _looked and not again:
        return
    _looked = True
    for point in entry_points(group=PLUGIN_GROUP):
        if point.value in _loaded:
            continue
        _loaded.add(point.value)
        try:
            point.load()
        except Exception as error:  # a plugin is foreign code: whatever it raises is its author's
            _broken[point.name] = f"{type(error).__name__}: {error}"


def broken_plugins() -> dict[str, str]:
    """Name -> reason, of plugins that could not be imported."""
    load_plugins()
    return dict(_broken)


def _parameters(make: Callable[..., Any]) -> tuple[Parameter, ...]:
    found = []
    for parameter in inspect.signature(make).parameters.values():
        kind = _kind(make, parameter.annotation)
        if kind is not None:
            found.append(Parameter(parameter.name, kind, parameter.default))
    return tuple(found)


def _kind(make: Callable[..., Any], annotation: Any) -> Kind | None:
    """The kind of value in an annotation such as ``Scale``; parameters without one are not story keys."""
    if isinstance(annotation, str):
        function = getattr(make, "__init__") if inspect.isclass(make) else make  # noqa: B009
        scope = getattr(function, "__globals__", vars(sys.modules[make.__module__]))
        try:
            annotation = eval(annotation, scope)  # the module's own source, as typing.get_type_hints does
        except NameError:  # a name imported for type checkers only is never a unit
            return None
    for value in get_args(annotation):
        if isinstance(value, Kind):
            return value
    return None
