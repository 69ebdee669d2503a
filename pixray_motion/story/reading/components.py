"""Things that a story names: the drawer, perceptors, the denoiser, losses and filters, with their parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pixray_motion.denoisers.base import denoiser
from pixray_motion.drawers.base import Drawer, drawer
from pixray_motion.filters import image_filter
from pixray_motion.limits import LINES
from pixray_motion.losses import loss
from pixray_motion.perceptors.base import PERCEPTOR_WEIGHT, perceptor
from pixray_motion.registry import Entry
from pixray_motion.story.animated import ComponentTrack, DenoiserTrack, LossTrack
from pixray_motion.story.plan import Component, Weighted
from pixray_motion.story.reading.context import SceneContext, has_time_keys
from pixray_motion.story.reading.curves import is_curve
from pixray_motion.story.reading.numbers import read_number
from pixray_motion.story.reading.parameters import (
    find_entry,
    read_entry,
    read_fixed,
    read_fixed_parameters,
    read_parameters,
    split_named,
)
from pixray_motion.story.source.diagnostics import Diagnostics
from pixray_motion.story.source.fields import describe_node, read_mapping
from pixray_motion.story.source.nodes import Mapping, Node, Scalar, Sequence
from pixray_motion.tracks.base import Constant
from pixray_motion.units import GUIDANCE, SHARE, WEIGHT, Surroundings
from pixray_motion.wording import respell, shorten

NONE = "none"
WEIGHTED = ("weight",)  # the key that a loss or a perceptor has beside its parameters
DENOISER_UNITS = {"weight": SHARE, "guidance_scale": GUIDANCE, "strength": SHARE}
USUAL_WEIGHT = Constant(0.1)
LONE_WEIGHT = Constant(
    0.5
)  # of a denoiser that draws alone: what a perceptor does not do is left to its few steps
DEFAULT_DENOISER = DenoiserTrack(Component("embedded"), USUAL_WEIGHT, Constant(5.0), Constant(0.35))
DEFAULT_PERCEPTORS: tuple[Weighted, ...] = (Weighted(Component("embedded")),)


def read_drawer(node: Node, around: Surroundings, diagnostics: Diagnostics) -> Component:
    """The drawer; one without a name if it cannot be read, which is reported."""
    found = read_entry(node, drawer, diagnostics)
    if found is None:
        return Component("")
    entry, parameters = found
    return Component(entry.name, read_fixed_parameters(parameters, entry, diagnostics, around).values)


def default_steps(name: str) -> tuple[int, int]:
    """The steps of a picture from nothing and of a frame after another, if a story does not say."""
    entry = drawer.get(name)
    steps: tuple[int, int] = (
        getattr(entry.make, "default_steps", Drawer.default_steps) if entry else Drawer.default_steps
    )
    return steps


def read_perceptors(node: Node, around: Surroundings, diagnostics: Diagnostics) -> tuple[Weighted, ...]:
    """``none``, a perceptor, or a list of different ones: each a name, or a name with a weight and parameters."""
    if isinstance(node, Scalar) and node.text.strip() == NONE:
        return ()
    if isinstance(node, Sequence) and not node.items:
        diagnostics.add(
            node.location, f"'perceptor' is an empty list; allowed: {', '.join(perceptor.names())}"
        )
    found: list[Weighted] = []
    for item in node.items if isinstance(node, Sequence) else [node]:
        one = _perceptor(item, around, diagnostics)
        if one is None:
            continue
        if one.component in [other.component for other in found]:
            diagnostics.add(
                item.location, f"the perceptor '{one.component.name}' is listed twice; take one out"
            )
        found.append(one)
    return tuple(found)


def _perceptor(node: Node, around: Surroundings, diagnostics: Diagnostics) -> Weighted | None:
    named = read_entry(node, perceptor, diagnostics)
    if named is None:
        return None
    entry, parameters = named
    found = read_fixed_parameters(parameters, entry, diagnostics, around, WEIGHTED)
    weight = 1.0
    if "weight" in found.reserved:
        weight = read_fixed(found.reserved["weight"], "weight", PERCEPTOR_WEIGHT, diagnostics) or 0.0
    return Weighted(Component(entry.name, found.values), weight)


def read_denoiser(node: Node, context: SceneContext) -> DenoiserTrack | None:
    """``none``, a name, or a mapping of ``model``, ``weight``, ``guidance_scale`` and ``strength``."""
    if isinstance(node, Scalar):
        if node.text.strip() == NONE:
            return None
        return replace(DEFAULT_DENOISER, model=_denoiser(node, context))
    found = read_mapping(node, "'denoiser'", ("model", *DENOISER_UNITS), context.diagnostics)
    model = _denoiser(found["model"], context) if "model" in found else DEFAULT_DENOISER.model
    tracks = {
        key: read_number(found[key], key, unit, context)
        for key, unit in DENOISER_UNITS.items()
        if key in found
    }
    return replace(DEFAULT_DENOISER, model=model, **tracks)


def weigh_denoiser(track: DenoiserTrack, perceptors: tuple[Weighted, ...]) -> DenoiserTrack:
    """With the weight that suits the scene's perceptors, if the story does not say another."""
    return track if perceptors or track.weight is not USUAL_WEIGHT else replace(track, weight=LONE_WEIGHT)


