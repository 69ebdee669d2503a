"""From a story to a film: render, keep every frame, encode, and only then replace the older film."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

from pixray_motion import checkpoint
from pixray_motion.engine import advance
from pixray_motion.errors import CheckpointError, OutputError
from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch
from pixray_motion.output.base import FilmInfo, OnFrame
from pixray_motion.output.content import Content
from pixray_motion.output.work import (
    KeptFrames,
    Output,
    WorkFolder,
    check_distinct,
    os_errors_as_output_errors,
)
from pixray_motion.state import State
from pixray_motion.story.model import Story
from pixray_motion.studio import Studio
from pixray_motion.version import __version__


@dataclass(frozen=True)
class Progress:
    """How far a film is: ``done`` of ``total`` frames of this ``stage``, the last one being ``frame``.

    ``score`` is how well the frame shows its prompts, -1..1, if it has any. ``resumed`` frames were done before.
    """

    stage: Literal["rendering", "encoding"]
    done: int
    total: int
    frame: int
    scene: str
    score: float | None
    threads: int
    resumed: int = 0


OnProgress = Callable[[Progress], None]


def write_film(
    story: Story,
    output: str | os.PathLike[str] | Output,
    frames: range | None = None,
    resume: bool = False,
    restart: bool = False,
    threads: int | None = None,
    on_progress: OnProgress | None = None,
    also: Sequence[Output] = (),
) -> Output:
    """Render ``story`` into the film file or the folder of frames that ``output`` names; see ``Output.of``.

    ``frames`` are the film's frames to be written, by default all; earlier ones are computed and not written. What is
    done lies in ``.NAME.work`` beside the output until the film is complete: after an interruption, and after a kill
    at any moment, ``resume`` goes on from there, and the film has the same bytes as if nothing had happened.
    ``restart`` discards it. ``threads`` are for torch, by default ``default_threads``, and stay as they are when
    resumed. The same frames are written to the outputs ``also``, such as ``Output.of("svgs/", ".svg/")``, too.

    Raises: ``OutputError`` if the film cannot be written or an unfinished one is in the way, ``CheckpointError`` if
    the unfinished one does not fit, and what ``Studio.open`` and the writers raise. An older film is then untouched.
    """
    span = story.frames if frames is None else frames
    if not span or span.step != 1 or span[0] not in story.frames or span[-1] not in story.frames:
        raise OutputError(
            f"the film has the frames 0 to {len(story.frames)}. Got {span.start} to {span.stop}"
        )
    target = Output.of(output)
    if also:
        check_distinct([target, *also])
    for one in (target, *also):
        one.check(story)
    tell = on_progress or (lambda _: None)
    with os_errors_as_output_errors(target.path), ExitStack() as locks:
        folder = locks.enter_context(WorkFolder(target.work).locked())
        others = _reserve(also, locks)
        if restart:
            folder.clear()
        elif folder.state.exists() and not resume:
            raise _unfinished(target, folder, "resume it with --resume, or discard it with --restart")
        needs = {output.writer.needs.name: output.writer.needs for output in (target, *also)}  # one of a name
        last = _render(story, span, folder, threads, list(needs.values()), tell)
        about = FilmInfo(story.rate, story.canvas, span, tags(story))
        for one, place in others:
            with os_errors_as_output_errors(one.path):
                _deliver(one, place, folder, about, lambda _: None)
        _deliver(target, folder, folder, about, _encoding(story, span, last, tell))
    return target


def unfinished(output: str | os.PathLike[str] | Output) -> bool:
    """Whether an interrupted render of ``output`` can be resumed."""
    return WorkFolder(Output.of(output).work).state.exists()


def default_threads() -> int:
    """Both of torch's threads if it has two, half of more, at most 4: a render's steps are small, and threads wait."""
    usable: int = torch.get_num_threads()
    return min(usable, 2) if usable < 4 else min(4, usable // 2)


def tags(story: Story) -> dict[str, str]:
    """What a film says of itself: enough to make it again, and nothing of the day or the machine."""
    return {"comment": story.text, "description": f"pixray-motion {__version__}, seed {story.seed}"}


def _unfinished(output: Output, folder: WorkFolder, remedy: str) -> OutputError:
    """The refusal to destroy an unfinished render."""
    return OutputError(f"an unfinished render of {output.path} lies in {folder.path}: {remedy}")


def _reserve(outputs: Sequence[Output], locks: ExitStack) -> list[tuple[Output, WorkFolder]]:
    """Further outputs, each with a locked folder beside it in which it is made."""
    reserved = []
    for output in outputs:
        with os_errors_as_output_errors(output.path):
            place = locks.enter_context(WorkFolder(output.work).locked())
            if place.state.exists():
                raise _unfinished(output, place, "finish that one first, or choose another name")
            reserved.append((output, place))
    return reserved


def _render(
    story: Story,
    span: range,
    folder: WorkFolder,
    threads: int | None,
    contents: Sequence[Content[Any]],
    tell: OnProgress,
) -> Progress:
    """Bring ``span`` into ``folder``.

    Each frame is written first and then its state, so a kill in between costs one frame's work and no more.
    """
    state, studio = _opened(story, folder, threads)
    start = _first_needed(story, span.start)
    begin = start if state is None else max(start, state.frame + 1)
    _check_kept(folder, range(span.start, min(begin, span.stop)), story.canvas, contents)
    done = min(begin, span.stop) - start
    at = Progress("rendering", done, span.stop - start, begin, "", None, studio.threads, resumed=done)
    tell(at)
    for frame, key in islice(enumerate(checkpoint.frame_keys(studio)), begin, span.stop):
        state = advance(state, story.plan(frame), studio)
        for content in contents if frame in span else ():
            folder.save_frame(frame, content, content.take(studio, state))
        checkpoint.save(folder.state, state, studio, key)
        score = state.scores.get("score")
        at = replace(at, done=at.done + 1, frame=frame, scene=state.plan.scene, score=score)
        tell(at)
    return at


def _opened(story: Story, folder: WorkFolder, threads: int | None) -> tuple[State | None, Studio]:
    """The saved state, if there is one, and a studio with the threads that it was made with."""
    if not folder.state.exists():
        return None, Studio.open(story, threads or default_threads())
    begun = int(checkpoint.read_metadata(folder.state)["threads"])
    if threads is not None and threads != begun:
        raise CheckpointError(
            f"this render was begun with --threads {begun}: resume it with as many, or discard it with --restart"
        )
    studio = Studio.open(story, begun)
    return checkpoint.load(folder.state, studio), studio


def _first_needed(story: Story, frame: int) -> int:
    """The last cut up to ``frame``: what lies before it has no say in what follows.

    While a scene comes in, the one before it is drawn too; and a film that loops returns to its first picture.
    """
    if story.loop is not None:
        return 0
    scenes = story.scenes[: story.scene_at(frame) + 1]
    return next((scene.start for scene in reversed(scenes) if scene.cut and scene.transition_end <= frame), 0)


def _check_kept(folder: WorkFolder, frames: range, canvas: Canvas, contents: Sequence[Content[Any]]) -> None:
    """Before hours of work are put on top of them. A machine that lost its power may have left files half written."""
    for frame in frames:
        for content in contents:
            kept = folder.frame(frame, content)
            if not kept.exists():
                raise CheckpointError(
                    f"the unfinished render in {folder.path} has no frame {frame}: resume it with the same --frames "
                    "and outputs, or discard it with --restart"
                )
            if content.is_damaged(kept, canvas):
                raise CheckpointError(
                    f"{kept}: the kept frame is damaged; discard the unfinished render with --restart"
                )


def _encoding(story: Story, span: range, last: Progress, tell: OnProgress) -> OnFrame:
    """Tells, as progress, how many frames a writer has written."""

    def on_frame(count: int) -> None:
        frame = span[count - 1]
        scene = story.scenes[story.scene_at(frame)].name
        tell(
            replace(last, stage="encoding", done=count, total=len(span), frame=frame, scene=scene, resumed=0)
        )

    return on_frame


def _deliver(output: Output, place: WorkFolder, kept: WorkFolder, about: FilmInfo, on_frame: OnFrame) -> None:
    """Write a complete film in its folder ``place``, and only then replace the older one by it."""
    film = place.begin(output.format.rstrip("/"))
    output.writer.write(KeptFrames(kept, output.writer.needs, about.frames), film, about, on_frame)
    output.check_unchanged()
    place.deliver(film, output.resolved)
