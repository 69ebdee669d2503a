"""The 48 prompts by which the second generation of the models is judged, written down before any of it was trained.

They are used once, at the end. Nothing is chosen by them: no data, no vocabulary, no network, no default, no length of a run.
Until then a script reads this file only to leave these texts out of what a model learns or is measured by.
"""

KINDS: dict[str, tuple[str, ...]] = {
    "objects": ("a key", "an umbrella", "an acoustic guitar", "a table lamp", "a hammer", "an open book"),
    "animals": ("a giraffe", "a snail", "a rooster", "a shark", "a hedgehog", "a swan"),
    "food": ("a slice of watermelon", "a cheeseburger", "an ice cream cone", "a fried egg", "a banana", "a birthday cake"),
    "vehicles": ("a bicycle", "a steam train", "a helicopter", "a fire truck", "a tractor", "a fishing boat"),
    "scenes": (
        "a waterfall in the jungle", "a pier at dawn", "a thunderstorm at sea", "a village street in winter",
        "a cornfield under a blue sky", "a harbour at sunset",
    ),
    "objects in scenes": (
        "a lighthouse on a cliff by the sea", "a camel in the desert", "a wooden bridge over a river", "a tent in the forest at night",
        "a windmill on a hill", "a robot on the moon",
    ),
    "two things": (
        "a dog chasing a ball", "a cat sleeping on a sofa", "a bird on a branch", "a candle beside a skull", "a monkey eating a banana",
        "a cup of coffee on a book",
    ),
    "colours": (
        "a blue bicycle", "a purple butterfly on a yellow flower", "a red balloon in a grey sky", "a white horse on a black background",
        "a green bottle and an orange cup", "a pink elephant",
    ),
}  # fmt: skip

FRESH: tuple[str, ...] = tuple(prompt for prompts in KINDS.values() for prompt in prompts)
