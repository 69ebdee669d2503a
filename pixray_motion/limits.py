"""What a story may ask for at most. Every limit is tested before anything of that size is made."""

from fractions import Fraction

FILE_BYTES = 1_000_000
NODES = 50_000  # three seconds of parsing
LINE_CHARACTERS = 200_000
DEPTH = 64
SCENES = 10_000
FILM_FRAMES = 1_000_000
CANVAS = (16, 8192)
RATE = (Fraction(1, 60), Fraction(240))  # players and muxers lose count of slower films
RATE_DIGITS = 1_000_000
SEED = 2**63 - 1
INCLUDES = 100
REPEATS = 1000
LINES = 100  # prompts, movements or filters in one scene
LAYERS = 16  # of one scene
IMAGE_BYTES = 50_000_000
TEXT_CHARACTERS = 500
PROMPT_CHARACTERS = 10_000
NAME_CHARACTERS = 100
NUMBER_CHARACTERS = 40
TIME_CHARACTERS = 100  # a marker's name and a time
MARKERS = 1000
BPM = (Fraction(1), Fraction(1000))
EASING_STEPS = 10_000
CURVE_BYTES = 10_000_000
CURVE_ROWS = 1_000_000
FORMULA_CHARACTERS = 500
FORMULA_DEPTH = 32
EXPONENT = 64
CHECK_WORK = 1_000_000_000  # single operations on single frames, some seconds on one core
PROBLEMS = 100
SINGULAR = 1e-9
STEP_SIZE = 2_000_000  # what one frame may magnify or shrink by; one zoom's ends are 1,000,000 apart
