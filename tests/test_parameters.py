"""Parameters of everything that a story names: one reader, and each value arrives as what it is."""

# ruff: noqa: ARG001, ARG002 - what is registered here has parameters to be read, and not to be used

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import pytest
import torch
from click.testing import CliRunner
from torch import Tensor

from pixray_motion import plugins
from pixray_motion.cli.commands import program
from pixray_motion.denoisers.base import Denoiser, denoiser
from pixray_motion.drawers.base import drawer
from pixray_motion.engine import frame_generator
from pixray_motion.errors import PluginError, StoryError
from pixray_motion.filters import apply_filters, image_filter
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.losses import loss
from pixray_motion.movements.base import movement
from pixray_motion.objective import Evaluation
from pixray_motion.perceptors.base import Perceptor, perceptor
from pixray_motion.perceptors.embedded import EmbeddedPerceptor
from pixray_motion.picture import Picture
from pixray_motion.registry import Registry
from pixray_motion.story.model import Story
from pixray_motion.story.plan import Component, Weighted, distinct_names
from pixray_motion.story.reading.story import parse, read
from pixray_motion.studio import Studio
from pixray_motion.tracks.base import Samples
from pixray_motion.tracks.easing import Easing, easing
from pixray_motion.units import (
    NO_SURROUNDINGS,
    RGB,
    SHARE,
    Amount,
    Colour,
    Count,
    File,
    Flag,
    Grid,
    Kind,
    Length,
    OneOf,
    Pair,
    Palette,
    Point,
    Real,
    Seconds,
    Seed,
    StoryFile,
    Surroundings,
    Text,
    Unit,
)
from pixray_motion.wording import InvalidValue

REGISTRIES: tuple[Registry[Any], ...] = (drawer, movement, loss, image_filter, perceptor, denoiser, easing)


@pytest.fixture(autouse=True)
def own_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    for one in REGISTRIES:
        one.names()
        monkeypatch.setattr(one, "_entries", dict(one._entries))


def scene(text: str, head: str = "") -> Story:
    return parse(f"story: 1\nrate: 10\ncanvas: 32x18\n{head}\nscenes: [{{length: 2s, {text}}}]")


def refused(text: str, head: str = "") -> str:
    with pytest.raises(StoryError) as caught:
        scene(text, head)
    [line] = str(caught.value).split("\n")
    return line.partition(": ")[2]


def listed(what: str) -> str:
    result = CliRunner().invoke(program, ["list", what])
    assert result.exit_code == 0, result.output
    return result.stdout


KINDS: list[tuple[Kind, str, Any, str]] = [
    (Unit("weight", -1, 1), "0.5", 0.5, "-1..1"),
    (Count(1, 9), "3", 3, "1..9"),
    (Real(0, 2.5), "1.5", 1.5, "0..2.5"),
    (Grid(2), "8x4", (8, 4), "2x2..the canvas"),
    (Flag(), "true", True, "true or false"),
    (OneOf(("soft", "hard")), "hard", "hard", "soft, hard"),
    (Colour(), "red", (255, 0, 0), "a name or '#rrggbb'"),
    (Palette(2), "black #ffcc00", ((0, 0, 0), (255, 204, 0)), "1..2 such as 'black #ffcc00'"),
    (Text(9), "the end", "the end", "1..9 characters"),
]


