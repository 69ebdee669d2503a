"""The folder beside a film: who may have made it, how the film gets out of it, and what it is like after a kill."""

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pixray_motion.errors import OutputError
from pixray_motion.film import unfinished, write_film
from pixray_motion.output import files, work
from pixray_motion.output.place import Output, check_distinct
from pixray_motion.output.work import WorkFolder, replace_file
from pixray_motion.story.model import Story
from pixray_motion.story.reading.story import parse

STORY = """\
{story: 1, canvas: 32x18, rate: 8, drawer: {pixel: {grid: 8x4}}, perceptor: none, denoiser: none,
 scenes: [{length: 2f, prompts: a dog, steps: 1}]}
"""
is_root = getattr(os, "geteuid", lambda: 1)() == 0
needs_root = pytest.mark.skipif(not is_root, reason="only root can give files to other users")


@pytest.fixture(scope="module")
def story() -> Story:
    return parse(STORY)


def begun(folder: Path) -> WorkFolder:
    """An unfinished render."""

    def stop(_: object) -> None:
        if (folder / ".film.svg.work" / "states").exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_film(parse(STORY), folder / "film.svg", on_progress=stop)
    return WorkFolder.of(Output.of(folder / "film.svg"))


def linked_folder(place: Path, victim: Path) -> None:
    victim.mkdir()
    place.symlink_to(victim)


def link_inside(name: str) -> Callable[[Path, Path], None]:
    def prepare(place: Path, victim: Path) -> None:
        victim.write_text("precious")
        place.mkdir()
        (place / name).symlink_to(victim)

    return prepare


def another_users(place: Path, victim: Path) -> None:  # noqa: ARG001
    place.mkdir()
    os.chown(place, 12345, 12345)


def another_users_lock(place: Path, victim: Path) -> None:  # noqa: ARG001
    place.mkdir()
    (place / "lock").touch()
    os.chown(place / "lock", 12345, 12345)


def a_file(place: Path, victim: Path) -> None:  # noqa: ARG001
    place.touch()


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (linked_folder, "work is a link, and what is not yet done is kept in there"),
        (link_inside("lock"), "lock is a link, which no render has made"),
        (link_inside("journal"), "journal is a link, which no render has made"),
        (link_inside("draft.svg"), r"draft\.svg is a link, which no render has made"),
        (link_inside("states"), "states is a link, which no render has made"),
        (a_file, "work is no folder"),
        pytest.param(another_users, "work belongs to another user", marks=needs_root),
        pytest.param(another_users_lock, "lock belongs to another user", marks=needs_root),
    ],
)
@pytest.mark.parametrize("resume", [False, True])
def test_what_another_has_prepared_is_refused(
    story: Story, tmp_path: Path, prepare: Callable[[Path, Path], None], words: str, resume: bool
) -> None:
    victim = tmp_path / "victim"
    prepare(tmp_path / ".film.svg.work", victim)
    with pytest.raises(OutputError, match=f"{words}.*: remove it, or choose another output"):
        write_film(story, tmp_path / "film.svg", resume=resume)
    assert not victim.is_file() or victim.read_text() == "precious"
    assert not (tmp_path / "film.svg").exists()


def test_a_second_name_of_a_file_is_not_written_to(story: Story, tmp_path: Path) -> None:
    victim, place = tmp_path / "victim", tmp_path / ".film.svg.work"
    victim.write_text("precious")
    place.mkdir()
    for name in ("lock", "draft.svg"):
        os.link(victim, place / name)
    write_film(story, tmp_path / "film.svg")
    place.mkdir()
    os.link(victim, place / "journal")
    with pytest.raises(OutputError, match="not a file of this name alone"):
        write_film(story, tmp_path / "film.svg", resume=True)
    assert victim.read_text() == "precious"


