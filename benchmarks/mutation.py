"""Would the tests notice a wrong line? python benchmarks/mutation.py [--count 300] [--seed 0] [--jobs 2]

Makes small bugs, one at a time (mutants: a sign turned, a number changed, a condition negated), and runs the tests that
guard the changed file. A mutant that they fail on is killed; one that survives is a bug that nobody would have seen.
The mutants are those of cosmic-ray: pip install "cosmic-ray>=8.3,<9", beside the extra ``test``. ``--report`` prints
the table of what is known so far; results are kept in a file, and a second call goes on with what is missing.

The bugs are made in copies of the checkout, never in the checkout itself. Unix only, because each run is a fork of a
process that has imported torch already.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch: a process with threads must not be forked
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # a mutant may be as long, and as old, as the file it replaces

import argparse
import ast
import contextlib
import hashlib
import importlib
import json
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PACKAGE = "pixray_motion"
ARGUED = Path(__file__).with_name("equivalent.txt")
KEPT = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "pixray-motion" / "mutants.jsonl"

# Which tests guard what: group -> files or folders of the package -> tests. The first line that fits a file is its own,
# so a file stands before its folder. An entry of tests is a file in tests/, perhaps with a pattern (re.search) of the
# names of tests that count, or, after a "-", of those that do not; several entries of one file add up. Left out are
# whole films by drawers that have little to do with the file, for survivors cost what all tests of a line cost.
DENOISED = "test_denoisers.py -films_with.*(clipdraw|pixel)"
FRAMES = "test_engine.py -clipdraw|pixel"
LAYERS = ("test_composite.py -any_frame", "test_composite.py any_frame.*5", "test_transitions_rendered.py")
WARPED = "test_bends.py -clipdraw|line_sketch"
DRAWN = "test_contract_drawers.py TestDrawer(Fft|Diffusion)::"
GUARDS: dict[str, dict[str, Sequence[str]]] = {
    "learning core": {
        "objective.py": ("test_objective.py", "test_evaluation.py"),
        "descend.py": ("test_descend.py", "test_refinement.py"),
        "refinement.py": ("test_refinement.py",),
        "cutouts.py": ("test_cutouts.py", "test_objective.py"),
        "embeddings.py": ("test_embeddings.py", "test_evaluation.py"),
        "denoisers/guidance.py": ("test_guidance.py", DENOISED),
        "denoisers/colours.py": ("test_colours.py", DENOISED),
        "denoisers/sampler.py": ("test_sampler.py", DENOISED),
        "denoisers/base.py": (DENOISED, "test_guidance.py", "test_sampler.py"),
        "composite.py": LAYERS,
        "masks.py": (*LAYERS, "test_contracts.py Mask"),
        "blends.py": ("test_composite.py -any_frame", "test_contracts.py Blend"),
        "engine.py": (FRAMES, "test_seeds.py", *LAYERS),
        "studio.py": (FRAMES, "test_seeds.py", *LAYERS),
        "state.py": (FRAMES, *LAYERS),
        "picture.py": ("test_picture.py", "test_screen_filters.py"),
        "drawers/base.py": ("test_raster.py", "test_descend.py", "test_refinement.py"),
        "drawers/fft.py": (
            "test_raster.py",
            DRAWN,
            "test_bases.py",
            "test_sharpness.py",
            "test_denoisers.py grain",
        ),
        "drawers/raster.py": ("test_raster.py", DRAWN, WARPED, "test_sharpness.py"),
        "drawers/diffusion.py": ("test_raster.py", DRAWN, DENOISED, "test_bends.py diffusion"),
        "sampling.py": ("test_picture.py", WARPED, "test_sharpness.py"),
        "sharpen.py": ("test_picture.py", "test_sharpness.py", DRAWN),
        "losses": ("test_evaluation.py", "test_parameters.py losses", "test_contracts.py Loss"),
        "filters": ("test_screen_filters.py", "test_contracts.py Filter"),
    },
    "checkpoint": {
        "checkpoint.py": (
            "test_checkpoint.py",
            "test_engine.py saved_state.*fft|damaged|threads|keeps_its_start",
        ),
    },
    "encode": {
        "output/video.py": ("test_video.py", "test_writers.py"),
    },
    "geometry": {
        "geometry.py": ("test_movements.py", "test_known_motions.py", WARPED, "test_timeline.py"),
        "coordinate_maps.py": ("test_picture.py", "test_bends.py", "test_contracts.py Distortion"),
        "movements": (
            "test_movements.py",
            "test_known_motions.py",
            "test_bends.py",
            "test_paths.py",
            "test_contracts.py Movement|Distortion",
        ),
    },
}

# Operators that are left out, by name.
NEVER = (
    # A comparison turned into one of identity: equivalent wherever Python keeps one object for equal values (small
    # numbers, names, None), and a warning of the compiler everywhere else.
    r"ReplaceComparisonOperator_(Eq|NotEq|Lt|LtE|Gt|GtE)_(Is|IsNot)",
    # Identity turned into an equality or an order: "is" is written for None, classes and enum's members, where == is
    # the same, and an order of those is an error of type.
    r"ReplaceComparisonOperator_(Is|IsNot)_(Eq|NotEq|Lt|LtE|Gt|GtE)",
)
# These are not equivalent, but the opposite: bits of floats, or the sum of dictionaries, are an error of type in the
# first test that comes by, so that they would only raise the share of the killed. ``--all-operators`` makes them too.
SUMS, BITS = "(Add|Sub|Mul|Div|FloorDiv|Mod|Pow)", "(RShift|LShift|BitOr|BitAnd|BitXor)"
EASY = (
    rf"ReplaceBinaryOperator_({SUMS}_{BITS}|{BITS}_{SUMS})",
    r"ReplaceUnaryOperator_\w+_Invert",
)

SLOWER, GRACE = 5, 10  # a run ends after so many times the clean run's CPU seconds, and so many more
WAITS = 4  # times that limit, by the clock, for a run that waits for something or whose machine is busy
MEMORY = 16 << 30  # bytes of address space: a mutant must not fill the machine
LEAST = 3  # mutants of every file
HEAVY = (
    "torch",
    "scipy.ndimage",
    "PIL.ImageFont",
    "hypothesis.strategies",
    "safetensors.torch",
    "rich.console",
)


@dataclass(frozen=True)
class Mutant:
    """One change of one file: the ``occurrence``-th place where cosmic-ray's ``operator`` applies."""

    file: str
    operator: str
    occurrence: int
    line: int
    before: str  # the changed lines, without their margins
    after: str
    whole: str = field(repr=False)  # the file as it was, in case that somebody edits it meanwhile

    @property
    def key(self) -> tuple[str, str, int, str]:
        """Under which its result is found again."""
        return self.file, self.operator, self.occurrence, hashed(self.whole)

    @property
    def excuse(self) -> tuple[str, str, str]:
        """Under which equivalent.txt knows it: not by a line's number, which changes with every edit above it."""
        return self.file, self.before, self.after