@pytest.mark.parametrize(("kind", "text", "value", "span"), KINDS, ids=lambda one: type(one).__name__)
def test_a_kind_reads_describes_and_shows(kind: Kind, text: str, value: Any, span: str) -> None:
    assert kind.parse(text, "x") == value
    assert type(kind.parse(text, "x")) is type(value)
    assert kind.describe()[1] == span
    assert kind.parse(kind.show(value), "x") == value
    assert kind.animatable == isinstance(kind, Unit)
    hash(value)


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (Unit("weight", -1, 1), "2", "'x' is '2'; -1..1 (weight) is allowed"),
        (Pair(SHARE), "1", "'x' is a pair [x, y]. Got '1'"),
        (Count(1, 9), "2.5", "'x' is a whole number from 1 to 9. Got '2.5'"),
        (Real(0, 2), "x", "'x' is a number from 0..2. Got 'x'"),
        (Grid(2), "1x9", "'x' has at least 2 columns and rows. Got '1x9'"),
        (Flag(), "yes", "'x' is true or false. Got 'yes'"),
        (OneOf(("a", "b", "c")), "d", "'x' is a, b or c. Got 'd'"),
        (OneOf(("a",)), "d", "'x' is a. Got 'd'"),
        (Colour(), "reddish", "'x' is a colour such as white or '#ffcc00'. Got 'reddish'"),
        (Palette(1), "red blue", "'x' is 1 to 1 colours, as in \"black white #ffcc00\". Got 2"),
        (Text(3), "long", "'x' is a line of text with 1 to 3 characters. Got 'long'"),
        (Text(9), "a\nb", r"'x' is a line of text with 1 to 9 characters. Got 'a\nb'"),
        (File(), "a.png", "'x' is a file, and there is no folder to look for 'a.png' in"),
    ],
)
def test_a_kind_refuses_in_one_sentence(kind: Kind, text: str, message: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        kind.parse(text, "x")
    assert caught.value.message == message


def test_a_grid_is_held_against_the_canvas() -> None:
    with pytest.raises(InvalidValue, match="finer than the canvas; up to 32x18 is allowed"):
        Grid().parse("64x18", "grid", Surroundings(Canvas(32, 18)))


def register_filter() -> list[dict[str, Any]]:
    """A filter with a parameter of each kind, and what it has been called with."""
    calls: list[dict[str, Any]] = []

    @image_filter("probe", pointwise=True)
    def probe(
        image: Tensor,
        mode: Annotated[str, OneOf(("soft", "hard"))] = "soft",
        times: Annotated[int, Count(1, 9)] = 1,
        bright: Annotated[bool, Flag()] = False,
        colour: Annotated[RGB, Colour()] = (0, 0, 0),
        words: Annotated[str, Text()] = "x",
        file: Annotated[StoryFile | None, File()] = None,
        sharp: Annotated[float, Real(0, 1)] = 0.5,
        amount: Amount = 1.0,
        centre: Point = (0.0, 0.0),
    ) -> Tensor:
        """Change nothing."""
        calls.append({name: value for name, value in locals().items() if name not in ("image", "calls")})
        return image

    return calls


VALUES = {
    "mode": "hard",
    "times": 3,
    "bright": True,
    "colour": (255, 255, 255),
    "words": "the end",
    "sharp": 0.25,
    "amount": 0.5,
    "centre": (0.5, 1.0),
}
PROBE = (
    "filters: [probe: {mode: hard, times: 3, bright: true, color: white, words: the end, sharp: 0.25, "
    "amount: {0s: 0, 2s: 1}, centre: [{0s: 0, 2s: 1}, 1]}]"
)


def test_what_a_filter_is_told_arrives_as_what_it_is() -> None:
    """Words used to arrive as 0.0, and counts as floats."""
    calls = register_filter()
    plan = scene(PROBE).plan(10).drawing
    assert dict(plan.filters[0].values) == VALUES
    shown = Picture(torch.rand(1, 3, 9, 16), (9, 9), Motion.identity())
    apply_filters(shown, plan.filters, Canvas(16, 9)).image(Canvas(16, 9))
    assert {name: calls[-1][name] for name in VALUES} == VALUES
    assert {name: type(calls[-1][name]) for name in VALUES} == {k: type(v) for k, v in VALUES.items()}


def test_what_a_movement_is_told_arrives_as_what_it_is() -> None:
    told: list[Any] = []

    @movement("jump")
    def jump(
        way: Annotated[str, OneOf(("up", "down"))] = "up",
        times: Annotated[int, Count(1, 9)] = 1,
        height: Length = 0.0,
        seconds: Seconds = 0.0,
        seed: Seed = 0.0,
    ) -> Motion:
        """Jump."""
        told.append((way, times, float(seed)))
        return Motion.shift(0.0, -height * times * (1 if way == "up" else -1) + 0 * seconds)

    story = scene("move: [jump: {way: down, times: 2, height: 0.1/s}]", "seed: 7")
    assert story.plan(5).drawing.motion.matrix[1, 2] == pytest.approx(0.02)
    assert set(told) == {("down", 2, 7.0)}
    assert [type(value) for value in told[0]] == [str, int, float]


@pytest.mark.parametrize("value", ["{0s: soft, 1s: hard}", "[soft, hard]"])
def test_what_must_be_fixed_has_no_keyframes(value: str) -> None:
    register_filter()
    kind = "a mapping" if value[0] == "{" else "a list"
    assert refused(f"filters: [probe: {{mode: {value}}}]") == (
        f"'mode' is one value for the whole film. Got {kind}"
    )


def test_a_plugin_brings_its_own_kinds() -> None:
    """One class each, and neither the reader nor the command line knows of them."""

    @dataclass(frozen=True)
    class Ratio(Kind):
        def parse(self, text: str, name: str, around: Surroundings = NO_SURROUNDINGS) -> Fraction:
            if ":" not in text:
                raise InvalidValue(f"'{name}' is a ratio such as 16:9. Got '{text}'")
            return Fraction(*map(int, text.split(":")))

        def describe(self) -> tuple[str, str]:
            return "ratio", "1:1..9:1"

    @dataclass(frozen=True)
    class Tint(Kind):
        @property
        def parts(self) -> tuple[tuple[str, Unit], ...]:
            return tuple((name, SHARE) for name in ("red", "green", "blue"))

        def parse(self, text: str, name: str, around: Surroundings = NO_SURROUNDINGS) -> Any:
            raise InvalidValue(f"'{name}' is a list. Got '{text}'")

        def describe(self) -> tuple[str, str]:
            return "[red, green, blue]", "0..1"

    @image_filter("graded", pointwise=True)
    def graded(
        image: Tensor,
        ratio: Annotated[Fraction, Ratio()] = Fraction(1),
        tint: Annotated[tuple[float, float, float], Tint()] = (1.0, 1.0, 1.0),
    ) -> Tensor:
        """Grade."""
        return image

    [call] = (
        scene("filters: [graded: {ratio: '16:9', tint: [{0s: 0, 2s: 1}, 1, 0.5]}]").plan(10).drawing.filters
    )
    assert dict(call.values) == {"ratio": Fraction(16, 9), "tint": (0.5, 1.0, 0.5)}
    assert "tint       [red, green, blue], over time  0..1" in listed("filters")
    assert refused("filters: [graded: {ratio: 2}]") == "'ratio' is a ratio such as 16:9. Got '2'"
    assert refused("filters: [graded: {tint: [1, 2]}]") == (
        "'tint' is a list [red, green, blue]; each of the 3 may have keyframes. Got a list"
    )


FILM = "story: 1\ncanvas: 32x18\nscenes: [{length: 2f, filters: [probe: {file: FILE}]}]"


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    register_filter()
    home = tmp_path / "a"
    home.mkdir()
    (home / "film.yaml").write_text(FILM.replace("FILE", "table.bin"))
    (home / "table.bin").write_bytes(b"one")
    plan = read(home / "film.yaml").plan(0)
    [(name, file)] = plan.drawing.filters[0].values
    assert (name, file.name, file.path.read_bytes()) == ("file", "table.bin", b"one")
    shutil.copytree(home, tmp_path / "b")
    assert read(tmp_path / "b" / "film.yaml").plan(0).digest() == plan.digest()
    assert str(tmp_path) not in plan.as_json()
    (home / "table.bin").write_bytes(b"two")
    assert read(home / "film.yaml").plan(0).digest() != plan.digest()
    for name, message in (
        ("no.bin", "there is no file 'no.bin'"),
        ("../a.bin", "lies outside of the story's folder"),
    ):
        (home / "film.yaml").write_text(FILM.replace("FILE", name))
        with pytest.raises(StoryError, match=message):
            read(home / "film.yaml")


def register_loss() -> None:
    @loss("edge")
    def edge(
        look: Any,
        colour: Annotated[RGB, Colour()] = (0, 0, 0),
        width: Length = 0.1,
        mode: Annotated[str, OneOf(("soft", "hard"))] = "soft",
    ) -> Tensor:
        """Bring out a border of one colour."""
        assert isinstance(mode, str)
        wanted = torch.tensor(colour).view(1, 3, 1, 1) / 255
        return (look.image - wanted).square().mean() + width


def losses(text: str, frame: int = 0) -> tuple[Weighted, ...]:
    register_loss()
    return scene(f"losses: {text}").plan(frame).drawing.losses


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{smoothness: 0.2}", [("smoothness", {}, 0.2)]),
        ("{smoothness: {0s: 0, 2s: 1}}", [("smoothness", {}, 0.5)]),
        ("[smoothness: 0.2, edge: {weight: 0.1, colour: white}]",
         [("smoothness", {}, 0.2), ("edge", {"colour": (255, 255, 255)}, 0.1)]),
        ("[smoothness, edge]", [("smoothness", {}, 1.0), ("edge", {}, 1.0)]),
        ("{edge: {weight: 0.1, color: white}}", [("edge", {"colour": (255, 255, 255)}, 0.1)]),
        ("{edge: {mode: hard}}", [("edge", {"mode": "hard"}, 1.0)]),
        ("{edge: {}}", [("edge", {}, 1.0)]),
        ("{edge: {weight: {0s: 0, 2s: 1}, width: {0s: 0, 2s: 3}}}", [("edge", {"width": 1.5}, 0.5)]),
        ("[edge: {weight: 1, mode: hard}, edge: {mode: hard, weight: 2}]", [("edge", {"mode": "hard"}, 3.0)]),
        ("[edge: 1, edge: {mode: hard}]", [("edge", {}, 1.0), ("edge", {"mode": "hard"}, 1.0)]),
    ],
)  # fmt: skip
def test_losses_in_all_their_forms(text: str, found: list[tuple[str, dict[str, Any], float]]) -> None:
    told = [(one.component.name, dict(one.component.values), one.weight) for one in losses(text, 10)]
    assert told == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{edge: {colr: white}}", "unknown key 'colr' in 'edge'; did you mean 'colour'? allowed: weight, col"),
        ("{edge: {weight: 2000}}", "'weight' is '2000'; -1000..1000 (weight) is allowed"),
        ("{edge: 2000}", "'edge' is '2000'; -1000..1000 (weight) is allowed"),
        ("[{edge: 1, smoothness: 1}]", "a loss is a name, or one name with its parameters, 'name: {...}'"),
        ("smoothness", "'losses' is a mapping, 'name: weight'; names: edge, saturation, smoothness. Got 'smoothness'"),
        ("{edge: {width: {0s: 0, 1s: 2000}}}", "'width' is '2000'; -1000..1000 (canvas heights) is allowed"),
        ("{edge: {width: 2000*t}}", "'width' is 1200 at the scene's frame 6 (0.6s); -1000..1000 (canvas"),
    ],
)  # fmt: skip
def test_losses_that_cannot_be_read(text: str, message: str) -> None:
    register_loss()
    assert refused(f"losses: {text}").startswith(message)


