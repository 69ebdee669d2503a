"""Samples from a table beside the story, in CSV or JSON, read within limits."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pixray_motion.limits import CURVE_BYTES, CURVE_ROWS, LINE_CHARACTERS
from pixray_motion.tracks.base import Samples
from pixray_motion.units import Folder
from pixray_motion.wording import InvalidValue, count, one_of, quote, shorten

# Titles, in lower case, of columns that hold times, and their unit: seconds or frames.
TIME_TITLES = {"t": "s", "time": "s", "seconds": "s", "frame": "f"}
CELL = csv.field_size_limit()  # characters of a cell that the standard library reads
DECIMAL_COMMA = re.compile(r"(?<=[0-9]),(?=[0-9])")
Pick = Callable[[int], Any]  # the cell in a column of a row, None if it has none there


@dataclass(frozen=True, eq=False)
class Column:
    """``values`` (N,) at increasing ``times`` (N,) in ``unit``, seconds or frames; None if the file has no times."""

    values: Samples
    times: Samples | None
    unit: Literal["s", "f"]


@dataclass(frozen=True)
class Table:
    """The titles of the columns, '' for each if there is no header, and the rows with their numbers.

    Only what is picked of a row is looked at, so that time grows with the rows and not with rows times columns. In a
    table with ``commas``, the decimal mark is a comma.
    """

    header: list[str]
    rows: Iterator[tuple[int, Pick]]
    commas: bool = False


def read_column(folder: Folder, name: str, column: str | None, timed: bool) -> Column:
    """Read the ``column`` of the file ``name``, by its title or by its number from 0; None means the only one.

    ``timed`` says whether the file's own times are wanted. The same column of the same content is read once.

    Raises: ``InvalidValue`` if the file is missing, unreadable or too large, has no such column, or holds anything but
    finite numbers at increasing times.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in (".csv", ".json"):
        folder.file(name, CURVE_BYTES)
        raise InvalidValue(f"{quote(name)} is neither .csv nor .json; save it as one of these")
    read = _read_json if suffix == ".json" else _read_csv
    use = "column", suffix, column, timed
    return folder.load(name, CURVE_BYTES, use, lambda data: _collect(read(_decode(data)), column, timed), "")[
        2
    ]


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidValue("is not UTF-8 text; save it with the encoding UTF-8") from error


def _read_csv(text: str) -> Table:
    if max(text.count("\n"), text.count("\r")) > CURVE_ROWS + 1:
        raise InvalidValue(f"has more than {CURVE_ROWS} rows; keep fewer samples")
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    plain = DECIMAL_COMMA.sub("", first)
    sign = max(",;\t", key=(plain if ";" in plain or "\t" in plain else first).count)
    commas = sign != ","
    rows = _iterate_rows(lines, sign)
    _, titles = next(rows, (0, []))
    if titles and all(_to_number(title, commas) is not None for title in titles):
        rows = _iterate_rows(lines, sign)
        return Table([""] * len(titles), _picks(rows, len(titles), "the first row"), commas)
    return Table([title.strip() for title in titles], _picks(rows, len(titles), "the header"), commas)


def _picks(rows: Iterable[tuple[int, list[str]]], width: int, model: str) -> Iterator[tuple[int, Pick]]:
    """Refuses rows with more cells than the first: they have commas in their numbers, and would be read as others."""
    for number, cells in rows:
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            raise InvalidValue(
                f"row {number} has {count('cell', len(cells))}, and {model} {width}; write decimals with a point, "
                "as in 0.25, or put semicolons between the columns"
            )
        yield number, dict(enumerate(cells)).get if len(cells) < width else cells.__getitem__


