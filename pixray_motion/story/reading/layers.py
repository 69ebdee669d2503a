"""The layers of a scene: pictures over one another, each with its own drawer, prompts and movements."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

from pixray_motion import limits
from pixray_motion.blends import blend
from pixray_motion.drawers.static import static_layer
from pixray_motion.story.animated import ComponentTrack
from pixray_motion.story.plan import OVER
from pixray_motion.story.reading.context import FilmContext, Inherited, SceneContext
from pixray_motion.story.reading.masks import read_mask
from pixray_motion.story.reading.media import read_static_layer
from pixray_motion.story.reading.numbers import read_number
from pixray_motion.story.reading.outline import SHARED, SceneNode
from pixray_motion.story.reading.parameters import read_entry, read_flag, read_parameters
from pixray_motion.story.scene import LayerTrack, Scene
from pixray_motion.story.segment import Segment, Span
from pixray_motion.story.source.diagnostics import Diagnostics
from pixray_motion.story.source.fields import describe_node, read_mapping, read_text
from pixray_motion.story.source.nodes import Node, Sequence
from pixray_motion.tracks.base import Constant
from pixray_motion.units import SHARE
from pixray_motion.wording import printable, quote

LAYER_KEYS = ("name", *SHARED, "init_image", "scenes", "opacity", "blend", "mask", "still")


class BuildScenes(Protocol):
    """Makes the scenes of a layer, which lie where the ``span`` of the scene around them does."""

    def __call__(
        self, node: SceneNode, span: Span, inherited: Inherited, before: Scene | None
    ) -> tuple[Scene, ...]: ...


@dataclass(frozen=True)
class LayerContext:
    """What a scene's layers are laid in."""

    film: FilmContext
    scene: Scene
    inherited: Inherited
    context: SceneContext
    older: dict[str, Scene]
    build: BuildScenes

    @property
    def diagnostics(self) -> Diagnostics:
        return self.film.diagnostics


def read_layers(
    node: Node,
    film: FilmContext,
    scene: Scene,
    inherited: Inherited,
    context: SceneContext,
    before: Scene | None,
    build: BuildScenes,
    outlines: list[list[SceneNode]],
) -> tuple[LayerTrack, ...]:
    """The layers, the lowest first. Without a cut a layer goes on with that of its name in the scene ``before``.

    ``build`` makes the scenes of a layer, which are read as those of a film are; ``outlines`` holds those of each.
    """
    if not isinstance(node, Sequence) or not node.items:
        film.diagnostics.add(
            node.location, f"'layers' is a list of at least one layer, the lowest first. {_got(node)}"
        )
        return ()
    if len(node.items) > limits.LAYERS:
        film.diagnostics.add(
            node.location, f"a scene has at most {limits.LAYERS} layers. Got {len(node.items)}"
        )
        return ()
    lines = () if scene.cut or before is None else before.layers
    older = {line.name: line.scenes[-1] for line in lines if line.scenes}
    layering = LayerContext(film, scene, inherited, context, older, build)
    found = [
        read_mapping(item, "a layer", (*LAYER_KEYS, *static_layer.names()), film.diagnostics)
        for item in node.items
    ]
    names = _names(node, found, film.diagnostics)
    return tuple(
        _layer(item, values, name, layering, scenes)
        for item, values, name, scenes in zip(node.items, found, names, outlines, strict=True)
    )


def _got(node: Node) -> str:
    return "Got an empty list" if isinstance(node, Sequence) else describe_node(node)


def _layer(
    item: Node, found: dict[str, Node], name: str, layering: LayerContext, outline: list[SceneNode]
) -> LayerTrack:
    span = layering.scene.span
    inherited = _inherit_by_layer(found, name, layering)
    before = layering.older.get(name)
    if before and before.drawer.name != inherited.drawer.name and "drawer" not in found:
        before = None
    scenes = layering.build(_item(item, found, name, layering, outline), span, inherited, before)
    mask = read_mask(found["mask"], layering.context) if "mask" in found else None
    opacity = Constant(1.0)
    return LayerTrack(
        name=name,
        segment=layering.scene.segments[0],
        scenes=scenes,
        opacity=read_number(found["opacity"], "opacity", SHARE, layering.context)
        if "opacity" in found
        else opacity,
        blend=_blend(found, layering.context),
        mask=mask,
    )


def _inherit_by_layer(found: dict[str, Node], name: str, layering: LayerContext) -> Inherited:
    """What the layer inherits: an image or a text has no prompts, and a still layer does not move with the scene."""
    kind = next((key for key in static_layer.names() if key in found), None)
    still = read_flag(found["still"], "still", layering.diagnostics) if "still" in found else kind == "text"
    if kind is None:
        segments = tuple(
            replace(segment, moves=(), distortions=()) if still else segment
            for segment in layering.scene.segments
        )
        return replace(layering.inherited, segments=segments, first_only={}, layer=name)
    drawer = read_static_layer(kind, found[kind], layering.context.around, layering.diagnostics)
    for key in ("drawer", "prompts", "steps", "denoiser", "perceptor", "losses", "init_image", "scenes"):
        if key in found:
            layering.diagnostics.add(
                found[key].location, f"a layer with '{kind}' is not drawn, so it has no '{key}'"
            )
    moved = tuple(
        Segment(segment.span, moves=segment.moves, distortions=segment.distortions)
        for segment in layering.scene.segments
        if not still
    )
    nobody = layering.scene.segments[0]
    return replace(
        layering.inherited,
        drawer=drawer,
        perceptors=(),
        own_denoiser=(nobody, None),
        steps=(nobody, Constant(0.0)),
        segments=moved,
        first_only={},
        layer=name,
    )


def _item(
    node: Node, found: dict[str, Node], name: str, layering: LayerContext, outline: list[SceneNode]
) -> SceneNode:
    """The layer as a scene as long as the one around it, or as a sequence of scenes that are so together."""
    own = {key: value for key, value in found.items() if key in (*SHARED, "init_image")}
    span, timed = layering.scene.span, layering.context.timed
    item = SceneNode(node, name, own, span.length if timed else None)
    if "scenes" in found:
        item.children = outline
        lengths = [child.outer for child in item.children]
        total = None if None in lengths else sum((one for one in lengths if one), Fraction(0))
        if timed and total is not None and total != span.length:
            layering.diagnostics.add(
                found["scenes"].location,
                f"the scenes of the layer {quote(name)} last {float(total):g} frames, and the scene around them "
                f"{float(span.length):g}; make them as long",
            )
    return item


def _names(node: Sequence, found: list[dict[str, Node]], diagnostics: Diagnostics) -> list[str]:
    names: list[str] = []
    for number, values in enumerate(found, 1):
        name = f"layer {number}"
        if "name" in values:
            name = read_text(values["name"], "a layer's name", diagnostics) or name
            if "/" in name or printable(name) != name or len(name) > limits.NAME_CHARACTERS:
                diagnostics.add(
                    values["name"].location, "a layer's name is one line without '/'; choose another"
                )
        if name in names:
            diagnostics.add(
                node.items[number - 1].location, f"the layer name {quote(name)} is taken; choose another"
            )
        names.append(name)
    return names


def _blend(found: dict[str, Node], context: SceneContext) -> ComponentTrack:
    named = read_entry(found["blend"], blend, context.diagnostics) if "blend" in found else None
    if named is None:
        return ComponentTrack(OVER.name)
    entry, parameters = named
    values = read_parameters(parameters, entry, context)
    return ComponentTrack(entry.name, values.tracks, values.fixed)