def test_losses_of_one_name_are_told_apart() -> None:
    register_loss()
    listed = "losses: [edge: {weight: 2, colour: white}, edge: {colour: red}]"
    story = scene(f"prompts: a, {listed}", "perceptor: none")
    studio = Studio.open(story)
    objective = studio.objective(story.plan(0).drawing, frame_generator(0, 0))
    terms = objective(Picture(torch.ones(1, 3, 9, 16), (9, 9), Motion.identity())).terms
    assert {name: float(term) for name, term in terms.items()} == pytest.approx(
        {"edge": 0.2, "edge 2": 2 / 3 + 0.1}
    )
    assert distinct_names([Component("a"), Component("b"), Component("a")]) == ["a", "b", "a 2"]


def test_losses_of_a_scene_and_its_sequence_add_up() -> None:
    register_loss()
    inner = "{length: 1s, losses: [edge: {weight: 1, mode: hard}, smoothness]}"
    text = f"story: 1\nscenes: [sequence: {{losses: {{edge: {{mode: hard}}}}, scenes: [{inner}]}}]"
    assert parse(text).plan(0).drawing.losses == (
        Weighted(Component("edge", (("mode", "hard"),)), 2.0),
        Weighted(Component("smoothness"), 1.0),
    )


def test_the_list_shows_what_a_story_can_set() -> None:
    """It used to show parameters that no story could set."""
    register_loss()
    text = listed("losses")
    assert "(its value)" not in text
    entry = loss.get("edge")
    assert entry is not None
    shown = text.partition("edge: Bring out")[2].partition("\nsat")[0]
    rows = [line.split()[0] for line in shown.splitlines()[2:]]
    assert rows == ["weight", "colour", "width", "mode"]
    for parameter in (*loss.common, *entry.parameters):
        scene(f"losses: {{edge: {{{parameter.name}: '{parameter.kind.show(parameter.default)}'}}}}")
    words = [" ".join(line.split()) for line in shown.splitlines()]
    assert words[2] == "weight weight, over time -1000..1000 1"
    assert words[3] == "colour colour a name or '#rrggbb' #000000"


