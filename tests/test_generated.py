"""Whatever passes check can be planned, previewed and drawn: on stories drawn at random (``generated.py``)."""

from pathlib import Path
from typing import Any

import pytest
from generated import passes, stories, work_out, write_materials
from hypothesis import HealthCheck, given, settings

SETTINGS = {"suppress_health_check": list(HealthCheck)}  # many are refused, and a story takes a while


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("stories")
    write_materials(made)
    return made


@settings(max_examples=85, **SETTINGS)  # of which 60 pass
@given(stories(models=False))
def test_what_passes_check_renders(folder: Path, drawn: dict[str, Any]) -> None:
    story = passes(drawn, folder)
    if story is not None:
        work_out(story)


@settings(max_examples=6, **SETTINGS)
@given(stories(models=True))
def test_what_passes_check_renders_with_models(folder: Path, drawn: dict[str, Any]) -> None:
    story = passes(drawn, folder)
    if story is not None:
        work_out(story)
