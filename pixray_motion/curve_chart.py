"""A chart of every number of a story over time, as an SVG."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

import numpy as np

from pixray_motion.movements.base import Distortion, Group, Move, Movement
from pixray_motion.story.model import Story
from pixray_motion.story.scene import LayerTrack, Scene
from pixray_motion.story.segment import Segment
from pixray_motion.tracks.base import Samples, Track, TrackValue
from pixray_motion.wording import format_number, shorten

# SVG user units: the width, the margins for names and for scenes, the height of a row, the space between rows.
WIDTH, LEFT, TOP, ROW_HEIGHT, GAP = 1200, 220, 48, 56, 12
FILM_SAMPLES = 1500  # of a curve over the whole film; more would be denser than the chart's pixels
MAX_ROWS = 400  # further numbers are only counted, so that viewers can still open the file
NARROW = 2.0  # user units: of what lies closer together one is drawn, which bounds the file
LARGEST = 1e300  # what a steady zoom would reach is drawn up to here, so that differences are numbers, too
COLOURS = ("#2f6fb3", "#b3472f", "#2f8f57", "#7d4fa3", "#a3812f")
Curve = tuple[Samples, Samples]  # frames of the film (N,), values (N,)


@dataclass
class Row:
    """One number: its name, and a curve for each part of the film that has it, by its first frame and their number."""

    name: str
    parts: dict[tuple[int, int], Curve] = field(default_factory=dict)

    @property
    def curves(self) -> Collection[Curve]:
        return self.parts.values()

    @property
    def span(self) -> tuple[float, float]:
        """The least and the greatest value over all curves."""
        values = np.concatenate([curve[1] for curve in self.curves])
        return float(values.min()), float(values.max())


def draw_curves(story: Story) -> str:
    """Draw an SVG with a row for each number over all scenes, whose names stand at the top."""
    rows = list(_collect_rows(story).values())
    shown = rows[:MAX_ROWS]
    height = TOP + len(shown) * (ROW_HEIGHT + GAP) + GAP
    body = [
        *_draw_scenes(story, height),
        *(line for i, row in enumerate(shown) for line in _draw_row(i, row, story)),
    ]
    if len(rows) > len(shown):
        body.append(_draw_text(GAP, height - 4, f"and {len(rows) - len(shown)} more numbers"))
    style = "font-family='sans-serif' font-size='12' fill='#222'"
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' {style}>"
    return "\n".join([head, f"<rect width='{WIDTH}' height='{height}' fill='#faf8f2'/>", *body, "</svg>\n"])


def _collect_rows(story: Story) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for scene in story.scenes:
        for name, segment, track in _iterate_tracks(scene):
            _add_curve(rows, name, segment, track, story)
    return rows


def _add_curve(rows: dict[str, Row], name: str, segment: Segment, track: Track, story: Story) -> None:
    """Add a number's curve over a segment, once, although several scenes may lie in that segment."""
    span = segment.span
    count = max(1, min(span.frames, round(FILM_SAMPLES * span.frames / len(story.frames))))
    frames = np.unique(np.linspace(span.start, span.end - 1, count).round())  # only these were checked
    row = rows.setdefault(name, Row(name))
    if (span.start, span.frames) not in row.parts and len(rows) <= MAX_ROWS:
        values = np.clip(track.sample(span.samples(frames)), -LARGEST, LARGEST)
        row.parts[span.start, span.frames] = np.append(frames, span.end), np.append(values, values[-1])


def _iterate_tracks(scene: Scene, where: str = "") -> Iterator[tuple[str, Segment, Track]]:
    """All numbers of a scene, its sequences and its layers. Scenes share their names, and so their rows."""
    for depth, segment in enumerate(scene.segments):
        name = f"{where}{'sequence: ' * min(depth, 1)}"
        for label, track in _iterate_segment(segment):
            yield name + label, segment, track
    yield f"{where}steps", *scene.steps
    if scene.denoiser:
        segment, line = scene.denoiser
        for label in ("weight", "guidance_scale", "strength"):
            yield f"{where}denoiser {label}", segment, getattr(line, label)
    for layer in scene.layers:
        yield from _iterate_layer(layer)


def _iterate_layer(layer: LayerTrack) -> Iterator[tuple[str, Segment, Track]]:
    yield f"{layer.name}: opacity", layer.segment, layer.opacity
    for scene in layer.scenes:
        yield from _iterate_tracks(scene, f"{layer.name}: ")