@pytest.mark.parametrize(("one", "name"), [(loss, "weight"), (perceptor, "weight")])
def test_a_plugin_cannot_take_a_key_that_all_have(one: Registry[Any], name: str) -> None:
    def heavy(look: Any, weight: Annotated[float, Real(0, 1)] = 1.0) -> None:
        """Heavy."""

    with pytest.raises(PluginError, match=f"the {one.kind} 'heavy' has the parameter '{name}', which every"):
        one("heavy")(heavy)


class Flat(Perceptor):
    """Sees how bright a picture is; its texts are all alike."""

    size, cuts = 8, 4

    def __init__(
        self, angle: Annotated[float, Real(0, 90)] = 0.0, side: Annotated[str, OneOf(("a", "b"))] = "a"
    ) -> None:
        self.angle, self.side = angle, side

    def embed_text(self, texts: Sequence[str]) -> Tensor:
        return torch.tensor([[1.0, 0.0]] * len(texts))

    def embed_images(self, images: Tensor) -> Tensor:
        turn = torch.deg2rad(torch.tensor(self.angle))
        return torch.stack([turn.cos(), turn.sin()]).expand(len(images), 2) + 0 * images.mean()

    def fingerprint(self) -> str:
        return f"flat {self.angle} {self.side}"


def perceptors(text: str) -> tuple[Weighted, ...]:
    perceptor("flat")(Flat)
    return scene("prompts: a", f"perceptor: {text}").plan(0).drawing.perceptors


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("none", []),
        ("flat", [("flat", {}, 1.0)]),
        ("{flat: {weight: 0.5, angle: 60, side: b}}", [("flat", {"angle": 60.0, "side": "b"}, 0.5)]),
        ("[embedded, {flat: {weight: 0}}]", [("embedded", {}, 1.0), ("flat", {}, 0.0)]),
        ("[flat, {flat: {angle: 60}}]", [("flat", {}, 1.0), ("flat", {"angle": 60.0}, 1.0)]),
        ("{embedded: {cuts: 12}}", [("embedded", {"cuts": 12}, 1.0)]),
    ],
)
def test_perceptors_in_all_their_forms(text: str, found: list[tuple[str, dict[str, Any], float]]) -> None:
    told = [(one.component.name, dict(one.component.values), one.weight) for one in perceptors(text)]
    assert told == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[flat, flat]", "the perceptor 'flat' is listed twice; take one out"),
        ("{flat: {weight: -1}}", "'weight' is '-1'; 0..1000 is allowed"),
        ("{flat: {weight: {0s: 1}}}", "'weight' is one value for the whole film. Got a mapping"),
        ("{flat: {tilt: 1}}", "unknown key 'tilt' in 'flat'; allowed: weight, angle, side"),
        ("{flat: 2}", "'flat' is a mapping, 'key: value'; its keys: weight, angle, side. Got '2'"),
        ("{embedded: {cuts: 0}}", "'cuts' is a whole number from 1 to 256. Got '0'"),
        ("[]", "'perceptor' is an empty list; allowed: embedded, flat"),
    ],
)
def test_perceptors_that_cannot_be_read(text: str, message: str) -> None:
    perceptor("flat")(Flat)
    assert refused("prompts: a", f"perceptor: {text}") == message


