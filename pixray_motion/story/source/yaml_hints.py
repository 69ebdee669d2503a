"""Syntax errors of YAML explained to someone who writes stories, and hints for its usual traps."""

from __future__ import annotations

import re

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pixray_motion.story.source.diagnostics import START, SourceLocation
from pixray_motion.wording import quote, shorten

_MISSING_SPACE = re.compile(r"^\s*(?:-\s+)*([\w-]+):([^\s:/].*)")
_LINE_END = re.compile(r"\r\n|[\n\r]")
_COMMENT = re.compile(r"\s+(#[^\s#]\S*)")
_DASHED = re.compile(r"-[A-Za-z]")
_QUOTE = "put quotes round the whole value"


def explain(error: MarkedYAMLError, text: str, bracket: SourceLocation | None) -> tuple[SourceLocation, str]:
    """The location and the sentence for a syntax error. ``bracket`` is where the innermost open bracket stands."""
    location = _to_location(error.problem_mark or error.context_mark)
    opened = _to_location(error.context_mark) if error.context_mark else location
    lines = _LINE_END.split(text)
    problem, context = error.problem or "", error.context or ""
    if "mapping values are not allowed" in problem:
        line = _get_line(lines, location.line)
        if (match := _MISSING_SPACE.match(line)) and match[2][0] in "[{":
            return SourceLocation(location.line, match.start(1) + 1), _suggest_space(match)
        return location, _explain_colon(location, lines)
    if "sequence entries are not allowed" in problem:
        return location, f"a list begins on a line of its own; put its first '- ' below the key, or {_QUOTE}"
    if "could not find expected ':'" in problem:
        return opened, _explain_missing_colon(_get_line(lines, opened.line))
    if "flow" in context:
        return _explain_flow(location, bracket or opened, lines, problem)
    if "quoted scalar" in context:
        return _explain_quotes(location, opened, problem)
    if "cannot start any token" in problem:
        return location, _explain_start(_get_line(lines, location.line)[location.column - 1 :][:1])
    if "block scalar" in context:
        return opened, f"'|' and '>' begin a text that stands on the lines below; {_QUOTE}"
    if "block" in context or "document start" in problem:
        return location, _explain_block(location, lines, problem)
    if re.search(r"\b(alias|anchor|tag|directive)\b", context):
        return opened, f"a value cannot begin with '*', '&', '!' or '%'; {_QUOTE}"
    return location, f"YAML cannot read this: {shorten(' '.join(f'{context} {problem}'.split()))}"


def explain_character(error: YAMLError, text: str) -> tuple[SourceLocation, str]:
    """The location and the sentence for a character that YAML does not allow."""
    position = getattr(error, "position", None)
    if not isinstance(position, int) or not 0 <= position < len(text):
        return START, "the file holds a character that YAML does not allow"
    before = text[:position]
    location = SourceLocation(before.count("\n") + 1, position - before.rfind("\n"))
    return location, f"the character {quote(text[position])} is not allowed in a story; take it out"


def hint_missing_value(key: str, after: str, flow: bool) -> str:
    """The sentence for a key without a value. ``after`` is the rest of its line; ``flow`` if in brackets."""
    if ":" in key:
        name, _, value = key.partition(":") if key[0].isalpha() else key.rpartition(":")
        return f"{quote(key)} has no value; put a space after the colon: {quote(f'{name}: {value}')}"
    if re.match(r"\s*:\s+#", after):
        return f"{quote(key)} has no value, because '#' begins a comment; {_QUOTE}"
    if flow and not after.lstrip().startswith(":"):
        return f"{quote(key)} has no value; if it belongs to the value before its comma, {_QUOTE}"
    return f"{quote(key)} has no value; write one after the colon or, indented further, below it"


def _to_location(mark: object) -> SourceLocation:
    return SourceLocation(int(getattr(mark, "line", 0)) + 1, int(getattr(mark, "column", 0)) + 1)


def _get_line(lines: list[str], number: int) -> str:
    return lines[number - 1] if number <= len(lines) else ""


def _explain_colon(location: SourceLocation, lines: list[str]) -> str:
    before = _get_line(lines, location.line)[: location.column - 1]
    if ": " in before:
        return f"a value with ': ' in it needs quotes; {_QUOTE}"
    above = _get_line(lines, location.line - 1) if location.line > 1 else ""
    if match := _MISSING_SPACE.match(above):
        fixed = quote(f"{match[1]}: {match[2]}")
        return f"line {location.line - 1} needs a space after its colon: {fixed}"
    return "this line is indented as if it belonged to the value above it; begin it below the key it belongs beside"


