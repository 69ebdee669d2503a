"""Reading a node as what it should be: a mapping with known keys, or one text."""

from __future__ import annotations

from collections.abc import Iterable

from pixray_motion.story.source import yaml_hints
from pixray_motion.story.source.diagnostics import Diagnostics
from pixray_motion.story.source.nodes import Mapping, Node, Scalar, Sequence
from pixray_motion.wording import quote, respell, unknown_name

ANYWHERE = "border"  # a key of the film, of scenes, of sequences and of layers, and of nothing else
CANVAS = "the picture's size is the film's 'canvas', as in 'canvas: 192x108'"
LENGTH = "how long a scene lasts is its 'length', as in 'length: 4s' or 'length: 48f'"
STRENGTH = "Deforum's strength runs the other way: 1 - value"
MOVE = "movements are a list, as in 'move: [{}]'"

# Keys as other programs and our own earlier versions have them, a key that a mapping must know for them to mean this
# there, and what to write instead.
HINTS: tuple[tuple[str, str, str], ...] = (
    ("prior", "denoiser", "write 'denoiser'"),
    ("guidance cfg_scale cfg", "guidance_scale", "write 'guidance_scale'"),
    ("level", "strength", f"write 'strength', with the same number ({STRENGTH})"),
    ("denoising_strength strength_schedule", "strength", f"write 'strength' ({STRENGTH})"),
    ("likeness", "perceptor_scale", "write 'perceptor_scale'"),
    ("rate lr", "learning_rate", "write 'learning_rate'"),
    ("point_rate", "point_learning_rate", "write 'point_learning_rate'"),
    ("width_rate", "width_learning_rate", "write 'width_learning_rate'"),
    ("colour_rate color_rate", "colour_learning_rate", "write 'colour_learning_rate'"),
    ("font", "outline", "there is one font and no choice of others yet"),
    ("font", ANYWHERE, "words are a layer, as in 'layers: [{text: {text: THE END, height: 0.2}}]', in one font"),
    ("fps", ANYWHERE, "frames a second are the film's 'rate', as in 'rate: 12'"),
    ("size width height W H", ANYWHERE, CANVAS),
    ("duration frames max_frames num_frames", ANYWHERE, LENGTH),
    ("guidance guidance_scale cfg cfg_scale cfg_scale_schedule", ANYWHERE,
     "how much the texts count is 'guidance_scale' of the 'denoiser', as in 'denoiser: {guidance_scale: 5}'"),
    ("strength strength_schedule denoising_strength", ANYWHERE,
     f"write 'denoiser: {{strength: 0.35}}'; {STRENGTH}"),
    ("negative_prompt negative_prompts negative", ANYWHERE,
     "what is not wanted is a prompt with a negative weight, as in 'prompts: a forest | fog:-0.5'"),
    ("translation_x translation_y", ANYWHERE, MOVE.format("pan: {x: 0.1/s, y: 0}")),
    ("translation_z", ANYWHERE, MOVE.format("dolly: {z: 0.1/s}") + ", or 'zoom'"),
    ("rotation_3d_x", ANYWHERE, MOVE.format("tilt: {angle: 5/s}")),
    ("rotation_3d_y", ANYWHERE, MOVE.format("turn: {angle: 5/s}")),
    ("rotation_3d_z", ANYWHERE, MOVE.format("roll: {angle: 5/s}")),
    ("angle", ANYWHERE, MOVE.format("rotate: {angle: 5/s}")),
    ("zoom", ANYWHERE, MOVE.format("zoom: {factor: 1.1/s}")),
    ("plugins plugin", ANYWHERE, "a story names no code; load it by --plugin FILE.py"),
    ("cadence diffusion_cadence", ANYWHERE,
     "frames between two denoised ones are the drawer's, as in 'drawer: {diffusion: {cadence: 2}}'"),
    ("steps_schedule iterations num_iterations", ANYWHERE,
     "write 'steps', with keyframes if it changes, as in 'steps: {0s: 10, 4s: 20}'"),
)  # fmt: skip


def _hint(key: str, names: list[str]) -> str | None:
    """What to write instead of ``key`` in a mapping that knows ``names``, if that is known."""
    return next((hint for keys, known, hint in HINTS if key in keys.split() and known in names), None)


def read_mapping(node: Node, what: str, allowed: Iterable[str], diagnostics: Diagnostics) -> dict[str, Node]:
    """The values of a mapping by their keys; reports keys that are not allowed, and anything but a mapping.

    "color" and "colour" are understood alike, within longer keys, too.
    """
    names = list(allowed)
    if not isinstance(node, Mapping):
        keys = ", ".join(names) or "none"
        glued = yaml_hints.hint_missing_space(node.text) if isinstance(node, Scalar) and node.plain else None
        diagnostics.add(
            node.location,
            glued or f"{what} is a mapping, 'key: value'; its keys: {keys}. {describe_node(node)}",
        )
        return {}
    found: dict[str, Node] = {}
    for key, value in node.pairs:
        name = key.text if key.text in names else respell(key.text, names)
        if name in found:
            diagnostics.add(
                key.location, f"the key {quote(key.text)} is given twice, in two spellings; keep one"
            )
        elif name in names:
            found[name] = value
        elif hint := _hint(key.text, names):
            diagnostics.add(key.location, f"unknown key {quote(key.text)} in {what}; {hint}")
        else:
            diagnostics.add(key.location, unknown_name("key", key.text, names, f" in {what}"))
    return found


def read_text(node: Node, what: str, diagnostics: Diagnostics) -> str | None:
    """The text of a scalar; reports a list or a mapping."""
    if isinstance(node, Scalar):
        return node.text.strip()
    diagnostics.add(node.location, f"{what} is one value. {describe_node(node)}")
    return None


def describe_node(node: Node) -> str:
    if isinstance(node, Scalar):
        return f"Got {quote(node.text)}"
    return "Got a list" if isinstance(node, Sequence) else "Got a mapping"
