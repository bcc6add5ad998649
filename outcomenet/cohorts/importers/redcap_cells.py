"""Parser of single cells of a REDCap export, as the map says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from outcomenet.cohorts.faults import Fault, printable, rows_in_words
from outcomenet.cohorts.importers.redcap_map import TAKES, Entry

TICKED = {"1": True, "Checked": True, "0": False, "Unchecked": False}
NOTHING_TICKED = "none"
# as REDCap exports dates and times without a format of its own; a day first is another format
_DATE = re.compile(r"(?:18|19|20|21)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:[ T]|$)")
_YEAR = re.compile(r"\d{4}(?:\.0+)?")
# what a form's `..._complete` field says of one that nobody has marked: never opened, or left as incomplete
_COMPLETE = "_complete"
_UNMARKED = frozenset({None, "0", "Incomplete"})


def field_columns(entry: Entry, ending: str, header: Iterable[str]) -> dict[str, str]:
    """The columns of the export that an entry of the map is made of.

    Of a checkbox at an event of a wide export both `field_ending___code` and `field___code_ending` are known.

    Args:
        entry: An entry with a field.
        ending: Ending of the field's name at an event of a wide export, "" in a long one.
        header: Columns of the export.

    Returns:
        "" -> column, or for a checkbox each code -> column; empty where a column is not there.
    """
    header = set(header)
    if entry.checkbox is None:
        name = f"{entry.field}{ending}"
        return {"": name} if name in header else {}
    columns = {}
    for code in [entry.checkbox] if isinstance(entry.checkbox, str) else entry.checkbox:
        names = [f"{entry.field}{ending}___{code}", f"{entry.field}___{code}{ending}"]
        if known := [name for name in names if name in header]:
            columns[code] = known[0]
        else:
            return {}
    return columns


def never_opened(boxes: Sequence[str], values: Mapping[str, str | None], ending: str) -> bool:
    """Tells whether the form with these checkbox columns was never opened in a row of the export.

    REDCap exports 0 for every box then, as if each had been left empty on purpose. The fields of a form stand together
    and end with its `..._complete`. It was opened where that says so, a box is ticked, or any other field of it is filled.

    Args:
        boxes: Columns of the checkbox, at least one.
        values: Cells of the row by column, in the export's order; None where one is empty.
        ending: Ending of fields' names at an event of a wide export, "" in a long one.

    Returns:
        True where the zeros of the boxes say nothing.
    """
    if all(values[name] is None for name in boxes):
        return False
    header = [name for name in values if not ending or f"{ending}___" in name or name.endswith(ending)]
    ends = [at for at, name in enumerate(header) if name.removesuffix(ending).endswith(_COMPLETE)]
    place = header.index(boxes[0])
    first = max((at + 1 for at in ends if at < place), default=0)
    last = min((at for at in ends if at > place), default=len(header))
    if last < len(header) and values[header[last]] not in _UNMARKED:
        return False
    return not any(
        TICKED.get(cell, True) if "___" in name else not name.startswith("redcap_") and at > 0
        for at, name in enumerate(header[first:last], start=first)
        if (cell := values[name]) is not None
    )


class CellParser:
    """Parses cells and collects one fault for each kind of cell that the map does not cover, at its first row."""

    def __init__(self, file: str):
        self._file = file
        self._faults: dict[tuple[str, str], Fault] = {}
        self.unopened = 0  # entries of boxes on forms that nobody had opened

    @property
    def faults(self) -> list[Fault]:
        """All faults so far, by row."""
        return sorted(self._faults.values(), key=lambda fault: fault.row or 0)

    def parse(self, entry: Entry, values: Mapping[str, str | None], ending: str, row: int) -> str | None:
        """The value of an entry in one row as the cohort folder writes it; None where the field is empty or absent."""
        if entry.value is not None:
            return entry.value
        columns = field_columns(entry, ending, values)
        if entry.checkbox is not None:
            if never_opened(list(columns.values()), values, ending):
                self.unopened += 1
                return None
            return self._boxes(entry, {code: values[column] for code, column in columns.items()}, row)
        cell = values[columns[""]] if columns else None
        if cell is None:
            return None
        if entry.codes is not None:
            if cell in entry.codes:
                return entry.codes[cell] or None
            expected = f"one of the codes {', '.join(entry.codes)} of the map"
            return self._refuse(entry, row, cell, expected, "Add it to codes there.", words=entry.codes)
        if entry.factor is not None:
            try:
                return f"{float(cell) * entry.factor:.10g}"
            except ValueError:
                return self._refuse(entry, row, cell, "a number", "Correct the cell, or map codes instead.")
        if entry.take:
            if _DATE.match(cell):
                return cell[: TAKES[entry.take]]
            # a date of birth is never printed
            return self._refuse(entry, row, "", "a date that begins YYYY-MM-DD", "Export dates as YYYY-MM-DD.")
        if entry.column == "birth_year" and not _YEAR.fullmatch(cell):
            remedy = 'Take it from a date with take = "year", and export dates as YYYY-MM-DD.'
            return self._refuse(entry, row, "", "a year of four digits", remedy)  # a date of birth is never printed
        return cell

    def same_everywhere(self, entry: Entry, rows: pd.DataFrame) -> str | None:
        """The one value that a patient's rows give; several different ones are a fault, none is None."""
        parsed: dict[int, str | None] = {
            int(row): self.parse(entry, dict(zip(rows.columns, cells, strict=True)), "", int(row))
            for row, cells in zip(rows.index, rows.to_numpy(), strict=True)
        }
        distinct = dict.fromkeys(value for value in parsed.values() if value is not None)
        if len(distinct) > 1:
            differing = rows_in_words(row for row, value in parsed.items() if value is not None)
            self._refuse(entry, int(rows.index[0]), "", f"one value for all events of a record ({differing})",
                         "Correct the record in REDCap.", once=str(rows.index[0]))  # fmt: skip
        return next(iter(distinct), None)

    def _boxes(self, entry: Entry, boxes: Mapping[str, str | None], row: int) -> str | None:
        """A ticked box as 0 or 1, or the words of all ticked boxes joined by +, "none" where none is."""
        if all(cell is None for cell in boxes.values()):
            return None
        if wrong := [cell for cell in boxes.values() if cell is not None and cell not in TICKED]:
            return self._refuse(entry, row, wrong[0], "0 or 1 in a checkbox", "Export raw values.")
        ticked = [code for code, cell in boxes.items() if cell is not None and TICKED[cell]]
        if isinstance(entry.checkbox, str):
            return str(int(bool(ticked)))
        words = entry.checkbox or {}
        return "+".join(words[code] for code in ticked) or NOTHING_TICKED

    def _refuse(
        self, entry: Entry, row: int, cell: str, expected: str, remedy: str, once: str = "", words: Iterable[str] = ()
    ) -> None:
        value = printable(entry.field, cell, words) if cell else ""
        fault = Fault(self._file, row, entry.field, value, f"{expected} (map entry {entry.name})", remedy)
        self._faults.setdefault((entry.name, once or cell), fault)
