"""The most that a story may ask for. Every limit is tested before anything of that size is made.

Unless a comment says otherwise, a value is a maximum, inclusive, and a pair is (least, most). They keep a hostile or
mistaken story from using up memory or time before its first frame; raising one costs only that protection.
"""

from fractions import Fraction

# The story, with the files that it includes
FILE_BYTES = 1_000_000  # of a story, and of all files together that it includes, each content counted once
NODES = 50_000  # YAML values, keys included, each file counted where it is included: some seconds of parsing
LINE_CHARACTERS = 200_000  # of a story or a table; ruamel's time grows with the square of a tag's length
DEPTH = 64  # levels of nested lists and mappings, through all files
INCLUDES = 100  # files that one story includes, directly or not
UNFOLDED = 200_000  # YAML values of all scenes with repeats and defaults written out; a movement counts as 10
PROBLEMS = 100  # mistakes told one by one; the rest is only counted

# Texts, in characters
TEXT_CHARACTERS = 500  # of a text layer
PROMPT_CHARACTERS = 10_000
NAME_CHARACTERS = 100  # of a scene or a layer
NUMBER_CHARACTERS = 40
TIME_CHARACTERS = 100  # a marker's name and a time
FORMULA_CHARACTERS = 500

# The film
SCENES = 10_000
REPEATS = 1000  # repetitions of scenes, summed over the film
LINES = 100  # prompts, movements or filters in one scene
LAYERS = 16  # of one scene
MARKERS = 1000
FILM_FRAMES = 1_000_000
CANVAS = (16, 8192)  # pixels along each side
RATE = (Fraction(1, 60), Fraction(240))  # frames a second; players and muxers lose count of slower films
RATE_DIGITS = 1_000_000  # numerator and denominator of the frame rate, each
BPM = (Fraction(1), Fraction(1000))  # beats a minute
SEED = 2**63 - 1
IMAGE_BYTES = 50_000_000  # of one image file
# Of all files that a story names together, each content counted once: some seconds of reading and decoding.
STORY_BYTES = 300_000_000
STORY_PIXELS = 500_000_000  # of pictures
STORY_SAMPLES = 10_000_000  # of curves, for each way in which a value follows one
# That are kept of an image or a text, unless sixteen times the canvas' are more: such a picture reaches far beyond the
# canvas, and with ten times as many it would take gigabytes.
PICTURE_PIXELS = 6_000_000

# Numbers over time
EASING_STEPS = 10_000  # n of ``steps(n)``
CURVE_BYTES = 10_000_000  # of a CSV or JSON table
CURVE_ROWS = 1_000_000
FORMULA_DEPTH = 32  # nested parentheses, calls, signs and powers
EXPONENT = 64  # absolute value of an exponent in a formula
# Operations of the check over all frames, each on one frame: at most four seconds on one core.
CHECK_WORK = 400_000_000

# Movements
# The least local area scale of a pose. Below it, the pose cannot be inverted with any precision in float64.
SINGULAR = 1e-9
# The factor by which one frame may magnify or shrink; the ends of one zoom are 1,000,000 apart.
STEP_SIZE = 2_000_000
