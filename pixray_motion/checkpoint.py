"""Save a state and continue from it, if it still belongs to the same film.

Every frame has a key: a hash of the key before it, its plan, the drawer, the perceptors, the denoisers, the program and
the plug-ins that the story uses. So a changed story continues from a saved state as long as the change lies behind it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pixray_motion.errors import CheckpointError, is_out_of_memory, reason
from pixray_motion.lazy import torch
from pixray_motion.output.files import create, read_plain, remove
from pixray_motion.state import DrawingState, State
from pixray_motion.studio import Studio
from pixray_motion.version import __version__

if TYPE_CHECKING:
    from torch import Tensor

    from pixray_motion.drawers.base import Params

FORMAT = "pixray-motion state 5"
_OS_ERROR = re.compile(r"\(os error (\d+)\)")  # how safetensors says what the system said


class DamagedState(CheckpointError):
    """A saved state that cannot be read, or is not as it was written."""


@dataclass(frozen=True)
class Saved:
    """A saved state as it lies in its file: what it says of itself, and the tensors by their paths."""

    path: Path
    frame: int
    key: str
    machine: Mapping[str, str]
    plugins: Mapping[str, str]
    scores: Mapping[str, float]
    tensors: Mapping[str, Tensor]

    @property
    def threads(self) -> int:
        return int(self.machine["threads"])


def frame_keys(studio: Studio) -> Iterator[str]:
    """The key of every frame of the film, from the first."""
    story = studio.story
    names = [
        f"perceptor {component}: {opened.perceptor.fingerprint()}"
        for component, opened in studio.perceptors.items()
    ]
    names += [
        f"denoiser {component}: {opened.denoiser.fingerprint()}"
        for component, opened in studio.denoisers.items()
    ]
    names += [f"plug-in {origin.fingerprint()}" for origin in studio.plugins]
    basis = [__version__, str(story.canvas), *names]
    key = hashlib.sha256("\n".join(basis).encode()).hexdigest()
    for frame in story.frames:
        key = hashlib.sha256((key + story.plan(frame).digest()).encode()).hexdigest()
        yield key


class FrameKeys:
    """The keys of a film's frames, by number, computed once and no further than they are asked for."""

    def __init__(self, studio: Studio) -> None:
        self._more = frame_keys(studio)
        self._found: list[str] = []
        self._count = len(studio.story.frames)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, frame: int) -> str:
        """Raises: ``IndexError`` outside the film."""
        if not 0 <= frame < self._count:
            raise IndexError(f"the film has the frames 0 to {self._count - 1}. Got {frame}")
        self._found += islice(self._more, max(0, frame + 1 - len(self._found)))
        return self._found[frame]

    def get(self, frame: int) -> str | None:
        """None outside the film."""
        return self[frame] if 0 <= frame < self._count else None