@dataclass
class Clean:
    """What the unchanged package needs for some tests: CPU seconds, and those of every test by name."""

    seconds: float
    tests: dict[str, float] = field(default_factory=dict)


@dataclass
class Run:
    """A child process that runs tests in a copy of the checkout."""

    pid: int
    told: Path
    started: float
    limit: float


# Mutants


def guarded() -> dict[str, tuple[str, tuple[str, ...]]]:
    """File of the package -> its group and its tests, as the table at the top has it."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for group, rows in GUARDS.items():
        for name, tests in rows.items():
            path = ROOT / PACKAGE / name
            files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
            for file in files:
                found.setdefault(file.relative_to(ROOT).as_posix(), (group, tuple(tests)))
    missing = [file for file in found if not (ROOT / file).is_file()]
    missing += [test for _, tests in found.values() for test in tests if not (ROOT / named(test)).is_file()]
    if missing:
        raise SystemExit(
            f"the table at the top names files that are not there: {', '.join(sorted(set(missing)))}"
        )
    return found


def named(test: str) -> str:
    """The file of an entry of tests."""
    return f"tests/{test.split()[0]}"


def operators(every: bool) -> list[tuple[str, Any]]:
    """The operators that take no arguments, by name, less those that make no fair mutants."""
    from cosmic_ray.plugins import get_operator, operator_names

    left_out = re.compile("|".join(NEVER if every else NEVER + EASY))
    names = [name for name in operator_names() if not left_out.fullmatch(name.rpartition("/")[2])]
    return [
        (name.rpartition("/")[2], get_operator(name)())
        for name in names
        if not get_operator(name).arguments()
    ]


def places(source: str, every: bool) -> list[tuple[str, int]]:
    """Every (operator, occurrence) of a file; some turn out to be no mutants when they are made."""
    from cosmic_ray.ast import ast_nodes, get_ast

    nodes = list(ast_nodes(get_ast(source)))
    return [
        (name, occurrence)
        for name, operator in operators(every)
        for occurrence in range(sum(1 for node in nodes for _ in operator.mutation_positions(node)))
    ]


def mutated(source: str, operator: str, occurrence: int) -> str:
    """The changed file, or the same where the operator fails, as that of exceptions does at ``except module.Error``."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    try:
        return mutate_code(source, get_operator(f"core/{operator}")(), occurrence) or source
    except AttributeError:
        return source


