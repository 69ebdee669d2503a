"""Draws the openly licensed icon sets as sprites.

    python -m training.sprites --art ART --out WORK                 # the perceptor's sets
    python -m training.sprites --art ART --out WORK --held-out      # the judge's sets, which the perceptor never sees

Writes ``sprites.npy`` (uint8, (N, 96, 96, 4), straight alpha) and ``sprites.json`` (a list of ``{set, name, words, mono}``),
or ``held_out.npy`` and ``held_out.json``.
"""

import argparse
import gzip
import io
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image

from training.sets import EMOJI_SETS, HELD_OUT_SETS, ICON_SETS, MONO_SETS

SIZE = 96

_TONE = re.compile(r"skin-tone|-(medium-)?(dark|light)$|-medium$|-default$|tone[1-5]|1f3f[b-f]")
_SUFFIX = re.compile(r"\s+(\d+|flat|duo|fill|line|solid|outline)$")
_CLIPART_NOISE = re.compile(
    r"\b(clip ?art|svg|ocal|remix|icon|\d+|by|v\d|architetto|francesco rollandin|jean victor balin|johnny automatic"
    r"|gerald g|nicu|lemmling|kattekrab|mystica|aubanel monnier|pajamas|emoji)\b"
)
_CLIPART_SKIPPED = re.compile(
    r"/(computer/(icons|diagrams|buttons|folders|network|connectors)|shapes/(flowchart|callouts|jigsaw|stars)|office|logos|special"
    r"|unsorted/duplicates|buttons|recreation/games/cards|signs_and_symbols/(led|hazard|flags)|decorations|.*arrows"
    r"|.*roadsigns|.*aiga)"
)

_PIXELS = {"mm": 90 / 25.4, "cm": 90 / 2.54, "in": 90.0, "pt": 1.25}


def emoji_words(modules: Path) -> dict[str, tuple[str, list[str]]]:
    """Code points (``1f436``, joined by ``-``, without fe0f) -> CLDR name and keywords."""
    words: dict[str, tuple[str, list[str]]] = {}
    cldr = modules / "cldr-annotations-full/annotations/en/annotations.json"
    for character, entry in json.loads(cldr.read_text())["annotations"]["annotations"].items():
        words[_key(character)] = (entry.get("tts", [""])[0].lower(), entry.get("default", []))
    library = json.loads((modules / "emojilib/dist/emoji-en-US.json").read_text())
    for character, keywords in library.items():
        name, old = words.get(_key(character), (keywords[0].replace("_", " "), []))
        words[_key(character)] = (name, list(dict.fromkeys(old + [k.replace("_", " ") for k in keywords])))
    return words


def _key(character: str) -> str:
    return "-".join(f"{ord(c):04x}" for c in character if c != "\ufe0f")


def _plain(name: str) -> str:
    return re.sub(r"\s+", " ", name.replace("-", " ").replace("\u2019", "").lower()).strip()


def iconify_jobs(folder: Path, words: dict[str, tuple[str, list[str]]]) -> Iterator[dict]:
    """The icons of one Iconify package, as jobs for ``draw``."""
    icons = json.loads((folder / "icons.json").read_text())
    characters = folder / "chars.json"
    code: dict[str, str] = {}
    for point, name in (json.loads(characters.read_text()) if characters.exists() else {}).items():
        code.setdefault(name, point.replace("-fe0f", ""))
    by_name = {_plain(name): (name, keywords) for name, keywords in words.values()}
    squeezed = {name.replace(" ", ""): entry for name, entry in by_name.items()}
    for name, icon in icons["icons"].items():
        if _TONE.search(name) or icon.get("hidden"):
            continue
        plain = _plain(name)
        while _SUFFIX.search(plain):
            plain = _SUFFIX.sub("", plain)
        known = words.get(code.get(name, "")) or by_name.get(plain)
        if known is None and folder.name == "fxemoji":
            known = squeezed.get(name)
        width, height = icon.get("width", icons.get("width", 16)), icon.get("height", icons.get("height", 16))
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" color="#fff" '
            f'viewBox="{icon.get("left", 0)} {icon.get("top", 0)} {width} {height}" width="{SIZE}" height="{SIZE}">{icon["body"]}</svg>'
        )
        yield {
            "set": folder.name,
            "name": _plain(known[0]) if known else plain,
            "words": known[1] if known else [],
            "mono": folder.name in MONO_SETS,
            "svg": svg,
        }


def fluent_3d_jobs(folder: Path, words: dict[str, tuple[str, list[str]]]) -> Iterator[dict]:
    """The webp pictures of ``@lobehub/fluent-emoji-3d``, named by code points."""
    for path in sorted(folder.glob("assets/*.webp")):
        code = path.stem.replace("-fe0f", "")
        if code in words and not _TONE.search(code):
            name, keywords = words[code]
            yield {
                "set": "fluent-3d",
                "name": _plain(name),
                "words": keywords,
                "mono": False,
                "path": str(path),
            }