def save(path: Path, state: State, studio: Studio, key: str) -> None:
    """Write ``state`` so that a reader finds either the old file or the new one, whole.

    Raises: ``CheckpointError`` if it cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    tensors = _flatten(state)
    facts = {"format": FORMAT, "key": key, "frame": str(state.frame)} | _machine(studio)
    facts |= {"scores": json.dumps(dict(state.scores)), "plugins": json.dumps(_plugins(studio))}
    unfinished = path.with_name("draft.new")
    try:
        path.parent.mkdir(exist_ok=True)
        remove(unfinished)
        create(unfinished).close()  # of our own, for save_file would write through a link
        save_file(tensors, str(unfinished), metadata=facts | {"check": _digest(facts, tensors)})
        os.replace(unfinished, path)
    except (OSError, SafetensorError) as error:
        fault = _os_error(error)
        why = reason(fault, "choose another output") if fault else str(error)
        raise CheckpointError(f"{path}: the state cannot be saved: {why}") from (fault or error)


def read(path: Path) -> Saved:
    """A saved state. Raises: ``DamagedState``, or ``CheckpointError`` for one that another version has written."""
    from safetensors import SafetensorError, safe_open

    try:
        with read_plain(path):
            pass
        with safe_open(str(path), framework="pt") as file:
            facts = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        if facts.pop("check", "") != _digest(facts, tensors):
            _refuse_other_format(path, facts.get("format", ""))
            raise ValueError("its checksum differs")
        _refuse_other_format(path, facts["format"])
        frame = int(facts["frame"])
        if frame < 0:
            raise ValueError(f"it is frame {frame}")
        return Saved(
            path,
            frame,
            facts["key"],
            {name: facts[name] for name in ("threads", "device", "dtype")},
            json.loads(facts["plugins"]),
            json.loads(facts["scores"]),
            tensors,
        )
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        if is_out_of_memory(error):
            raise
        raise DamagedState(
            f"{path}: the saved state is damaged ({error}); start over with --restart"
        ) from error


def load(path: Path, studio: Studio) -> State:
    """The saved state. Raises: ``CheckpointError``, which says what has changed since."""
    saved = read(path)
    check(saved, studio, FrameKeys(studio))
    return restored(saved, studio)


def restored(saved: Saved, studio: Studio) -> State:
    """The state that was saved."""
    return State(studio.story.plan(saved.frame), _unflatten(saved.tensors), saved.scores)


def check(saved: Saved, studio: Studio, keys: FrameKeys) -> None:
    """Refuse a state that this film does not come by. Raises: ``CheckpointError``, which says what has changed."""
    path = saved.path
    _check_within(path, saved.frame, keys)
    for name, value in _machine(studio).items():
        if saved.machine[name] != value:
            raise CheckpointError(
                f"{path}: saved with {name} {saved.machine[name]}, now {value}; use that one again, or start over with "
                "--restart"
            )
    _check_plugins(path, saved.plugins, _plugins(studio))
    check_key(path, saved.frame, saved.key, keys)


def check_key(path: Path, frame: int, key: str, keys: FrameKeys) -> None:
    """Refuse what was kept under another key than this frame has. Raises: ``CheckpointError``."""
    _check_within(path, frame, keys)
    if keys[frame] != key:
        raise CheckpointError(
            f"{path}: the story, the models or the program changed at or before frame {frame}; "
            "start over with --restart"
        )


def _check_within(path: Path, frame: int, keys: FrameKeys) -> None:
    if frame >= len(keys):
        raise CheckpointError(
            f"{path}: the saved state is frame {frame}, but the film ends before it; start over with --restart"
        )


def _digest(facts: Mapping[str, str], tensors: Mapping[str, Tensor]) -> str:
    """Of all that a file holds: the facts, and the names, kinds, shapes and bytes of the tensors."""
    found = hashlib.sha256(json.dumps(sorted(facts.items())).encode())
    for name, tensor in sorted(tensors.items()):
        found.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        found.update(tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def _refuse_other_format(path: Path, format: str) -> None:
    """Raises: ``CheckpointError`` if another version of the program has written this."""
    if format.startswith(FORMAT.rstrip("0123456789")) and format != FORMAT:
        raise former_format(path)


def former_format(path: Path) -> CheckpointError:
    """The refusal of what another version has left."""
    return CheckpointError(
        f"{path}: another version of the program has saved this state; finish the render with that one, or start over "
        "with --restart"
    )


def _os_error(error: Exception) -> OSError | None:
    """What the system said, which safetensors passes on as text."""
    if isinstance(error, OSError):
        return error
    found = _OS_ERROR.search(str(error))
    return OSError(int(found[1]), os.strerror(int(found[1]))) if found else None


def _plugins(studio: Studio) -> dict[str, str]:
    return {origin.name: origin.fingerprint() for origin in studio.plugins}


def _check_plugins(path: Path, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Name the plug-in that is another one now; one that is new in the story, or gone, changes the key alone."""
    for name in before.keys() & now.keys():
        if before[name] != now[name]:
            raise CheckpointError(
                f"{path}: the plug-in {name} has changed since; restore its old code, or start over with --restart"
            )


def _flatten(state: State) -> dict[str, Tensor]:
    """Params by ``params/ID/NAME``, colour anchors by ``anchor/ID``.

    Two drawings may share one tensor, and a file holds each only once.
    """
    found: dict[str, Tensor] = {}
    for drawing, stored in state.drawings.items():
        found |= {f"params/{drawing}/{name}": tensor for name, tensor in stored.params.items()}
        if stored.colour_anchor is not None:
            found[f"anchor/{drawing}"] = stored.colour_anchor
    return {name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in found.items()}


def _unflatten(tensors: Mapping[str, Tensor]) -> dict[str, DrawingState]:
    params: dict[str, Params] = {}
    anchors: dict[str, Tensor] = {}
    for path, tensor in tensors.items():
        kind, _, rest = path.partition("/")
        if kind == "anchor":
            anchors[rest] = tensor
        else:
            drawing, _, name = rest.rpartition("/")
            params.setdefault(drawing, {})[name] = tensor
    return {drawing: DrawingState(found, anchors.get(drawing)) for drawing, found in params.items()}


def _machine(studio: Studio) -> dict[str, str]:
    return {"threads": str(studio.threads), "device": "cpu", "dtype": "float32"}
