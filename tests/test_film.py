"""Films and their work folders: what is kept, what is refused, and that resuming changes nothing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from films import TINY, decoded, fake_ffmpeg
from PIL import Image

from pixray_motion.engine import render
from pixray_motion.errors import CheckpointError, EncodeError, OutputError
from pixray_motion.film import Progress, default_threads, write_film
from pixray_motion.output import video as encoding
from pixray_motion.output.content import PIXELS
from pixray_motion.output.place import Output
from pixray_motion.output.work import WorkFolder
from pixray_motion.story.model import Story
from pixray_motion.story.reading.story import parse
from pixray_motion.studio import Studio


@pytest.fixture
def _fresh_ffmpeg() -> Iterator[None]:
    """Which ffmpeg there is is asked once a process; tests change it."""
    encoding.ffmpeg.cache_clear()
    encoding.check_encoder.cache_clear()
    yield
    encoding.ffmpeg.cache_clear()
    encoding.check_encoder.cache_clear()


@pytest.fixture(scope="module")
def story() -> Story:
    return parse(TINY)


@pytest.fixture(scope="module")
def whole(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The film and the folder of frames that nothing has interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    write_film(story, folder / "film.mp4")
    write_film(story, f"{folder / 'frames'}/")
    return folder


class Stop(Exception):
    """What interrupts a render here."""


def interrupted(story: Story, output: Path | str, after: int, frames: range | None = None) -> None:
    """Render until ``after`` frames are done, and no further."""

    def stop(progress: Progress) -> None:
        if progress.done == after:
            raise Stop

    with pytest.raises(Stop):
        write_film(story, output, frames, on_progress=stop)


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_film_holds_the_rendered_frames(story: Story, whole: Path) -> None:
    studio = Studio.open(story)
    rendered = [studio.image(state) for state in render(story, studio)]
    names = [f"frame_{number:06d}.png" for number in range(6)]
    assert entries(whole) == ["film.mp4", "frames"]
    assert entries(whole / "frames") == names
    for name, picture in zip(names, rendered, strict=True):
        with Image.open(whole / "frames" / name) as saved:
            assert np.array_equal(np.asarray(saved), picture)
    for shown, picture in zip(decoded(whole / "film.mp4"), rendered, strict=True):
        assert np.abs(shown.astype(int) - picture).mean() < 12  # colour at half size, and a lossy codec


@pytest.mark.parametrize("after", [1, 3, 5, 6])
def test_resuming_changes_nothing(story: Story, whole: Path, tmp_path: Path, after: int) -> None:
    film = tmp_path / "film.mp4"
    interrupted(story, film, after)
    assert entries(tmp_path) == [".film.mp4.work"]
    done = []
    write_film(story, film, resume=True, on_progress=lambda progress: done.append(progress.resumed))
    assert done[0] == after
    assert film.read_bytes() == (whole / "film.mp4").read_bytes()
    assert entries(tmp_path) == ["film.mp4"]


def test_a_folder_resumes_too(story: Story, whole: Path, tmp_path: Path) -> None:
    interrupted(story, f"{tmp_path}/frames/", 2)
    assert entries(tmp_path) == [".frames.work"]
    write_film(story, tmp_path / "frames", resume=True)
    assert entries(tmp_path) == ["frames"]
    for name in entries(whole / "frames"):
        assert (tmp_path / "frames" / name).read_bytes() == (whole / "frames" / name).read_bytes()


def test_a_frame_whose_state_was_not_saved_is_made_again(story: Story, whole: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    interrupted(story, film, 3)
    work = WorkFolder.of(Output.of(film))
    work.frame(3, PIXELS).write_bytes(b"half a pictu")
    write_film(story, film, resume=True)
    assert film.read_bytes() == (whole / "film.mp4").read_bytes()


def test_an_unfinished_render_is_not_thrown_away_unasked(story: Story, whole: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    interrupted(story, film, 2)
    with pytest.raises(
        OutputError, match=r"an unfinished render .* resume it with --resume, or discard it with"
    ):
        write_film(story, film)
    write_film(story, film, restart=True)
    assert film.read_bytes() == (whole / "film.mp4").read_bytes()


def test_nothing_is_left_of_a_render_that_made_no_frame(story: Story, tmp_path: Path) -> None:
    interrupted(story, tmp_path / "film.mp4", 0)
    assert entries(tmp_path) == []


def test_a_changed_ending_resumes_and_a_changed_beginning_does_not(story: Story, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    interrupted(story, film, 2)
    with pytest.raises(CheckpointError, match="changed at or before frame 1"):
        write_film(parse(TINY.replace("a green forest", "a red forest")), film, resume=True)
    changed = parse(TINY.replace("a blue sea", "a red sea"))
    write_film(changed, film, resume=True)
    write_film(changed, tmp_path / "new.mp4")
    assert film.read_bytes() == (tmp_path / "new.mp4").read_bytes()


def test_a_part_has_the_frames_of_the_whole(story: Story, whole: Path, tmp_path: Path) -> None:
    write_film(story, tmp_path / "part", range(2, 4))
    assert entries(tmp_path / "part") == ["frame_000002.png", "frame_000003.png"]
    for name in entries(tmp_path / "part"):
        assert (tmp_path / "part" / name).read_bytes() == (whole / "frames" / name).read_bytes()


def test_a_part_after_a_cut_starts_at_the_cut(tmp_path: Path) -> None:
    story = parse(TINY.replace("  - name: sea", "  - name: sea\n    cut: true"))
    seen: list[Progress] = []
    write_film(story, tmp_path / "part", range(4, 6), on_progress=seen.append)
    write_film(story, tmp_path / "whole")
    assert [progress.frame for progress in seen if progress.stage == "rendering"] == [3, 3, 4, 5]
    assert [progress.frame for progress in seen if progress.stage == "encoding"] == [4, 5]
    for name in entries(tmp_path / "part"):
        assert (tmp_path / "part" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_part_may_grow_when_it_is_resumed(story: Story, whole: Path, tmp_path: Path) -> None:
    interrupted(story, tmp_path / "part", 5, range(3, 6))
    write_film(story, tmp_path / "part", range(1, 6), resume=True)
    assert entries(tmp_path / "part") == [f"frame_{number:06d}.png" for number in range(1, 6)]
    for name in entries(tmp_path / "part"):
        assert (tmp_path / "part" / name).read_bytes() == (whole / "frames" / name).read_bytes()


def test_resuming_a_part_does_not_throw_the_other_frames_away(story: Story, tmp_path: Path) -> None:
    interrupted(story, tmp_path / "part", 4)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.png")}
    refusal = r"has the frames 0 to 1, too, which would be thrown away: resume it with the same --frames and"
    with pytest.raises(OutputError, match=refusal.replace("the frames", "frames")):
        write_film(story, tmp_path / "part", range(2, 4), resume=True)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.png")} == before
    write_film(story, tmp_path / "part", resume=True)
    assert len(entries(tmp_path / "part")) == 6


@pytest.mark.parametrize("frames", [range(0), range(5, 7), range(-1, 3), range(0, 6, 2)])
def test_frames_outside_the_film_are_refused(story: Story, tmp_path: Path, frames: range) -> None:
    with pytest.raises(OutputError, match="the film has the frames 0 to 6"):
        write_film(story, tmp_path / "film.mp4", frames)


def test_threads_stay_as_they_were(story: Story, tmp_path: Path) -> None:
    interrupted(story, tmp_path / "film.mp4", 1)
    with pytest.raises(CheckpointError, match=f"begun with --threads {default_threads()}"):
        write_film(story, tmp_path / "film.mp4", resume=True, threads=3)


@pytest.mark.usefixtures("_fresh_ffmpeg")
def test_an_older_film_stays_until_the_new_one_is_complete(
    story: Story, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"the older film")
    with monkeypatch.context() as patch:
        patch.setenv(
            "IMAGEIO_FFMPEG_EXE", fake_ffmpeg(tmp_path, "echo 'No space left on device' >&2; exit 1")
        )
        with pytest.raises(EncodeError, match="No space left"):
            write_film(story, film)
    assert film.read_bytes() == b"the older film"
    encoding.ffmpeg.cache_clear()
    write_film(story, film, resume=True)
    assert film.read_bytes() == (whole / "film.mp4").read_bytes()


def test_an_older_folder_of_frames_is_replaced_whole(story: Story, whole: Path, tmp_path: Path) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    (frames / "frame_000099.png").write_bytes(b"older")
    write_film(story, frames)
    assert entries(frames) == entries(whole / "frames")


def test_a_file_that_came_into_the_folder_meanwhile_is_not_lost(
    story: Story, whole: Path, tmp_path: Path
) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    (frames / "frame_000099.png").write_bytes(b"older")

    def write(progress: Progress) -> None:
        if progress.done == 2:
            (frames / "notes.txt").write_text("mine")

    with pytest.raises(OutputError, match=r"holds other files, such as notes\.txt, which would be lost"):
        write_film(story, frames, on_progress=write)
    assert entries(frames) == ["frame_000099.png", "notes.txt"]
    (frames / "notes.txt").unlink()
    write_film(story, frames, resume=True)
    assert entries(frames) == entries(whole / "frames")


def test_links_stay_and_lead_to_the_film(story: Story, whole: Path, tmp_path: Path) -> None:
    (tmp_path / "disk" / "frames").mkdir(parents=True)
    (tmp_path / "disk" / "film.mp4").write_bytes(b"older")
    for name, target in {"film.mp4": "film.mp4", "frames": "frames", "new.mp4": "new.mp4"}.items():
        (tmp_path / name).symlink_to(tmp_path / "disk" / target)
        write_film(story, tmp_path / name)
        assert (tmp_path / name).is_symlink()
    assert entries(tmp_path) == ["disk", "film.mp4", "frames", "new.mp4"]
    assert entries(tmp_path / "disk") == ["film.mp4", "frames", "new.mp4"]
    assert entries(tmp_path / "frames") == entries(whole / "frames")
    assert (tmp_path / "new.mp4").read_bytes() == (whole / "film.mp4").read_bytes()


def test_a_mount_point_is_refused_before_rendering(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "disk").mkdir()
    monkeypatch.setattr("os.path.ismount", lambda path: Path(path) == tmp_path / "disk")
    with pytest.raises(
        OutputError, match=r"is a mount point, .* name a folder in it, such as .*disk/frames/"
    ):
        write_film(story, tmp_path / "disk")
    write_film(story, tmp_path / "disk" / "frames", range(1))


def test_outputs_that_cannot_be_are_refused_before_rendering(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    (tmp_path / "plain").touch()
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    (tmp_path / "astray").symlink_to("missing/frames")
    monkeypatch.chdir(tmp_path)
    cases = {
        "film.avi": "cannot write a film as '.avi'",
        "folder.mp4": "folder.mp4 is a folder",
        "mine": "mine holds other files, such as thesis.txt",
        "plain": "plain is a file, and a name without",
        ".": "is the folder you are in",
        "": "the output has no name",
        "loop.mp4": "loop.mp4 is a link that leads to itself",
        "astray": "there is no folder .*missing to write frames in",
        "missing/film.mp4": "there is no folder .*missing to write film.mp4 in",
        "plain/film.mp4": "there is no folder .*plain to write film.mp4 in",
        f"{'x' * 300}.mp4": "name too long; choose a shorter name",
        "/proc/film.mp4": "cannot write /proc/film.mp4",
    }
    before = entries(tmp_path)
    for output, message in cases.items():
        with pytest.raises((OutputError, EncodeError), match=message):
            write_film(story, output)
    assert entries(tmp_path) == before


@pytest.mark.parametrize(("resume", "restart"), [(True, False), (False, True), (False, False)])
def test_two_renders_of_one_film_do_not_mix(
    story: Story, tmp_path: Path, resume: bool, restart: bool
) -> None:
    film = tmp_path / "film.mp4"

    def again(progress: Progress) -> None:
        if progress.done == 2 and progress.stage == "rendering":
            with pytest.raises(OutputError, match="another render is writing"):
                write_film(story, film, resume=resume, restart=restart)

    write_film(story, film, on_progress=again)
    assert entries(tmp_path) == ["film.mp4"]


def test_metadata_names_the_story_and_the_seed(story: Story, tmp_path: Path) -> None:
    write_film(replace(story, text="story: 1\n"), tmp_path / "a.mp4")
    write_film(replace(story, text="story: 1\n"), tmp_path / "b.mp4")
    data = (tmp_path / "a.mp4").read_bytes()
    assert data == (tmp_path / "b.mp4").read_bytes()
    assert b"seed 3" in data
    assert b"story: 1" in data
    assert str(tmp_path).encode() not in data


def test_two_outputs_are_not_one(story: Story, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "frames")
    for also in (f"{tmp_path}/frames/", tmp_path / "x" / ".." / "frames", tmp_path / "link"):
        with pytest.raises(OutputError, match="are one place: give each output a name of its own"):
            write_film(story, tmp_path / "frames", also=[Output.of(also)])
    (tmp_path / "frames").mkdir()
    with pytest.raises(OutputError, match=r"inner lies in .*frames, which is replaced as a whole"):
        write_film(story, tmp_path / "frames", also=[Output.of(tmp_path / "frames" / "inner")])
    assert entries(tmp_path) == ["frames", "link"]


def test_frames_are_written_to_several_outputs(story: Story, whole: Path, tmp_path: Path) -> None:
    interrupted(story, tmp_path / "film.mp4", 2)
    write_film(story, tmp_path / "film.mp4", resume=True, also=[Output.of(tmp_path / "frames")])
    assert entries(tmp_path) == ["film.mp4", "frames"]
    assert (tmp_path / "film.mp4").read_bytes() == (whole / "film.mp4").read_bytes()
    for name in entries(whole / "frames"):
        assert (tmp_path / "frames" / name).read_bytes() == (whole / "frames" / name).read_bytes()


def test_another_films_unfinished_render_is_kept(story: Story, tmp_path: Path) -> None:
    interrupted(story, tmp_path / "frames", 2)
    with pytest.raises(
        OutputError, match=r"an unfinished render of .*frames lies in .*: finish that one first"
    ):
        write_film(story, tmp_path / "film.mp4", also=[Output.of(tmp_path / "frames")])
    assert entries(tmp_path) == [".frames.work"]
    write_film(story, tmp_path / "frames", resume=True)


def _refuse(*_: Path) -> None:
    raise PermissionError


def test_frames_are_copied_where_they_cannot_be_linked(
    story: Story, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.link", _refuse)
    write_film(story, tmp_path / "frames")
    for name in entries(whole / "frames"):
        assert (tmp_path / "frames" / name).read_bytes() == (whole / "frames" / name).read_bytes()