def mutants(file: str, count: int, seed: int, every: bool) -> list[Mutant]:
    """At most ``count`` different mutants of a file, chosen by the seed; a greater count begins with the same ones."""
    source = (ROOT / file).read_text(encoding="utf-8")
    order = places(source, every)
    random.Random(f"{seed} {file}").shuffle(order)
    original = meaning(source)
    found: dict[str, Mutant] = {}
    for operator, occurrence in order:
        if len(found) == count:
            break
        text = mutated(source, operator, occurrence)
        if text not in found and meaning(text) not in (None, original):
            line, before, after = change(source, text)
            found[text] = Mutant(file, operator, occurrence, line, before, after, source)
    return list(found.values())


def sample(count: int, seed: int, every: bool, only: str) -> list[Mutant]:
    """Mutants of all files, each with its share."""
    files = [file for file in guarded() if re.search(only, file)]
    sizes = {file: len(places((ROOT / file).read_text(encoding="utf-8"), every)) for file in files}
    for file, size in sizes.items():
        if size <= LEAST:  # perhaps a package's __init__, where no place makes a mutant
            sizes[file] = len(mutants(file, size, seed, every))
    parts = shares({file: size for file, size in sizes.items() if size}, count)
    return [mutant for file, part in parts.items() for mutant in mutants(file, part, seed, every)]


