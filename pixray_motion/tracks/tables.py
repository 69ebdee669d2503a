"""Samples from a table beside the story, in CSV or JSON, read within limits."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pixray_motion.errors import reason
from pixray_motion.limits import CURVE_BYTES, CURVE_ROWS, LINE_CHARACTERS
from pixray_motion.tracks.base import Samples
from pixray_motion.units import Folder
from pixray_motion.wording import InvalidValue, one_of, quote, shorten

# Titles, in lower case, of columns that hold times, and their unit: seconds or frames.
TIME_TITLES = {"t": "s", "time": "s", "seconds": "s", "frame": "f"}
Cells = list[Any]


@dataclass(frozen=True, eq=False)
class Column:
    """``values`` (N,) at increasing ``times`` (N,) in ``unit``, seconds or frames; None if the file has no times."""

    values: Samples
    times: Samples | None
    unit: Literal["s", "f"]


def read_column(folder: Folder, name: str, column: str | None, timed: bool) -> Column:
    """Read the ``column`` of the file ``name``, by its title or by its number from 0; None means the only one.

    ``timed`` says whether the file's own times are wanted.

    Raises: ``InvalidValue`` if the file is missing, unreadable or too large, has no such column, or holds anything but
    finite numbers at increasing times.
    """
    path = folder.file(name, CURVE_BYTES)
    text = _read_contents(path, name)
    if path.suffix.lower() == ".json":
        header, rows = _read_json(text, name)
    else:
        header, rows = _read_csv(text, name)
    clock = (
        next((i for i, title in enumerate(header) if title.lower() in TIME_TITLES), None) if timed else None
    )
    return _collect_column(name, header, rows, _find_column(name, header, column), clock)


def _read_contents(path: Path, name: str) -> str:
    if path.suffix.lower() not in (".csv", ".json"):
        raise InvalidValue(f"{quote(name)} is neither .csv nor .json; save it as one of these")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InvalidValue(f"{quote(name)} cannot be read: {reason(error)}") from error
    except UnicodeDecodeError as error:
        raise InvalidValue(f"{quote(name)} is not UTF-8 text; save it with the encoding UTF-8") from error


def _read_csv(text: str, name: str) -> tuple[list[str], Iterator[tuple[int, Cells]]]:
    """The titles of the columns, '' for each if there is no header, and the rows with their line numbers."""
    if max(text.count("\n"), text.count("\r")) > CURVE_ROWS + 1:
        raise InvalidValue(f"{quote(name)} has more than {CURVE_ROWS} rows; keep fewer samples")
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    sign = max(",;\t", key=first.count)
    titles = next(csv.reader(_check_lines([first], name), delimiter=sign), [])
    if titles and all(_to_number(title) is not None for title in titles):
        return [""] * len(titles), _iterate_rows(lines, sign, name)
    rows = _iterate_rows(lines, sign, name)
    next(rows, None)
    return [title.strip() for title in titles], rows


def _iterate_rows(lines: list[str], sign: str, name: str) -> Iterator[tuple[int, Cells]]:
    reader = csv.reader(_check_lines(lines, name), delimiter=sign)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise InvalidValue(f"{quote(name)} row {reader.line_num} is no CSV: {shorten(str(error))}") from error


def _check_lines(lines: Iterable[str], name: str) -> Iterator[str]:
    """Refuse rows that are not one line each: an open quote would swallow the rest of the file."""
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_CHARACTERS:
            raise InvalidValue(
                f"{quote(name)} row {number} is longer than {LINE_CHARACTERS} characters; keep fewer columns"
            )
        if line.count('"') % 2:
            raise InvalidValue(f"{quote(name)} row {number} has a quote that is never closed; close it")
        yield line


def _read_json(text: str, name: str) -> tuple[list[str], Iterator[tuple[int, Cells]]]:
    """As ``_read_csv``, for a list of numbers or of objects; the keys of the first object are the titles."""
    if text.count("{") + text.count("[") > CURVE_ROWS + 1:
        raise InvalidValue(f"{quote(name)} has more than {CURVE_ROWS} rows; keep fewer samples")
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidValue(f"{quote(name)} is no JSON; write a list of numbers, as in [0.1, 0.5]") from error
    if not isinstance(rows, list):
        raise InvalidValue(f"{quote(name)} holds no list; write a list of numbers, as in [0.1, 0.5]")
    if not rows or not isinstance(rows[0], dict):
        return [""], ((number, [row]) for number, row in enumerate(rows, 1))
    header = list(rows[0])
    objects = (row if isinstance(row, dict) else {} for row in rows)
    return header, ((number, [row.get(key) for key in header]) for number, row in enumerate(objects, 1))


def _find_column(name: str, header: list[str], column: str | None) -> int:
    """The number of the wanted column; without a name it is the only column that holds no times."""
    if column is not None:
        if column in header:
            return header.index(column)
        if column.isascii() and column.isdigit() and len(column) < 9 and int(column) < len(header):
            return int(column)
        titles = [title for title in header if title][:50]
        allowed = one_of(shorten(column), map(shorten, titles)) if titles else "it has no header"
        raise InvalidValue(
            f"{quote(name)} has no column {quote(column)}; {allowed}, or a number from 0 to {len(header) - 1}"
        )
    if not header:
        raise InvalidValue(f"{quote(name)} holds no samples; write at least one number")
    values = [index for index, title in enumerate(header) if title.lower() not in TIME_TITLES]
    if len(values) != 1:
        titles = [shorten(title) for title in header if title][:10]
        names = f": {', '.join(titles)}" if titles else ""
        raise InvalidValue(f"{quote(name)} has {len(values)} columns{names}; say which one, as in column: 0")
    return values[0]


def _collect_column(
    name: str, header: list[str], rows: Iterable[tuple[int, Cells]], value: int, clock: int | None
) -> Column:
    """Collect the cells of the column ``value``, and of the column ``clock`` if there are times."""
    values: list[float] = []
    times: list[float] = []
    for count, (row, cells) in enumerate(rows, 1):
        if count > CURVE_ROWS:
            raise InvalidValue(f"{quote(name)} has more than {CURVE_ROWS} rows; keep fewer samples")
        values.append(_read_cell(name, header, row, cells, value))
        if clock is None:
            continue
        times.append(_read_cell(name, header, row, cells, clock))
        if count > 1 and times[-1] <= times[-2]:
            raise InvalidValue(
                f"{quote(name)} row {row}: the times in column {quote(header[clock])} do not grow; sort the rows"
            )
    if not values:
        raise InvalidValue(f"{quote(name)} holds no samples; write at least one number")
    unit: Literal["s", "f"] = "f" if clock is not None and TIME_TITLES[header[clock].lower()] == "f" else "s"
    return Column(np.array(values), None if clock is None else np.array(times), unit)


def _read_cell(name: str, header: list[str], row: int, cells: Cells, index: int) -> float:
    """The finite number in one cell."""
    cell = cells[index] if index < len(cells) else ""
    value = _to_number(cell)
    if value is None or not math.isfinite(value):
        column = quote(header[index]) if header[index] else str(index)
        got = quote(str(cell)[:100]) if cell not in ("", None) else "nothing"
        raise InvalidValue(
            f"{quote(name)} row {row}, column {column}: a finite number should be there. Got {got}"
        )
    return value


def _to_number(cell: Any) -> float | None:
    """The number that a cell holds, or None if it holds none."""
    if isinstance(cell, bool) or not isinstance(cell, (int, float, str)):
        return None
    if isinstance(cell, str) and ("_" in cell or not cell.isascii()):
        return None
    try:
        return float(cell)
    except (ValueError, OverflowError):
        return None