def test_a_perceptor_needs_no_device_and_is_made_with_its_values() -> None:
    perceptor("flat")(Flat)
    story = scene("prompts: a", "perceptor: [{flat: {angle: 60}}, {embedded: {cuts: 3}}]\ndenoiser: none")
    made = [one.perceptor for one in Studio.open(story).perceptors.values()]
    assert isinstance(made[0], Flat)
    assert made[0].angle == 60
    assert isinstance(made[1], EmbeddedPerceptor)
    assert made[1].cuts == 3


def test_the_score_is_the_mean_of_all_perceptors_by_weight() -> None:
    """It used to be the last one's."""
    perceptor("flat")(Flat)
    text = "perceptor: [{flat: {weight: 3}}, {flat: {angle: 60}}, {flat: {angle: 90, weight: 0}}]\ndenoiser: none"
    story = scene("prompts: a", text)
    objective = Studio.open(story).objective(story.plan(0).drawing, frame_generator(0, 0))
    found = objective(Picture(torch.rand(1, 3, 9, 16), (9, 9), Motion.identity()))
    terms = found.terms
    assert found.scores() == pytest.approx({"score": 0.875, "score flat": 1.0, "score flat 2": 0.5}, abs=1e-6)
    assert len(terms) == 2
    alone = scene(
        "prompts: a", text.replace("{flat: {weight: 3}}, ", "").replace("angle: 60", "angle: 60, weight: 2")
    )
    again = Studio.open(alone).objective(alone.plan(0).drawing, frame_generator(0, 0))
    twice = again(Picture(torch.rand(1, 3, 9, 16), (9, 9), Motion.identity())).terms
    assert float(max(twice.values())) == pytest.approx(2 * float(max(terms.values())), rel=1e-5)