def shares(sizes: Mapping[str, int], count: int) -> dict[str, int]:
    """``count`` shared out in proportion to sizes, but none gets less than LEAST, while the count allows that."""
    least = min(LEAST, max(1, count // max(1, len(sizes))))
    small: set[str] = set()
    while True:
        rest = {name: size for name, size in sizes.items() if name not in small}
        scale = max(0, count - least * len(small)) / max(1, sum(rest.values()))
        less = {name for name, size in rest.items() if size * scale < least}
        if not less:
            return {name: least if name in small else round(size * scale) for name, size in sizes.items()}
        small |= less


def change(source: str, text: str) -> tuple[int, str, str]:
    """The first line that differs, and what differs: before and after, lines without their margins."""
    old, new = source.split("\n"), text.split("\n")
    start = next(i for i, (a, b) in enumerate(zip([*old, None], [*new, None], strict=False)) if a != b)
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    before, after = (lines[start : len(lines) - end] for lines in (old, new))
    return start + 1, "\n".join(map(str.strip, before)), "\n".join(map(str.strip, after))


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def meaning(source: str) -> str | None:
    """The program without all that no test could see the change of; None if it is no program."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        try:
            tree = ast.parse(source)
            compile(tree, "mutant", "exec")
        except SyntaxError:
            return None
    return ast.dump(_Seen().visit(tree))


class _Seen(ast.NodeTransformer):
    """Takes out annotations, docstrings, what only type checkers read, and ``__all__``.

    Also, because their change is nearly always equivalent: arguments of ``@dataclass`` (frozen and the like guard
    against mistakes that no code makes), ``@abstractmethod`` and ``@cache`` (quicker, and else the same).
    """

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        return node.orelse if "TYPE_CHECKING" in ast.unparse(node.test) else node

    def visit_Assign(self, node: ast.Assign) -> Any:
        self.generic_visit(node)
        return None if any(ast.unparse(target) == "__all__" for target in node.targets) else node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        self.generic_visit(node)
        node.annotation = _read(node.annotation)
        return node

    def visit_arg(self, node: ast.arg) -> Any:
        self.generic_visit(node)
        node.annotation = node.annotation and _read(node.annotation)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        node.returns = None
        return self._defined(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        return self._defined(node)

    def _defined(self, node: ast.FunctionDef | ast.ClassDef) -> Any:
        self.generic_visit(node)
        if ast.get_docstring(node) is not None:
            del node.body[0]
        names = {ast.unparse(decorator): decorator for decorator in node.decorator_list}
        node.decorator_list = [
            ast.Name("dataclass") if name.startswith("dataclass(") else decorator
            for name, decorator in names.items()
            if name not in ("abstractmethod", "cache")
        ]
        return node


def _read(annotation: ast.expr) -> ast.expr:
    """What a program may read of an annotation: what stands in ``Annotated`` beside the type."""
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Annotated":
        return ast.Tuple(annotation.slice.elts[1:] if isinstance(annotation.slice, ast.Tuple) else [])
    return ast.Constant(None)


# Runs


class Watch:
    """A plugin of pytest: chooses the tests, orders them, and tells what each one took and which failed."""

    def __init__(self, tests: Sequence[str], clean: Clean | None, told: Path) -> None:
        self.tests, self.clean, self.told = tests, clean, told
        self.took: dict[str, float] = {}
        self.failed = ""

    def pytest_configure(self) -> None:
        """After tests/conftest.py. The least example of a failure is of no use here, and takes long to find."""
        from hypothesis import Phase, settings

        phases = [Phase.explicit, Phase.generate]
        settings.register_profile("mutants", parent=settings.default, phases=phases)
        settings.load_profile("mutants")

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = [item for item in items if any(guards(test, item.nodeid) for test in self.tests)]
        if self.clean:
            took = self.clean.tests
            files: dict[str, float] = {}
            for name, seconds in took.items():
                files[name.split("::")[0]] = files.get(name.split("::")[0], 0) + seconds
            items.sort(key=lambda item: (files.get(item.nodeid.split("::")[0], 0), took.get(item.nodeid, 0)))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.took[nodeid] = -used()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.took[nodeid] += used()

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid

    def pytest_sessionfinish(self) -> None:
        self.told.write_text(json.dumps({"took": self.took, "failed": self.failed}), encoding="utf-8")


def guards(test: str, nodeid: str) -> bool:
    """Whether an entry of the table means a test."""
    _, _, pattern = test.partition(" ")
    file, _, name = nodeid.partition("::")
    if file != named(test):
        return False
    return not re.search(pattern[1:], name) if pattern.startswith("-") else bool(re.search(pattern, name))


def used() -> float:
    """CPU seconds of this process and of those that it has started and that have ended."""
    return sum(os.times()[:4])


def begin(tree: Path, tests: Sequence[str], clean: Clean | None) -> Run:
    """Start pytest in a fork of this process; ``tree`` is the copy of the checkout, mutant and all."""
    limit = SLOWER * clean.seconds + GRACE if clean else 1200.0
    told = tree.parent / f"{tree.name}.json"
    told.unlink(missing_ok=True)
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            code = _tested(tree, tests, Watch(tests, clean, told), limit)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return Run(pid, told, time.monotonic(), limit)


def _tested(tree: Path, tests: Sequence[str], watch: Watch, limit: float) -> int:
    """The child's part."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (round(limit), round(limit) + 5))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    log = os.open(tree.parent / f"{tree.name}.log", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.chdir(tree)
    os.environ["PYTHONPATH"] = str(tree)  # for the processes that tests start
    sys.path.insert(0, str(tree))
    import pytest

    folder = tree.parent / f"{tree.name}.tmp"
    options = ["-x", "-q", "--tb=short", "-p", "no:cacheprovider", f"--basetemp={folder}"]
    warned = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # some plugins are imported already
    return int(pytest.main([*options, *warned, *dict.fromkeys(map(named, tests))], plugins=[watch]))


def ended(run: Run) -> tuple[str, float, str] | None:
    """killed, survived or timeout, CPU seconds, and the test that failed; None while it runs."""
    pid, status, usage = os.wait4(run.pid, os.WNOHANG)
    late = not pid and time.monotonic() - run.started > WAITS * run.limit
    if late:
        os.killpg(run.pid, signal.SIGKILL)
        pid, status, usage = os.wait4(run.pid, 0)
    if not pid:
        return None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGKILL)  # what a test has started and left
    seconds = usage.ru_utime + usage.ru_stime
    told = json.loads(run.told.read_text(encoding="utf-8")) if run.told.exists() else {}
    if os.WIFSIGNALED(status):
        slow = late or os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)
        return "timeout" if slow else "killed", seconds, f"signal {os.WTERMSIG(status)}"
    code = os.WEXITSTATUS(status)
    return ("killed", seconds, told.get("failed") or f"exit {code}") if code else ("survived", seconds, "")