def _iterate_segment(segment: Segment) -> Iterator[tuple[str, Track]]:
    moves: tuple[Movement | Distortion, ...] = (*segment.moves, *segment.distortions)
    for move in moves:
        yield from _iterate_move(move)
    for index, prompt in enumerate(segment.prompts, 1):
        yield f"prompt {index} weight", prompt.weight
    for loss in segment.losses:
        yield f"{loss.name} weight", loss.weight
        yield from _iterate_parameters(loss.name, loss.tracks)
    for image_filter in segment.filters:
        yield from _iterate_parameters(image_filter.name, image_filter.tracks)


def _iterate_move(move: Movement | Distortion) -> Iterator[tuple[str, Track]]:
    if isinstance(move, Group):
        for child in move.children:
            yield from _iterate_move(child)
    elif isinstance(move, (Move, Distortion)):
        yield from _iterate_parameters(move.name, move.tracks)


def _iterate_parameters(name: str, tracks: Mapping[str, TrackValue]) -> Iterator[tuple[str, Track]]:
    for key, track in tracks.items():
        if isinstance(track, tuple):
            axes = "xy" if len(track) == 2 else [str(number) for number in range(1, len(track) + 1)]
            yield from ((f"{name} {key} {axis}", part) for axis, part in zip(axes, track, strict=True))
        else:
            yield f"{name} {key}", track


def _frames_to_x(frames: Samples | float, story: Story) -> Samples:
    """Horizontal positions in user units, of the same shape as ``frames`` of the film."""
    return LEFT + np.asarray(frames) * ((WIDTH - LEFT - GAP) / len(story.frames))


def _draw_scenes(story: Story, height: int) -> Iterator[str]:
    last = -NARROW
    for scene in story.scenes:
        x = float(_frames_to_x(scene.start, story))
        if x - last < NARROW:
            continue
        last = x
        yield f"<path d='M{x:.1f} {GAP}V{height}' stroke='#d8d2c0'/>"
        time = f"{float(scene.start / story.rate):.4g}s"
        room = int(scene.frames / len(story.frames) * (WIDTH - LEFT) / 7)
        if room:
            yield _draw_text(x + 4, 20, shorten(scene.name)[:room])
            yield _draw_text(x + 4, 36, time[:room])


def _draw_row(index: int, row: Row, story: Story) -> Iterator[str]:
    top = TOP + index * (ROW_HEIGHT + GAP)
    low, high = row.span
    yield f"<rect x='{LEFT}' y='{top}' width='{WIDTH - LEFT - GAP}' height='{ROW_HEIGHT}' fill='#00000008'/>"
    yield _draw_text(GAP, top + ROW_HEIGHT / 2 + 4, shorten(row.name))
    yield _draw_text(LEFT - 8, top + 10, format_number(high), "end")
    if high > low:
        yield _draw_text(LEFT - 8, top + ROW_HEIGHT, format_number(low), "end")
    colour = COLOURS[index % len(COLOURS)]
    for frames, values in _join_narrow(row, story):
        share = (values - low) / (high - low) if high > low else np.full(values.shape, 0.5)
        ys = top + 3 + (1 - share) * (ROW_HEIGHT - 6)
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(_frames_to_x(frames, story), ys, strict=True))
        yield f"<polyline points='{points}' fill='none' stroke='{colour}' stroke-width='1.5'/>"


def _join_narrow(row: Row, story: Story) -> Iterator[Curve]:
    """The row's curves; those narrower than ``NARROW`` as one where they lie together."""
    width = NARROW * len(story.frames) / (WIDTH - LEFT - GAP)  # in frames
    joined: list[Curve] = []
    start = end = 0.0
    for frames, values in row.curves:
        if frames[-1] - frames[0] >= width:
            yield frames, values
            continue
        if joined and max(end, frames[-1]) - min(start, frames[0]) >= width:
            yield _join(joined, start, end)
            joined = []
        start, end = (min(start, frames[0]), max(end, frames[-1])) if joined else (frames[0], frames[-1])
        joined.append((frames, values))
    if joined:
        yield _join(joined, start, end)


def _join(curves: list[Curve], start: float, end: float) -> Curve:
    """One curve from the least value of several to their greatest."""
    if len(curves) == 1:
        return curves[0]
    values = np.concatenate([values for _, values in curves])
    return np.array([start, end]), np.array([values.min(), values.max()])


def _draw_text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}'>{escape(text)}</text>"
