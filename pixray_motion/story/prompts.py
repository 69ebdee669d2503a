"""Prompts in all the forms that a story may write them."""

from __future__ import annotations

from fractions import Fraction

from pixray_motion.story import traps
from pixray_motion.story.constant import is_number, parse_constant
from pixray_motion.story.limits import LINES, PROMPT_CHARACTERS
from pixray_motion.story.lines import PromptLine, TextKey
from pixray_motion.story.nodes import Mapping, Node, Scalar, Sequence
from pixray_motion.story.numbers import parse_track, read_number
from pixray_motion.story.report import Refused, quoted
from pixray_motion.story.scope import Scope, fields, got, read_keys, text_of
from pixray_motion.story.track import Constant, Track
from pixray_motion.units import WEIGHT

KEYS = ("text", "weight", "stop")
NEVER = float("-inf")


def read_prompts(node: Node, scope: Scope) -> tuple[PromptLine, ...]:
    """A string in pixray's syntax, one mapping, a morph, or a list of these."""
    lines: list[PromptLine] = []
    for item in node.items if isinstance(node, Sequence) else [node]:
        lines += _item(item, scope)
    if len(lines) > LINES:
        scope.report.add(node.place, f"a scene has at most {LINES} prompts. Got {len(lines)}")
    return tuple(lines)


def is_weighted(part: str) -> bool:
    """Whether all that stands behind the last two colons of ``part`` is numbers, as in ``text:weight:stop``."""
    return all(is_number(word.strip()) for word in part.rsplit(":", 2)[1:])


def _item(node: Node, scope: Scope) -> list[PromptLine]:
    if isinstance(node, Scalar):
        return _strings(node, scope)
    if isinstance(node, Mapping):
        return (
            [PromptLine(_morph(node, scope), Constant(1.0))]
            if _is_morph(node, scope)
            else _mapping(node, scope)
        )
    scope.report.add(
        node.place, "a prompt is a text or a mapping {text, weight, stop}. Got a list inside the list"
    )
    return []


def _is_morph(node: Mapping, scope: Scope) -> bool:
    """Keys that begin like a time are meant as times, even where they are not good ones."""
    names = [key.text.strip() for key, _ in node.pairs]
    return not any(name in KEYS for name in names) and any(
        name[:1] in tuple("-.0123456789") or name.split(" ")[0] in scope.base.markers for name in names
    )


def _mapping(node: Mapping, scope: Scope) -> list[PromptLine]:
    found = fields(node, "a prompt", KEYS, scope.report)
    if "text" not in found and "text" not in node.lost:
        scope.report.add(node.place, "a prompt needs the key 'text', as in {text: a forest, weight: 1}")
    text, weight, stop = (found.get(key) for key in KEYS)
    texts: tuple[TextKey, ...] = ()
    if isinstance(text, Mapping):
        texts = _morph(text, scope)
    elif text is not None:
        texts = (TextKey(Fraction(0), _text(text, scope)),)
    track: Track = Constant(1.0) if weight is None else read_number(weight, "weight", WEIGHT, scope)
    return [PromptLine(texts, track, NEVER if stop is None else _stop_of(stop, scope))]


def _morph(node: Mapping, scope: Scope) -> tuple[TextKey, ...]:
    if not node.pairs:
        scope.report.add(node.place, "a morph has at least one text, as in {0s: a forest, 4s: a river}")
    return tuple(TextKey(frame, _text(value, scope)) for frame, value in read_keys(node, scope))


def _text(node: Node, scope: Scope) -> str:
    """A prompt's text as it is written, never split."""
    text = text_of(node, "a prompt's text", scope.report)
    if text is None or not isinstance(node, Scalar):
        return ""
    if len(text) > PROMPT_CHARACTERS:
        scope.report.add(node.place, f"a prompt has at most {PROMPT_CHARACTERS} characters. Got {len(text)}")
    hint = traps.cut_off(node.text, node.after) or traps.undashed(text) if node.plain else None
    if hint:
        scope.report.add(node.place, hint)
    return text


def _strings(node: Scalar, scope: Scope) -> list[PromptLine]:
    """``text:weight:stop | text``."""
    text = _text(node, scope)
    lines = []
    for part in text.split("|"):
        try:
            lines.append(_string(part.strip(), text, scope))
        except Refused as refused:
            scope.report.add(node.place, refused.message)
    return lines


def _string(part: str, whole: str, scope: Scope) -> PromptLine:
    if not part:
        raise Refused(
            f"an empty prompt in {quoted(whole)}; write a text on both sides of '|'"
            if whole
            else "the prompt is empty; write a text, or leave 'prompts' out and the picture only moves"
        )
    text, *rest = part.rsplit(":", 2)
    if not text.strip():
        raise Refused(f"the prompt {quoted(part)} has no text before ':'")
    try:
        track = parse_track(rest[0].strip(), "weight", WEIGHT, scope) if rest else Constant(1.0)
        if not isinstance(track, Constant):
            raise Refused("not a constant")
        stop = _stop(rest[1].strip()) if len(rest) == 2 else NEVER
    except Refused as refused:
        raise Refused(
            "in 'text:weight:stop' weight and stop are numbers from -1000 to 1000; a text with a colon is written "
            f"{{text: '...'}}. Got {quoted(part)}"
        ) from refused
    return PromptLine((TextKey(Fraction(0), text.strip()),), track, stop)


def _stop_of(node: Node, scope: Scope) -> float:
    if not isinstance(node, Scalar):
        scope.report.add(node.place, f"'stop' is one fixed number. {got(node)}")
        return NEVER
    try:
        return _stop(node.text.strip())
    except Refused as refused:
        scope.report.add(node.place, refused.message)
        return NEVER


def _stop(text: str) -> float:
    return NEVER if text in ("-inf", "-.inf") else parse_constant(text, "stop", -1e3, 1e3)
