"""Rows of a table as records with typed fields, which pandas' own named tuples have not."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Record = TypeVar("Record", bound="DataclassInstance")


def typed_rows(table: pd.DataFrame, kind: type[Record]) -> list[Record]:
    """One record for each row, in order.

    Args:
        table: has a column for each field of `kind`; further columns are left out. Cells are taken as they are: what is
            missing stays NaN.
        kind: a dataclass whose fields are columns.

    Raises:
        KeyError: a column is not there.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Reading:
    ...     site: str
    ...     grade: int
    >>> typed_rows(pd.DataFrame({"grade": [1], "site": ["MCP2"]}), Reading)
    [Reading(site='MCP2', grade=1)]
    """
    columns = [field.name for field in fields(kind)]
    return [kind(*cells) for cells in table[columns].itertuples(index=False, name=None)]
