"""The public names: removing one is a decision, which shows as an edit of ``data/public_names.json``.

Public is what the manual has plug-in authors and users import: the names of ``pixray_motion.__all__``; in the modules
below their ``__all__``, or what begins with no underscore and is defined there, or passed on by ``import x as x``; and
of other modules each name that docs/extending.md or an example imports. A constant in capitals counts if another
module, a test or the manual imports it.

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
    "screen",
    "story.transition",
    "testing",
    "tracks.easing",
    "units",
)
PAGES = (ROOT / "docs" / "extending.md", *sorted((ROOT / "examples").rglob("*.py")))
REGENERATE = "python tests/test_api_surface.py --write"


def public_names() -> dict[str, list[str]]:
    """Module -> its public names, sorted."""
    used = set(imported_names())
    found = {"pixray_motion": set(pixray_motion.__all__)}
    for file in (file for module in MODULES for file in files(module)):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found[name] = {
            defined
            for defined in names_in(file)
            if defined[0] != "_" and (not defined.isupper() or (name, defined) in used)
        }
    whole = frozenset(found)
    for module, name in (pair for page in PAGES for pair in imports(page.read_text("utf-8"))):
        if module not in whole and any(name in names_in(file) for file in files(module.partition(".")[2])):
            found.setdefault(module, set()).add(name)
    return {module: sorted(found[module]) for module in sorted(found)}


def files(module: str) -> list[Path]:
    """The file of a module, or a package's own; none if it is not there."""
    path = ROOT.joinpath("pixray_motion", *module.split("."))
    return [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]


def names_in(file: Path) -> set[str]:
    """Those of ``__all__`` in a module that has one, or all that it defines."""
    tree = ast.parse(file.read_text("utf-8"))
    declared = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    return set(declared[0] if declared else defined_names(tree))


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
    for page in PAGES:
        for module, name in imports(page.read_text("utf-8")):
            assert name in listed.get(module, ()), f"{page.name}: {module}.{name} is not in {LIST.name}"


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(f"usage: {REGENERATE}")
    LIST.write_text(json.dumps(public_names(), indent=1) + "\n", "utf-8")
