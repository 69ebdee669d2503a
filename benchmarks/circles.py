"""Modules that need each other while the program runs: python benchmarks/circles.py

Circles of imports among the modules of the ``pixray_motion`` that is found, by their source. Imports in functions are
counted; those under ``if TYPE_CHECKING`` in the last list only. The ``__init__`` of a folder of plugins imports all of
them, so that they register, and each of them imports the folder: a circle of no harm if it is never asked for by name.
So an ``__init__`` counts only where itself is what is imported; and there is a list without any.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pixray_motion as package

HOME = Path(package.__file__).parent
NAME = package.__name__
FOR_TYPES = ("TYPE_CHECKING", "typing.TYPE_CHECKING")

Graph = dict[str, set[str]]


def modules() -> dict[str, ast.Module]:
    """The package's modules by their dotted names; that of a folder's ``__init__`` is the folder's."""
    found = {}
    for path in sorted(HOME.rglob("*.py")):
        parts = (NAME, *path.relative_to(HOME).with_suffix("").parts)
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def packages() -> set[str]:
    return {".".join((NAME, *path.parent.relative_to(HOME).parts)) for path in HOME.rglob("__init__.py")}


def imports(node: ast.AST, types: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    """All of a module, in functions too; ``types``: also those that only type checkers see."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield node
    children = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and not types and ast.unparse(node.test) in FOR_TYPES:
        children = iter(node.orelse)
    for child in children:
        yield from imports(child, types)


def imported(node: ast.Import | ast.ImportFrom, module: str, is_package: bool) -> list[tuple[str, str]]:
    """(module, name in it or "") for each name of an import in ``module``."""
    if isinstance(node, ast.Import):
        return [(alias.name, "") for alias in node.names]
    source = node.module or ""
    if node.level:
        parts = module.split(".")
        parts = parts[: len(parts) - node.level + is_package]
        source = ".".join([*parts, *([source] if source else [])])
    return [(source, alias.name) for alias in node.names]


def graph(types: bool, inits: bool) -> Graph:
    """Which modules each module imports. A folder's ``__init__`` counts only where it is itself what is imported.

    Without ``inits`` they are left out, and what is imported from one leads to the module that it has it from.
    """
    trees, folders = modules(), packages()
    named = {
        module: [pair for node in imports(tree, types) for pair in imported(node, module, module in folders)]
        for module, tree in trees.items()
    }

    def target(source: str, name: str, depth: int = 0) -> str | None:
        if f"{source}.{name}" in trees:
            return target(f"{source}.{name}", "", depth)
        if not inits and source in folders:
            homes = [home for home, known in named[source] if known == name and home != source]
            return target(homes[0], name, depth + 1) if homes and name and depth < 9 else None
        return source if source in trees else None

    kept = [module for module in trees if inits or module not in folders]
    reached = {module: {target(*pair) for pair in named[module]} for module in kept}
    return {module: {other for other in others if other} - {module} for module, others in reached.items()}


def reachable(graph: Graph, start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def circles(graph: Graph) -> list[list[str]]:
    """Groups of modules of which each reaches each other one, in alphabetical order."""
    reach = {module: reachable(graph, module) for module in graph}
    groups = {
        frozenset(other for other in reach[module] if module in reach[other])
        for module in graph
        if module in reach[module]
    }
    return sorted(sorted(name.removeprefix(f"{NAME}.") for name in group) for group in groups)


def every_circle() -> dict[str, list[list[str]]]:
    return {
        "with __init__": circles(graph(types=False, inits=True)),
        "without __init__": circles(graph(types=False, inits=False)),
        "with __init__ and imports for types": circles(graph(types=True, inits=True)),
    }


def told(name: str, groups: list[list[str]]) -> str:
    return "\n    ".join([f"circles of imports {name}: {len(groups)}", *map(", ".join, groups)])


def main() -> None:
    for name, groups in every_circle().items():
        print(told(name, groups))


if __name__ == "__main__":
    main()