def test_links_among_the_kept_frames_are_not_followed(story: Story, tmp_path: Path) -> None:
    folder = begun(tmp_path)
    frame = next((folder.path / "shapes").iterdir())
    frame.rename(tmp_path / "moved")
    frame.symlink_to(tmp_path / "moved")
    told: list[str] = []
    write_film(
        story, tmp_path / "film.svg", resume=True, on_progress=lambda progress: told.append(progress.lost)
    )
    assert told[0] == "damaged or missing: frame 0; drawn again: 1 frame"


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_folder_is_replaced_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    if not can_exchange:
        monkeypatch.setattr(work, "exchange", lambda *_: False)
    place = tmp_path / "frames"
    place.mkdir()
    (place / "older").touch()
    with WorkFolder.of(Output.of(place)).locked() as folder:
        film = folder.begin("film")
        film.mkdir()
        (film / "newer").touch()
        folder.publish(film)
        assert [path.name for path in place.iterdir()] == ["newer"]
    assert [path.name for path in tmp_path.iterdir()] == ["frames"]


@pytest.mark.parametrize("arrived", [True, False])
def test_a_folder_that_was_killed_between_two_renames_comes_back(tmp_path: Path, arrived: bool) -> None:
    """Where folders cannot be exchanged: the older one is put back, or thrown away if the newer one has arrived."""
    place, folder = tmp_path / "frames", tmp_path / ".frames.work"
    (folder / "older").mkdir(parents=True)
    (folder / "older" / "frame_000000.png").write_bytes(b"older")
    if arrived:
        place.mkdir()
        (place / "frame_000000.png").write_bytes(b"newer")
    with WorkFolder.of(Output.of(place)).locked():
        pass
    assert (place / "frame_000000.png").read_bytes() == (b"newer" if arrived else b"older")
    assert [path.name for path in tmp_path.iterdir()] == ["frames"]


def test_an_older_folder_comes_back_where_the_new_one_cannot_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_film(source: Path, target: Path) -> None:
        if source.name == "film":
            raise OSError(28, "No space left on device")
        os.rename(source, target)

    def replace(place: Path) -> None:
        with WorkFolder.of(Output.of(place)).locked() as folder:
            film = folder.begin("film")
            film.mkdir()
            folder.publish(film)

    monkeypatch.setattr(work, "exchange", lambda *_: False)
    place = tmp_path / "frames"
    place.mkdir()
    (place / "frame_000000.png").write_bytes(b"older")
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse_film)
        with pytest.raises(OSError, match="No space left"):
            replace(place)
    assert (place / "frame_000000.png").read_bytes() == b"older"
    assert [path.name for path in tmp_path.iterdir()] == ["frames"]


