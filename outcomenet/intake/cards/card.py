"""Data card of a data set that intake built: croissant.json and card.md in its folder.

Everything countable is counted, terms come from cohort.toml, and what only its owners know is marked as still to be
filled in. It names no patient and no place outside the folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from outcomenet.cohorts.meta import CohortMeta
from outcomenet.datasets.dataset import FILMS, TABLE
from outcomenet.datasets.manifest import EXAMPLES, TRUTH, DatasetManifest
from outcomenet.films.film import FROM_FILMS
from outcomenet.intake.cards.card_croissant import CardFile, croissant
from outcomenet.intake.cards.card_facts import TO_FILL_IN, CardFacts
from outcomenet.intake.cards.card_fields import CardTable, example_fields
from outcomenet.intake.cards.card_markdown import card_markdown
from outcomenet.intake.cards.codebook import CardField, film_fields, measured_titles, visit_fields
from outcomenet.outcomes import OUTCOMES, REPORTED

CROISSANT, MARKDOWN = "croissant.json", "card.md"
EXAMPLE_FILES = "example-files"  # no record set may be called the same
SHARDS = "visits/*/*.array_record*"
VERSION = re.compile(r"\d+\.\d+\.\d+")
KIND_OF_COLLECTION = (
    TO_FILL_IN + "whether by surveys, direct measurement or analysis of data collected for another purpose."
)
IMPUTATION = "Nothing is imputed: NaN (-1 for grades in the examples) is not known."
LANDMARKS = "Landmarks that the export lacks are found by outcomenet; ledger.csv counts the failures."
MEANINGS = {TABLE: "A row per visit: covariates, outcomes, human scores.", FILMS: "A row per limb that was cut."}


def write_card(folder: Path, manifest: DatasetManifest, meta: CohortMeta) -> None:
    """Writes both forms of the card into the data set's folder.

    Args:
        folder: The data set, its tables and examples already written.
        manifest: Its counts, and the digests of its files.
        meta: Settings of its cohort, for terms and sources.

    Returns:
        Nothing.
    """
    visits = pd.read_parquet(folder / TABLE)
    films = pd.read_parquet(folder / FILMS)
    facts = _facts(manifest, meta, visits)
    card = croissant(facts, _tables(manifest, meta, visits, films), list(_files(folder, manifest)))
    (folder / CROISSANT).write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / MARKDOWN).write_text(card_markdown(card), encoding="utf-8")


def _tables(manifest: DatasetManifest, meta: CohortMeta, visits: pd.DataFrame, films: pd.DataFrame) -> list[CardTable]:
    fields_of_visits = visit_fields(list(map(str, visits)), measured_titles(visits, meta))
    tables = [
        CardTable("visits", MEANINGS[TABLE], TABLE, fields_of_visits, ("patient_id", "visit_id")),
        CardTable("films", MEANINGS[FILMS], FILMS, film_fields(list(map(str, films))), ("film_id", "side")),
    ]
    if manifest.visits_with_films:
        fields = example_fields(
            crop_size=manifest.crop_size_px, covariates=manifest.covariates, readers=len(manifest.readers)
        )
        tables.append(examples_table(fields))
    return tables


def examples_table(fields: tuple[CardField, ...]) -> CardTable:
    """The records of the ArrayRecord files, which hold the fields of `card_fields.example_fields`."""
    about = "One visit with films: a serialised tf.train.Example that holds all of these features."
    return CardTable("examples", about, EXAMPLE_FILES, fields, ("patient_id", "visit_id"), columns=False)


def _files(folder: Path, manifest: DatasetManifest) -> Iterator[CardFile]:
    for path, digest in manifest.files.items():
        if path not in MEANINGS and not path.startswith(f"{EXAMPLES}/"):
            continue
        size = (folder / path).stat().st_size
        yield CardFile(path, path, MEANINGS.get(path, ""), sha256=digest, bytes=size)
    if manifest.visits_with_films:
        yield CardFile(EXAMPLE_FILES, SHARDS, "All files of examples; see `outcomenet.datasets.dataset.open_dataset`.")


def _facts(manifest: DatasetManifest, meta: CohortMeta, visits: pd.DataFrame) -> CardFacts:
    counts = (
        f"{manifest.patients} patients, {manifest.visits} visits, {manifest.visits_with_films} of them with films, from "
        f"{visits['site'].nunique()} sites; patients by split: {_in_words(manifest.patients_by_split)}."
    )
    # Croissant's version is a semantic one; any other is said in words
    version = meta.version if VERSION.fullmatch(meta.version) else ""
    note = f"Version of the export: {meta.version}." if meta.version and not version else ""
    facts = CardFacts(
        title=manifest.name,
        description=" ".join(text for text in (meta.description, counts, note) if text),
        licence=manifest.licence,
        rai={},
        url=meta.url,
        citation=meta.citation,
        version=version,
        keywords=("rheumatoid arthritis", "radiographs", *(("simulated",) if manifest.simulated else ())),
    )
    return _of_people(_of_annotation(_of_collection(facts, manifest, meta, visits), manifest, meta), meta)


def _of_collection(facts: CardFacts, manifest: DatasetManifest, meta: CohortMeta, visits: pd.DataFrame) -> CardFacts:
    unknown = TO_FILL_IN + "where and why these data were collected (`source` in cohort.toml)."
    return facts.saying(
        dataCollection=meta.source or ("A causal model made patients and films." if meta.simulated else unknown),
        dataCollectionType="Software Collection" if meta.simulated else KIND_OF_COLLECTION,
        dataCollectionMissingData=f"Of {len(visits)} visits, known are: {_in_words(known_outcomes(visits))}.",
        dataPreprocessingProtocol=preprocessing(manifest),
        dataManipulationProtocol=_manipulation(meta),
        dataImputationProtocol=IMPUTATION,
    )


def preprocessing(manifest: DatasetManifest) -> Iterator[str]:
    """Sentences on what intake did to tables and films."""
    yield "Checked against the table contracts; ledger.csv counts every row left out, with its reason."
    yield f"Split by {manifest.split_by} with a stable hash of its name."
    if manifest.visits_with_films:
        yield (
            f"Each joint is cut to {manifest.crop_size_px} x {manifest.crop_size_px} pixels of {manifest.mm_per_px:g} mm, "
            "distal end up, thumb or big toe on the right."
        )
    if FROM_FILMS in manifest.patients_by_source:
        yield "Films are decoded once; all but the limb and a margin is masked."


def _manipulation(meta: CohortMeta) -> tuple[str, ...]:
    if meta.simulated:
        return ("Nothing: a causal model made the data.",)
    if meta.names_people:
        return (
            "Names of patients, visits, films and readers are keyed hashes; a patient's dates are moved together.",
            meta.dates and f"Said of the export's dates: {meta.dates}",
        )
    return ("Names and dates are as delivered, which cohort.toml declares de-identified.", meta.dates)


def _of_annotation(facts: CardFacts, manifest: DatasetManifest, meta: CohortMeta) -> CardFacts:
    facts = facts.saying(
        dataAnnotationProtocol=(
            f"HAQ scored as {meta.haq_version}.",
            *(f"{spec.title}: {meta.scale_of(spec.name)}." for spec in REPORTED if meta.scale_of(spec.name)),
            "fm_source and oa_source say for each visit how fibromyalgia and osteoarthritis were told.",
        ),
    )
    if FROM_FILMS in manifest.patients_by_source:
        facts = facts.saying(machineAnnotationTools=LANDMARKS)
    if not manifest.readers:
        return facts.saying(dataAnnotationProtocol="No human Sharp/van der Heijde score.")
    return facts.saying(
        dataAnnotationProtocol=f"Sharp/van der Heijde grades, read {manifest.reading_mode}; unreadable joints: "
        f"{meta.unreadable_joints}.",
        annotationsPerItem=f"Up to {len(manifest.readers)} readers per visit.",
        annotatorDemographics=meta.readers
        or ("Simulated readers." if meta.simulated else TO_FILL_IN + "who read the films (`readers` in cohort.toml)."),
        dataAnnotationAnalysis="agreement.csv beside this card, where visits were read more than once.",
    )


def _of_people(facts: CardFacts, meta: CohortMeta) -> CardFacts:
    """What a program cannot know about real people, and what is known of simulated ones."""
    research = "Research on measures of joint damage. Not for the care of any patient."
    if meta.simulated:
        return facts.saying(
            dataUseCases=(research, "Checks of methods against a known truth."),
            dataLimitations="A model's world: no number from it is a finding about patients.",
            dataBiases=f"Those that the model was given; {TRUTH}/effects.json has every coefficient.",
            personalSensitiveInformation="None: no record is of a person.",
            dataSocialImpact="None by itself: no person is described.",
            dataReleaseMaintenancePlan="Made anew from its preset and seed at any time.",
        )
    return facts.saying(
        dataUseCases=research,
        dataLimitations=TO_FILL_IN + "whom the data cannot speak for.",
        dataBiases=(
            TO_FILL_IN + "how patients came to be included and who is missing.",
            "table1.csv and flow.csv show who is in each split and who was left out.",
        ),
        personalSensitiveInformation=(
            "Health data of people: sex, age, hospital, disease, function, pain, radiographs.",
            TO_FILL_IN + "consent, ethics approval and who may have access.",
        ),
        dataSocialImpact=TO_FILL_IN + "benefits and risks for those whom the data describe.",
        dataReleaseMaintenancePlan=TO_FILL_IN + "who keeps the data, for how long, and how withdrawals are followed.",
    )


def known_outcomes(visits: pd.DataFrame) -> dict[str, int]:
    """Number of visits at which each outcome is known, by its title."""
    return {spec.title: int(visits[spec.kind.column(name)].notna().sum()) for name, spec in OUTCOMES.items()}


def _in_words(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
