"""Save a state and continue from it, if it still belongs to the same film.

Every frame has a key: a hash of the key before it, its plan, the drawer, the perceptors, the denoisers, the program and
the plug-ins that the story uses. So a changed story continues from a saved state as long as the change lies behind it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pixray_motion.errors import CheckpointError
from pixray_motion.lazy import torch
from pixray_motion.state import DrawingState, State
from pixray_motion.studio import Studio
from pixray_motion.version import __version__

if TYPE_CHECKING:
    from torch import Tensor

    from pixray_motion.drawers.base import Params

FORMAT = "pixray-motion state 4"


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


def save(path: Path, state: State, studio: Studio, key: str) -> None:
    """Write ``state`` so that a reader finds either the old file or the new one, whole.

    Raises: ``CheckpointError`` if it cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    facts = {"format": FORMAT, "key": key, "frame": str(state.frame)} | _machine(studio)
    metadata = facts | {
        "scores": json.dumps(dict(state.scores)),
        "plugins": json.dumps(_plugins(studio)),
    }
    unfinished = path.with_suffix(".new")
    try:
        save_file(_flatten(state), str(unfinished), metadata=metadata)
        os.replace(unfinished, path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path}: the state cannot be saved ({error}); free some space") from error


def read_metadata(path: Path) -> dict[str, str]:
    """What a saved state says of itself: ``frame``, ``key``, ``threads``, ``device``.

    Raises: ``CheckpointError`` if it cannot be read.
    """
    return _open(path)[0]


def load(path: Path, studio: Studio) -> State:
    """The saved state. Raises: ``CheckpointError``, which says what has changed since."""
    found, tensors = _open(path)
    frame = int(found["frame"])
    if frame not in studio.story.frames:
        raise CheckpointError(
            f"{path}: the saved state is frame {frame}, but the film ends before it; start over with --restart"
        )
    for name, value in _machine(studio).items():
        if found.get(name) != value:
            raise CheckpointError(
                f"{path}: saved with {name} {found.get(name)}, now {value}; use that one again, or start over with "
                "--restart"
            )
    _check_plugins(path, json.loads(found.get("plugins", "{}")), _plugins(studio))
    for number, key in enumerate(frame_keys(studio)):
        if number == frame:
            if key != found["key"]:
                raise CheckpointError(
                    f"{path}: the story, the models or the program changed at or before frame {frame}; "
                    "start over with --restart"
                )
            break
    return State(studio.story.plan(frame), _unflatten(tensors), json.loads(found["scores"]))


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


def _open(path: Path) -> tuple[dict[str, str], dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path}: the saved state cannot be read ({error}); start over with --restart"
        ) from error
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path}: not a saved state of this program; start over with --restart")
    return metadata, tensors
