"""Films as vectors: one animated SVG that plays in a browser, and a clean SVG for each frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from xml.sax.saxutils import escape

from pixray_motion.drawers.base import Drawer, drawer
from pixray_motion.engine import State
from pixray_motion.errors import OutputError
from pixray_motion.geometry import Canvas
from pixray_motion.story.model import Story
from pixray_motion.studio import Studio


def check_vectors(story: Story) -> None:
    """Refuse a story of which not every frame is one drawing made of shapes."""
    for scene in story.all_scenes():
        reason = ""
        if scene.layers:
            reason = "has layers"
        elif not _has_shapes(scene.drawer.name):
            reason = f"is drawn by '{scene.drawer.name}'"
        elif scene.transition is not None and not scene.transition.shows_single_drawing:
            reason = f"comes in by '{scene.transition.component.name}'"
        elif any(segment.filters for segment in scene.segments):
            reason = "has filters"
        elif story.loop is not None:
            reason = "fades into the first one, since the film loops"
        if reason:
            named = ", ".join(filter(_has_shapes, drawer.names()))
            raise OutputError(
                f"the scene '{scene.name}' {reason}, so it is no vectors: take an .mp4, or draw single scenes with "
                f"{named}"
            )


def _has_shapes(name: str) -> bool:
    entry = drawer.get(name)
    return entry is not None and getattr(entry.make, "shapes", Drawer.shapes)


def elements(state: State, studio: Studio) -> str:
    """What a frame is made of, as SVG elements in pixels of the canvas."""
    return studio.drawers[state.plan.drawing.drawer].svg(state.params)


def page(content: str, canvas: Canvas, tags: Mapping[str, str]) -> str:
    """A whole file of one frame."""
    return "".join(_file([content], canvas, tags))


def animated(
    frames: Iterable[str], count: int, rate: Fraction, canvas: Canvas, tags: Mapping[str, str]
) -> Iterable[str]:
    """A whole file, in pieces, that shows ``count`` frames one after the other, and then begins anew.

    A viewer that does not animate shows the first.
    """
    return _file(_shown(frames, count, rate), canvas, tags)


def _shown(frames: Iterable[str], count: int, rate: Fraction) -> Iterable[str]:
    seconds = f"{float(count / rate):.6g}s"
    for number, content in enumerate(frames):
        times = [("none", 0.0), ("inline", number / count), ("none", (number + 1) / count)]
        times = [pair for pair in times if pair[1] < 1][0 if number else 1 :]
        values, keys = ";".join(value for value, _ in times), ";".join(f"{at:.8g}" for _, at in times)
        first = "" if number == 0 else ' display="none"'
        still = count == 1
        yield (
            f"<g{first}>\n{content}\n"
            + (
                ""
                if still
                else f'<animate attributeName="display" calcMode="discrete" values="{values}" keyTimes="{keys}" '
                f'dur="{seconds}" repeatCount="indefinite"/>'
            )
            + "</g>\n"
        )


def _file(content: Iterable[str], canvas: Canvas, tags: Mapping[str, str]) -> Iterable[str]:
    size = f'width="{canvas.width}" height="{canvas.height}" viewBox="0 0 {canvas.width} {canvas.height}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n'
    yield f"<title>{escape(tags['description'])}</title>\n<desc>{escape(tags['comment'])}</desc>\n"
    yield from content
    yield "</svg>\n"
