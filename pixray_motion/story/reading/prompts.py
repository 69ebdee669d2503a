"""Prompts in all the forms that a story may write them."""

from __future__ import annotations

from fractions import Fraction

from pixray_motion.limits import LINES, PROMPT_CHARACTERS
from pixray_motion.literals import is_number, parse_constant
from pixray_motion.story.animated import PromptTrack, TextKey
from pixray_motion.story.reading.context import SceneContext, has_time_keys, read_keys
from pixray_motion.story.reading.numbers import parse_track, read_number
from pixray_motion.story.source import yaml_hints
from pixray_motion.story.source.fields import describe_node, read_mapping, read_text
from pixray_motion.story.source.nodes import Mapping, Node, Scalar, Sequence
from pixray_motion.tracks.base import Constant, Track
from pixray_motion.units import WEIGHT
from pixray_motion.wording import InvalidValue, quote

KEYS = ("text", "weight", "stop")
NEVER = None  # a prompt without a stop always pulls


def read_prompts(node: Node, context: SceneContext) -> tuple[PromptTrack, ...]:
    """A string in pixray's syntax, one mapping, a morph, or a list of these."""
    items = node.items if isinstance(node, Sequence) else [node]
    count = sum(item.text.count("|") + 1 if isinstance(item, Scalar) else 1 for item in items)
    if count > LINES:
        context.diagnostics.add(node.location, f"a scene has at most {LINES} prompts. Got {count}")
        return ()
    return tuple(line for item in items for line in _item(item, context))


def is_weighted(part: str) -> bool:
    """Whether all that stands behind the last two colons of ``part`` is numbers, as in ``text:weight:stop``."""
    return all(is_number(word.strip()) for word in part.rsplit(":", 2)[1:])


def _item(node: Node, context: SceneContext) -> list[PromptTrack]:
    if isinstance(node, Scalar):
        return _strings(node, context)
    if isinstance(node, Mapping):
        return (
            [PromptTrack(_morph(node, context), Constant(1.0))]
            if _is_morph(node, context)
            else _mapping(node, context)
        )
    context.diagnostics.add(
        node.location, "a prompt is a text or a mapping {text, weight, stop}. Got a list inside the list"
    )
    return []


def _is_morph(node: Mapping, context: SceneContext) -> bool:
    return not any(key.text.strip() in KEYS for key, _ in node.pairs) and has_time_keys(node, context)


def _mapping(node: Mapping, context: SceneContext) -> list[PromptTrack]:
    found = read_mapping(node, "a prompt", KEYS, context.diagnostics)
    if "text" not in found and "text" not in node.lost:
        context.diagnostics.add(
            node.location, "a prompt needs the key 'text', as in {text: a forest, weight: 1}"
        )
    text, weight, stop = (found.get(key) for key in KEYS)
    texts: tuple[TextKey, ...] = ()
    if isinstance(text, Mapping):
        texts = _morph(text, context)
    elif text is not None:
        texts = (TextKey(Fraction(0), _whole_text(text, context)),)
    track: Track = Constant(1.0) if weight is None else read_number(weight, "weight", WEIGHT, context)
    return [PromptTrack(texts, track, NEVER if stop is None else _stop_of(stop, context))]


def _morph(node: Mapping, context: SceneContext) -> tuple[TextKey, ...]:
    if not node.pairs:
        context.diagnostics.add(
            node.location, "a morph has at least one text, as in {0s: a forest, 4s: a river}"
        )
    return tuple(TextKey(frame, _whole_text(value, context)) for frame, value in read_keys(node, context))


def _whole_text(node: Node, context: SceneContext) -> str:
    """A text that stands for itself, and so must not be empty."""
    text = _text(node, context)
    if isinstance(node, Scalar) and not text:
        context.diagnostics.add(
            node.location, "the text of a prompt is empty; write what it shows, or take the prompt out"
        )
    return text


def _text(node: Node, context: SceneContext) -> str:
    """A prompt's text as it is written, never split."""
    text = read_text(node, "a prompt's text", context.diagnostics)
    if text is None or not isinstance(node, Scalar):
        return ""
    if len(text) > PROMPT_CHARACTERS:
        context.diagnostics.add(
            node.location, f"a prompt has at most {PROMPT_CHARACTERS} characters. Got {len(text)}"
        )
    hint = (
        yaml_hints.hint_comment(node.text, node.after) or yaml_hints.hint_dash(text) if node.plain else None
    )
    if hint:
        context.diagnostics.add(node.location, hint)
    return text


def _strings(node: Scalar, context: SceneContext) -> list[PromptTrack]:
    """``text:weight:stop | text``."""
    text = _text(node, context)
    lines = []
    for part in text.split("|"):
        try:
            lines.append(_string(part.strip(), text, context))
        except InvalidValue as error:
            context.diagnostics.add(node.location, error.message)
    return lines


def _string(part: str, whole: str, context: SceneContext) -> PromptTrack:
    if not part:
        raise InvalidValue(
            f"an empty prompt in {quote(whole)}; write a text on both sides of '|'"
            if whole
            else "the prompt is empty; write a text, or leave 'prompts' out and the picture only moves"
        )
    text, *rest = part.rsplit(":", 2)
    if not text.strip():
        raise InvalidValue(f"the prompt {quote(part)} has no text before ':'")
    try:
        track = parse_track(rest[0].strip(), "weight", WEIGHT, context) if rest else Constant(1.0)
        if not isinstance(track, Constant):
            raise InvalidValue("not a constant")
        stop = _stop(rest[1].strip()) if len(rest) == 2 else NEVER
    except InvalidValue as error:
        raise InvalidValue(
            "in 'text:weight:stop' weight and stop are numbers from -1000 to 1000; a text with a colon is written "
            f"{{text: '...'}}. Got {quote(part)}"
        ) from error
    return PromptTrack((TextKey(Fraction(0), text.strip()),), track, stop)


def _stop_of(node: Node, context: SceneContext) -> float | None:
    if not isinstance(node, Scalar):
        context.diagnostics.add(node.location, f"'stop' is one fixed number. {describe_node(node)}")
        return NEVER
    try:
        return _stop(node.text.strip())
    except InvalidValue as error:
        context.diagnostics.add(node.location, error.message)
        return NEVER


def _stop(text: str) -> float | None:
    return NEVER if text in ("-inf", "-.inf") else parse_constant(text, "stop", -1e3, 1e3)
