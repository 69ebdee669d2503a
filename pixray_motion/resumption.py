"""What of an unfinished render can be gone on from, and which frames are still to be drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pixray_motion import checkpoint
from pixray_motion.checkpoint import DamagedState, FrameKeys, Saved
from pixray_motion.errors import CheckpointError, OutputError
from pixray_motion.output.content import Content
from pixray_motion.output.kept import Record, is_whole, spans
from pixray_motion.output.work import FORMER, WorkFolder
from pixray_motion.story.model import Story
from pixray_motion.studio import Studio
from pixray_motion.wording import count

SPREAD = 4
"""How many states are kept, at most, besides the last two: damage costs the frames since the state before it, but a
state takes as much of the disk as some hundred frames."""


@dataclass(frozen=True)
class Remains:
    """What an earlier run has left, before it is known whether it belongs to this film.

    ``states`` are the keys of whole states, by their frames, and ``damaged`` the frames of others. ``newest`` is the
    last whole one, without its tensors.
    """

    folder: WorkFolder
    states: Mapping[int, str]
    damaged: frozenset[int]
    newest: Saved | None
    records: Mapping[tuple[int, str], Record]

    @property
    def last(self) -> Record | None:
        """The journal's record of the last frame."""
        return max(self.records.values(), key=lambda record: record.frame, default=None)

    @property
    def threads(self) -> int | None:
        """Those that the render was begun with; None if nothing tells."""
        if self.newest is not None:
            return self.newest.threads
        return None if self.last is None else self.last.threads


@dataclass(frozen=True)
class Task:
    """What is to be done.

    ``runs`` of frames are drawn one after the other, each from the state before it if that is one of ``states``, and
    else from nothing. Of these frames, ``missing`` are kept; the others only lead to them. ``useless`` are the frames
    of states that nothing can go on from, and ``lost`` says in words what was damaged.
    """

    runs: tuple[range, ...]
    missing: frozenset[int]
    states: frozenset[int]
    useless: frozenset[int] = frozenset()
    lost: str = ""

    @property
    def count(self) -> int:
        return sum(map(len, self.runs))


def survey(folder: WorkFolder) -> Remains:
    """Read what an earlier run has left. Raises: ``CheckpointError`` if another version of the program has."""
    if (folder.path / FORMER).exists():
        raise checkpoint.former_format(folder.path / FORMER)
    whole: dict[int, Saved] = {}
    damaged = set()
    for frame, path in folder.states().items():
        try:
            saved = replace(checkpoint.read(path), tensors={})  # one state at a time may be as much as fits
        except DamagedState:
            damaged.add(frame)
            continue
        if saved.frame == frame:
            whole[frame] = saved
        else:
            damaged.add(frame)
    newest = whole[max(whole)] if whole else None
    records = {(record.frame, record.content): record for record in folder.journal.records()}
    states = {frame: saved.key for frame, saved in whole.items()}
    return Remains(folder, states, frozenset(damaged), newest, records)


def check_asked(remains: Remains, span: range, contents: Sequence[Content[Any]]) -> None:
    """Refuse to go on in a way that would throw away what is kept. Raises: ``CheckpointError``, ``OutputError``."""
    render = f"the unfinished render in {remains.folder.path}"
    remedy = "resume it with the same --frames and outputs, or discard it with --restart"
    others = {frame for frame, _ in remains.records if frame not in span}
    if others:
        raise OutputError(f"{render} has {_frames(others)}, too, which would be thrown away: {remedy}")
    kept, needed = {name for _, name in remains.records}, {content.name for content in contents}
    if kept - needed:
        raise OutputError(f"{render} has {min(kept - needed)}, too, which would be thrown away: {remedy}")
    # A kill may come between the contents of the first frame.
    if needed - kept and len({frame for frame, _ in remains.records}) > 1:
        raise CheckpointError(f"{render} has no {min(needed - kept)}: {remedy}")