def test_one_perceptor_has_one_score() -> None:
    half = torch.tensor(0.5)
    assert Evaluation({}, {"a": (half, 2.0)}).scores() == {"score": 0.5}
    assert Evaluation({}, {}).scores() == {}


def test_a_denoiser_has_parameters() -> None:
    made: list[int] = []

    @denoiser("brush")
    class Brush(Denoiser):
        """Paint."""

        side, multiple = 8, 8

        def __init__(self, strokes: Annotated[int, Count(1, 9)] = 1) -> None:
            made.append(strokes)

        def embed_text(self, texts: Any) -> Tensor:
            return torch.zeros(len(texts), 1)

        def predict_x0(self, noisy: Tensor, noise_level: float, texts: Tensor) -> Tensor:
            return noisy.expand(1 + len(texts), -1, -1, -1)

        def fingerprint(self) -> str:
            return "brush"

    head = "perceptor: none\ndenoiser: {model: {brush: {strokes: 3}}, strength: 0.5, weight: 0.1}"
    story = scene("prompts: a", head)
    guide = story.plan(0).drawing.denoiser
    assert guide is not None
    assert guide.model == Component("brush", (("strokes", 3),))
    assert Studio.open(story).guidance(story.plan(0).drawing, frame_generator(0, 0)).settings == guide
    assert made == [3]
    plain = scene("prompts: a", "denoiser: brush").plan(0).drawing.denoiser
    assert plain == replace(guide, model=Component("brush"), noise_level=plain.noise_level if plain else 0)
    assert "strokes    whole number  1..9   1" in listed("denoisers")
    assert refused("prompts: a", "denoiser: {model: {brush: {strokes: 0}}}") == (
        "'strokes' is a whole number from 1 to 9. Got '0'"
    )
    unknown = refused("prompts: a", "denoiser: {model: brus}")
    assert unknown.startswith("unknown denoiser 'brus'; did you mean 'brush'? allowed: brush, embedded")
    assert unknown.endswith(", none")


def test_a_plugin_brings_an_easing() -> None:
    @easing("wobble")
    def wobble(
        share: Samples, times: Annotated[int, Count(1, 9)], depth: Annotated[float, Real(0, 1)] = 0.5
    ) -> Samples:
        """Wobble on the way."""
        return share + 0 * times + depth * share * (1 - share)

    def angle(text: str) -> float:
        story = scene(f"losses: {{smoothness: {{0s: 0, 2s: '1 {text}'}}}}")
        return story.plan(10).drawing.losses[0].weight

    assert angle("wobble(2)") == pytest.approx(0.5 + 0.5 * 0.25)
    assert angle("wobble(2, 1)") == pytest.approx(0.75)
    with pytest.raises(StoryError, match=r"'wobble' takes 1 to 2 values, as in wobble\(times, depth\)\. Got"):
        angle("wobble(1, 2, 3)")
    with pytest.raises(StoryError, match="'times of wobble' is a whole number from 1 to 9"):
        angle("wobble(0)")
    with pytest.raises(StoryError, match=r"did you mean 'wobble'\?"):
        angle("woble(2)")
    assert "wobble: Wobble on the way." in listed("easings")


