"""Infinite numbers of a table of results in CSV, where no program writes and reads them alike: an empty cell and a word."""

from __future__ import annotations

import numpy as np
import pandas as pd

NO_LIMIT = "no_limit"


def named_infinities(table: pd.DataFrame) -> pd.DataFrame:
    """The table with infinite cells empty, and a column `no_limit` that names the columns in which they were.

    >>> named_infinities(pd.DataFrame({"value": [7.0, np.inf], "upper": [np.inf, np.inf]}))["no_limit"].tolist()
    ['upper', 'value upper']
    """
    numbers = table.select_dtypes("float")
    endless = np.isinf(numbers.to_numpy())
    if (numbers.to_numpy() == -np.inf).any():
        raise ValueError("Only upwards without a limit: -inf has no word in the table.")
    words = [" ".join(numbers.columns[row]) for row in endless]
    return table.replace(np.inf, np.nan).assign(**{NO_LIMIT: words})


def restored_infinities(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the infinite numbers that `named_infinities` named; one without that column is left as it is.

    Args:
        table: As it was read; an empty cell of `no_limit` is empty text.
    """
    if NO_LIMIT not in table:
        return table
    named = table[NO_LIMIT].fillna("").str.split()
    restored = {
        column: table[column].astype(float).where(np.array([column not in words for words in named]), np.inf)
        for column in dict.fromkeys(name for words in named for name in words)
    }
    return table.assign(**restored).drop(columns=NO_LIMIT)