def _denoiser(node: Node, context: SceneContext) -> Component:
    """A denoiser's name, alone or with its parameters."""
    named = split_named(node, "denoiser", context.diagnostics)
    if named is None:
        return DEFAULT_DENOISER.model
    key, parameters = named
    entry = denoiser.get(key.text.strip())
    if entry is None:
        context.diagnostics.add(key.location, f"{denoiser.unknown(shorten(key.text))}, {NONE}")
        return DEFAULT_DENOISER.model
    node = parameters or Mapping([], key.location)
    return Component(
        entry.name, read_fixed_parameters(node, entry, context.diagnostics, context.around).values
    )


def read_losses(node: Node, context: SceneContext) -> tuple[LossTrack, ...]:
    """``{name: weight}``, or a list of names with their weights, or with weights and parameters."""
    if isinstance(node, Mapping):
        pairs: list[tuple[Scalar, Node | None] | None] = list(node.pairs)
    elif isinstance(node, Sequence):
        pairs = [split_named(item, "loss", context.diagnostics) for item in node.items]
    else:
        context.diagnostics.add(
            node.location,
            f"'losses' is a mapping, 'name: weight'; names: {', '.join(loss.names())}. {describe_node(node)}",
        )
        return ()
    if len(pairs) > LINES:
        context.diagnostics.add(node.location, f"a scene has at most {LINES} losses. Got {len(pairs)}")
        return ()
    lines = [_loss(*pair, context) for pair in pairs if pair is not None]
    return tuple(line for line in lines if line is not None)


def _loss(key: Scalar, value: Node | None, context: SceneContext) -> LossTrack | None:
    entry = find_entry(key, loss, context.diagnostics)
    if entry is None:
        return None
    parameters: Node = Mapping([], key.location)
    if isinstance(value, Mapping) and _is_parameters(value, entry, context):
        parameters, value = value, None
    found = read_parameters(parameters, entry, context, WEIGHTED)
    name = "weight" if value is None else entry.name
    value = found.reserved.get("weight") if value is None else value
    weight = Constant(1.0) if value is None else read_number(value, name, WEIGHT, context)
    return LossTrack(entry.name, weight, found.tracks, found.fixed)


def _is_parameters(node: Mapping, entry: Entry[Any], context: SceneContext) -> bool:
    """Whether a mapping holds parameters, and not the keyframes of a weight or the curve that it follows."""
    names = {"weight", *(parameter.name for parameter in entry.parameters)}
    keys = {*(key.text for key, _ in node.pairs), *node.lost}
    if any(respell(key, names) in names for key in keys):
        return True
    return not is_curve(node) and not has_time_keys(node, context)


def read_filters(node: Node, context: SceneContext) -> tuple[ComponentTrack, ...]:
    """A list of names, with parameters or without."""
    if not isinstance(node, Sequence):
        context.diagnostics.add(
            node.location, f"'filters' is a list, as in [contrast: {{amount: 1.2}}]. {describe_node(node)}"
        )
        return ()
    if len(node.items) > LINES:
        context.diagnostics.add(node.location, f"a scene has at most {LINES} filters. Got {len(node.items)}")
        return ()
    return tuple(line for item in node.items if (line := _filter(item, context)) is not None)


def _filter(node: Node, context: SceneContext) -> ComponentTrack | None:
    named = read_entry(node, image_filter, context.diagnostics)
    if named is None:
        return None
    entry, parameters = named
    found = read_parameters(parameters, entry, context)
    return ComponentTrack(entry.name, found.tracks, found.fixed)