def check_same_film(remains: Remains, studio: Studio, keys: FrameKeys) -> None:
    """Refuse what belongs to another film, as the last of it tells. Raises: ``CheckpointError``."""
    last = remains.last
    if remains.newest is not None:
        checkpoint.check(remains.newest, studio, keys)
    elif last is not None:
        checkpoint.check_key(remains.folder.journal.path, last.frame, last.key, keys)


def plan_task(
    remains: Remains, story: Story, span: range, contents: Sequence[Content[Any]], keys: FrameKeys
) -> Task:
    """Which frames of ``span`` are still to be drawn, and from where.

    A frame is done if its files are as the journal says, and were made from what they would be made from now. What is
    damaged costs the frames since the last state before it; frames and states behind it stay.
    """
    states = frozenset(
        frame for frame, key in remains.states.items() if frame < len(keys) and keys[frame] == key
    )
    missing = [frame for frame in span if not _is_done(remains, frame, contents, keys)]
    runs = plan_runs(story, missing, states)
    lost = _lost(remains, missing, runs, keys)
    return Task(runs, frozenset(missing), states, remains.damaged | (remains.states.keys() - states), lost)


def plan_runs(story: Story, missing: Iterable[int], states: Iterable[int]) -> tuple[range, ...]:
    """The frames to be drawn for those that are ``missing`` (ascending), where there are ``states`` to go on from."""
    runs: list[range] = []
    for frame in missing:
        if runs and runs[-1].stop == frame:
            runs[-1] = range(runs[-1].start, frame + 1)
            continue
        start = first_needed(story, frame)
        begin = max((state + 1 for state in states if start <= state + 1 <= frame), default=start)
        if runs and runs[-1].stop >= begin:
            runs[-1] = range(runs[-1].start, frame + 1)
        else:
            runs.append(range(begin, frame + 1))
    return tuple(runs)


def first_needed(story: Story, frame: int) -> int:
    """The last cut up to ``frame``: what lies before it has no say in what follows.

    While a scene comes in, the one before it is drawn too; and a film that loops returns to its first picture.
    """
    if story.loop is not None:
        return 0
    scenes = story.scenes[: story.scene_at(frame) + 1]
    return next((scene.start for scene in reversed(scenes) if scene.cut and scene.transition_end <= frame), 0)


def states_to_keep(first: int, newest: int) -> set[int]:
    """Of a film that is drawn from frame ``first`` on: the last two, and a few of those before, spread evenly."""
    stride = 1
    while (newest - first) // stride >= SPREAD:
        stride *= 2  # so that all of them have been kept so far
    return {newest, newest - 1, *range(first, newest + 1, stride)}


def _is_done(remains: Remains, frame: int, contents: Sequence[Content[Any]], keys: FrameKeys) -> bool:
    for content in contents:
        record = remains.records.get((frame, content.name))
        if record is None or record.key != keys[frame]:
            return False
        if not is_whole(remains.folder.frame(frame, content), record.digest):
            return False
    return True


def _lost(remains: Remains, missing: Sequence[int], runs: Sequence[range], keys: FrameKeys) -> str:
    """What was damaged or deleted since the last run, and what that costs; empty if nothing was.

    A kill may come between a frame and its state: the last frame may be drawn again without a word.
    """
    last = max({frame for frame, _ in remains.records} | remains.states.keys() | remains.damaged, default=-1)
    changed = {record.frame for record in remains.records.values() if record.key != keys.get(record.frame)}
    frames = [frame for frame in missing if frame <= last and frame not in changed]
    again = [frame for run in runs for frame in run if frame <= last and frame not in changed]
    if not frames and not remains.damaged and len(again) <= 1:
        return ""
    what = [_frames(frames)] if frames else []
    if remains.damaged or not frames:
        what.append(f"the state after {_frames(remains.damaged)}" if remains.damaged else "saved states")
    return f"damaged or missing: {', '.join(what)}; drawn again: {count('frame', len(again))}"


def _frames(numbers: Iterable[int]) -> str:
    found = set(numbers)
    return f"frame{'s' * (len(found) > 1)} {spans(found)}"
