"""The public names: removing one is a decision, which shows as an edit of ``data/public_names.json``.

Public is what the manual has plug-in authors and users import: the names of ``pixray_motion.__all__``, and in the
modules below what begins with no underscore and is defined there, or passed on by ``import x as x``. A constant in
capitals counts if another module, a test or the manual imports it.

``python tests/test_api_surface.py --write`` writes the list anew.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pixray_motion

ROOT = Path(__file__).resolve().parents[1]
LIST = Path(__file__).parent / "data" / "public_names.json"
MODULES = (
    "blends",
    "coordinate_maps",
    "denoisers.base",
    "drawers.base",
    "drawers.raster",
    "errors",
    "filters",
    "geometry",
    "lazy",
    "losses",
    "masks",
    "movements",
    "output.base",
    "output.content",
    "perceptors.base",
    "picture",
    "plugins",
    "registry",
    "sampling",
    "screen",
    "story.plan",
    "story.transition",
    "testing",
    "tracks.base",
    "tracks.easing",
    "units",
)
REGENERATE = "python tests/test_api_surface.py --write"


def public_names() -> dict[str, list[str]]:
    """Module -> its public names, sorted."""
    used = set(imported_names())
    found = {"pixray_motion": sorted(pixray_motion.__all__)}
    for module in MODULES:
        for file in files(module):
            name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = sorted(
                defined
                for defined in set(defined_names(ast.parse(file.read_text("utf-8"))))
                if not defined.startswith("_") and (not defined.isupper() or (name, defined) in used)
            )
    return found


def files(module: str) -> list[Path]:
    """The file of a module, or a package's own; all public ones of ``testing``. None if it is not there."""
    path = ROOT.joinpath("pixray_motion", *module.split("."))
    if module == "testing" and path.is_dir():
        return sorted(file for file in path.glob("*.py") if file.stem == "__init__" or file.stem[0] != "_")
    return [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]


def defined_names(tree: ast.Module) -> Iterator[str]:
    """What a module defines or passes on at its top level, but for type variables."""
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            if node.value is not None and re.match(r"(TypeVar|ParamSpec)\(", ast.unparse(node.value)):
                continue
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (part.id for t in targets for part in ast.walk(t) if isinstance(part, ast.Name))
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names if alias.asname == alias.name)
        elif isinstance(node, ast.If):  # what it is for type checkers, and what it is
            yield from defined_names(ast.Module(node.orelse, []))


def imported_names() -> Iterator[tuple[str, str]]:
    """(module, name) of all that ourselves, the tests, the examples and the manual import from our modules."""
    for folder in ("pixray_motion", "tests", "examples", "docs", "benchmarks"):
        for file in (ROOT / folder).rglob("*.*"):
            if file.suffix in (".py", ".md"):
                yield from imports(file.read_text("utf-8"))


def imports(text: str) -> Iterator[tuple[str, str]]:
    """(module, name) of every import from our modules, in code or in a page with code."""
    for module, several, few in re.findall(r"from (pixray_motion[\w.]*) import (?:\(([^)]*)\)|(.*))", text):
        names = re.sub(r"#.*| as \w+", "", several or few)
        yield from ((module, name) for name in re.findall(r"\w+", names))


def test_the_public_names_are_those_of_the_list() -> None:
    listed, found = json.loads(LIST.read_text("utf-8")), public_names()
    before = {f"{module}.{name}" for module, names in listed.items() for name in names}
    now = {f"{module}.{name}" for module, names in found.items() for name in names}
    gone, new = sorted(before - now), sorted(now - before)
    assert not gone, f"public names are gone; if that is meant, run: {REGENERATE}\n" + "\n".join(gone)
    assert not new, f"public names are not in the list; run: {REGENERATE}\n" + "\n".join(new)


def test_what_the_manual_imports_is_public() -> None:
    """Every import in the blocks of docs/extending.md and in the examples."""
    listed = json.loads(LIST.read_text("utf-8"))
    pages = [ROOT / "docs" / "extending.md", *(ROOT / "examples").rglob("*.py")]
    for page in pages:
        for module, name in imports(page.read_text("utf-8")):
            assert name in listed.get(module, ()), f"{page.name}: {module}.{name} is not in {LIST.name}"


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(f"usage: {REGENERATE}")
    LIST.write_text(json.dumps(public_names(), indent=1) + "\n", "utf-8")
