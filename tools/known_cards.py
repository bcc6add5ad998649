"""The repository's own cards: data_cards/<name>/facts.toml and the importer's record become croissant.json and README.md.

Run `make cards` (python -m tools.known_cards) from the repository. What an importer knows (title, home page,
licence, citation, access) is taken from its record; facts.toml says the rest.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from outcomenet.artifacts import JsonObject, sha256_of
from outcomenet.cohorts.importers.data_set_card import DataSetCard
from outcomenet.cohorts.importers.registry import IMPORTERS
from outcomenet.confounders import CONFOUNDERS
from outcomenet.datasets.dataset import TABLE
from outcomenet.intake.cards.card import (
    CROISSANT,
    EXAMPLE_FILES,
    IMPUTATION,
    LANDMARKS,
    MEANINGS,
    SHARDS,
    examples_table,
)
from outcomenet.intake.cards.card_croissant import CardFile, croissant
from outcomenet.intake.cards.card_facts import NOT_VERIFIED, CardFacts
from outcomenet.intake.cards.card_fields import CardTable, cohort_tables, example_fields
from outcomenet.intake.cards.card_markdown import card_markdown
from outcomenet.intake.cards.codebook import CardField, visit_columns, visit_fields
from outcomenet.localization.geometry import CropGeometry
from outcomenet.simulation.presets import PURPOSES

FACTS, MARKDOWN = "facts.toml", "README.md"
FOLDER = Path("data_cards")
PREPROCESSING = (
    "`outcomenet intake` checks every table against its contract; ledger.csv counts what is left out, with its reason.",
    "Split by patient with a stable hash.",
)
CUT = "Films are decoded once, all but the limb and a margin is masked, and each joint is cut at a fixed scale."

Statements = Mapping[str, Any]  # of facts.toml, checked by what is made of them


def card_texts(folder: Path) -> dict[str, str]:
    """The two files of the card whose facts.toml is in `folder`, by name; paths in it are relative to the folder."""
    stated = tomllib.loads((folder / FACTS).read_text(encoding="utf-8"))
    card = card_of(folder, stated)
    return {CROISSANT: json.dumps(card, indent=1, ensure_ascii=False) + "\n", MARKDOWN: card_markdown(card)}


def card_of(folder: Path, stated: Statements) -> JsonObject:
    """The Croissant card of the data set that `folder` is named after."""
    importer = IMPORTERS[folder.name].card if folder.name in IMPORTERS else None
    facts = _facts(stated, importer)
    if folder.name == "simulated":
        facts = facts.saying(dataCollection=f"Presets: {_presets()}.")
    if facts.silent_on:
        raise ValueError(f"{folder / FACTS} says nothing of {', '.join(facts.silent_on)}.")
    files = [*_own_files(folder, stated), *_imported_files(stated, importer)]
    tables = [*_own_tables(stated), *_imported_tables(stated, importer)]
    return croissant(facts, tables, files)


def _facts(stated: Statements, importer: DataSetCard | None) -> CardFacts:
    record: dict[str, Any] = {}
    if importer:
        record = {
            name: getattr(importer, name) for name in ("title", "description", "licence", "url", "citation", "access")
        }
    names = (
        "title", "description", "licence", "licence_url", "url", "citation", "creators", "published", "version", "access",
        "seen", "keywords",
    )  # fmt: skip
    record |= {name: _frozen(stated[name]) for name in names if name in stated}
    facts = CardFacts(**record, rai={name: _several(text) for name, text in stated["rai"].items()})
    if importer:
        facts = facts.saying(
            dataUseCases=importer.answers,
            dataLimitations=(importer.cannot_answer, NOT_VERIFIED + importer.unverified),
            dataManipulationProtocol=f"Dates: {importer.dates}",
            dataAnnotationProtocol=importer.readers,
        )
    if "cohort" in stated:
        facts = facts.saying(dataPreprocessingProtocol=PREPROCESSING, dataImputationProtocol=IMPUTATION)
        if "films.csv" in stated["cohort"]:
            facts = facts.saying(dataPreprocessingProtocol=CUT, machineAnnotationTools=LANDMARKS)
    return facts.saying(dataLimitations=(NOT_VERIFIED + text for text in stated.get("not_verified", ())))


def _presets() -> str:
    return "; ".join(f"{name} ({purpose})" for name, purpose in PURPOSES.items())


def _own_files(folder: Path, stated: Statements) -> Iterator[CardFile]:
    """Files of the repository itself, with their hashes."""
    for entry in stated.get("files", ()):
        path = folder / entry["path"]
        if not entry.get("made_by_user", False):
            digest, size = sha256_of(path), path.stat().st_size
            yield CardFile(path.name, entry["path"], entry["description"], digest, size, entry.get("licence", ""))
        else:
            yield CardFile(entry["path"], entry["path"], entry["description"])


def _imported_files(stated: Statements, importer: DataSetCard | None) -> Iterator[CardFile]:
    """What the source has, the cohort folder made of it, and the data set built from that."""
    if importer:
        for number, file in enumerate(importer.files, start=1):
            yield CardFile(f"source-{number}", file.pattern, f"The source's files: {file.meaning}.")
    for name in stated.get("cohort", ()):
        yield CardFile(name, name, "Of the cohort folder.")
    if "cohort" in stated:
        yield CardFile(TABLE, TABLE, f"Of the built data set. {MEANINGS[TABLE]}")
        if "films.csv" in stated["cohort"]:
            yield CardFile(EXAMPLE_FILES, SHARDS, "Of the built data set. Joint crops of each visit with films.")


def _own_tables(stated: Statements) -> Iterator[CardTable]:
    for table in stated.get("tables", ()):
        fields = tuple(CardField(name, kind, meaning) for name, kind, meaning in table["fields"])
        yield CardTable(table["name"], table["description"], table["file"], fields, tuple(table["key"]))


def _imported_tables(stated: Statements, importer: DataSetCard | None) -> Iterator[CardTable]:
    if "cohort" not in stated:
        return
    yield from cohort_tables(stated["cohort"], _origins(importer) if importer else {})
    columns = visit_columns(stated.get("measurements", ()))
    yield CardTable("visits", MEANINGS[TABLE], TABLE, visit_fields(columns), ("patient_id", "visit_id"))
    if "films.csv" in stated["cohort"]:
        covariates = [name for name in CONFOUNDERS if name in columns]
        size = CropGeometry.size_px
        yield examples_table(example_fields(crop_size=size, covariates=covariates, readers=stated["readers"]))


def _origins(importer: DataSetCard) -> dict[str, str]:
    """For "file: column" of the cohort folder, which column of the source it comes from."""
    origins: dict[str, list[str]] = {}
    for column in importer.columns:
        if column.target:
            origins.setdefault(column.target, []).append(f"{column.column} of {column.file} ({column.how})")
    few = 3
    return {
        target: f"From {'; '.join(texts)}." if len(texts) <= few else f"From {len(texts)} columns, such as {texts[0]}."
        for target, texts in origins.items()
    }


def _several(texts: str | list[str]) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(texts)


def _frozen(value: str | list[str]) -> str | tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else value


def main() -> None:
    """Writes every card of data_cards/ anew."""
    for facts in sorted(FOLDER.glob(f"*/{FACTS}")):
        for name, text in card_texts(facts.parent).items():
            (facts.parent / name).write_text(text, encoding="utf-8")
        print(f"{facts.parent}: {CROISSANT}, {MARKDOWN}")


if __name__ == "__main__":
    main()
