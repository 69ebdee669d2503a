"""Stories drawn at random from the registries and the grammar, and what has to hold for every one that passes check.

A part that is registered later is drawn as well, so that it is tried in every place where a story may name it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from PIL import Image

from pixray_motion import units
from pixray_motion.blends import blend
from pixray_motion.drawers.base import drawer
from pixray_motion.drawers.static import static_layer
from pixray_motion.engine import advance
from pixray_motion.errors import StoryError
from pixray_motion.filters import image_filter
from pixray_motion.geometry import Canvas
from pixray_motion.losses import loss
from pixray_motion.masks import mask
from pixray_motion.movements.base import is_distortion, movement
from pixray_motion.preview import moved
from pixray_motion.registry import Entry, Registry
from pixray_motion.state import State
from pixray_motion.story.model import Story
from pixray_motion.story.reading.story import read
from pixray_motion.story.scene import BORDERS
from pixray_motion.story.transition import transition
from pixray_motion.studio import Studio
from pixray_motion.testcard import draw_test_card
from pixray_motion.tracks.easing import easing

Draw = Callable[[st.SearchStrategy[Any]], Any]
PICTURE, CURVE, PART = "picture.png", "curve.csv", "part.yaml"
CANVASES = ("16x16", "17x31", "32x18", "48x20", "20x64")
RATES = ("8", "12.5", "24000/1001", "240", "1/60")
TEXTS = ("a red apple", "fog over hills", "城 at night", "x" * 300)
WORKED = 2  # frames that are drawn from a story's start, and from its first transition
CARD = Canvas(64, 36)  # of the preview
PLANNED = 60  # frames that are planned from each end of a story


def write_materials(folder: Path) -> None:
    """The files that the stories name."""
    pixels = np.random.default_rng(0).integers(0, 256, (9, 14, 4), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / PICTURE)
    (folder / CURVE).write_text("time,loud\n0,0.1\n0.2,0.9\n0.5,0.3\n", encoding="utf-8")
    (folder / PART).write_text("story: 1\nscenes: [{length: 2f, prompts: a, steps: 1}]\n", encoding="utf-8")


@st.composite
def stories(draw: Draw, models: bool) -> dict[str, Any]:
    """A story as a dict; most pass check. Without ``models`` it names no perceptor and no denoiser."""
    story: dict[str, Any] = {
        "story": 1,
        "canvas": draw(st.sampled_from(CANVASES)),
        "rate": draw(st.sampled_from(RATES)),
        "seed": draw(st.sampled_from((0, 7, 2**63 - 1))),
        "perceptor": "embedded" if models else "none",
        "denoiser": draw(_denoisers) if models else "none",
        "bpm": draw(st.sampled_from((120, 1, 1000))),
        "markers": {"drop": "1f"},
    }
    optional: dict[str, st.SearchStrategy[Any]] = {
        "drawer": _named(drawer, fixed=True),
        "border": st.sampled_from(BORDERS),
        "defaults": st.fixed_dictionaries({}, optional={"losses": _losses, "filters": _filters}),
        "loop": st.sampled_from(("true", {"fade": "1f", "poses": "free"}, {"poses": "free"})),
    }
    for key, values in optional.items():
        if draw(st.integers(0, 2)) == 0:
            story[key] = draw(values)
    story["scenes"] = draw(st.lists(_items(2), min_size=1, max_size=3))
    leaves = list(_leaves(story["scenes"]))
    for before, scene in zip([None, *leaves], leaves, strict=False):
        if before is None:
            scene.pop("transition", None)
        elif "transition" not in scene and _is_other(before) | _is_other(scene):
            scene["cut"] = "true"  # or it would have to go on from a picture of another kind
    return story


def _is_other(item: dict[str, Any]) -> bool:
    """Whether anything in a scene or a sequence is drawn in a manner of its own."""
    inner = item.get("scenes", []) + ([item["sequence"]] if "sequence" in item else [])
    return bool({"drawer", "layers"} & {*item}) or any(_is_other(one) for one in inner)


def _leaves(items: list[dict[str, Any]], forwards: bool = True) -> Iterator[dict[str, Any]]:
    """The mappings that say how each scene comes in, in the order in which they are played: its own, or that of the
    sequence that it begins."""
    for item in items if forwards else items[::-1]:
        sequence = item.get("sequence")
        if sequence is None:
            yield item
            continue
        first, *rest = _leaves(sequence["scenes"], forwards ^ ("reverse" in sequence))
        for key in ("cut", "transition"):
            first.pop(key, None)
        yield sequence
        yield from rest


def _items(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    """Scenes, and ``depth`` levels of sequences."""
    scene = _scenes(layered=True)
    include = st.just({"include": PART})
    return st.one_of(scene, scene, scene, _sequences(depth), include) if depth else scene


@st.composite
def _sequences(draw: Draw, depth: int) -> dict[str, Any]:
    body = draw(_segments()) | draw(_played())
    body["scenes"] = draw(st.lists(_items(depth - 1), min_size=1, max_size=2))
    return {"sequence": body}


@st.composite
def _scenes(draw: Draw, layered: bool) -> dict[str, Any]:
    scene = {"length": draw(st.sampled_from(("1f", "2f", "3f", "5f", "0.3s", "1 beat")))}
    scene |= draw(_segments()) | draw(_played())
    if layered and draw(st.integers(0, 3)) == 0:
        scene["layers"] = draw(st.lists(_layers(), min_size=1, max_size=3))
    elif scene.get("cut") == "true" and draw(st.booleans()):
        scene["init_image"] = PICTURE
    return scene


@st.composite
def _played(draw: Draw) -> dict[str, Any]:
    """How a scene or a sequence comes in and is played."""
    found: dict[str, Any] = {}
    entry = draw(st.sampled_from(transition.entries()))
    way = draw(st.integers(0, 4))
    if way == 0:
        found["cut"] = "true"
    elif way in (1, 2) and entry.name != "cut":
        length = draw(st.sampled_from(("1f", "2f", "50%", "100%", "0.01s")))
        found["transition"] = {entry.name: draw(_parameters(entry)) | {"length": length}}
    if draw(st.integers(0, 3)) == 0:
        found["speed"] = draw(st.sampled_from((0.5, 0.5, 0.3, 0.1, 2)))
    if draw(st.integers(0, 3)) == 0:
        found["reverse"] = "true"
    if draw(st.integers(0, 4)) == 0:
        found["repeat"] = draw(st.integers(1, 3))
    return found


@st.composite
def _segments(draw: Draw) -> dict[str, Any]:
    """What a scene, a sequence or a layer says of the picture."""
    choices: dict[str, st.SearchStrategy[Any]] = {
        "prompts": _prompts(),
        "move": st.lists(_moves(), min_size=1, max_size=3),
        "losses": _losses,
        "filters": _filters,
        "border": st.sampled_from(BORDERS),
        "drawer": _named(drawer, fixed=True),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(choices)), max_size=4))
    found = {key: draw(choices[key]) for key in sorted(chosen)}
    found["steps"] = draw(st.sampled_from((0, 1, 1, "1 if t < 0.2 else 0", {"0%": 1, "100%": "0 hold"})))
    return found


@st.composite
def _prompts(draw: Draw) -> Any:
    text = draw(st.sampled_from(TEXTS))
    forms = (
        text,
        f"{text}:2 | fog:-0.5",
        {"0%": text, "100%": "the sea"},
        {"text": text, "weight": draw(_numbers(units.WEIGHT)), "stop": 0.3},
        [text, {"text": "sun", "weight": draw(_numbers(units.WEIGHT))}],
    )
    return draw(st.sampled_from(forms))


@st.composite
def _moves(draw: Draw) -> dict[str, Any]:
    entry = draw(st.sampled_from(movement.entries()))
    move = {entry.name: draw(_parameters(entry))}
    return {"group": [move]} if not is_distortion(entry.make) and draw(st.integers(0, 5)) == 0 else move


@st.composite
def _layers(draw: Draw) -> dict[str, Any]:
    kind = draw(st.sampled_from((None, None, *static_layer.entries())))
    layer: dict[str, Any] = {}
    if kind is None:
        layer |= draw(_segments())
    else:
        layer[kind.name] = draw(_parameters(kind, fixed=True))
        if draw(st.booleans()):
            layer["move"] = [draw(_moves())]
    if draw(st.booleans()):
        layer["opacity"] = draw(_numbers(units.SHARE))
    if draw(st.booleans()):
        layer["blend"] = draw(_named(blend))
    if draw(st.booleans()):
        layer["mask"] = draw(_named(mask))
    if draw(st.booleans()):
        layer["still"] = draw(st.sampled_from(("true", "false")))
    return layer


def _named(registry: Registry[Any], fixed: bool = False) -> st.SearchStrategy[Any]:
    """An entry with its parameters."""
    entries = st.deferred(lambda: st.sampled_from(registry.entries()))
    return entries.flatmap(lambda entry: _parameters(entry, fixed).map(lambda found: {entry.name: found}))


_losses: st.SearchStrategy[Any] = st.lists(_named(loss), min_size=1, max_size=2)
_filters: st.SearchStrategy[Any] = st.lists(_named(image_filter), min_size=1, max_size=2)
_denoisers: st.SearchStrategy[Any] = st.sampled_from(
    ("none", "embedded", {"weight": "0.5*p", "strength": {"0%": 0.1, "100%": 0.9}}, {"guidance_scale": 30})
)


@st.composite
def _parameters(draw: Draw, entry: Entry[Any], fixed: bool = False) -> dict[str, Any]:
    found = {}
    for parameter in entry.parameters:
        if parameter.required or draw(st.booleans()):
            found[parameter.name] = draw(_values(parameter.kind, fixed))
    return found


def _values(kind: units.Kind, fixed: bool) -> st.SearchStrategy[Any]:
    """Values of a kind, mild ones and those at its limits."""
    match kind:
        case units.Unit() if fixed:
            return st.sampled_from([number.value for number in _plain(kind)])
        case units.Unit():
            return _numbers(kind)
        case units.Real():
            return st.sampled_from((kind.low, kind.high, *_mild(kind.low, kind.high)))
        case units.Count():
            mild = min(max(kind.low, 3), kind.high)
            return st.sampled_from((mild, mild, kind.low, min(kind.high, 64)))
        case units.Flag():
            return st.sampled_from(("true", "false"))
        case units.OneOf():
            return st.sampled_from(kind.words)
        case units.Grid():
            return st.sampled_from(("4x4", "16x9", f"{kind.low}x{kind.low}", "16x16"))
        case units.Colour():
            return st.sampled_from(("red", "#102030"))
        case units.Palette():
            return st.sampled_from(("black white", "#ffcc00", "red green blue navy"))
        case units.Text():
            return st.sampled_from(("the end", "x", "W" * min(kind.most, 40), "é ß"))
        case units.ImageFile():
            return st.just(PICTURE)
        case _ if kind.parts:
            return st.tuples(*(_values(unit, fixed) for _, unit in kind.parts)).map(list)
    raise AssertionError(f"the generator knows no values of {kind}: teach it some")


class _Number:
    """A plain number of a unit."""

    def __init__(self, value: float) -> None:
        self.value = value


def _plain(unit: units.Unit) -> list[_Number]:
    return [_Number(value) for value in (unit.low, unit.high, *_mild(unit.low, unit.high) * 3)]


def _mild(low: float, high: float) -> tuple[float, ...]:
    """Values of everyday use within a range."""
    return tuple(value for value in (0.0, 0.02, 0.3, 0.9, 1.0, 1.1, 2.0, 30.0) if low <= value <= high)


@st.composite
def _numbers(draw: Draw, unit: units.Unit) -> Any:
    """A number over time: most stay within the unit's range in the scene, and many leave it soon behind."""
    first, second = (draw(st.sampled_from(_plain(unit))).value for _ in range(2))
    way = draw(st.integers(0, 9))
    if way < 3:
        return first
    if way == 3:
        ease = draw(st.sampled_from([entry.name for entry in easing.entries() if not entry.required]))
        return {"0%": first, "100%": f"{second} {ease}"}
    if way == 4:
        return draw(
            st.sampled_from(
                (
                    {"0%": first, "50%": f"{second} smooth", "100%": first},
                    {"0%": f"{first} + 0*t", "40%": second},
                )
            )
        )
    if way == 5:
        rate = draw(st.sampled_from((0.5, 1.1, 2.0)))
        return f"{rate}/{draw(st.sampled_from(('s', 'beat')))}"
    if way == 6:
        low, high = min(first, second), max(first, second)
        return {"from": CURVE, "column": "loud", "scale": (high - low) / 2 or 1, "offset": low}
    return draw(st.sampled_from(_formulas(first, second)))


