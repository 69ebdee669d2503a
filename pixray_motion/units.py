"""What the values of a story mean: their unit, their range, and how they run from one key to the next.

A registered function annotates its parameters with these kinds of value, and that is the whole schema of the story
file. A kind is one class: it reads a value, says what may stand there, and shows a default. A plug-in adds one by
deriving from ``Kind``.
"""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

from pixray_motion import limits
from pixray_motion.errors import FileError, reason
from pixray_motion.literals import parse_constant
from pixray_motion.story.source.files import read_file
from pixray_motion.wording import InvalidValue, format_number, format_range, quote

if TYPE_CHECKING:
    from pixray_motion.geometry import Canvas

T = TypeVar("T")
RGB = tuple[int, int, int]
_SIZE = re.compile(r"([0-9]{1,9})x([0-9]{1,9})")
_WHOLE = re.compile(r"[-+]?[0-9]{1,19}")


class Folder(Protocol):
    """Where the files lie that a story may name. See ``StoryFolder``."""

    def file(self, text: str, most: int) -> Path:
        """The file called ``text``, of at most ``most`` bytes; any other one is ``InvalidValue``."""
        ...

    def load(
        self, text: str, most: int, use: Hashable, make: Callable[[bytes], T], called: str = "the file"
    ) -> tuple[Path, str, T]:
        """The file's path, its SHA-256, and what ``make`` makes of its content, once for each content and ``use``."""
        ...

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` makes, remembered by the ``key``."""
        ...

    def spend(self, amount: int, unit: str) -> None:
        """Count bytes, pixels or samples of the story's files; too many are ``InvalidValue``."""
        ...


@dataclass(frozen=True)
class Surroundings:
    """What a value is held against. Where ``canvas`` is None, its size is unknown and nothing is too fine for it."""

    canvas: Canvas | None = None
    folder: Folder | None = None


NO_SURROUNDINGS = Surroundings()


class Kind(ABC):
    """A kind of value: how a story writes it, and what a function gets.

    ``parts`` are the numbers over time that a value is made of, by their labels: none for a value that is fixed for the
    film, one with the label "" for a number, several for a list such as ``[x, y]``. An animatable value reaches a
    function as a float, or as a tuple of as many floats as there are parts; a fixed one as what ``parse`` returns,
    which must be hashable, and plain data or a dataclass of such.
    """

    @property
    def parts(self) -> tuple[tuple[str, Unit], ...]:
        return ()

    @property
    def animatable(self) -> bool:
        """Whether a value may change over time."""
        return bool(self.parts)

    @abstractmethod
    def parse(self, text: str, name: str, around: Surroundings = NO_SURROUNDINGS) -> Any:
        """The value of the parameter ``name``, written ``text``. Raises: ``InvalidValue``."""

    @abstractmethod
    def describe(self) -> tuple[str, str]:
        """What a value means, and its range."""

    def show(self, value: Any) -> str:
        """A default value, as a story would write it."""
        return "chosen to fit" if value is None else str(value)


@dataclass(frozen=True)
class Unit(Kind):
    """A number that may change over time.

    Convention: ``low`` and ``high`` are inclusive. A ``geometric`` unit interpolates by its logarithm, and its
    rate ``N/s`` means ``N**t``; any other rate means ``N*t``.
    """

    name: str
    low: float
    high: float
    geometric: bool = False

    @property
    def parts(self) -> tuple[tuple[str, Unit], ...]:
        return (("", self),)

    def parse(self, text: str, name: str, around: Surroundings = NO_SURROUNDINGS) -> float:  # noqa: ARG002
        """A plain number."""
        return parse_constant(text, name, self.low, self.high, self.name)

    def describe(self) -> tuple[str, str]:
        return self.name, format_range(self.low, self.high)

    def show(self, value: Any) -> str:
        return super().show(value) if value is None else f"{value:g}"


@dataclass(frozen=True)
class Pair(Kind):
    """Two numbers of one unit, written ``[x, y]``; each may change over time."""

    unit: Unit

    @property
    def parts(self) -> tuple[tuple[str, Unit], ...]:
        return ("x", self.unit), ("y", self.unit)

    def parse(self, text: str, name: str, around: Surroundings = NO_SURROUNDINGS) -> Any:  # noqa: ARG002
        """No text is a pair. Raises: ``InvalidValue``, always."""
        raise InvalidValue(f"'{name}' is a pair [x, y]. Got {quote(text)}")

    def describe(self) -> tuple[str, str]:
        return f"[x, y] {self.unit.name}", format_range(self.unit.low, self.unit.high)

    def show(self, value: Any) -> str:
        return super().show(value) if value is None else f"[{', '.join(f'{part:g}' for part in value)}]"


@dataclass(frozen=True)
class Count(Kind):
    """A whole number that is fixed for the film."""

    low: int
    high: int

    def parse(self, text: str, name: str, around: Surroundings = NO_SURROUNDINGS) -> int:  # noqa: ARG002
        if not _WHOLE.fullmatch(text) or not self.low <= int(text) <= self.high:
            raise InvalidValue(
                f"'{name}' is a whole number from {self.low} to {self.high}. Got {quote(text)}"
            )
        return int(text)

    def describe(self) -> tuple[str, str]:
        return "whole number", f"{self.low}..{self.high}"


@dataclass(frozen=True)
class Real(Kind):
    """A number that is fixed for the film."""

    low: float
    high: float

    def parse(self, text: str, name: str, around: Surroundings = NO_SURROUNDINGS) -> float:  # noqa: ARG002
        return parse_constant(text, name, self.low, self.high)

    def describe(self) -> tuple[str, str]:
        return "number", format_range(self.low, self.high)

    def show(self, value: Any) -> str:
        return super().show(value) if value is None else f"{value:g}"


@dataclass(frozen=True)
class Grid(Kind):
    """Columns x rows, written ``80x45`` and fixed for the film; not finer than the canvas."""

    low: int = 1

    def parse(self, text: str, name: str, around: Surroundings = NO_SURROUNDINGS) -> tuple[int, int]:
        """(columns, rows). Raises: ``InvalidValue``."""
        columns, rows = parse_size(text)
        if min(columns, rows) < self.low:
            raise InvalidValue(f"'{name}' has at least {self.low} columns and rows. Got {quote(text)}")
        canvas = around.canvas
        if canvas is not None and (columns > canvas.width or rows > canvas.height):
            raise InvalidValue(f"'{name}' is {quote(text)}, finer than the canvas; up to {canvas} is allowed")
        return columns, rows

    def describe(self) -> tuple[str, str]:
        return "columns x rows", f"{self.low}x{self.low}..the canvas"

    def show(self, value: Any) -> str:
        return super().show(value) if value is None else "x".join(map(str, value))


@dataclass(frozen=True)
class Flag(Kind):
    """``true`` or ``false``, fixed for the film."""

    def parse(self, text: str, name: str, around: Surroundings = NO_SURROUNDINGS) -> bool:  # noqa: ARG002
        if text not in ("true", "false"):
            raise InvalidValue(f"'{name}' is true or false. Got {quote(text)}")
        return text == "true"

    def describe(self) -> tuple[str, str]:
        return "switch", "true or false"

    def show(self, value: Any) -> str:
        return super().show(value).lower()


@dataclass(frozen=True)
class OneOf(Kind):
    """One of several words, fixed for the film."""

    words: tuple[str, ...]

    def parse(self, text: str, name: str, around: Surroundings = NO_SURROUNDINGS) -> str:  # noqa: ARG002
        if text not in self.words:
            words = " or ".join(filter(None, [", ".join(self.words[:-1]), self.words[-1]]))
            raise InvalidValue(f"'{name}' is {words}. Got {quote(text)}")
        return text

    def describe(self) -> tuple[str, str]:
        return "word", ", ".join(self.words)


@dataclass(frozen=True)
class Colour(Kind):
    """One colour, fixed for the film: a name of CSS or ``#rrggbb``.

    A function gets red, green and blue as whole numbers from 0 to 255.
    """

    def parse(self, text: str, name: str, around: Surroundings = NO_SURROUNDINGS) -> RGB:  # noqa: ARG002
        from PIL import ImageColor  # here, since most commands read no colour

        try:
            red, green, blue = ImageColor.getrgb(text)[:3]
        except ValueError as error:
            raise InvalidValue(
                f"'{name}' is a colour such as white or '#ffcc00'. Got {quote(text)}"
            ) from error
        return red, green, blue

    def describe(self) -> tuple[str, str]:
        return "colour", "a name or '#rrggbb'"

    def show(self, value: Any) -> str:
        return "none" if value is None else "#" + "".join(f"{part:02x}" for part in value)


@dataclass(frozen=True)
class Palette(Kind):
    """Colours, fixed for the film, written ``"black white #ffcc00"``: names or hexadecimal numbers.

    A function gets a tuple of colours, each as ``Colour`` gives it.
    """

    most: int = 256

    def parse(self, text: str, name: str, around: Surroundings = NO_SURROUNDINGS) -> tuple[RGB, ...]:
        words = text.replace(",", " ").split()
        if not 1 <= len(words) <= self.most:
            raise InvalidValue(
                f"'{name}' is 1 to {self.most} colours, as in \"black white #ffcc00\". Got {len(words)}"
            )
        return tuple(Colour().parse(word, name, around) for word in words)

    def describe(self) -> tuple[str, str]:
        return "colours", f"1..{self.most} such as 'black #ffcc00'"

    def show(self, value: Any) -> str:
        return "any colour" if value is None else " ".join(Colour().show(colour) for colour in value)


@dataclass(frozen=True)
class Text(Kind):
    """A text, fixed for the film: one line, or several where ``lines`` is set."""

    most: int = 200
    lines: bool = False

    def parse(self, text: str, name: str, around: Surroundings = NO_SURROUNDINGS) -> str:  # noqa: ARG002
        printable = text.replace("\n", "") if self.lines else text
        if not 1 <= len(text) <= self.most or not printable.isprintable():
            what = "a text" if self.lines else "a line of text"
            raise InvalidValue(f"'{name}' is {what} with 1 to {self.most} characters. Got {quote(text)}")
        return text

    def describe(self) -> tuple[str, str]:
        return "text", f"1..{self.most} characters"


@dataclass(frozen=True)
class StoryFile:
    """A file that a story names.

    ``name`` is as the story writes it, and ``sha256`` is the fingerprint of what is in it, so that a plan changes with
    the file's content. ``path`` is where it lies on this machine, which is no part of a plan.
    """

    name: str
    sha256: str
    path: Path = field(compare=False, repr=False)

    def load(self, make: Callable[[bytes], T]) -> T:
        """What ``make`` makes of the file's content, which is still what the story was read with.

        Raises: ``FileError`` if it is not, if the file cannot be read any more, and where ``make`` raises
        ``InvalidValue`` with a sentence that follows upon the file's name.
        """
        try:
            content = read_file(self.path, max(limits.IMAGE_BYTES, self.path.stat().st_size))
            if self.sha256 and hashlib.sha256(content).hexdigest() != self.sha256:
                raise InvalidValue("has changed since the story was read; start again")
            return make(content)
        except OSError as error:
            raise FileError(f"the file {quote(self.name)} cannot be read: {reason(error)}") from error
        except InvalidValue as error:
            raise FileError(f"the file {quote(self.name)} {error.message}") from error


@dataclass(frozen=True)
class File(Kind):
    """A file in the story's folder, fixed for the film. A function gets a ``StoryFile``."""

    most: int = limits.IMAGE_BYTES
    """Bytes that it may have."""

    def parse(self, text: str, name: str, around: Surroundings = NO_SURROUNDINGS) -> StoryFile:
        if around.folder is None:
            raise InvalidValue(f"'{name}' is a file, and there is no folder to look for {quote(text)} in")
        folder = around.folder
        path, sha256, _ = folder.load(text, self.most, self, lambda content: self.check(content, folder))
        return StoryFile(text, sha256, path)

    def check(self, content: bytes, folder: Folder) -> None:
        """Refuse a content that is of no use, by ``InvalidValue`` with a sentence that follows upon the file's name.

        It is called once for each content, and may ``spend`` what the ``folder``'s files have together.
        """

    def describe(self) -> tuple[str, str]:
        return "file", f"in the story's folder, up to {format_number(self.most / 1e6)} MB"

    def show(self, value: Any) -> str:
        return "none" if value is None else str(value.name)


@dataclass(frozen=True)
class ImageFile(File):
    """A picture in the story's folder, fixed for the film. A function gets a ``StoryFile``; ``images`` opens it."""

    def check(self, content: bytes, folder: Folder) -> None:
        """Decode it, so that no film ends at a damaged picture."""
        from pixray_motion.images import check_image  # here, since most stories name no picture

        check_image(content, lambda pixels: folder.spend(pixels, "pixels"))

    def describe(self) -> tuple[str, str]:
        return "picture", f"png, jpg or webp in the story's folder, up to {format_number(self.most / 1e6)} MB"


def parse_size(text: str) -> tuple[int, int]:
    """``80x45`` -> (80, 45); Raises: ``InvalidValue``."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise InvalidValue(f"{quote(text)} is not a size; write width x height, as in 192x108")
    return int(match[1]), int(match[2])


SCALE = Unit("scale", 1e-3, 1e3, geometric=True)
LENGTH = Unit("canvas heights", -1e3, 1e3)
EXTENT = Unit("canvas heights", 1e-2, 1e3)
ANGLE = Unit("degrees", -1e6, 1e6)
WEIGHT = Unit("weight", -1e3, 1e3)
AMOUNT = Unit("amount", 0.0, 1e2)
LEAN = Unit("degrees", -75, 75)
VIEW = Unit("degrees of the field of view", 5, 120)
SECONDS = Unit("seconds", 0, 1e9)
SEED = Unit("seed", 0, 2**32)
STEPS = Unit("steps", 0, 10_000)
SHARE = Unit("share", 0.0, 1.0)
RING_SHARE = Unit("share", 0.0, 0.95)
GUIDANCE = Unit("guidance", 0.0, 30.0)

Scale = Annotated[float, SCALE]
Length = Annotated[float, LENGTH]
Extent = Annotated[float, EXTENT]
Angle = Annotated[float, ANGLE]
Amount = Annotated[float, AMOUNT]
Times = Annotated[float, Unit("times", -1e3, 1e3)]
Lean = Annotated[float, LEAN]
View = Annotated[float, VIEW]
Seconds = Annotated[float, SECONDS]
Seed = Annotated[float, SEED]
RingShare = Annotated[float, RING_SHARE]
Point = Annotated[tuple[float, float], Pair(LENGTH)]

CENTRE = (0.0, 0.0)