def test_easings_are_listed_with_their_values_and_the_splines() -> None:
    text = listed("easings")
    for line in (
        "steps: In count equal steps",
        "count      whole number  1..10000  -",
        "smooth: A curve",
        "hold: Stay",
    ):
        assert line in text
    for name in ("linear", "ease-in-out-bounce", "akima", "cubic-bezier"):
        assert f"\n{name}: " in f"\n{text}"


def test_an_easing_is_known_by_its_name_and_values() -> None:
    assert Easing("steps", (4,)) == Easing("steps", (4,)) != Easing("steps", (5,))
    assert str(Easing("steps", (4,))) == "steps(4)"


RENAMED = {
    "prior: none": "unknown key 'prior' in a story; write 'denoiser'",
    "denoiser: {guidance: 5}": "unknown key 'guidance' in 'denoiser'; write 'guidance_scale'",
    "denoiser: {level: 0.3}": "unknown key 'level' in 'denoiser'; write 'strength', with the same number "
    "(Deforum's strength runs the other way: 1 - value)",
    "drawer: {diffusion: {likeness: 2}}": "unknown key 'likeness' in 'diffusion'; write 'perceptor_scale'",
    "drawer: {fft: {rate: 2}}": "unknown key 'rate' in 'fft'; write 'learning_rate'",
    "drawer: {clipdraw: {point_rate: 2}}": "unknown key 'point_rate' in 'clipdraw'; write 'point_learning_rate'",
    "drawer: {clipdraw: {width_rate: 2}}": "unknown key 'width_rate' in 'clipdraw'; write 'width_learning_rate'",
    "drawer: {clipdraw: {colour_rate: 2}}": "unknown key 'colour_rate' in 'clipdraw'; write 'colour_learning_rate'",
    "drawer: {clipdraw: {color_rate: 2}}": "unknown key 'color_rate' in 'clipdraw'; write 'colour_learning_rate'",
    "fps: 12": "unknown key 'fps' in a story; frames a second are the film's 'rate', as in 'rate: 12'",
}


@pytest.mark.parametrize(("head", "message"), RENAMED.items())
def test_former_keys_name_the_new_ones(head: str, message: str) -> None:
    assert refused("prompts: a", head) == message


OTHERS = {
    "fps": "rate", "size": "canvas", "width": "canvas", "height": "canvas", "duration": "length", "frames": "length",
    "max_frames": "length", "cfg_scale": "denoiser: {guidance_scale: 5}", "negative_prompt": "negative weight",
    "translation_x": "pan", "translation_y": "pan", "translation_z": "dolly", "rotation_3d_x": "tilt",
    "rotation_3d_y": "turn", "rotation_3d_z": "roll", "angle": "rotate", "zoom": "zoom: {factor", "cadence": "cadence",
    "diffusion_cadence": "cadence", "font": "text", "steps_schedule": "steps", "strength_schedule": "1 - value",
    "strength": "1 - value", "prior": "'denoiser'",
}  # fmt: skip


@pytest.mark.parametrize(("key", "hint"), OTHERS.items())
def test_keys_of_other_programs_are_explained(key: str, hint: str) -> None:
    for text, head in (("prompts: a", f"{key}: 1"), (f"{key}: 1", "")):
        sentence = refused(text, head)
        what = "a story" if head else "a scene"
        assert sentence.startswith(f"unknown key '{key}' in {what}; ")
        assert hint in sentence
        assert "allowed:" not in sentence


def test_a_text_has_one_font() -> None:
    assert refused("layers: [{text: {text: a, font: b}}]") == (
        "unknown key 'font' in 'text'; there is one font and no choice of others yet"
    )
    layers = "layers: [{drawer: fft}, {text: {text: a, color: red}}]"
    assert dict(scene(layers).plan(0).root.layers[1].node.drawer.values)["colour"] == (255, 0, 0)


@pytest.mark.parametrize("key", ["translation_x", "translation_z", "rotation_3d_y", "angle", "zoom"])
def test_the_advice_can_be_followed(key: str) -> None:
    advice = refused(f"{key}: 1").partition("as in '")[2].partition("'")[0]
    assert scene(advice).plan(1).drawing.motion != Motion.identity()


