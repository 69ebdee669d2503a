"""What damage costs an unfinished render: the frames since the state before it, a line that says so, and no byte of the
film."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from films import TINY

from pixray_motion.errors import CheckpointError, OutputError
from pixray_motion.film import Progress, write_film
from pixray_motion.output.content import PIXELS, SHAPES
from pixray_motion.output.kept import Record, read_record, spans
from pixray_motion.output.place import Output
from pixray_motion.output.work import WorkFolder
from pixray_motion.resumption import SPREAD, plan_runs, states_to_keep
from pixray_motion.story.model import Story
from pixray_motion.story.reading.story import parse

TEXT = TINY.replace("seed: 3", "seed: 3\nperceptor: none\ndrawer: {pixel: {grid: 8x4}}").replace("3f", "6f")
DONE = 9  # of 12 frames
KEPT = {0, 4, 7, 8}  # whose states are there then


@pytest.fixture(scope="module")
def story() -> Story:
    return parse(TEXT)


@pytest.fixture(scope="module")
def whole(story: Story, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The frames that nothing has interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    write_film(story, folder / "frames")
    return frames(folder)


@pytest.fixture
def work(story: Story, tmp_path: Path) -> WorkFolder:
    """The work folder of a render that has been interrupted after ``DONE`` frames."""
    interrupt(story, tmp_path)
    return WorkFolder.of(Output.of(tmp_path / "frames"))


def frames(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "frames").iterdir()}


def interrupt(story: Story, folder: Path, also: list[Output] | None = None) -> None:
    def stop(progress: Progress) -> None:
        if progress.done == DONE:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_film(story, folder / "frames", on_progress=stop, also=also or ())


def resumed(story: Story, folder: Path) -> tuple[list[int], str]:
    """Go on: the frames that were drawn, and what was said to be lost."""
    told: list[Progress] = []
    write_film(story, folder / "frames", resume=True, on_progress=told.append)
    drawn = [progress.frame for progress in told if progress.stage == "rendering"][1:]
    assert told[0].total - told[0].resumed == len(drawn)
    assert [path.name for path in folder.iterdir()] == ["frames"]
    return drawn, told[0].lost


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_the_states_that_are_kept_are_spread(work: WorkFolder) -> None:
    assert set(work.states()) == KEPT


@pytest.mark.parametrize(
    ("damage", "drawn", "lost"),
    [
        (lambda _: None, [9, 10, 11], ""),
        (lambda work: flip(work.frame(2, PIXELS)), [1, 2, 9, 10, 11], "frame 2; drawn again: 2 frames"),
        (lambda work: work.frame(5, PIXELS).unlink(), [5, 9, 10, 11], "frame 5; drawn again: 1 frame"),
        (
            lambda work: [work.frame(number, PIXELS).write_bytes(b"") for number in (1, 2, 6)],
            [1, 2, 5, 6, 9, 10, 11],
            "frames 1 to 2 and 6; drawn again: 4 frames",
        ),
        (lambda work: flip(work.state(8)), [8, 9, 10, 11], "the state after frame 8; drawn again: 1 frame"),
        (
            lambda work: work.state(8).unlink(),
            [8, 9, 10, 11],
            "",
        ),  # as a kill between a frame and its state leaves it
        (
            lambda work: [work.state(number).unlink() for number in (7, 8)],
            [5, 6, 7, 8, 9, 10, 11],
            "saved states; drawn again: 4 frames",
        ),
        (
            lambda work: [flip(work.state(number)) for number in KEPT],
            list(range(12)),
            "the state after frames 0, 4 and 7 to 8; drawn again: 9 frames",
        ),
        (lambda work: flip(work.state(4)), [9, 10, 11], "the state after frame 4; drawn again: 0 frames"),
        (
            lambda work: work.state(4).write_bytes(work.state(7).read_bytes()),
            [9, 10, 11],
            "the state after frame 4; drawn again: 0 frames",
        ),
        (
            lambda work: work.journal.path.unlink(),
            list(range(12)),
            "frames 0 to 8; drawn again: 9 frames",
        ),
        (
            lambda work: work.journal.path.write_bytes(work.journal.path.read_bytes()[:-20]),
            [8, 9, 10, 11],
            "frame 8; drawn again: 1 frame",
        ),
        (
            lambda work: work.frame(3, PIXELS).write_bytes(work.frame(4, PIXELS).read_bytes()),
            [1, 2, 3, 9, 10, 11],
            "frame 3; drawn again: 3 frames",
        ),
    ],
    ids=[
        *(
            "nothing",
            "a frame",
            "no frame",
            "empty frames",
            "the last state",
            "no last state",
            "no last states",
        ),
        *(
            "every state",
            "an older state",
            "a state of another frame",
            "no journal",
            "half a line",
            "swapped frame",
        ),
    ],
)
def test_damage_costs_the_frames_since_the_state_before_it(
    story: Story,
    whole: dict[str, bytes],
    work: WorkFolder,
    tmp_path: Path,
    damage: Callable[[WorkFolder], Any],
    drawn: list[int],
    lost: str,
) -> None:
    damage(work)
    assert resumed(story, tmp_path) == (drawn, f"damaged or missing: {lost}" if lost else "")
    assert frames(tmp_path) == whole


def test_a_line_of_the_journal_that_was_changed_does_not_count(
    story: Story, whole: dict[str, bytes], work: WorkFolder, tmp_path: Path
) -> None:
    lines = work.journal.path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"frames", b"frame5")
    work.journal.path.write_bytes(b"".join(lines))
    assert resumed(story, tmp_path) == (
        [1, 2, 9, 10, 11],
        "damaged or missing: frame 2; drawn again: 2 frames",
    )
    assert frames(tmp_path) == whole


def test_shapes_are_watched_as_pictures_are(story: Story, tmp_path: Path) -> None:
    svg = Output.of(tmp_path / "svg", ".svg/")
    interrupt(story, tmp_path, [svg])
    work = WorkFolder.of(Output.of(tmp_path / "frames"))
    flip(work.frame(5, SHAPES))
    told: list[Progress] = []
    write_film(story, tmp_path / "frames", resume=True, on_progress=told.append, also=[svg])
    assert told[0].lost == "damaged or missing: frame 5; drawn again: 1 frame"
    write_film(story, tmp_path / "other", also=[Output.of(tmp_path / "others", ".svg/")])
    for path in (tmp_path / "svg").iterdir():
        assert path.read_bytes() == (tmp_path / "others" / path.name).read_bytes()


def test_other_outputs_than_before_are_refused(story: Story, work: WorkFolder, tmp_path: Path) -> None:
    svg = Output.of(tmp_path / "svg", ".svg/")
    with pytest.raises(
        CheckpointError, match=r"has no shapes: resume it with the same --frames and outputs, or"
    ):
        write_film(story, tmp_path / "frames", resume=True, also=[svg])
    write_film(story, tmp_path / "frames", restart=True, also=[svg])
    (tmp_path / "again").mkdir()
    interrupt(story, tmp_path / "again", [svg])
    with pytest.raises(
        OutputError, match=r"has shapes, too, which would be thrown away: resume it with the same"
    ):
        write_film(story, tmp_path / "again" / "frames", resume=True)
    assert work.path.name == ".frames.work"


def test_without_states_the_journal_knows_the_film(story: Story, work: WorkFolder, tmp_path: Path) -> None:
    for number in KEPT:
        work.state(number).unlink()
    with pytest.raises(
        CheckpointError, match=r"journal: the story, the models or the program changed at or before"
    ):
        write_film(parse(TEXT.replace("seed: 3", "seed: 4")), tmp_path / "frames", resume=True)
    with pytest.raises(CheckpointError, match="begun with --threads"):
        write_film(story, tmp_path / "frames", resume=True, threads=7)


def test_what_a_former_version_left_is_refused(story: Story, tmp_path: Path) -> None:
    work = tmp_path / ".frames.work"
    work.mkdir()
    (work / "state.safetensors").write_bytes(b"whatever it was")
    with pytest.raises(OutputError, match=r"an unfinished render .* discard it with --restart"):
        write_film(story, tmp_path / "frames")
    with pytest.raises(CheckpointError, match=r"another version of the program .* start over with --restart"):
        write_film(story, tmp_path / "frames", resume=True)
    write_film(story, tmp_path / "frames", range(1), restart=True)
    assert [path.name for path in tmp_path.iterdir()] == ["frames"]


@pytest.mark.parametrize("first", [0, 100])
def test_states_are_few_and_every_one_was_kept_before(first: int) -> None:
    kept: set[int] = set()
    for newest in range(first, first + 1000):
        wanted = {frame for frame in states_to_keep(first, newest) if frame >= first}
        assert wanted <= kept | {newest}
        assert {newest, max(first, newest - 1), first} <= wanted
        assert len(wanted) <= SPREAD + 2
        gaps = sorted(wanted)
        assert max((b - a for a, b in pairwise(gaps)), default=0) <= max(1, (newest - first) / 2)
        kept = wanted


@pytest.mark.parametrize(
    ("missing", "states", "runs"),
    [
        (range(12), (), [range(12)]),
        ((), (3,), []),
        ((5,), (), [range(6)]),
        ((5,), (4,), [range(5, 6)]),
        ((2, 5), (1, 3), [range(2, 3), range(4, 6)]),
        ((2, 5), (1, 2), [range(2, 6)]),
        ((2, 3, 9, 10, 11), (0, 8), [range(1, 4), range(9, 12)]),
        ((8,), (2,), [range(6, 9)]),
        ((8,), (5,), [range(6, 9)]),
    ],
)
def test_frames_are_drawn_from_the_nearest_state_or_cut(
    missing: tuple[int, ...], states: tuple[int, ...], runs: list[range]
) -> None:
    cut = parse(TEXT.replace("  - name: sea", "  - name: sea\n    cut: true"))
    plain = parse(TEXT)
    found = plan_runs(cut if missing == (8,) else plain, missing, states)
    assert list(found) == runs


def test_a_record_comes_back_and_half_of_it_does_not() -> None:
    record = Record(3, "frames", "a" * 64, "b" * 64, 2)
    line = record.line()
    assert read_record(line) == record
    assert all(read_record(line[:end]) is None for end in range(len(line) - 1))
    assert read_record(line.replace(b"[3,", b"[4,")) is None


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([4], "4"),
        ([1, 0], "0 to 1"),
        ([1, 3, 4, 9], "1, 3 to 4 and 9"),
        (range(0, 20, 2), "0, 2, 4 and 7 more"),
    ],
)
def test_frames_in_words(numbers: list[int], words: str) -> None:
    assert spans(numbers) == words
