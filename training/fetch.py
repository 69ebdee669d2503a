"""Fetches the openly licensed art and word lists through the ordinary clients of the registries (npm, apt).

python -m training.fetch --art ART                # the models' art, and words (needs apt-get and dpkg for openclipart)
python -m training.fetch --art ART --held-out     # the judge's art too
"""

import argparse
import subprocess
from pathlib import Path

from training.sets import EMOJI_SETS, HELD_OUT_SETS, ICON_SETS, MONO_SETS

WORDS = ("cldr-annotations-full", "emojilib")


def npm(art: Path, packages: list[str]) -> None:
    if not (art / "package.json").exists():
        subprocess.run(["npm", "init", "-y"], cwd=art, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(
        ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *packages], cwd=art, check=True
    )


def clipart(art: Path) -> None:
    """Debian's openclipart-svg, unpacked into ``ART/oca``."""
    subprocess.run(["apt-get", "download", "openclipart-svg"], cwd=art, check=True)
    (package,) = art.glob("openclipart-svg_*.deb")
    subprocess.run(["dpkg", "-x", package.name, "oca"], cwd=art, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--art", type=Path, required=True)
    parser.add_argument("--held-out", action="store_true")
    options = parser.parse_args()
    options.art.mkdir(parents=True, exist_ok=True)
    sets = EMOJI_SETS + ICON_SETS + MONO_SETS + (HELD_OUT_SETS if options.held_out else ())
    npm(options.art, [f"@iconify-json/{name}" for name in sets] + list(WORDS))
    if options.held_out:
        npm(options.art, ["@lobehub/fluent-emoji-3d"])
    clipart(options.art)


if __name__ == "__main__":
    main()
