"""Names and dates that tell nothing: keyed hashes for ids, one shift of all dates per patient; intervals are kept."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from outcomenet.cohorts.cohort import Cohort
from outcomenet.errors import DataRefused, UsageError

KEY_BYTES = 32
LONGEST_SHIFT_DAYS = 364  # dates move back by one to so many days


@dataclass(frozen=True)
class Pseudonyms:
    """Stands for people under one secret key: the same key gives the same names and shifts, at every intake.

    HMAC-SHA256 (RFC 2104) of the id; without the key a name cannot be tried out against a list of known ids.
    """

    key: bytes

    def patient(self, patient_id: str) -> str:
        return f"P{self._digest('patient', patient_id)[:12]}"

    def visit(self, patient_id: str, visit_id: str) -> str:
        return f"V{self._digest('visit', patient_id, visit_id)[:10]}"

    def film(self, film_id: str) -> str:
        return f"F{self._digest('film', film_id)[:12]}"

    def reader(self, reader: str) -> str:
        return f"reader_{self._digest('reader', reader)[:6]}"

    def days_earlier(self, patient_id: str) -> int:
        """By how many days all of a patient's dates move back, 1 to 364."""
        return 1 + int(self._digest("dates", patient_id), 16) % LONGEST_SHIFT_DAYS

    def _digest(self, *parts: str) -> str:
        # the zero byte keeps ("ab", "c") and ("a", "bc") apart
        return hmac.new(self.key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()


def pseudonymous(cohort: Cohort, names: Pseudonyms) -> Cohort:
    """The cohort with every id a keyed hash and every date shifted; ages and durations are those of the true dates.

    `films` keeps its paths, by which the films are still to be read. Raises DataRefused where two ids meet in one hash.
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

    return replace(
        cohort,
        patients=renamed(cohort.patients),
        visits=renamed(cohort.visits),
        films=renamed(cohort.films),
        landmarks=renamed(cohort.landmarks),
        scores=renamed(cohort.scores),
        events=renamed(cohort.events),
    )


def linking_table(cohort: Cohort, names: Pseudonyms) -> pd.DataFrame:
    """For whoever holds the key: each patient_id of the cohort, its pseudonym and the days its dates were moved back."""
    patients = cohort.patients["patient_id"]
    return pd.DataFrame(
        {
            "patient_id": patients,
            "pseudonym": patients.map(names.patient),
            "dates_moved_back_days": patients.map(names.days_earlier),
        }
    )


def key_of(path: Path, *, outside: Iterable[Path]) -> bytes:
    """The secret key in `path`, made and written there (readable by its owner alone) where there is none.

    The key may not lie in a folder of `outside`: beside the data it would undo what it is for.
    """
    for folder in outside:
        if path.resolve().is_relative_to(folder.resolve()):
            raise UsageError(
                f"The key {path.name} lies inside {folder.name}, which others will see; keep it elsewhere and name it with --key."
            )
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        key = b""
    if len(key) < KEY_BYTES:
        raise DataRefused(
            f"{path} should hold a key of {2 * KEY_BYTES} hexadecimal digits and does not; restore it from its copy. A new "
            "key gives every patient another name."
        )
    return key


def default_key_path() -> Path:
    """Where this user's key is kept: $XDG_CONFIG_HOME/outcomenet/intake.key, by default below ~/.config."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "outcomenet" / "intake.key"


def _refuse_meeting(hashes: Iterable[str], what: str) -> None:
    hashes = list(hashes)
    if len(set(hashes)) < len(hashes):
        raise DataRefused(f"Two {what} get the same pseudonym under this key; use another key.")