def hint_missing_space(text: str) -> str | None:
    """The hint for ``length:4s``, which lacks a space; None for any other text."""
    match = _MISSING_SPACE.match(text)
    return _suggest_space(match) if match else None


def hint_key(text: str, after: str) -> str | None:
    """The hint for the key ``zoom:{factor`` of ``zoom:{factor: 2}``, or ``-length`` of ``-length: 4s``; else None."""
    match = _MISSING_SPACE.match(text + after)
    if match and ":" in text and match[2][0] in "[{":
        return _suggest_space(match)
    return hint_dash(text)


def hint_dash(text: str) -> str | None:
    """The hint for ``-a forest``, which was meant as an item of a list; None for any other text."""
    if not _DASHED.match(text):
        return None
    return f"put a space after the dash: {quote(f'- {text[1:]}')}, or quotes round the whole if it belongs to the text"


def hint_comment(text: str, after: str) -> str | None:
    """The hint for ``we are #1``, of which YAML takes ``#1`` as a comment; None where nothing like it follows."""
    match = _COMMENT.match(after)
    if match is None:
        return None
    return (
        f"{quote(match[1])} after {quote(text)} is a comment to YAML; put quotes round the whole text, or a space "
        "after '#' if it is one"
    )


def hint_comma(text: str, after: str) -> str | None:
    """The hint for ``min(0.2`` of ``{x: min(0.2, t)}``, which YAML cuts at the comma; None for any other text."""
    if text.count("(") <= text.count(")") or not after.lstrip().startswith(","):
        return None
    return f"{quote(text)} is cut off by YAML at its ','; {_QUOTE}"


def _suggest_space(match: re.Match[str]) -> str:
    return f"put a space after the colon: {quote(f'{match[1]}: {match[2]}')}"


def _explain_missing_colon(line: str) -> str:
    return (
        hint_missing_space(line)
        or f"a key and a colon are missing in {quote(line.strip())}; write 'key: value'"
    )


def _explain_flow(
    location: SourceLocation, opened: SourceLocation, lines: list[str], problem: str
) -> tuple[SourceLocation, str]:
    line = _get_line(lines, opened.line)
    bracket = line[opened.column - 1 : opened.column] or "{"
    comment = re.search(r"\s#", line[opened.column :])
    if comment and location.line != opened.line:
        here = SourceLocation(opened.line, opened.column + comment.start() + 2)
        return here, f"'#' begins a comment, so the '{bracket}' of this line is never closed; {_QUOTE}"
    if "stream end" in problem:
        return opened, f"this '{bracket}' is never closed"
    if location.line != opened.line:
        return location, f"the '{bracket}' of line {opened.line} is not closed before this line"
    if "got ':'" in problem:
        return (
            location,
            f"a ',' is missing before this, or a value with a colon or a comma needs quotes; {_QUOTE}",
        )
    return (
        location,
        f"a ',' or the end of '{bracket}' is missing here; if this belongs to the value before, {_QUOTE}",
    )


def _explain_quotes(
    location: SourceLocation, opened: SourceLocation, problem: str
) -> tuple[SourceLocation, str]:
    if "end of stream" in problem or "document separator" in problem:
        return opened, "this quote is never closed"
    return location, "a backslash begins an escape in double quotes; write it twice, or use single quotes"


def _explain_start(character: str) -> str:
    if character == "\t":
        return "a tab cannot indent or separate here; use spaces"
    return f"a value cannot begin with {quote(character)}; {_QUOTE}"


def _explain_block(location: SourceLocation, lines: list[str], problem: str) -> str:
    before = _get_line(lines, location.line)[: location.column - 1]
    if "found '<scalar>'" in problem and re.search(r"['\"]", before):
        return f"text follows the closing quote; {_QUOTE}, and double a quote that is inside"
    if match := re.search(r"but found '([]},:])'", problem):
        return f"something is missing before '{match[1]}'; if it belongs to a value, {_QUOTE}"
    if "document start" in problem:
        return "this line is indented otherwise than the first; begin both in one column"
    return "this line is indented otherwise than the ones it belongs to; begin them in one column"