def copied(folder: Path, name: str) -> Path:
    """A copy of the checkout: what is tracked there and what may come to be."""
    tree = folder / name
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for file in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\0"
    ):
        if (ROOT / file).is_file():
            (tree / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, tree / file)
    return tree


def cleaned(tree: Path, tests: Sequence[str]) -> Clean:
    """Run tests on the unchanged package: they must pass, and tell how long they take."""
    run = begin(tree, tests, None)
    while (end := ended(run)) is None:
        time.sleep(0.05)
    if end[0] != "survived":
        log = (tree.parent / f"{tree.name}.log").read_text(encoding="utf-8", errors="replace")
        raise SystemExit(f"{log[-3000:]}\nthe tests {tests} do not pass on the unchanged package")
    return Clean(end[1], json.loads(run.told.read_text(encoding="utf-8"))["took"])


def tried(todo: Sequence[Mutant], jobs: int, kept: Path) -> None:
    """Run the tests of every mutant, several at once, and append what comes of it."""
    for module in HEAVY:
        importlib.import_module(module)
    assert PACKAGE not in sys.modules, "children must import what was changed"
    table = guarded()
    waiting = list(todo)
    with tempfile.TemporaryDirectory() as name, kept.open("a", encoding="utf-8") as results:
        trees = [copied(Path(name), f"tree{job}") for job in range(jobs)]
        clean: dict[tuple[str, ...], Clean] = {}
        for tests in dict.fromkeys(table[mutant.file][1] for mutant in waiting):
            clean[tests] = cleaned(trees[0], tests)
            print(
                f"clean: {clean[tests].seconds:5.1f} CPU s, {len(clean[tests].tests)} tests: {'; '.join(tests)}",
                flush=True,
            )
        running: dict[Path, tuple[Mutant, Run]] = {}
        try:
            while waiting or running:
                for tree in trees:
                    if tree not in running and waiting:
                        mutant = waiting.pop(0)
                        tests = table[mutant.file][1]
                        write(mutant, tree, mutated(mutant.whole, mutant.operator, mutant.occurrence))
                        running[tree] = mutant, begin(tree, tests, clean[tests])
                time.sleep(0.02)
                for tree, (mutant, run) in list(running.items()):
                    if end := ended(run):
                        del running[tree]
                        write(mutant, tree, mutant.whole)
                        print(json.dumps(outcome(mutant, *end)), file=results, flush=True)
                        left = f"{len(waiting) + len(running):4} left"
                        print(f"{left}, {end[0]:8} {end[1]:5.1f} s  {mutant.file}:{mutant.line}", flush=True)
        finally:
            for _, run in running.values():
                os.killpg(run.pid, signal.SIGKILL)


def write(mutant: Mutant, tree: Path, text: str) -> None:
    (tree / mutant.file).write_text(text, encoding="utf-8")


def outcome(mutant: Mutant, status: str, seconds: float, by: str) -> dict[str, Any]:
    """A line of the file of results; ``source`` names the version of the file that it is true of."""
    facts = asdict(mutant) | {
        "source": hashed(mutant.whole),
        "status": status,
        "seconds": round(seconds, 2),
        "by": by,
    }
    del facts["whole"]
    return facts


# Results


