"""From a story to a film: render, keep every frame, encode, and only then replace the older film."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from pixray_motion import checkpoint
from pixray_motion.checkpoint import FrameKeys
from pixray_motion.engine import advance
from pixray_motion.errors import CheckpointError, MotionError, OutputError
from pixray_motion.lazy import torch
from pixray_motion.output.base import FilmInfo, OnFrame
from pixray_motion.output.content import Content
from pixray_motion.output.kept import KeptFrames
from pixray_motion.output.place import Output, check_distinct, os_errors_as_output_errors
from pixray_motion.output.work import WorkFolder
from pixray_motion.resumption import (
    Remains,
    Task,
    check_asked,
    check_same_film,
    first_needed,
    plan_task,
    states_to_keep,
    survey,
)
from pixray_motion.state import State
from pixray_motion.story.model import Story
from pixray_motion.studio import Studio
from pixray_motion.version import __version__


@dataclass(frozen=True)
class Progress:
    """How far a film is: ``done`` of ``total`` frames of this ``stage``, the last one being ``frame``.

    ``score`` is how well the frame shows its prompts, -1..1, if it has any. ``resumed`` frames were done before.
    ``lost`` says in words what of these was damaged, and is drawn again.
    """

    stage: Literal["rendering", "encoding"]
    done: int
    total: int
    frame: int
    scene: str
    score: float | None
    threads: int
    resumed: int = 0
    lost: str = ""


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
    at any moment, ``resume`` goes on from there, and the film has the same bytes as if nothing had happened, even if
    some of it was damaged since. ``restart`` discards it. ``threads`` are for torch, by default ``default_threads``,
    and stay as they are when resumed. The same frames are written to the outputs ``also``, such as
    ``Output.of("svgs/", ".svg/")``, too.

    Raises: ``OutputError`` if the film cannot be written or an unfinished one is in the way, ``CheckpointError`` if
    the unfinished one does not fit, and what ``Studio.open`` and the writers raise. An older film is then untouched.
    """
    span = story.frames if frames is None else frames
    if not span or span.step != 1 or span[0] not in story.frames or span[-1] not in story.frames:
        raise OutputError(
            f"the film has the frames 0 to {len(story.frames)}. Got {span.start} to {span.stop}"
        )
    target = Output.of(output)
    outputs = [target, *also]
    check_distinct(outputs)
    for one in outputs:
        one.check(story)
    tell = on_progress or (lambda _: None)
    with os_errors_as_output_errors(target.path), ExitStack() as locks:
        folder, *others = [_reserve(one, locks) for one in outputs]
        for one, place in zip(also, others, strict=True):
            if place.is_unfinished():
                raise _unfinished(one, place, "finish that one first, or choose another name")
        if restart:
            folder.clear()
        elif folder.is_unfinished() and not resume:
            raise _unfinished(target, folder, "resume it with --resume, or discard it with --restart")
        needs = {output.writer.needs.name: output.writer.needs for output in outputs}  # one of a name
        with _removal_told(folder):
            last = _render(story, span, folder, threads, list(needs.values()), tell)
            about = FilmInfo(story.rate, story.canvas, span, tags(story))
            _deliver(outputs, [folder, *others], about, _encoding(story, span, last, tell))
        folder.retire()
    return target


def unfinished(output: str | os.PathLike[str] | Output) -> bool:
    """Whether an interrupted render of ``output`` can be resumed."""
    return WorkFolder.of(Output.of(output)).is_unfinished()


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


def _reserve(output: Output, locks: ExitStack) -> WorkFolder:
    """The locked folder beside an output in which it is made."""
    with os_errors_as_output_errors(output.path):
        return locks.enter_context(WorkFolder.of(output).locked())


@contextmanager
def _removal_told(folder: WorkFolder) -> Iterator[None]:
    """Somebody may tidy up while a render runs: that is no slip in a name, and no full disk."""
    try:
        yield
    except (OSError, MotionError) as error:
        if folder.path.exists():
            raise
        raise OutputError(
            f"the folder {folder.path}, in which the film was made, was removed meanwhile: render it once more"
        ) from error


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
    remains = survey(folder)
    studio = Studio.open(story, _threads(remains, threads))
    keys = FrameKeys(studio)
    check_same_film(remains, studio, keys)
    check_asked(remains, span, contents)
    task = plan_task(remains, story, span, contents, keys)
    folder.remove_states(task.useless)
    first = first_needed(story, span.start)
    total, begin = span.stop - first, task.runs[0].start if task.runs else span.stop
    done = total - task.count
    at = Progress("rendering", done, total, begin, "", None, studio.threads, resumed=done, lost=task.lost)
    tell(at)
    for run in task.runs:
        state = _state_before(run, task, folder, studio)
        for frame in run:
            state = advance(state, story.plan(frame), studio)
            for content in contents if frame in task.missing else ():
                folder.keep(frame, content, content.take(studio, state), keys[frame], studio.threads)
            checkpoint.save(folder.state(frame), state, studio, keys[frame])
            wanted = states_to_keep(first, max(folder.states())) | {frame, frame - 1}
            folder.remove_states(folder.states().keys() - wanted)
            score = state.scores.get("score")
            at = replace(at, done=at.done + 1, frame=frame, scene=state.plan.scene, score=score)
            tell(at)
    return at


def _threads(remains: Remains, asked: int | None) -> int:
    """The threads that a render was begun with: with others it would not be the same, byte for byte."""
    if remains.threads is not None and asked not in (None, remains.threads):
        raise CheckpointError(
            f"this render was begun with --threads {remains.threads}: resume it with as many, or discard it with "
            "--restart"
        )
    return remains.threads or asked or default_threads()


def _state_before(run: range, task: Task, folder: WorkFolder, studio: Studio) -> State | None:
    if run.start - 1 not in task.states:
        return None
    return checkpoint.restored(checkpoint.read(folder.state(run.start - 1)), studio)


def _encoding(story: Story, span: range, last: Progress, tell: OnProgress) -> OnFrame:
    """Tells, as progress, how many frames a writer has written."""

    def on_frame(count: int) -> None:
        frame = span[count - 1]
        scene = story.scenes[story.scene_at(frame)].name
        tell(
            replace(last, stage="encoding", done=count, total=len(span), frame=frame, scene=scene, resumed=0)
        )

    return on_frame


def _deliver(
    outputs: Sequence[Output], places: Sequence[WorkFolder], about: FilmInfo, on_frame: OnFrame
) -> None:
    """Write every film in its own folder and read it back; when all are whole, replace the older ones.

    The kept frames lie in the first of ``places``, which is to be thrown away after that.
    """
    films = []
    for number, (output, place) in enumerate(zip(outputs, places, strict=True)):
        with os_errors_as_output_errors(output.path):
            film = place.begin(f"film{output.format.rstrip('/')}")
            frames = KeptFrames(places[0].path, output.writer.needs, about.frames)
            output.writer.write(frames, film, about, on_frame if number == 0 else (lambda _: None))
            output.writer.check_film(film, about)
            films.append(film)
    for output in outputs:
        output.check_unchanged()
    for output, place, film in zip(outputs, places, films, strict=True):
        with os_errors_as_output_errors(output.path):
            place.publish(film)
