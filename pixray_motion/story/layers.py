"""The layers of a scene: pictures over one another, each with its own drawer, prompts and movements."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from pixray_motion.geometry import Canvas
from pixray_motion.story import limits
from pixray_motion.story.choices import read_flag
from pixray_motion.story.fixed import FIXED, read_fixed_picture
from pixray_motion.story.masks import read_mask
from pixray_motion.story.nodes import Node, Sequence
from pixray_motion.story.numbers import read_number
from pixray_motion.story.outline import SHARED, Item, Outliner
from pixray_motion.story.part import Part
from pixray_motion.story.report import Report, quoted, unknown
from pixray_motion.story.scope import Scope, fields, got, text_of
from pixray_motion.story.timeline import LayerLine, Scene, Timeline
from pixray_motion.story.track import Constant
from pixray_motion.units import SHARE

if TYPE_CHECKING:
    from pixray_motion.story.scenes import Film, Given

BLENDS = ("over", "add", "multiply", "screen")
LAYER_KEYS = ("name", *SHARED, "init_image", *FIXED, "scenes", "opacity", "blend", "mask", "still")
NOWHERE = Canvas(*limits.CANVAS)  # where the canvas could not be read


@dataclass(frozen=True)
class Setting:
    """What a scene's layers are laid in."""

    film: Film
    scene: Scene
    given: Given
    scope: Scope
    older: dict[str, Scene]

    @property
    def report(self) -> Report:
        return self.film.report


def read_layers(
    node: Node, film: Film, scene: Scene, given: Given, scope: Scope, before: Scene | None
) -> tuple[LayerLine, ...]:
    """The layers, the lowest first. Without a cut a layer goes on with that of its name in the scene ``before``."""
    if not isinstance(node, Sequence) or not node.items:
        film.report.add(
            node.place, f"'layers' is a list of at least one layer, the lowest first. {_got(node)}"
        )
        return ()
    if len(node.items) > limits.LAYERS:
        film.report.add(node.place, f"a scene has at most {limits.LAYERS} layers. Got {len(node.items)}")
        return ()
    lines = () if scene.cut or before is None else before.layers
    older = {line.name: line.scenes.scenes[-1] for line in lines if line.scenes.scenes}
    setting = Setting(film, scene, given, scope, older)
    found = [fields(item, "a layer", LAYER_KEYS, film.report) for item in node.items]
    names = _names(node, found, film.report)
    return tuple(
        _layer(item, values, name, setting)
        for item, values, name in zip(node.items, found, names, strict=True)
    )


def _got(node: Node) -> str:
    return "Got an empty list" if isinstance(node, Sequence) else got(node)


def _layer(item: Node, found: dict[str, Node], name: str, setting: Setting) -> LayerLine:
    from pixray_motion.story.scenes import Layout

    film, span = setting.film, setting.scene.span
    given = _given(found, name, setting)
    before = setting.older.get(name)
    if before and before.drawer.name != given.drawer.name and "drawer" not in found:
        before = None
    layout = Layout(film, Fraction(span.start), before)
    scenes = tuple(layout.lay([_item(item, found, name, setting)], span.pace, given))
    mask = read_mask(found["mask"], setting.scope) if "mask" in found else None
    opacity = Constant(1.0)
    return LayerLine(
        name=name,
        part=setting.scene.parts[0],
        scenes=Timeline(scenes, film.canvas or NOWHERE, film.rate or Fraction(1), film.seed),
        opacity=read_number(found["opacity"], "opacity", SHARE, setting.scope)
        if "opacity" in found
        else opacity,
        blend=_blend(found, setting.report),
        mask=mask,
    )


def _given(found: dict[str, Node], name: str, setting: Setting) -> Given:
    """What the layer takes over: from a given picture nobody wants anything, and a still one does not move along."""
    kind = next((key for key in FIXED if key in found), None)
    still = read_flag(found["still"], "still", setting.report) if "still" in found else kind == "text"
    if kind is None:
        parts = tuple(replace(part, moves=(), bends=()) if still else part for part in setting.scene.parts)
        return replace(setting.given, parts=parts, opening={}, layer=name)
    drawer = read_fixed_picture(kind, found[kind], setting.film.home, setting.report)
    for key in ("drawer", "prompts", "steps", "prior", "perceptor", "losses", "init_image", "scenes"):
        if key in found:
            setting.report.add(found[key].place, f"a layer with '{kind}' is not drawn, so it has no '{key}'")
    moved = tuple(
        Part(part.span, moves=part.moves, bends=part.bends) for part in setting.scene.parts if not still
    )
    nobody = setting.scene.parts[0]
    return replace(
        setting.given,
        drawer=drawer,
        perceptors=(),
        own_prior=(nobody, None),
        steps=(nobody, Constant(0.0)),
        parts=moved,
        opening={},
        layer=name,
    )


def _item(node: Node, found: dict[str, Node], name: str, setting: Setting) -> Item:
    """The layer as a scene as long as the one around it, or as a sequence of scenes that are so together."""
    own = {key: value for key, value in found.items() if key in (*SHARED, "init_image")}
    span, timed = setting.scene.span, setting.scope.timed
    item = Item(node, name, own, span.length if timed else None)
    if "scenes" in found:
        item.children = Outliner(setting.report, setting.film.rate, {}, setting.film.base).read(
            found["scenes"]
        )
        lengths = [child.outer for child in item.children]
        total = None if None in lengths else sum((one for one in lengths if one), Fraction(0))
        if timed and total is not None and total != span.length:
            setting.report.add(
                found["scenes"].place,
                f"the scenes of the layer {quoted(name)} last {float(total):g} frames, and the scene around them "
                f"{float(span.length):g}; make them as long",
            )
    return item


def _names(node: Sequence, found: list[dict[str, Node]], report: Report) -> list[str]:
    names: list[str] = []
    for number, values in enumerate(found, 1):
        name = f"layer {number}"
        if "name" in values:
            name = text_of(values["name"], "a layer's name", report) or name
            if "/" in name or not name.isprintable() or len(name) > limits.NAME_CHARACTERS:
                report.add(values["name"].place, "a layer's name is one line without '/'; choose another")
        if name in names:
            report.add(
                node.items[number - 1].place, f"the layer name {quoted(name)} is taken; choose another"
            )
        names.append(name)
    return names


def _blend(found: dict[str, Node], report: Report) -> str:
    if "blend" not in found:
        return BLENDS[0]
    text = text_of(found["blend"], "'blend'", report)
    if text is not None and text not in BLENDS:
        report.add(found["blend"].place, unknown("blend", text, BLENDS))
    return text or BLENDS[0]