def results(kept: Path) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The last result of every mutant of files that are still as they were."""
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
    records = [json.loads(line) for line in lines]
    files = {record["file"] for record in records if (ROOT / record["file"]).is_file()}
    now = {file: hashed((ROOT / file).read_text(encoding="utf-8")) for file in files}
    keys = ("file", "operator", "occurrence", "source")
    return {
        tuple(record[key] for key in keys): record
        for record in records
        if now.get(record["file"]) == record["source"]
    }


def argued() -> dict[tuple[str, str, str], str]:
    """(file, lines before, lines after) -> why no test could tell one from the other."""
    text = ARGUED.read_text(encoding="utf-8") if ARGUED.exists() else ""
    found = {}
    for block in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in block.splitlines() if not line.startswith("#")]
        if lines:
            before, after, why = (
                "\n".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+="
            )
            if not (why and (before or after)):
                raise SystemExit(
                    f"{ARGUED.name}: needs a file, '-' and '+' lines, and '=' with the reason: {block}"
                )
            found[lines[0], before, after] = why
    return found


def report(kept: Path, only: str = "") -> None:
    """Print what is known: a line for every file, every group and all, and then the survivors."""
    records = [record for record in results(kept).values() if re.search(only, record["file"])]
    table, excuses = guarded(), argued()
    for record in records:
        record["why"] = excuses.get((record["file"], record["before"], record["after"]), "")
        if record["why"] and record["status"] == "survived":
            record["status"] = "argued"
    print(f"{'':42} mutants killed timeout survived argued  found  CPU min")
    groups = {group: [r for r in records if table.get(r["file"], ("",))[0] == group] for group in GUARDS}
    for group, some in groups.items():
        present = {record["file"] for record in some}
        for file in (file for file in table if file in present):
            counted(file, [record for record in some if record["file"] == file])
        if some:
            counted(group.upper(), some)
    counted("ALL", records)
    for record in sorted(records, key=lambda record: (record["file"], record["line"])):
        if record["status"] == "survived":
            print(f"\n{record['file']}:{record['line']} {record['operator']} # {record['occurrence']}")
            shown(record)
        elif record["why"] and record["status"] != "argued":
            print(
                f"\n{record['file']}:{record['line']}: argued to be equivalent, yet found by {record['by']}"
            )
            shown(record)


def counted(name: str, records: Sequence[Mapping[str, Any]]) -> None:
    """One line of the table; ``found`` is the share of those that tests could find."""
    kinds = [
        sum(record["status"] == kind for record in records)
        for kind in ("killed", "timeout", "survived", "argued")
    ]
    killed, timeout, survived, _ = kinds
    fair = killed + timeout + survived
    share = f"{100 * (killed + timeout) / fair:5.1f}%" if fair else "     -"
    minutes = sum(record["seconds"] for record in records) / 60
    print(
        f"{name:42} {len(records):7} {killed:6} {timeout:7} {survived:8} {kinds[3]:6} {share} {minutes:8.1f}"
    )


def shown(record: Mapping[str, Any]) -> None:
    """The change of a mutant, as equivalent.txt writes it too."""
    for sign, text in (("-", record["before"]), ("+", record["after"])):
        for line in text.split("\n") if text else ():
            print(f"  {sign} {line}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=300, help="mutants of all files together, about")
    parser.add_argument("--seed", type=int, default=0, help="another one chooses other mutants")
    parser.add_argument("--jobs", type=int, default=1, help="runs at once")
    parser.add_argument("--only", default="", help="files whose path has this pattern")
    parser.add_argument(
        "--results", type=Path, default=KEPT, help=f"file of results ({KEPT.name} in the user's cache)"
    )
    parser.add_argument(
        "--survivors",
        action="store_true",
        help="run those again that survived, for instance after writing tests",
    )
    parser.add_argument(
        "--all-operators", action="store_true", help="with those that any test at all would find"
    )
    parser.add_argument("--report", action="store_true", help="run nothing, print what is known")
    options = parser.parse_args()
    if not options.report:
        options.results.parent.mkdir(parents=True, exist_ok=True)
        known = results(options.results)
        chosen = sample(options.count, options.seed, options.all_operators, options.only)
        if options.survivors:
            excuses = argued()
            again = [mutant for mutant in chosen if known.get(mutant.key, {}).get("status") == "survived"]
            todo = [mutant for mutant in again if mutant.excuse not in excuses]
        else:
            todo = [mutant for mutant in chosen if mutant.key not in known]
        print(f"{len(chosen)} mutants, {len(todo)} to run", flush=True)
        if todo:
            tried(todo, options.jobs, options.results)
    report(options.results, options.only)


if __name__ == "__main__":
    main()