def test_colour_is_understood_in_both_spellings() -> None:
    for spelling in ("color", "colour"):
        story = scene("prompts: a", f"drawer: {{line_sketch: {{allow_paper_{spelling}: true}}}}")
        assert story.drawer == Component("line_sketch", (("allow_paper_color", True),))
        story = scene("prompts: a", f"drawer: {{clipdraw: {{{spelling}_learning_rate: 2}}}}")
        assert story.drawer == Component("clipdraw", (("colour_learning_rate", 2.0),))
    both = "drawer: {clipdraw: {color_learning_rate: 2, colour_learning_rate: 2}}"
    assert refused("prompts: a", both) == (
        "the key 'colour_learning_rate' is given twice, in two spellings; keep one"
    )
    text = "story: 1\ndrawer: {clipdraw: {colour_learning_rate: 2}}\nscenes: [{length: 1s}]"
    story = parse(text, "s", [("drawer.clipdraw.color_learning_rate", "3")])
    assert dict(story.drawer.values) == {"colour_learning_rate": 3.0}


def test_a_story_may_be_a_dict() -> None:
    made = parse(
        {
            "story": 1,
            "canvas": "32x18",
            "rate": 10,
            "scenes": [
                {
                    "length": "2s",
                    "cut": True,
                    "prompts": "a # c",
                    "losses": {"smoothness": {"0s": 0, "2s": 1}},
                }
            ],
        }
    )
    assert made.plan(10).drawing.losses == (Weighted(Component("smoothness"), 0.5),)
    assert made.plan(0).drawing.prompts[0].texts == (("a # c", 1.0),)
    assert parse(made.text).plan(10) == made.plan(10)
    assert json.loads(made.text)["rate"] == 10


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            {"story": object()},
            "s:1:1: a story is a text, or a dict of dicts, lists, texts, numbers and flags: ",
        ),
        (12, "s:1:1: a story is a text or a dict. Got '12'"),
        (
            {"story": 1, "scenes": [{"length": "1s", "prompts": None}]},
            "s:1:1: None is no value of a story; leave the key out",
        ),
        ([], "a story is a mapping"),
    ],
)
def test_what_is_no_story_is_refused(source: Any, message: str) -> None:
    with pytest.raises(StoryError) as caught:
        parse(source, "s")
    assert message in str(caught.value)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    scans: list[str] = []

    def entry_points(group: str) -> list[Any]:
        scans.append(group)
        return []

    monkeypatch.setattr(plugins, "_looked", False)
    monkeypatch.setattr(plugins, "entry_points", entry_points)
    yield scans


def test_plugins_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with counted(monkeypatch) as scans:
        for _ in range(3):
            scene("move: [zoom: {factor: 2}]")
            movement.names()
        assert len(scans) == 1
        plugins.load_plugins(again=True)
        assert len(scans) == 2


def test_a_broken_plugin_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass
    class Point:
        name: str = "pm_broken"
        value: str = "pm_broken"
        dist: None = None

        def load(self) -> None:
            raise ImportError("no module")

    monkeypatch.setattr(plugins, "_broken", {})
    monkeypatch.setattr(plugins, "_loaded", set())
    monkeypatch.setattr(plugins, "entry_points", lambda **_: [Point()])
    plugins.load_plugins(again=True)
    monkeypatch.setattr(plugins, "entry_points", lambda **_: [])
    assert plugins.broken_plugins() == {"pm_broken": "ImportError: no module"}
    assert movement.unknown("x").endswith("; broken plug-ins: pm_broken")


def test_a_parameter_without_a_default_is_asked_for() -> None:
    @image_filter("needy", pointwise=True)
    def needy(image: Tensor, colour: Annotated[RGB, Colour()]) -> Tensor:
        """Need a colour."""
        return image

    assert refused("filters: [needy]") == "'needy' needs the key 'colour'"
    assert scene("filters: [needy: {color: red}]").plan(0).drawing.filters[0].values == (
        ("colour", (255, 0, 0)),
    )


def test_the_order_of_parameters_does_not_matter() -> None:
    one, other = (
        scene("prompts: a", f"drawer: {{pixel: {{{text}}}}}").drawer
        for text in ("cells: hex, scale: 2", "scale: 2, cells: hex")
    )
    assert one == other