def _formulas(first: float, second: float) -> tuple[str, ...]:
    middle, half = (first + second) / 2, abs(second - first) / 2
    return (
        f"lerp({first}, {second}, p)",
        f"{middle} + {half}*sin(3*t)",
        f"{first} if f < F - 1 else {second}",
        f"{first} if t <= T else {second}*1e30",
        f"{first} + sqrt(T - t)*0.01",
        f"{first} + 0.001/(T + 0.0001 - t)",
        f"{first} - log(T + 0.01 - t)*0.001",
        f"clamp({second}*t, {min(first, second)}, {max(first, second)})",
        f"{middle} + {half}*noise(2*t)",
        f"{first} + p**8",
    )


def passes(story: dict[str, Any], folder: Path) -> Story | None:
    """The story as ``check`` reads it from ``folder``; None if it is refused."""
    path = folder / "story.yaml"
    path.write_text(json.dumps(story, ensure_ascii=False), encoding="utf-8")
    try:
        return read(path)
    except StoryError:
        return None


def work_out(story: Story) -> None:
    """Plan it, preview it and draw some of its frames. Raises whatever goes wrong."""
    frames = story.frames
    for frame in {*frames[:PLANNED], *frames[-PLANNED:]}:
        story.plan(frame).as_json()
    for _, picture in islice(moved(story, draw_test_card(CARD), CARD), WORKED):
        assert picture.size == (CARD.width, CARD.height)
    studio = Studio.open(story, 1)
    for first in _begins(story):
        state = None
        for frame in frames[first:][:WORKED]:
            state = advance(state, story.plan(frame), studio)
            _check(state, studio)


def _begins(story: Story) -> list[int]:
    """The first frame, and that of the first transition, if one can begin there: a loop comes back to frame 0."""
    blended = (scene.start for scene in story.scenes if scene.transition and scene.start)
    return [0, *islice(blended, 0 if story.loop else 1)]


def _check(state: State, studio: Studio) -> None:
    canvas = studio.story.canvas
    assert studio.image(state).shape == (canvas.height, canvas.width, 3)
    for drawing, stored in state.drawings.items():
        for name, tensor in stored.params.items():
            assert torch.isfinite(tensor).all(), f"{drawing}: {name} is not finite"
    assert all(math.isfinite(score) for score in state.scores.values())
