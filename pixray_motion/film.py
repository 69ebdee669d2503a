"""From a story to a film: render, keep every frame, encode, and only then replace the older film."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Literal

from pixray_motion import __version__, checkpoint
from pixray_motion.engine import State, advance
from pixray_motion.errors import CheckpointError, OutputError
from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch
from pixray_motion.output.files import (
    SVG,
    Frames,
    Output,
    WorkFolder,
    frame_name,
    os_errors_as_output_errors,
)
from pixray_motion.output.svg import animated, check_vectors, elements, page
from pixray_motion.output.video import encode
from pixray_motion.story.model import Story
from pixray_motion.studio import Studio


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
    output: str | os.PathLike[str],
    frames: range | None = None,
    resume: bool = False,
    restart: bool = False,
    threads: int | None = None,
    on_progress: OnProgress | None = None,
    svg_frames: str | os.PathLike[str] | None = None,
) -> Output:
    """Render ``story`` into a film file, or a folder of PNGs, at ``output``; see ``Output.of``.

    ``frames`` are the film's frames to be written, by default all; earlier ones are computed and not written. What is
    done lies in ``.NAME.work`` beside the output until the film is complete: after an interruption, and after a kill
    at any moment, ``resume`` goes on from there, and the film has the same bytes as if nothing had happened.
    ``restart`` throws it away. ``threads`` are for torch, by default ``default_threads``, and stay as they are when
    resumed. ``svg_frames`` is a folder for an SVG of each frame, beside the film.

    Raises: ``OutputError`` if the film cannot be written or an unfinished one is in the way, ``CheckpointError`` if
    the unfinished one does not fit, and what ``Studio.open`` and ``encode`` raise. An older film is then untouched.
    """
    span = story.frames if frames is None else frames
    if not span or span.step != 1 or span[0] not in story.frames or span[-1] not in story.frames:
        raise OutputError(
            f"the film has the frames 0 to {len(story.frames)}. Got {span.start} to {span.stop}"
        )
    target = Output.of(output)
    target.check()
    sheets = None if svg_frames is None else Output(Path(svg_frames), is_folder=True)
    if sheets is not None:
        sheets.check()
    vectors = sheets is not None or target.is_vector
    if vectors:
        check_vectors(story)
    folder = WorkFolder(target.work)
    tell = on_progress or (lambda _: None)
    with os_errors_as_output_errors(target.path), folder.taken():
        if restart:
            folder.clear()
        elif folder.state.exists() and not resume:
            raise OutputError(
                f"an unfinished render of {target.path} lies in {folder.path}: go on with it by --resume, or throw it "
                "away by --restart"
            )
        last = _render(story, span, folder, threads, vectors, tell)
        if sheets is not None:
            _write_sheets(story, span, folder, sheets)
        if target.is_folder:
            folder.keep_only(span)
            target.replace(folder.frames)
        else:
            target.replace(_encoded(story, span, folder, target.path.suffix.lower(), last, tell))
    return target


def unfinished(output: str | os.PathLike[str]) -> bool:
    """Whether an interrupted render of ``output`` can be resumed."""
    return WorkFolder(Output.of(output).work).state.exists()


def default_threads() -> int:
    """Both of torch's threads if it has two, half of more, at most 4: a render's steps are small, and threads wait."""
    usable: int = torch.get_num_threads()
    return min(usable, 2) if usable < 4 else min(4, usable // 2)


def tags(story: Story) -> dict[str, str]:
    """What a film says of itself: enough to make it again, and nothing of the day or the machine."""
    return {"comment": story.text, "description": f"pixray-motion {__version__}, seed {story.seed}"}


def _render(
    story: Story, span: range, folder: WorkFolder, threads: int | None, vectors: bool, tell: OnProgress
) -> Progress:
    """Bring ``span`` into ``folder``.

    Each frame is written first and then its state, so a kill in between costs one frame's work and no more.
    """
    state, studio = _opened(story, folder, threads)
    start = _first_needed(story, span.start)
    begin = start if state is None else max(start, state.frame + 1)
    _check_kept(folder, range(span.start, min(begin, span.stop)), story.canvas, vectors)
    done = min(begin, span.stop) - start
    at = Progress("rendering", done, span.stop - start, begin, "", None, studio.threads, resumed=done)
    tell(at)
    for frame, key in islice(enumerate(checkpoint.frame_keys(studio)), begin, span.stop):
        state = advance(state, story.plan(frame), studio)
        if frame in span:
            folder.keep(frame, studio.image(state))
            if vectors:
                folder.keep_vector(frame, elements(state, studio))
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
            f"this render was begun with --threads {begun}: go on with as many, or --restart it"
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


def _check_kept(folder: WorkFolder, frames: range, canvas: Canvas, vectors: bool) -> None:
    """Before hours of work are put on top of them. A machine that lost its power may have left files half written."""
    for frame in frames:
        if not folder.frame(frame).exists() or (vectors and not folder.vector(frame).exists()):
            raise CheckpointError(
                f"the unfinished render in {folder.path} has no frame {frame}: go on with the same --frames and "
                "--svg-frames, or --restart it"
            )
        if folder.damaged(frame, (canvas.width, canvas.height)):
            raise CheckpointError(
                f"{folder.frame(frame)}: the kept frame is damaged; throw the unfinished render away by --restart"
            )


def _encoded(
    story: Story, span: range, folder: WorkFolder, suffix: str, last: Progress, tell: OnProgress
) -> Path:
    """A complete film in the work folder. Its name is this process's own: a killed one's ffmpeg may still write."""

    def on_frame(count: int) -> None:
        frame = span[count - 1]
        scene = story.scenes[story.scene_at(frame)].name
        tell(
            replace(last, stage="encoding", done=count, total=len(span), frame=frame, scene=scene, resumed=0)
        )

    film = folder.path / f"film-{os.getpid()}{suffix}"
    if suffix == SVG:
        pages = (folder.vector(frame).read_text(encoding="utf-8") for frame in span)
        with film.open("w", encoding="utf-8") as file:
            file.writelines(animated(pages, len(span), story.rate, story.canvas, tags(story)))
        return film
    encode(Frames(folder, span), film, story.rate, tags(story), on_frame)
    return film


def _write_sheets(story: Story, span: range, folder: WorkFolder, sheets: Output) -> None:
    """A whole SVG for each frame, in a folder that replaces an older one when all are there."""
    made = sheets.work / "frames"
    shutil.rmtree(sheets.work, ignore_errors=True)
    with os_errors_as_output_errors(sheets.path):
        made.mkdir(parents=True)
        for frame in span:
            content = folder.vector(frame).read_text(encoding="utf-8")
            text = page(content, story.canvas, tags(story))
            (made / frame_name(frame, SVG)).write_text(text, encoding="utf-8")
        sheets.replace(made)
