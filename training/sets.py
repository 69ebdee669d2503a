"""The sets of drawings: iconify's by the names of their packages, ``fluent-3d`` and ``openclipart``."""

EMOJI_SETS = ("noto", "noto-v1", "fluent-emoji", "fluent-emoji-flat", "emojione", "fxemoji")
ICON_SETS = (
    "flat-color-icons",
    "streamline-emojis",
    "streamline-freehand-color",
    "streamline-ultimate-color",
    "streamline-color",
    "streamline-flex-color",
    "streamline-plump-color",
    "streamline-kameleon-color",
    "streamline-stickies-color",
    "streamline-cyber-color",
    "streamline-sharp-color",
    "meteocons",
    "icon-park",
    "fluent-color",
)
MONO_SETS = ("game-icons", "emojione-monotone", "fluent-emoji-high-contrast")
HELD_OUT_SETS = ("twemoji",)
COLOUR_EMOJI = (*EMOJI_SETS, *HELD_OUT_SETS, "fluent-3d")
