"""Specifications of pictures with their captions, in groups of four that differ in one attribute.

    python -m training.captions --work WORK --name a --groups 30000 --seed 1 [--easy]

Writes ``bank_NAME.json`` ({"specs": [...], "captions": [...]}) and ``bank_NAME.npy``: float16 (N, 384), the sentence encoder's
embeddings of the captions. A specification says what is shown; ``compose`` draws it differently each time.
"""

import argparse
import json
import random
import re
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from training.landscapes import LANDS, SKIES
from training.sets import COLOUR_EMOJI, MONO_SETS
from training.vocabulary import COLOURS, NOUNS, SCENES, SHAPES, STYLES, TEXTURES, WEARABLE, WEARERS

ADJECTIVES = ("cute", "little", "big", "beautiful", "funny", "simple", "colorful")
PATTERNS = {"stripes": "striped", "checkerboard": "checkered", "polka dots": "dotted"}
NUMBERS = {2: ("two", "a pair of"), 3: ("three",), 4: ("four",), 7: ("many", "lots of", "several")}
PICTURES = (
    "a drawing of {}",
    "a picture of {}",
    "an illustration of {}",
    "an icon of {}",
    "an emoji of {}",
    "an image of {}",
)


@dataclass(frozen=True)
class Spec:
    """What a picture shows.

    ``kind``: object, pair, above, on, wear, scene, shape or texture. ``things``: one or two names of pools of sprites (or a
    shape). ``ground``: () for an unnamed plain one, ("colour", c), ("gradient", a, b), ("pattern", kind, a, b),
    ("scene", name) or ("land", sky, land); for a texture its name and two colours. ``colour`` is the first thing's.
    """

    kind: str
    things: tuple[str, ...] = ()
    colour: str = ""
    count: int = 1
    ground: tuple[str, ...] = ()
    style: str = ""
    second_colour: str = ""


