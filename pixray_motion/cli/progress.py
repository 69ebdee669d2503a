"""Progress of a render: a live bar on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from pixray_motion.cli.terminal import console, is_watched, say_if_heard
from pixray_motion.wording import count, printable

if TYPE_CHECKING:
    from rich.progress import TaskID

    from pixray_motion.film import Progress

PAUSE = 5.0  # seconds between plain lines


class Reporter(Protocol):
    """Shows progress while it is entered."""

    begun: bool

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def __call__(self, progress: Progress) -> None: ...


def reporter(quiet: bool) -> Reporter:
    """What fits stderr."""
    if quiet:
        return Lines(silent=True)
    return Bar() if is_watched() else Lines()


class Lines:
    """Plain lines on stderr; ``silent`` says nothing at all."""

    def __init__(self, silent: bool = False) -> None:
        self.begun = False
        self._silent = silent
        self._stage = ""
        self._started = self._said = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def __call__(self, progress: Progress) -> None:
        self.begun = True
        now = time.monotonic()
        if progress.stage != self._stage:
            self._stage, self._started, self._said = progress.stage, now, now
            if progress.stage == "rendering":
                self._say(opening(progress))
        elif now - self._said >= PAUSE:
            self._said = now
            self._say(self._line(progress, now))

    def _line(self, progress: Progress, now: float) -> str:
        fresh = progress.done - progress.resumed
        left = (now - self._started) / fresh * (progress.total - progress.done) if fresh else 0.0
        done = f"{progress.done} of {count('frame', progress.total)}"
        return f"{progress.stage}: {done}, {facts(progress)}, {clock(left)} left"

    def _say(self, text: str) -> None:
        if not self._silent:
            say_if_heard(text)  # a render must not end because nobody listens any more


class Bar:
    """A live bar on the terminal behind stderr."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.begun = False
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[facts]}", markup=False),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console(),
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def __call__(self, progress: Progress) -> None:
        if not self.begun:
            self.begun = True
            self._bar.console.print(opening(progress), highlight=False, markup=False)
        if progress.stage not in self._tasks:
            self._tasks[progress.stage] = self._bar.add_task(
                progress.stage, total=progress.total, completed=progress.resumed, facts=""
            )
        self._bar.update(
            self._tasks[progress.stage], completed=progress.done, facts=printable(facts(progress))
        )


def opening(progress: Progress) -> str:
    """What is about to be done."""
    resumed = f", {progress.resumed} of them done before" if progress.resumed else ""
    lost = f" ({progress.lost})" if progress.lost else ""
    return (
        f"rendering {count('frame', progress.total)} with {count('thread', progress.threads)}{resumed}{lost}"
    )


def facts(progress: Progress) -> str:
    score = "" if progress.score is None else f", score {progress.score:.2f}"
    return f"frame {progress.frame}, scene {progress.scene or '-'}{score}"


def clock(seconds: float) -> str:
    """``0:05``, ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