def _iterate_rows(lines: list[str], sign: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(_check_lines(lines), delimiter=sign)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        why = shorten(str(error))
        if "field limit" in why:
            why = f"a cell has more than {CELL} characters; keep fewer, or put a comma between the columns"
        raise InvalidValue(f"row {reader.line_num} is no CSV: {why}") from error


def _check_lines(lines: Iterable[str]) -> Iterator[str]:
    """Refuse rows that are not one line each: an open quote would swallow the rest of the file."""
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_CHARACTERS:
            raise InvalidValue(
                f"row {number} is longer than {LINE_CHARACTERS} characters; keep fewer columns"
            )
        if line.count('"') % 2:
            raise InvalidValue(f"row {number} has a quote that is never closed; close it")
        yield line


def _read_json(text: str) -> Table:
    """A list of numbers or of objects; the keys of the first object are the titles."""
    if text.count("{") + text.count("[") > CURVE_ROWS + 1:
        raise InvalidValue(f"has more than {CURVE_ROWS} rows; keep fewer samples")
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidValue("is no JSON; write a list of numbers, as in [0.1, 0.5]") from error
    if not isinstance(rows, list):
        raise InvalidValue("holds no list; write a list of numbers, as in [0.1, 0.5]")
    if not rows or not isinstance(rows[0], dict):
        return Table([""], ((number, {0: row}.get) for number, row in enumerate(rows, 1)))
    header = list(rows[0])
    objects = (row if isinstance(row, dict) else {} for row in rows)
    return Table(header, ((number, _picker(row, header)) for number, row in enumerate(objects, 1)))


def _picker(row: dict[str, Any], header: list[str]) -> Pick:
    return lambda index: row.get(header[index])


def _collect(table: Table, column: str | None, timed: bool) -> Column:
    """The wanted column, and the column of times if there is one that is wanted."""
    titles = enumerate(table.header) if timed else ()
    clock = next((index for index, title in titles if title.lower() in TIME_TITLES), None)
    return _collect_column(table, _find_column(table.header, column), clock)


def _find_column(header: list[str], column: str | None) -> int:
    """The number of the wanted column; without a name it is the only column that holds no times."""
    if column is not None:
        if column in header:
            return header.index(column)
        if column.isascii() and column.isdigit() and len(column) < 9 and int(column) < len(header):
            return int(column)
        titles = [title for title in header if title][:50]
        allowed = one_of(shorten(column), map(shorten, titles)) if titles else "it has no header"
        raise InvalidValue(
            f"has no column {quote(column)}; {allowed}, or a number from 0 to {len(header) - 1}"
        )
    if not header:
        raise InvalidValue("holds no samples; write at least one number")
    values = [index for index, title in enumerate(header) if title.lower() not in TIME_TITLES]
    if len(values) != 1:
        titles = [shorten(title) for title in header if title][:10]
        names = f": {', '.join(titles)}" if titles else ""
        point = "" if titles else ", or write decimals with a point if that is what the commas are"
        raise InvalidValue(f"has {len(values)} columns{names}; say which one, as in column: 0{point}")
    return values[0]


def _collect_column(table: Table, value: int, clock: int | None) -> Column:
    """The cells of the column ``value``, and of the column ``clock`` if there are times."""
    values: list[float] = []
    times: list[float] = []
    for number, (row, pick) in enumerate(table.rows, 1):
        if number > CURVE_ROWS:
            raise InvalidValue(f"has more than {CURVE_ROWS} rows; keep fewer samples")
        values.append(_read_cell(table, row, pick, value))
        if clock is None:
            continue
        times.append(_read_cell(table, row, pick, clock))
        if number > 1 and times[-1] <= times[-2]:
            raise InvalidValue(
                f"row {row}: the times in column {quote(table.header[clock])} do not grow; sort the rows"
            )
    if not values:
        raise InvalidValue("holds no samples; write at least one number")
    unit: Literal["s", "f"] = "s"
    if clock is not None and TIME_TITLES[table.header[clock].lower()] == "f":
        unit = "f"
    return Column(np.array(values), None if clock is None else np.array(times), unit)


def _read_cell(table: Table, row: int, pick: Pick, index: int) -> float:
    """The finite number in one cell."""
    cell = pick(index)
    value = _to_number(cell, table.commas)
    if value is None or not math.isfinite(value):
        column = quote(table.header[index]) if table.header[index] else str(index)
        got = quote(str(cell)[:100]) if cell not in ("", None) else "nothing"
        raise InvalidValue(f"row {row}, column {column}: a finite number should be there. Got {got}")
    return value


def _to_number(cell: Any, commas: bool = False) -> float | None:
    """The number that a cell holds, or None if it holds none."""
    if isinstance(cell, bool) or not isinstance(cell, (int, float, str)):
        return None
    if isinstance(cell, str):
        if "_" in cell or not cell.isascii():
            return None
        if commas and "." not in cell:
            cell = DECIMAL_COMMA.sub(".", cell)
    try:
        return float(cell)
    except (ValueError, OverflowError):
        return None