def load_spec(values: dict) -> Spec:
    return Spec(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def pools(meta: list[dict]) -> dict[str, list[tuple[int, float]]]:
    """Names -> sprites (numbers) that show them, with weights: everyday nouns first, then every other name."""
    by_name: dict[str, list[int]] = defaultdict(list)
    for i, sprite in enumerate(meta):
        by_name[sprite["name"]].append(i)
        if sprite["set"] == "openclipart" and (noun := last_noun(sprite["name"])):
            by_name[noun].append(i)

    def weight(i: int) -> float:
        kind = meta[i]["set"]
        return 1.0 if kind in COLOUR_EMOJI else 0.15 if kind in MONO_SETS else 0.5

    found: dict[str, list[tuple[int, float]]] = {}
    for noun in NOUNS.values():
        names = dict.fromkeys(
            [d.replace("-", " ") for d in noun.drawings] + list(noun.drawings) + [noun.name]
        )
        if noun.name != noun.drawings[0] and noun.name not in noun.drawings:
            names = dict.fromkeys(n for n in names if n != noun.name or not _is_emoji(by_name[n], meta))
        sprites = dict.fromkeys(i for name in names for i in by_name[name])
        if sprites:
            found[noun.name] = [(i, weight(i)) for i in sprites]
    for name, sprites_of in by_name.items():
        simple = (
            2 < len(name) <= 30
            and re.fullmatch("[a-z ']+", name)
            and not re.search("flag|button|arrow|oclock|input", name)
        )
        if name not in found and simple and (len(sprites_of) > 1 or _is_emoji(sprites_of, meta)):
            found[name] = [(i, weight(i)) for i in sprites_of]
    return found


_NOT_ITS_LAST_WORD = re.compile(
    r"\b(and|with|of|in|on|no)\b|sea lion|guinea pig|sea horse|star fish|jelly fish|chess king|chess queen"
)


def last_noun(title: str) -> str:
    """The everyday noun that a title of at most four words is about, "dog" of "bored dog", or nothing."""
    words = re.sub(r"\b(b and w|bw|\w*\d\w*|architetto|icon|outline)\b", " ", title).split()
    if len(words) > 4 or _NOT_ITS_LAST_WORD.search(" ".join(words)):
        return ""
    ends = (" ".join(words[start:]) for start in range(len(words)))
    return next((end for end in ends if end in NOUNS), "")


def _is_emoji(sprites: list[int], meta: list[dict]) -> bool:
    return any(meta[i]["set"] in COLOUR_EMOJI for i in sprites)


def article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def is_plural(name: str) -> bool:
    """Names that take no article and no number."""
    return name.split()[-1] in (
        "glasses",
        "sunglasses",
        "cherries",
        "grapes",
        "scissors",
        "fries",
        "prints",
        "pancakes",
    )


def plural(name: str) -> str:
    if name.endswith(("s", "fish", "sheep")):
        return name
    if name.endswith(("ch", "sh", "x")):
        return name + "es"
    return name[:-1] + "ies" if name.endswith("y") and name[-2] not in "aeiou" else name + "s"


class Writer:
    """Invents specifications and words them."""

    def __init__(self, names: list[str], words: dict[str, list[str]], seed: int) -> None:
        self.random = random.Random(seed)
        self.nouns = [n for n in names if n in NOUNS]
        self.others = [n for n in names if n not in NOUNS]
        self.words = words

    def noun(self) -> str:
        return self.random.choice(self.nouns)

    def colour(self, other_than: str = "") -> str:
        return self.random.choice([c for c in COLOURS if c != other_than])

    def ground(self, thing: str) -> tuple[str, ...]:
        r = self.random.random()
        if r < 0.52:
            return ()
        if r < 0.68:
            return ("colour", self.colour())
        if r < 0.70:
            return ("gradient", self.colour(), self.colour())
        if r < 0.72:
            return ("pattern", self.random.choice(list(PATTERNS)), self.colour(), self.colour())
        home = NOUNS[thing].scenes if thing in NOUNS else ()
        if home and r < 0.90:
            return ("scene", self.random.choice(home))
        return ("scene", self.random.choice(list(SCENES)))

    def spec(self) -> Spec:
        r, choice = self.random.random(), self.random.choice
        if r < 0.64:
            thing = self.noun() if r < 0.56 else choice(self.others)
            colour = self.colour() if self.random.random() < 0.22 else ""
            style = choice(list(STYLES)) if self.random.random() < 0.07 else ""
            made = Spec("object", (thing,), colour, 1, self.ground(thing), style)
        elif r < 0.68:
            thing = self.noun()
            made = Spec("object", (thing,), "", choice([2, 2, 3, 3, 4, 7]), self.ground(thing))
        elif r < 0.72:
            made = Spec("pair", (self.noun(), self.noun()), "", 1, self.ground(""))
        elif r < 0.74:
            made = Spec(choice(["above", "on"]), (self.noun(), self.noun()), "", 1, self.ground(""))
        elif r < 0.765:
            wearer = choice(WEARERS)
            made = Spec("wear", (wearer, choice(WEARABLE)), "", 1, self.ground(wearer))
        elif r < 0.915:
            style = choice(list(STYLES)) if self.random.random() < 0.08 else ""
            made = Spec("scene", ground=("scene", choice(list(SCENES))), style=style)
        elif r < 0.96:
            ground = ("colour", self.colour()) if self.random.random() < 0.6 else ()
            made = Spec("shape", (choice(SHAPES),), self.colour(), 1, ground)
        else:
            made = Spec("texture", ground=(choice(TEXTURES), self.colour(), self.colour()))
        return self.consistent(made)

    def consistent(self, spec: Spec) -> Spec:
        """Colours that can be told apart; no named colour on things whose name has one; silhouettes are black."""
        name = " ".join(spec.things)
        if spec.second_colour and any(c in spec.things[1].split() for c in COLOURS):
            spec = replace(spec, second_colour="")
        if (spec.colour and any(c in name.split() for c in COLOURS)) or spec.style in (
            "silhouette",
            "grey",
            "sketch",
            "neon",
        ):
            spec = replace(spec, colour="")
        if spec.colour and spec.colour in spec.ground:
            spec = replace(spec, ground=("colour", self.colour(spec.colour)))
        if (
            spec.ground
            and spec.ground[0] != "scene"
            and len(spec.ground) > 2
            and spec.ground[-1] == spec.ground[-2]
        ):
            spec = replace(spec, ground=(*spec.ground[:-1], self.colour(spec.ground[-1])))
        if spec.style == "silhouette" and (spec.ground[:1] != ("scene",) or spec.kind == "scene"):
            spec = replace(spec, ground=()) if spec.kind == "object" else replace(spec, style="")
        return spec

    def mutant(self, spec: Spec) -> Spec:
        """The same with one attribute changed."""
        r, choice = self.random.random(), self.random.choice
        first = spec.things[0] if spec.things else ""
        if spec.kind == "object":
            if r < 0.55:
                other = self.noun() if first in NOUNS else choice(self.others)
                made = replace(spec, things=(other,))
            elif r < 0.72:
                made = replace(spec, colour=self.colour(spec.colour), style="")
            elif r < 0.92:
                made = replace(spec, ground=self.ground(first))
            else:
                made = replace(spec, count=choice([n for n in (1, 2, 3, 7) if n != spec.count]))
        elif spec.kind == "wear":
            things = (choice(WEARERS), spec.things[1]) if r < 0.5 else (first, choice(WEARABLE))
            made = replace(spec, things=things) if r < 0.75 else replace(spec, kind="object", things=(first,))
        elif spec.kind in ("pair", "above", "on"):
            if r < 0.3:
                made = replace(spec, things=(self.noun(), spec.things[1]))
            elif r < 0.6:
                made = replace(spec, things=(first, self.noun()))
            elif r < 0.8:
                made = replace(spec, kind="object", things=(first,))
            else:
                made = replace(spec, things=spec.things[::-1])
        elif spec.kind == "scene":
            made = replace(spec, ground=("scene", choice(list(SCENES))))
        elif spec.kind == "shape":
            made = (
                replace(spec, things=(choice(SHAPES),))
                if r < 0.5
                else replace(spec, colour=self.colour(spec.colour))
            )
        else:
            texture, a, b = spec.ground
            made = replace(spec, ground=(choice(TEXTURES), a, b) if r < 0.4 else (texture, self.colour(a), b))
        return self.consistent(made)

    def easy_group(self) -> list[Spec]:
        """Four single everyday things on plain ground, some of them in a named colour: shapes to begin with."""
        colours = [self.colour() if self.random.random() < 0.1 else "" for _ in range(4)]
        return [self.consistent(Spec("object", (self.noun(),), colour)) for colour in colours]

    def rich_spec(self) -> Spec:
        """What the denoiser learns from: half of it single things on plain or simple grounds, the rest things in places, two
        things and how they stand to each other, each with its own colour, and places alone."""
        r, choice = self.random.random(), self.random.choice
        thing = self.noun() if self.random.random() < 0.85 else choice(self.others)
        colour = self.colour() if self.random.random() < 0.2 else ""
        if r < 0.36:
            made = Spec("object", (thing,), colour)
        elif r < 0.5:
            grounds = (("colour", self.colour()), ("gradient", self.colour(), self.colour()))
            made = Spec("object", (thing,), colour, 1, grounds[self.random.random() < 0.25])
        elif r < 0.66:
            made = Spec("object", (thing,), colour, 1, self.place_of(thing))
        elif r < 0.7:
            made = Spec("object", (self.noun(),), "", choice([2, 2, 3, 3, 4, 7]), self.simple_ground())
        elif r < 0.8:
            kind = choice(["pair", "pair", "pair", "above", "on", "on"])
            ground = self.simple_ground() if self.random.random() < 0.7 else self.place_of("")
            colours = [self.colour() if self.random.random() < 0.35 else "" for _ in range(2)]
            made = Spec(kind, (self.noun(), self.noun()), colours[0], 1, ground, "", colours[1])
        elif r < 0.825:
            made = Spec("wear", (choice(WEARERS), choice(WEARABLE)), "", 1, self.simple_ground())
        elif r < 0.89:
            made = Spec("scene", ground=("scene", choice(list(SCENES))))
        elif r < 0.96:
            made = Spec("scene", ground=("land", choice(list(SKIES)), choice(list(LANDS))))
        elif r < 0.985:
            ground = ("colour", self.colour()) if self.random.random() < 0.6 else ()
            made = Spec("shape", (choice(SHAPES),), self.colour(), 1, ground)
        else:
            made = Spec("texture", ground=(choice(TEXTURES), self.colour(), self.colour()))
        if made.kind in ("object", "scene") and self.random.random() < 0.06:
            made = replace(made, style=choice(list(STYLES)))
        return self.consistent(made)

    def place_of(self, thing: str) -> tuple[str, ...]:
        """A painted scene where the thing is at home, more often than any, or a landscape."""
        if self.random.random() < 0.5:
            return ("land", self.random.choice(list(SKIES)), self.random.choice(list(LANDS)))
        home = NOUNS[thing].scenes if thing in NOUNS else ()
        return ("scene", self.random.choice(home if home and self.random.random() < 0.6 else list(SCENES)))

    def simple_ground(self) -> tuple[str, ...]:
        return () if self.random.random() < 0.6 else ("colour", self.colour())

    def group(self) -> list[Spec]:
        """Four specifications, three of them mutants of the first."""
        first = self.spec()
        return [first] + [self.mutant(first) for _ in range(3)]

    def phrase(self, name: str, colour: str = "", count: int = 1) -> str:
        r = self.random
        words = self.words.get(name, [])
        if words and not colour and r.random() < 0.04:
            name = r.choice(words).lower()
        if colour:
            name = f"{colour} {name}"
        elif r.random() < 0.04:
            name = f"{r.choice(ADJECTIVES)} {name}"
        if count > 1:
            return f"{r.choice(NUMBERS[count])} {plural(name)}"
        chance = r.random() if not is_plural(name) else 0.8
        return article(name) if chance < 0.78 else name if chance < 0.93 else f"the {name}"

    def place(self, ground: tuple[str, ...]) -> str:
        if not ground:
            return ""
        kind, *rest = ground
        if kind == "colour":
            c = rest[0]
            return self.random.choice(
                [f" on {article(c)} background", f" on {c}", f" with {article(c)} background"]
            )
        if kind == "gradient":
            return f" on {article(rest[0])} and {rest[1]} gradient background"
        if kind == "land":
            return " ".join(
                ["", self.random.choice(LANDS[rest[1]].places), self.random.choice(SKIES[rest[0]].places)]
            ).rstrip()
        if kind == "pattern":
            return f" on {article(rest[1])} and {rest[2]} {PATTERNS[rest[0]]} background"
        return " " + self.random.choice(SCENES[rest[0]][1])

    def caption(self, spec: Spec) -> str:
        r = self.random
        if spec.kind == "scene" and spec.ground[0] == "land":
            text = self.landscape(*spec.ground[1:])
        elif spec.kind == "scene":
            text = r.choice(SCENES[spec.ground[1]][0])
        elif spec.kind == "texture":
            text = self.texture(*spec.ground)
        elif spec.kind in ("object", "shape"):
            text = self.phrase(spec.things[0], spec.colour, spec.count) + self.place(spec.ground)
        else:
            links = {
                "pair": (" and ", " and ", " next to ", " beside "),
                "above": (" above ", " over "),
                "on": (" on ", " on top of ", " standing on "),
                "wear": (" wearing ", " wearing ", " with "),
            }
            first, second = (
                self.phrase(thing, colour)
                for thing, colour in zip(spec.things, (spec.colour, spec.second_colour), strict=True)
            )
            text = first + r.choice(links[spec.kind]) + second + self.place(spec.ground)
        if spec.style:
            return r.choice(STYLES[spec.style]).format(text)
        return r.choice(PICTURES).format(text) if spec.kind != "texture" and r.random() < 0.13 else text

    def landscape(self, sky: str, land: str) -> str:
        r = self.random
        where, above = r.choice(LANDS[land].names), SKIES[sky]
        if r.random() < 0.5:
            return f"{r.choice(above.names)} over {where}"
        return f"{where} {r.choice(above.places)}".rstrip()

    def texture(self, name: str, a: str, b: str) -> str:
        if name == "plain":
            return self.random.choice([a, f"the color {a}", f"{article(a)} background", f"plain {a}"])
        return f"a gradient from {a} to {b}" if name == "gradient" else f"{a} and {b} {name}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--groups", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--easy", action="store_true", help="only single things on plain ground")
    parser.add_argument("--art", default="sprites", help="sprites, or held_out for the judge")
    arguments = parser.parse_args()
    meta = json.loads((arguments.work / f"{arguments.art}.json").read_text())
    words = {m["name"]: [word for word in m["words"] if word.strip()] for m in meta}
    writer = Writer(list(pools(meta)), words, arguments.seed)
    group = writer.easy_group if arguments.easy else writer.group
    specs = [spec for _ in range(arguments.groups) for spec in group()]
    captions = [writer.caption(spec) for spec in specs]
    from training.teacher import Teacher

    embeddings = Teacher()(captions)
    stem = arguments.work / f"bank_{arguments.name}"
    np.save(stem.with_suffix(".npy"), embeddings.half().numpy())
    stem.with_suffix(".json").write_text(
        json.dumps({"specs": [asdict(s) for s in specs], "captions": captions})
    )
    print(len(specs), "specifications,", len(set(captions)), "captions")


if __name__ == "__main__":
    main()
