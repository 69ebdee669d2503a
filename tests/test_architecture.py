"""What docs/architecture.md says of the package is so: who may import whom, who prints, who opens files."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import pixray_motion
from pixray_motion.drawers.base import drawer

PACKAGE = Path(pixray_motion.__file__).parent
TREES = {
    str(path.relative_to(PACKAGE)): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(PACKAGE.rglob("*.py"))
}
MANUAL = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
ORDER = re.search(r"<!-- the order -->\n```\n(.*?)```", MANUAL, re.S)
LINES = {
    name: number
    for number, line in enumerate((ORDER[1] if ORDER else "").splitlines())
    for name in line.split()
}
MUTATORS = {"append", "add", "update", "setdefault", "pop", "extend", "insert", "remove", "clear", "discard"}
OPENERS = {
    *("open", "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "replace", "rmtree", "mkdir"),
    *("rename", "safe_open", "save_file", "TemporaryDirectory", "TemporaryFile"),
}
MAY_OPEN = (
    *("checkpoint.py", "images.py", "story/source/files.py", "preview.py"),
    *(
        "perceptors/embedded/",
        "denoisers/embedded/",
        "story/reading/",
        "output/",
        "cli/",
        "testing/",
        "plugins.py",
    ),
)
every = pytest.mark.parametrize("file", TREES)


def module_name(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def package_of(module: str) -> str:
    """The entry of the order that a module belongs to: the longest that it lies in."""
    parts = module.split(".")
    names = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return next((name for name in names if name in LINES), parts[0])


def imports(tree: ast.AST) -> Iterator[str]:
    """Modules of the package that a module imports, in functions and for type checkers, too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pixray_motion"):
            base = (node.module or "").removeprefix("pixray_motion").lstrip(".")
            for alias in node.names:
                name = f"{base}.{alias.name}".lstrip(".")
                yield name if name.replace(".", "/") + ".py" in TREES else base
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("torch"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("torch"):
            yield "torch"


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """The last name of what is called, and the call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            yield (
                (function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")),
                node,
            )


def at_run_time(tree: ast.Module) -> ast.Module:
    """Without what only type checkers see."""
    kept = [
        node
        for node in tree.body
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
    ]
    return ast.Module(kept, [])


def test_every_package_has_its_place_in_the_order() -> None:
    packages = {package_of(module_name(file)) for file in TREES} - {"__init__", "__main__"}
    assert packages == set(LINES)


@every
def test_packages_import_only_what_stands_above_them(file: str) -> None:
    own = package_of(module_name(file))
    if file in ("__init__.py", "__main__.py"):
        return
    for other in imports(TREES[file]):
        package = package_of(other)
        if package in LINES and package != own:
            assert LINES[package] < LINES[own], f"{file} imports {other}, which does not stand above {own}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {
        module_name(file): {name for name in imports(tree) if name and name != module_name(file)}
        for file, tree in TREES.items()
        if not file.endswith("__init__.py")
    }
    waiting = set(graph)
    while waiting:
        free = {module for module in waiting if not graph[module] & waiting}
        assert free, f"these import each other in a circle: {sorted(waiting)}"
        waiting -= free


@pytest.mark.parametrize(
    "file", [file for file in TREES if LINES.get(package_of(module_name(file)), 99) <= LINES["story"]]
)
def test_stories_are_planned_without_torch(file: str) -> None:
    """What plans a story imports torch lazily, if at all; drawers do when they draw."""
    allowed = ("drawers/painting.py", "perceptors/towers.py", "lazy.py")
    assert file in allowed or "torch" not in set(imports(at_run_time(TREES[file])))


@pytest.mark.parametrize(
    "file", [file for file in TREES if file.startswith(("story/", "tracks/", "movements/"))]
)
def test_stories_and_movements_know_no_engine(file: str) -> None:
    forbidden = ("lazy", "engine", "objective", "film", "studio", "descend", "refinement")
    assert not {name for name in imports(at_run_time(TREES[file])) if name.startswith(forbidden)}


@pytest.mark.parametrize("file", [file for file in TREES if not file.startswith(("drawers/", "testing/"))])
def test_drawers_are_named_only_where_a_default_is_chosen(file: str) -> None:
    named = {
        node.value
        for node in ast.walk(TREES[file])
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    names = set(drawer.names()) - (
        {"fft"} if file in ("story/reading/story.py", "stills.py", "cli/still.py") else set()
    )
    assert not named & names


@every
def test_only_the_command_line_prints(file: str) -> None:
    forbidden = {"print", "exec", "input", "eval"} - ({"eval"} if file == "registry.py" else set())
    if not file.startswith("cli/"):
        assert not {name for name, call in calls(TREES[file]) if isinstance(call.func, ast.Name)} & forbidden


@pytest.mark.parametrize("file", [file for file in TREES if file != "cli/terminal.py"])
def test_everything_printed_goes_through_one_place(file: str) -> None:
    """So that no line can forget to make the words of others printable; an interruption of the imports is one word."""
    named = {
        ast.unparse(node) for node in ast.walk(TREES[file]) if isinstance(node, (ast.Attribute, ast.Name))
    }
    streams = set() if file == "cli/__init__.py" else {"sys.stdout", "sys.stderr"}
    printers = {"click.echo", "click.secho", "error.show", "traceback.print_exc", "traceback.print_exception"}
    assert not named & {*streams, *printers, "sys.__stdout__", "sys.__stderr__", "Console", "print"}


@every
def test_module_state_changes_only_where_plug_ins_are_known(file: str) -> None:
    if file in ("registry.py", "plugins.py"):
        return
    tree = TREES[file]
    assert not any(isinstance(node, ast.Global) for node in ast.walk(tree))
    names = {
        target.id
        for node in tree.body
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for function in (
        node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ):
        own = {arg.arg for arg in ast.walk(function) if isinstance(arg, ast.arg)}
        own |= {
            node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        for node in ast.walk(function):
            changed = None
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in MUTATORS
            ):
                changed = node.func.value
            elif isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(
                node.ctx, (ast.Store, ast.Del)
            ):
                changed = node.value
            assert not (isinstance(changed, ast.Name) and changed.id in names - own), ast.unparse(node)


@every
def test_files_are_opened_only_where_the_manual_says(file: str) -> None:
    if file.startswith(MAY_OPEN):
        return
    for name, call in calls(TREES[file]):
        what = ast.unparse(call.func)
        is_method = isinstance(call.func, ast.Attribute)
        if (
            name not in OPENERS
            or what in ("replace", "cls.open", "Studio.open")
            or (name == "open" and "tudio" in what)
        ):
            continue
        if name == "replace" and is_method and what.split(".")[0] != "os":
            continue  # of a string
        raise AssertionError(f"{file} opens a file: {ast.unparse(call)[:80]}")


@every
def test_processes_are_started_only_for_films(file: str) -> None:
    used = {
        alias.name for node in ast.walk(TREES[file]) if isinstance(node, ast.Import) for alias in node.names
    }
    assert (
        file in ("output/process.py",)
        or file.startswith(("cli/", "testing/"))
        or not used & {"subprocess", "multiprocessing"}
    )
