"""Prompts of the evaluation.

``CHOSEN`` served to tune the recipe; ``UNSEEN`` was written down before any picture was seen, and defaults were chosen by
half of it later; ``LOT`` was drawn by lot (seed 2026) from captions that no training has seen (the bank ``eval``).
"""

from training.captions import Spec

CHOSEN = (
    "a red apple",
    "a dog",
    "a yellow sunflower",
    "a sunset over the sea",
    "a snowy mountain",
    "a red house on green grass",
    "a spooky ghost at night",
    "a blue fish",
    "a rocket in space",
    "a rainbow",
    "a cat wearing a hat",
    "fire",
    "a green dragon",
    "a city at night",
    "a pink flower",
    "a yellow submarine",
    "a green frog",
    "a strawberry",
    "a red car on a road",
    "a full moon in the night sky",
    "a penguin in the snow",
    "a butterfly",
    "a palm tree on an island",
    "a smiling face",
)

UNSEEN = (
    "an orange pumpkin",
    "a carrot",
    "a brown bear in the forest",
    "a pink pig",
    "the ocean",
    "an owl at night",
    "a cactus in the desert",
    "a sailboat at sea",
    "a hot air balloon in the sky",
    "a field of flowers",
    "a lemon",
    "a volcano erupting",
    "a clown with a red nose",
    "a pizza",
    "a snowman",
    "a tiger",
    "an autumn forest",
    "a yellow taxi in the city",
    "a purple octopus under water",
    "a bunch of grapes",
    "a castle on a hill",
    "a watercolor painting of a tree",
    "a red heart",
    "a ladybug on a green leaf",
)

LOT = (
    "a ninja with a rainbow",
    "a witch on a gray background",
    "an alarm clock",
    "a living room",
    "a sandwich at the beach",
    "a watercolor of a sunny day",
    "lamp",
    "several farmers among flowers",
    "wooden planks",
    "the lizard in a forest",
    "a violin and a light bulb",
    "a musical note",
    "an illustration of a pink crescent moon",
    "witch under the moon",
    "a sword on an orange background",
    "a horse wearing sunglasses",
    "an emoji of a mouse trap",
    "a picture of a pair of puppies",
    "a blue sleeping face among the stars",
    "a jack o lantern",
    "an emoji of a man police officer in the fog",
    "a basket in winter",
    "pixel art of a tiger in a meadow",
    "a fox",
)


def chosen_specs() -> list[Spec]:
    """What a composed, real picture of each chosen prompt shows."""

    def thing(name: str, colour: str = "", ground: tuple[str, ...] = ()) -> Spec:
        return Spec("object", (name,), colour, 1, ground)

    def scene(name: str) -> Spec:
        return Spec("scene", ground=("scene", name))

    return [
        thing("red apple"),
        thing("dog"),
        thing("sunflower"),
        scene("sunset_sea"),
        scene("snowmount"),
        thing("house", "red", ("scene", "grass")),
        thing("ghost", "", ("scene", "night")),
        thing("fish", "blue"),
        thing("rocket", "", ("scene", "space")),
        scene("rainbow"),
        Spec("wear", ("cat", "hat")),
        thing("fire"),
        thing("dragon", "green"),
        scene("citynight"),
        thing("flower", "pink"),
        thing("submarine", "yellow"),
        thing("frog", "green"),
        thing("strawberry"),
        thing("car", "red", ("scene", "road")),
        scene("moon"),
        thing("penguin", "", ("scene", "snow")),
        thing("butterfly"),
        scene("island"),
        thing("smiling face"),
    ]
