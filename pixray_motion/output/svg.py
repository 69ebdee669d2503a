"""Films as SVG: one animated file that plays in a browser, or a clean file of each frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from pixray_motion.drawers.base import Drawer, drawer
from pixray_motion.errors import OutputError
from pixray_motion.output.base import FilmInfo, OnFrame, Writer, check_written, not_written, writer
from pixray_motion.output.content import SHAPES, frame_name
from pixray_motion.output.files import create, write_whole
from pixray_motion.story.model import Story
from pixray_motion.story.scene import Scene


@writer(".svg")
class AnimatedSvg(Writer[str]):
    """The shapes themselves, in one file that shows frame after frame in a browser, again and again.

    A viewer that does not animate shows the first.
    """

    needs = SHAPES

    def check(self, story: Story) -> None:
        """Raises: ``OutputError`` if not every frame is one drawing made of shapes."""
        check_shapes(story)

    def write(self, frames: Iterable[str], target: Path, about: FilmInfo, on_frame: OnFrame) -> None:
        with create(target) as file:
            file.write(_head(about).encode())
            for number, elements in enumerate(frames):
                file.write(_shown_once(elements, number, about).encode())
                on_frame(number + 1)
            file.write(_TAIL.encode())

    def check_film(self, film: Path, about: FilmInfo) -> None:
        """Raises: ``OutputError`` if it is not a whole SVG of these frames."""
        groups = _read_back(film, about)
        if groups != about.count:
            raise not_written(f"{groups} frames, and not {about.count}")


@writer(".svg/")
class SvgFrames(Writer[str]):
    """The shapes themselves, in a folder with an SVG of each frame."""

    needs = SHAPES

    def check(self, story: Story) -> None:
        """Raises: ``OutputError`` if not every frame is one drawing made of shapes."""
        check_shapes(story)

    def write(self, frames: Iterable[str], target: Path, about: FilmInfo, on_frame: OnFrame) -> None:
        target.mkdir()
        for written, (frame, elements) in enumerate(zip(about.frames, frames, strict=True), start=1):
            page = _head(about) + elements + _TAIL
            write_whole(target / frame_name(frame, ".svg"), page.encode())
            on_frame(written)

    def check_film(self, film: Path, about: FilmInfo) -> None:
        """Raises: ``OutputError`` if a frame is missing, or no whole SVG."""
        check_written(film, about)
        for file in film.iterdir():
            _read_back(file, about)


def check_shapes(story: Story) -> None:
    """Refuse a story of which not every frame is one drawing made of shapes. Raises: ``OutputError``."""
    for scene in story.all_scenes():
        reason = next(_obstacles(scene), "")
        if not reason and story.loop is not None:
            reason = "fades into the first one, since the film loops"
        if reason:
            named = ", ".join(filter(_supports_svg, drawer.names()))
            raise OutputError(
                f"the scene '{scene.name}' {reason}, so it cannot be written as SVG: choose .mp4, or make every scene "
                f"a single drawing by {named}"
            )


def _obstacles(scene: Scene) -> Iterator[str]:
    """Why not every frame of a scene is one drawing made of shapes."""
    if scene.layers:
        yield "has layers"
    elif not _supports_svg(scene.drawer.name):
        yield f"is drawn by '{scene.drawer.name}'"
    if scene.transition is not None and not scene.transition.shows_single_drawing:
        yield f"comes in by '{scene.transition.name}'"
    if any(segment.filters for segment in scene.segments):
        yield "has filters"


def _supports_svg(name: str) -> bool:
    entry = drawer.get(name)
    return entry is not None and getattr(entry.make, "supports_svg", Drawer.supports_svg)


def _read_back(file: Path, about: FilmInfo) -> int:
    """How many groups a whole SVG of this canvas has at its top. Raises: ``OutputError``."""
    size, depth, groups = "", 0, 0
    try:
        for event, element in ElementTree.iterparse(file, ("start", "end")):
            depth += 1 if event == "start" else -1
            if event == "start" and depth == 1:
                size = f"{element.get('width')}x{element.get('height')}"
                root = element
            elif event == "end" and depth == 1:
                groups += element.tag.endswith("}g")
                root.clear()  # else the whole film would lie in memory
    except ElementTree.ParseError as error:
        raise not_written(f"{file.name}: {error}") from error
    if size != str(about.canvas):
        raise not_written(f"{file.name} has {size} pixels, and not {about.canvas}")
    return groups


_TAIL = "</svg>\n"


def _head(about: FilmInfo) -> str:
    width, height = about.canvas.width, about.canvas.height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">\n'
        f"<title>{escape(about.tags['description'])}</title>\n<desc>{escape(about.tags['comment'])}</desc>\n"
    )


def _shown_once(elements: str, number: int, about: FilmInfo) -> str:
    """The frame ``number``, from 0, as a group that shows when its turn has come."""
    hidden = "" if number == 0 else ' display="none"'
    return f"<g{hidden}>\n{elements}\n{_animation(number, about)}</g>\n"


def _animation(number: int, about: FilmInfo) -> str:
    if about.count == 1:
        return ""
    times = [("none", 0.0), ("inline", number / about.count), ("none", (number + 1) / about.count)]
    times = [pair for pair in times if pair[1] < 1][0 if number else 1 :]
    values, keys = ";".join(value for value, _ in times), ";".join(f"{at:.8g}" for _, at in times)
    return (
        f'<animate attributeName="display" calcMode="discrete" values="{values}" keyTimes="{keys}" '
        f'dur="{float(about.count / about.rate):.6g}s" repeatCount="indefinite"/>'
    )