def clipart_jobs(folder: Path, held_out: bool) -> Iterator[dict]:
    """Debian's openclipart-svg, unpacked: titles and keywords come from the SVG files.

    One half of the titles is the judge's, the other is not: no drawing, and no series of drawings, is on both sides.
    """
    for path in sorted(folder.glob("usr/share/openclipart/svg/**/*.svg*")):
        if _CLIPART_SKIPPED.search(str(path)):
            continue
        text = _svg_text(path)
        if len(text) > 350_000:
            continue
        found = re.search(r"<dc:title>([^<]+)", text)
        title = _clean_title(found.group(1)) if found else ""
        if not 3 <= len(title) <= 40 or not re.search("[a-z]{3}", title):
            title = _clean_title(path.stem)
        keywords = [_clean_title(k) for k in re.findall(r"<rdf:li[^>]*>([^<]+)", text)]
        if title and held_out == (zlib.crc32(title.encode()) % 2 == 0):
            yield {
                "set": "openclipart",
                "name": title,
                "words": keywords[:10],
                "mono": False,
                "path": str(path),
            }


def _clean_title(title: str) -> str:
    title = re.sub(r"\.svgz?$", "", title)
    title = re.sub(r"([a-z])([A-Z])", r"\1 \2", title)
    title = re.sub(r'[-_.,:;()/\[\]"]+', " ", title).lower()
    return re.sub(r"\s+", " ", _CLIPART_NOISE.sub(" ", title)).strip()


def _svg_text(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".svgz" else data).decode("utf8", "ignore")


def _in_pixels(svg: str) -> str:
    """The text with the root's width and height in pixels of 90 to the inch, as old drawing programs had it: resvg
    takes no other unit where there is no view box."""

    def sides(root: re.Match) -> str:
        return re.sub(
            r'\b(width|height)="([\d.]+)(mm|cm|in|pt)"',
            lambda side: f'{side[1]}="{float(side[2]) * _PIXELS[side[3]]:.2f}"',
            root[0],
        )

    return re.sub(r"<svg\b[^>]*>", sides, svg, count=1)


def _raster(job: dict) -> Image.Image:
    if job["set"] == "fluent-3d":
        return Image.open(job["path"]).convert("RGBA")
    svg = job["svg"] if "svg" in job else _in_pixels(_svg_text(Path(job["path"])))
    return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=2 * SIZE)))).convert(
        "RGBA"
    )


def draw(job: dict) -> np.ndarray | None:
    """A sprite, uint8 (SIZE, SIZE, 4), cropped to its visible part and centred; None if it cannot be drawn or is empty."""
    try:
        image = _raster(job)
    except (
        Exception,
        BaseException,
    ) as error:  # resvg panics on some files; PyO3 raises that as a BaseException
        if isinstance(error, KeyboardInterrupt):
            raise
        return None
    alpha = np.asarray(image)[..., 3]
    ys, xs = np.nonzero(alpha > 12)
    if len(ys) < 100 or np.ptp(ys) < 6 or np.ptp(xs) < 6:
        return None
    image = image.crop((int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1))
    scale = (SIZE - 2) / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    image = image.convert("RGBa").resize(
        (width, height), Image.Resampling.BOX if scale < 0.9 else Image.Resampling.BILINEAR
    )
    sprite = np.zeros((SIZE, SIZE, 4), np.uint8)
    top, left = (SIZE - height) // 2, (SIZE - width) // 2
    sprite[top : top + height, left : left + width] = np.asarray(image.convert("RGBA"))
    return sprite if (sprite[..., 3] > 128).mean() > 0.03 else None


def collect(modules: list[Path], clipart: Path, held_out: bool) -> list[dict]:
    """All jobs: the perceptor's sets, or the judge's."""

    def find(package: str) -> Path:
        return next(m / package for m in modules if (m / package).exists())

    words = emoji_words(next(m for m in modules if (m / "cldr-annotations-full").exists()))
    sets = HELD_OUT_SETS if held_out else EMOJI_SETS + ICON_SETS + MONO_SETS
    jobs = [job for name in sets for job in iconify_jobs(find(f"@iconify-json/{name}"), words)]
    if held_out:
        jobs += list(fluent_3d_jobs(find("@lobehub/fluent-emoji-3d"), words))
    return jobs + list(clipart_jobs(clipart, held_out))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--art", type=Path, nargs="+", required=True, help="folders with node_modules (and oca)"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--held-out", action="store_true")
    arguments = parser.parse_args()
    modules = [art / "node_modules" for art in arguments.art]
    clipart = next((art / "oca" for art in arguments.art if (art / "oca").exists()), Path("oca"))
    jobs = collect(modules, clipart, arguments.held_out)
    with Pool(2) as pool:
        sprites = pool.map(draw, jobs, chunksize=64)
    kept = [i for i, sprite in enumerate(sprites) if sprite is not None]
    name = "held_out" if arguments.held_out else "sprites"
    np.save(arguments.out / f"{name}.npy", np.stack([sprites[i] for i in kept]))
    meta = [{k: jobs[i][k] for k in ("set", "name", "words", "mono")} for i in kept]
    (arguments.out / f"{name}.json").write_text(json.dumps(meta))
    print(len(kept), "sprites of", len(jobs), dict(Counter(m["set"] for m in meta)))


if __name__ == "__main__":
    main()
