"""What belongs where: which modules may know which."""

import ast
import re
from pathlib import Path

import pytest

import pixray_motion

PACKAGE = Path(pixray_motion.__file__).parent
MODULES = {str(path.relative_to(PACKAGE)): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(path: Path) -> set[str]:
    """Modules imported when the program runs: what stands under TYPE_CHECKING does not count."""
    tree = ast.parse(path.read_text())
    checked = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for statement in block.body
        for node in ast.walk(statement)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in checked:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def modules(*folders: str) -> list[str]:
    return [name for name in MODULES if name.startswith(folders)]


@pytest.mark.parametrize(
    "name",
    modules("story", "movements", "tracks", "geometry", "units", "registry", "errors", "wording", "limits"),
)
def test_stories_and_movements_do_without_torch(name: str) -> None:
    assert not any(
        re.match(r"torch|pixray_motion\.(lazy|engine|objective|film)", m) for m in imports(MODULES[name])
    )


@pytest.mark.parametrize("name", modules("drawers"))
def test_drawers_know_no_perceptor_and_no_loop(name: str) -> None:
    assert not any(
        re.match(r"pixray_motion\.(perceptors|denoisers|engine|objective|film)", m)
        for m in imports(MODULES[name])
    )


@pytest.mark.parametrize("name", modules("losses", "filters", "perceptors", "denoisers"))
def test_losses_filters_and_perceptors_know_no_drawer(name: str) -> None:
    assert not any(re.match(r"pixray_motion\.(drawers|engine|film)", m) for m in imports(MODULES[name]))


def test_the_loop_knows_no_drawer_by_name() -> None:
    text = (
        MODULES["engine.py"].read_text()
        + MODULES["objective.py"].read_text()
        + MODULES["descend.py"].read_text()
    )
    assert not re.search(r"drawers\.(fft|pixel|raster)|[\"']pixel[\"']", text)


@pytest.mark.parametrize("name", [name for name in MODULES if "cli" not in name])
def test_only_the_command_line_prints(name: str) -> None:
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(MODULES[name].read_text()))
        if isinstance(node, ast.Call)
    }
    assert not calls & {"print", "eval", "exec", "input"} - ({"eval"} if name == "registry.py" else set())