def test_exchange_takes_one_step(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.write_text("other")
    if not files.exchange(one, other):
        pytest.skip("this system or file system cannot exchange two names")
    assert (one.read_text(), other.is_dir()) == ("other", True)
    with pytest.raises(FileNotFoundError):
        files.exchange(one, tmp_path / "missing")


def test_what_a_kill_left_is_removed_by_the_next_run(story: Story, tmp_path: Path) -> None:
    rubbish = tmp_path / ".film.svg.work.done-01234567"
    (rubbish / "shapes").mkdir(parents=True)
    (rubbish / "shapes" / "frame_000000.svg").touch()
    folder = begun(tmp_path)
    assert not rubbish.exists()
    (folder.path / "scratch-01234567").mkdir()
    (folder.path / "scratch-01234567" / "film.svg").touch()
    (folder.path / "draft.svg").touch()
    with pytest.raises(OutputError, match="an unfinished render"):
        write_film(story, tmp_path / "film.svg")
    assert sorted(path.name for path in folder.path.iterdir()) == ["journal", "lock", "shapes", "states"]
    write_film(story, tmp_path / "film.svg", resume=True)
    assert [path.name for path in tmp_path.iterdir()] == ["film.svg"]


def test_a_film_is_complete_from_one_moment_to_the_next(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ends the cleaning up, nothing is left that could be resumed, and the next run removes it."""
    film = tmp_path / "film.svg"
    with monkeypatch.context() as patch:
        patch.setattr(work.shutil, "rmtree", lambda *_, **__: None)
        write_film(story, film)
    assert len(list(tmp_path.glob(".film.svg.work.done-*"))) == 1
    assert not unfinished(film)
    write_film(story, film)
    assert [path.name for path in tmp_path.iterdir()] == ["film.svg"]


def test_a_removed_work_folder_has_its_own_remedy(story: Story, tmp_path: Path) -> None:
    def remove(progress: object) -> None:  # noqa: ARG001
        if (tmp_path / ".film.svg.work" / "states").exists():
            files.remove(tmp_path / ".film.svg.work")

    with pytest.raises(
        OutputError, match=r"in which the film was made, was removed meanwhile: render it once more"
    ):
        write_film(story, tmp_path / "film.svg", on_progress=remove)
    write_film(story, tmp_path / "film.svg")


def test_equal_and_nested_places_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "a.mp4").touch()
    os.link(tmp_path / "real" / "a.mp4", tmp_path / "real" / "b.mp4")
    for one, other in [
        ("out/", "out/"),
        ("out", "./out/"),
        ("f.svg", "f.svg"),
        ("real/new", "link/new"),
        ("real/a.mp4", "link/a.mp4"),
        ("real", "link/inner"),
        ("out/f.mp4", "out"),
        ("f.mp4", ".f.mp4.work/frames"),
        ("out", ".out.work/"),
    ]:
        for pair in ((one, other), (other, one)):
            with pytest.raises(OutputError, match=r"are one place|lies in|lies where"):
                check_distinct(map(Output.of, pair))
    check_distinct(map(Output.of, ("real/a.mp4", "real/b.mp4", "out", "out2", "real/c/")))


def test_a_still_or_a_chart_goes_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "chart.svg").symlink_to("real/chart.svg")
    replace_file(tmp_path / "chart.svg", b"one")
    replace_file(tmp_path / "chart.svg", b"two")
    assert (tmp_path / "chart.svg").is_symlink()
    assert [path.read_bytes() for path in (tmp_path / "real").iterdir()] == [b"two"]


def as_another_user(work: Callable[[], object]) -> str:
    """The error that ``work`` raises in a process of another user; the name of the exit if it raises none."""
    said, told = os.pipe()
    if os.fork() == 0:
        try:
            os.setgid(12345)
            os.setuid(12345)
            work()
        except BaseException as error:
            os.write(told, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(told)
    os.wait()
    with os.fdopen(said) as pipe:
        return pipe.read()


@needs_root
@pytest.mark.parametrize("name", ["film.svg", "frames"])
@pytest.mark.parametrize("mode", [0o1777, 0o755], ids=["sticky", "read-only"])
def test_a_film_of_another_user_is_told_before_rendering(story: Story, name: str, mode: int) -> None:
    """It could not be replaced in the end."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))  # pytest's own is closed to others

    def begin(_: object) -> None:
        raise AssertionError("it began to render")

    try:
        if name == "frames":
            (folder / name).mkdir()
        else:
            (folder / name).write_text("older")
        folder.chmod(mode)
        said = as_another_user(lambda: write_film(story, folder / name, on_progress=begin))
        assert said.startswith(f"OutputError: cannot write {folder / name}: ")
        assert said.endswith("; choose a place that you may use, or change its permissions")
        assert [path.name for path in folder.iterdir()] == [name]
    finally:
        files.remove(folder)


def test_what_may_be_replaced_stays_where_it_is(tmp_path: Path) -> None:
    for place in (tmp_path / "film.mp4", tmp_path / "frames", tmp_path / "nothing"):
        if place.suffix:
            place.write_text("older")
        elif place.name == "frames":
            place.mkdir()
        with WorkFolder.of(Output.of(place)).locked():
            pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "frames"]
    assert (tmp_path / "film.mp4").read_text() == "older"
    assert stat.S_ISDIR((tmp_path / "frames").stat().st_mode)
