"""Pseudonyms: keyed hashes in place of ids, and one shift of all dates per patient."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from outcomenet.cohorts.cohort import Cohort
from outcomenet.cohorts.covariates import age_at
from outcomenet.csv_files import write_csv
from outcomenet.errors import DataRefused, UsageError
from outcomenet.outcomes import DAYS_PER_YEAR

KEY_BYTES = 32  # as long as SHA-256, below which RFC 2104 discourages keys
LONGEST_SHIFT_DAYS = 364  # dates move back by one to so many days
# Added to ages, which are counted from shifted dates: on average they are right.
MEAN_SHIFT_DAYS = (1 + LONGEST_SHIFT_DAYS) / 2
# (month, day) that stand for a year, days that stand for a month, as registries fill in what is not known
DAYS_FOR_A_YEAR = frozenset({(1, 1), (6, 15), (6, 30), (7, 1), (7, 2), (12, 31)})
DAYS_FOR_A_MONTH = frozenset({1, 15, 16})


@dataclass(frozen=True)
class Pseudonyms:
    """Stands for people under one secret key: the same key gives the same names and shifts, at every intake.

    HMAC-SHA256 (RFC 2104) of the id; without the key a name cannot be tried out against a list of known ids.
    """

    key: bytes

    def patient(self, patient_id: str) -> str:
        """P and 12 hexadecimal digits."""
        return f"P{self._digest('patient', patient_id)[:12]}"

    def visit(self, patient_id: str, visit_id: str) -> str:
        """V and 10 hexadecimal digits; the same visit_id of two patients gives two."""
        return f"V{self._digest('visit', patient_id, visit_id)[:10]}"

    def film(self, film_id: str) -> str:
        """F and 12 hexadecimal digits."""
        return f"F{self._digest('film', film_id)[:12]}"

    def reader(self, reader: str) -> str:
        """reader_ and 6 hexadecimal digits, which the few readers of a cohort do not share by chance."""
        return f"reader_{self._digest('reader', reader)[:6]}"

    def days_earlier(self, patient_id: str) -> int:
        """By how many days all of a patient's dates move back, 1 to 364."""
        return 1 + int(self._digest("dates", patient_id), 16) % LONGEST_SHIFT_DAYS

    def onset(self, patient_id: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.Timestamp:
        """A day from `first` to `last`, both possible, for a symptom onset of which no more is known."""
        days = (last - first).days + 1
        return first + pd.Timedelta(days=int(self._digest("onset", patient_id), 16) % days)

    def _digest(self, *parts: str) -> str:
        # the zero byte keeps ("ab", "c") and ("a", "bc") apart
        return hmac.new(self.key, "\0".join(parts).encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()


def pseudonymous(cohort: Cohort, names: Pseudonyms) -> Cohort:
    """Replaces every id by a keyed hash and shifts every date, so that intervals stay and no true date is left.

    Ages are counted from shifted dates, with the mean shift added: an age of the true date would tell its day of the
    year. An onset that is known to the year or month is drawn by the key within that time (see `_possible_onset`), and
    durations follow.

    Args:
        cohort: A checked cohort.
        names: Pseudonyms under a secret key.

    Returns:
        The same cohort under other names; `films` keeps its paths, by which the films are still to be decoded.

    Raises:
        DataRefused: Two ids meet in one hash.
    """
    known = {patient: names.patient(patient) for patient in cohort.patients["patient_id"]}
    _refuse_meeting(known.values(), "patients")
    films = {film: names.film(film) for film in cohort.films["film_id"]}
    _refuse_meeting(films.values(), "films")
    readers = {reader: names.reader(reader) for reader in cohort.scores["reader"].unique()}
    earlier = {patient: pd.Timedelta(days=names.days_earlier(patient)) for patient in known}

    def renamed(table: pd.DataFrame) -> pd.DataFrame:
        table = table.copy()
        if "patient_id" in table and len(table):
            shift = table["patient_id"].map(earlier)
            for column in table.select_dtypes("datetime"):
                table[column] -= shift
            if "visit_id" in table:
                pairs = zip(table["patient_id"], table["visit_id"], strict=True)
                table["visit_id"] = [names.visit(patient, visit) for patient, visit in pairs]
            table["patient_id"] = table["patient_id"].map(known)
        for column, mapping in (("film_id", films), ("reader", readers)):
            if column in table:
                table[column] = table[column].map(mapping)
        return table

    # before the dates are shifted: what an onset stands for shows in true dates alone
    patients, visits = _with_drawn_onsets(cohort.patients, cohort.visits, names)
    birth_year = visits["patient_id"].map(patients.set_index("patient_id")["birth_year"])
    visits = renamed(visits)
    visits["age"] = age_at(visits["date"], birth_year) + MEAN_SHIFT_DAYS / DAYS_PER_YEAR
    return replace(
        cohort,
        patients=renamed(patients),
        visits=visits,
        films=renamed(cohort.films),
        landmarks=renamed(cohort.landmarks),
        scores=renamed(cohort.scores),
        events=renamed(cohort.events),
    )


def _with_drawn_onsets(
    patients: pd.DataFrame, visits: pd.DataFrame, names: Pseudonyms
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables with each onset drawn within the time that its date stands for, and the durations counted from it.

    A visit that came before the onset, or after it, still does.
    """
    onsets = patients.set_index("patient_id")["symptom_onset"].copy()
    dates = visits.groupby("patient_id")["date"]
    dated = onsets.dropna()
    for patient, onset in zip(dated.index, dated, strict=True):
        first, last = _possible_onset(onset)
        seen = dates.get_group(patient) if patient in dates.groups else pd.Series([], dtype="datetime64[ns]")
        before, after = seen[seen < onset], seen[seen >= onset]
        first = max(first, before.max() + pd.Timedelta(days=1)) if len(before) else first
        last = min(last, after.min()) if len(after) else last
        onsets[patient] = names.onset(str(patient), first, last)
    since = (visits["date"] - visits["patient_id"].map(onsets)).dt.days / DAYS_PER_YEAR
    return (
        patients.assign(symptom_onset=patients["patient_id"].map(onsets)),
        visits.assign(duration=since.where(since >= 0, visits["duration"])),
    )


def _possible_onset(onset: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day that an onset may stand for.

    People remember a year or a month, and registries write its first day or its middle. Everybody knows that habit, so
    that such a day, once shifted, would give the shift away.
    """
    if (onset.month, onset.day) in DAYS_FOR_A_YEAR:
        return onset.replace(month=1, day=1), onset.replace(month=12, day=31)
    if onset.day in DAYS_FOR_A_MONTH or onset.is_month_end:
        return onset.replace(day=1), onset + pd.offsets.MonthEnd(0)
    return onset, onset


def linking_table(cohort: Cohort, names: Pseudonyms) -> pd.DataFrame:
    """Table that leads from pseudonyms back to patients, for whoever holds the key.

    Args:
        cohort: The cohort as it came, before `pseudonymous`.
        names: The pseudonyms.

    Returns:
        A row per patient: patient_id, pseudonym, dates_moved_back_days.
    """
    patients = cohort.patients["patient_id"]
    return pd.DataFrame(
        {
            "patient_id": patients,
            "pseudonym": patients.map(names.patient),
            "dates_moved_back_days": patients.map(names.days_earlier),
        }
    )


def write_linking_table(cohort: Cohort, names: Pseudonyms, path: Path) -> None:
    """Writes `linking_table` so that its owner alone may open it, whatever the rights of a file that was there.

    Args:
        cohort: The cohort as it came, before `pseudonymous`.
        names: The pseudonyms.
        path: The CSV file; one that exists is replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    # the rights are set before there is anything to see
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    write_csv(linking_table(cohort, names), path)


def key_of(path: Path, *, outside: Iterable[Path]) -> bytes:
    """The secret key in `path`, made and written there (readable by its owner alone) where there is none.

    Args:
        path: A plain file of at least 64 hexadecimal digits.
        outside: Folders that the key may not lie in: beside the data it would undo what it is for.

    Raises:
        UsageError: The key lies in one of these folders.
        DataRefused: The file is no key, others may read it, or its digits could be guessed.
    """
    for folder in outside:
        if path.resolve().is_relative_to(folder.resolve()):
            raise UsageError(
                f"The key {path.name} lies inside {folder.name}, which others will see; keep it elsewhere and name it by key (--key)."
            )
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip()) if path.is_file() else b""
    except (OSError, ValueError):
        key = b""
    if len(key) < KEY_BYTES:
        raise DataRefused(
            f"{path} should hold a key of {2 * KEY_BYTES} hexadecimal digits and does not; restore it from its copy. A new "
            "key gives every patient another name."
        )
    if path.stat().st_mode & 0o077:  # any right of group or others
        raise DataRefused(
            f"Others than its owner may use {path}, so that the key in it is no secret; run `chmod 600 {path}`. Where "
            "others may have read it already, name another key by key (--key): it gives every patient another name."
        )
    if not _is_random(key):
        raise DataRefused(
            f"The key in {path} can be guessed: it is a pattern or a text, not {KEY_BYTES} random bytes. Name a file that "
            "is not there yet by key (--key), and a key is made in it."
        )
    return key


def _is_random(key: bytes) -> bool:
    """Whether random bytes might look like this; of 32 random ones fewer than one in 10^11 fails.

    Repeated and counted bytes, and letters and digits alone, do not.
    """
    steps = {(after - before) % 256 for before, after in itertools.pairwise(key)}
    is_text = all(byte < 128 for byte in key)
    enough = min(len(key), 64) // 2  # there are 256 bytes and 256 steps, however long the key is
    return len(set(key)) > enough and len(steps) > enough and not is_text


def default_key_path() -> Path:
    """Where this user's key is kept: $XDG_CONFIG_HOME/outcomenet/intake.key, by default below ~/.config.

    Raises:
        UsageError: This user has no home folder.
    """
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"))
    if not settings.is_absolute():  # without HOME, and for a user whom the system does not know, "~" stays as it is
        raise UsageError(
            "There is no home folder to keep the secret key of pseudonyms in (HOME is not set); name a file for it by key (--key)."
        )
    return settings / "outcomenet" / "intake.key"


def _refuse_meeting(hashes: Iterable[str], what: str) -> None:
    hashes = list(hashes)
    if len(set(hashes)) < len(hashes):
        raise DataRefused(f"Two {what} get the same pseudonym under this key; use another key.")
