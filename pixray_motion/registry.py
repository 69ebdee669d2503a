"""Named things that a story may ask for, and the one way to add more of them.

A decorated function or class is an entry; its keyword parameters, annotated with ``pixray_motion.units``, are the
keys that a story may write, their ranges and their defaults. Plug-ins add entries in the same way, and each entry
knows the plug-in that it comes from: see ``pixray_motion.plugins``.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar, get_args

from pixray_motion.errors import PluginError
from pixray_motion.plugins import Origin, broken_plugins, is_loaded, load_plugins, origin_of
from pixray_motion.units import Kind
from pixray_motion.wording import one_of, respell

T = TypeVar("T", bound=Callable[..., Any])


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
    """What is registered under a name: the function or class, its story keys, and the first line of its docstring.

    ``origin`` is the plug-in that registered it, None for our own.
    """

    name: str
    make: T
    parameters: tuple[Parameter, ...]
    summary: str
    traits: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin | None = None

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
        self._loaded = self._complete = False  # with our own entries, and with those of plug-ins
        _registries.append(self)

    def __call__(self, name: str, **traits: Any) -> Callable[[T], T]:
        """Decorate a function or class to register it.

        ``traits`` are what those who use an entry of this kind want to know of it beforehand.

        Raises: ``PluginError`` for a name that is taken, for a class that is abstract, and for a parameter that every
        entry of this kind has.
        """

        def register(make: T) -> T:
            origin = origin_of(sys._getframe(1).f_code.co_filename)  # the code that has the decorator
            if origin is not None:
                self._load_builtin()  # or a plug-in could take a name of ours
            self._check_free(name, make)
            if missing := sorted(getattr(make, "__abstractmethods__", ())):
                raise PluginError(
                    f"the {self.kind} '{name}' lacks {', '.join(missing)}; write what is missing"
                )
            summary = (inspect.getdoc(make) or "").partition("\n")[0]
            parameters = _parameters(make)
            taken = {p.name for p in parameters} & {p.name for p in self.common}
            if taken:
                raise PluginError(
                    f"the {self.kind} '{name}' has the parameter '{min(taken)}', which every {self.kind} has; choose "
                    "another name"
                )
            self._entries[name] = Entry(name, make, parameters, summary, traits, origin)
            return make

        return register

    def _check_free(self, name: str, make: T) -> None:
        known = self._entries.get(name)
        if known is None or known.make is make or (known.origin is not None and not is_loaded(known.origin)):
            return
        by = f" by the plug-in {known.origin}" if known.origin else ""
        raise PluginError(f"the {self.kind} '{name}' is already registered{by}; choose another name")

    def names(self) -> list[str]:
        self._load()
        return sorted(self._entries)

    def get(self, name: str) -> Entry[T] | None:
        """The entry of that name, in either spelling of "colour"; None if there is none."""
        if not self._complete:
            self._load()
        return self._entries.get(name) or self._entries.get(respell(name, self._entries))

    def make(self, name: str) -> T:
        """What is registered under a name that is known to exist."""
        if not self._complete:
            self._load()
        return self._entries[name].make

    def traits(self, name: str) -> Mapping[str, Any]:
        """What an entry says of itself; nothing if there is none of that name."""
        entry = self.get(name)
        return entry.traits if entry else {}

    def entries(self) -> list[Entry[T]]:
        return [self._entries[name] for name in self.names()]

    def unknown(self, name: str) -> str:
        """The sentence that refuses ``name``: what exists, what is nearest, which plug-ins are broken."""
        names, broken = self.names(), sorted(broken_plugins())
        faults = f"; broken plug-ins: {', '.join(broken)}" if broken else ""
        return f"unknown {self.kind} '{name}'; {one_of(name, names)}{faults}"

    def _load(self) -> None:
        self._load_builtin()
        load_plugins()
        self._complete = True

    def _load_builtin(self) -> None:
        if not self._loaded:
            importlib.import_module(self._builtin)
            self._loaded = True


_registries: list[Registry[Any]] = []


def plugin_entries() -> list[Entry[Any]]:
    """What plug-ins have registered so far, of every kind."""
    return [
        entry for registry in _registries for entry in registry._entries.values() if entry.origin is not None
    ]


def find_origins(names: Collection[str]) -> list[Origin]:
    """The plug-ins that have registered any of ``names``, whatever kind it is of, in the order of their own names."""
    found = {entry.origin for entry in plugin_entries() if entry.origin is not None and entry.name in names}
    return sorted(found, key=lambda origin: (origin.name, origin.root))


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
