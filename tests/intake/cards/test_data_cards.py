"""Data cards: valid Croissant, the fields that the builder writes, nothing invented, nobody named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import mlcroissant
import numpy as np
import pandas as pd
import pyarrow.parquet as parquet
import pytest
from mlcroissant._src.core import constants
from mlcroissant._src.core.context import Context, CroissantVersion
from mlcroissant._src.core.rdf import make_context

from outcomenet.artifacts import sha256_of
from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.importers.registry import IMPORTERS
from outcomenet.cohorts.ledger import Ledger
from outcomenet.cohorts.meta import CohortMeta, read_meta
from outcomenet.confounders import CONFOUNDERS
from outcomenet.datasets.dataset import TABLE, open_dataset
from outcomenet.datasets.manifest import DatasetManifest
from outcomenet.datasets.visit_example import ExampleShape
from outcomenet.datasets.visit_files import visit_features
from outcomenet.datasets.visit_table import scores_of_mode, visit_table
from outcomenet.errors import UsageError
from outcomenet.intake.build import build_dataset
from outcomenet.intake.cards.card import CROISSANT, MARKDOWN, write_card
from outcomenet.intake.cards.card_croissant import CONTEXT
from outcomenet.intake.cards.card_facts import RAI, TO_FILL_IN, CardFacts
from outcomenet.localization.geometry import CropGeometry
from outcomenet.progress import Progress
from outcomenet.scoring import SVDH
from outcomenet.simulation.presets import PURPOSES
from tools.known_cards import FACTS, card_texts

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests" / "data"
CARDS = sorted(path.parent for path in (ROOT / "data_cards").glob(f"*/{FACTS}"))
NAMES = [folder.name for folder in CARDS]
IMPORTED = [*IMPORTERS]
TYPES = {"object": "sc:Text", "float64": "cr:Float64", "bool": "sc:Boolean", "datetime64[ns]": "sc:Date"}
ARROW_TYPES = {"string": "sc:Text", "double": "cr:Float64", "bool": "sc:Boolean", "timestamp[ns]": "sc:Date"}
FEATURE_TYPES = {
    "object": "sc:Text", "uint8": "cr:UInt8", "uint16": "cr:UInt16", "int8": "cr:Int8", "float32": "cr:Float32"
}  # fmt: skip
# mlcroissant 1.1.1 spells two properties unlike the vocabulary's own file, docs/croissant_rai.ttl of mlcommons/croissant
MISSPELT = {
    "dataDataManipulationProtocol": "dataManipulationProtocol",
    "dataCollectionTimeFrame": "dataCollectionTimeframe",
}
RDFLIB = "ignore:ConjunctiveGraph is deprecated:DeprecationWarning"
pytestmark = pytest.mark.filterwarnings(RDFLIB)


def _card(name: str) -> dict:
    return json.loads((ROOT / "data_cards" / name / CROISSANT).read_text())


def _fields(card: dict, table: str) -> dict[str, dict]:
    return {f["name"]: f for t in card["recordSet"] if t["@id"] == table for f in t["field"]}


def _warnings(path: Path) -> set[str]:
    """What mlcroissant recommends and the card lacks; it raises where the card is wrong."""
    issues = mlcroissant.Dataset(str(path)).metadata.ctx.issues
    assert not issues.errors
    return {text.split('"')[1].rsplit("/", 1)[-1] for text in issues.warnings}


def test_every_importer_and_the_projects_own_data_have_a_card():
    assert {*IMPORTED, "simulated", "test_films"} == set(NAMES)


@pytest.mark.parametrize("folder", CARDS, ids=NAMES)
def test_checked_in_cards_are_what_the_generator_gives(folder: Path):
    for name, text in card_texts(folder).items():
        assert (folder / name).read_text() == text, "run `make cards`"


@pytest.mark.parametrize("name", NAMES)
def test_cards_are_valid_croissant(name: str):
    facts = {"datePublished", "version"} - _card(name).keys()
    assert _warnings(ROOT / "data_cards" / name / CROISSANT) - {"citeAs"} == facts


def test_context_is_the_recommended_one():
    assert make_context(Context(conforms_to=CroissantVersion.V_1_1)) == CONTEXT


def test_rai_properties_are_those_of_the_vocabulary():
    known = {
        str(uri).removeprefix(str(constants.RAI))
        for n, uri in vars(constants).items()
        if n.startswith("ML_COMMONS_RAI")
    }
    assert {MISSPELT.get(name, name) for name in known} == set(RAI)


@pytest.mark.parametrize("name", NAMES)
def test_another_reader_finds_what_the_card_says_about_responsible_use(name: str):
    """mlcroissant, not our own code, reads the statements back."""
    card, read = _card(name), mlcroissant.Dataset(str(ROOT / "data_cards" / name / CROISSANT)).metadata
    assert read.data_collection == card["rai:dataCollection"]
    assert read.data_social_impact == card["rai:dataSocialImpact"]
    said = card["rai:dataLimitations"]
    assert sorted(read.data_limitations) == sorted(said)
    assert read.personal_sensitive_information
    assert read.data_biases
    assert read.data_use_cases


@pytest.mark.parametrize("name", NAMES)
def test_readable_card_says_all_that_the_other_says(name: str):
    card, text = _card(name), (ROOT / "data_cards" / name / "README.md").read_text()
    for key in [*(f"rai:{name}" for name in RAI), "conditionsOfAccess", "citation", "citeAs", "description"]:
        said = card.get(key, [])
        for statement in [said] if isinstance(said, str) else said:
            assert statement in text.replace("&lt;", "<")  # guarded against tags
    assert all(
        file["@id"] in text or file.get("includes", file.get("contentUrl")) in text for file in card["distribution"]
    )


def test_what_was_not_verified_stands_on_the_card():
    for name in IMPORTED:
        text = (ROOT / "data_cards" / name / "README.md").read_text()
        assert f"Not verified: {IMPORTERS[name].card.unverified}" in text


def test_numbers_on_the_card_of_rapport_are_those_of_its_table():
    table = pd.read_csv(DATA / "rapport_long_coarse.csv")
    haq = table[(table["instrument"] == "haq_di") & (table["month"] == 0)]["value"]
    known = table.groupby(["instrument", "month"])["value"].count().unstack()
    women = (table.drop_duplicates("pid")["sex"] == "F").sum()
    text = (ROOT / "data_cards" / "rapport" / "README.md").read_text()
    assert f"{women} of {table['pid'].nunique()} patients are women" in text
    assert f"mean HAQ-DI at month 0 is {haq.mean():.2f}" in text
    assert f"{(haq == 0).sum()} of the {len(haq)} who answered have no disability" in text
    for name, instrument in {"HAQ-DI": "haq_di", "DAS28": "das28", "RADAI": "radai"}.items():
        assert f"{name} {', '.join(map(str, known.loc[instrument]))}" in text


def test_every_real_film_of_the_tests_is_on_the_card_with_its_licence():
    files = {file["@id"]: file for file in _card("test_films")["distribution"]}
    films = {path.name for folder in (DATA, DATA / "hard_films") for path in folder.glob("*.jpg")}
    assert films == {name for name in files if name.endswith(".jpg")}
    licences = (DATA / "LICENCES.md").read_text()
    for name in films:
        row = next(line for line in licences.splitlines() if name in line)
        assert files[name]["license"].rsplit(": ", 1)[1] in row


def test_card_of_the_simulated_cohort_names_every_preset():
    text = (ROOT / "data_cards" / "simulated" / "README.md").read_text()
    assert all(f"{name} ({purpose})" in text for name, purpose in PURPOSES.items())


@pytest.fixture(scope="module")
def imported(tmp_path_factory) -> dict[str, Path]:
    """Every importer's small example as a cohort folder."""
    out = tmp_path_factory.mktemp("cohorts")
    sources = {name: DATA / "importers" / name for name in IMPORTED} | {"rapport": DATA / "rapport_long_coarse.csv"}
    return {name: IMPORTERS[name].run(sources[name], out / name) for name in IMPORTED}


@pytest.mark.parametrize("name", IMPORTED)
def test_cards_tables_are_those_that_the_importer_writes(name: str, imported: dict[str, Path]):
    for path in imported[name].glob("*.csv"):
        written, said = list(pd.read_csv(path)), list(_fields(_card(name), f"cohort/{path.stem}"))
        if name == "redcap":  # which columns there are is for the map to say
            assert set(written) <= set(said)
        else:
            assert written == said


@pytest.mark.parametrize("name", IMPORTED)
def test_cards_fields_are_those_that_the_builder_makes_of_an_import(name: str, imported: dict[str, Path]):
    cohort = read_cohort(imported[name], check_films=False)
    table = visit_table(cohort, Ledger())
    fields = _fields(_card(name), "visits")
    assert set(fields) == {*table, "source", "device", "has_films"}
    for column, dtype in table.dtypes.astype(str).items():
        if table[column].notna().any():  # a column without a value has no type of its own
            assert fields[column]["dataType"] == TYPES[dtype], column
    if (imported[name] / "films.csv").exists():
        _, scores = scores_of_mode(cohort, SVDH)
        covariates = [c for c in CONFOUNDERS if c in table]
        readers = max(scores["reader"].nunique(), 1)
        _same_features(_fields(_card(name), "examples"), CropGeometry.size_px, covariates, readers)
    else:
        assert not _fields(_card(name), "examples")


def test_card_of_the_simulated_cohort_has_its_tables_its_truth_and_its_features(
    small_cohort: Path, small_dataset: Path
):
    card = _card("simulated")
    for path in small_cohort.glob("*.csv"):
        assert list(pd.read_csv(path, dtype=str)) == list(_fields(card, f"cohort/{path.stem}"))
    for path in (small_cohort / "truth").glob("*.csv"):
        truth, fields = pd.read_csv(path), _fields(card, f"truth/{path.stem}")
        assert list(truth) == list(fields)
        assert all((fields[c]["dataType"] == "sc:Text") == (truth[c].dtype == object) for c in truth)
    dataset = open_dataset(small_dataset)
    assert set(dataset.visits) == set(_fields(card, "visits"))
    examples = _fields(card, "examples")
    _same_features(examples, CropGeometry.size_px, list(dataset.manifest.covariates), len(dataset.manifest.readers))


def _same_features(fields: dict[str, dict], crop_size: int, covariates: list[str], readers: int) -> None:
    features = visit_features(ExampleShape(crop_size, len(covariates), readers))
    assert list(fields) == list(features)
    for name, feature in features.items():
        shape = tuple(map(int, fields[name].get("arrayShape", "").split(","))) if "arrayShape" in fields[name] else ()
        assert shape == feature.shape, name
        # TFDS gives text no numpy type but object
        assert fields[name]["dataType"] == FEATURE_TYPES[np.dtype(feature.np_dtype).name], name
    assert f"In this order: {', '.join(covariates)}." in fields["covariates"]["description"]


@pytest.mark.parametrize(
    ("card", "records", "file"),
    [("rapport", "long-table", "rapport_long_coarse.csv"), ("test_films", "landmarks", "landmarks.csv")],
)
def test_records_can_be_loaded_through_the_card(card: str, records: str, file: str):
    read = list(mlcroissant.Dataset(str(ROOT / "data_cards" / card / CROISSANT)).records(records))
    table = pd.read_csv(DATA / file)
    assert len(read) == len(table)
    for column in table.select_dtypes("number"):
        assert [row[f"{records}/{column}"] for row in read] == pytest.approx(table[column].tolist(), nan_ok=True)


# --- the card of a data set that was built


@pytest.fixture
def built(small_dataset: Path, tmp_path: Path) -> Path:
    """A folder with links to the small data set's files but its cards, to write cards into."""
    for path in (p for p in small_dataset.rglob("*") if p.is_file()):
        target = tmp_path / path.relative_to(small_dataset)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(path)
    for name in (CROISSANT, MARKDOWN):
        (tmp_path / name).unlink(missing_ok=True)
    return tmp_path


@pytest.fixture
def manifest(small_dataset: Path) -> DatasetManifest:
    return open_dataset(small_dataset).manifest


def test_own_card_is_valid_and_holds_the_data_sets_own_hashes_and_counts(
    built: Path, manifest: DatasetManifest, small_cohort: Path
):
    meta, _ = read_meta(small_cohort / "cohort.toml")
    write_card(built, manifest, meta)
    assert _warnings(built / CROISSANT) <= {"datePublished", "version", "citeAs"}
    card = json.loads((built / CROISSANT).read_text())
    hashed = {file["contentUrl"]: file["sha256"] for file in card["distribution"] if "sha256" in file}
    data = [path for path in manifest.files if path.endswith(".parquet") or path.startswith("visits/")]
    assert hashed == {path: sha256_of(built / path) for path in data}
    assert len(data) == 7
    assert f"{manifest.patients} patients, {manifest.visits} visits" in card["description"]
    assert card["license"]["name"] == "CC0-1.0"
    schema = parquet.read_schema(built / TABLE)
    assert list(_fields(card, "visits")) == schema.names
    for name, field in _fields(card, "visits").items():
        if (stored := str(schema.field(name).type)) != "null":
            assert field["dataType"] == ARROW_TYPES[stored], name
    _same_features(_fields(card, "examples"), manifest.crop_size_px, list(manifest.covariates), len(manifest.readers))


def test_visits_can_be_loaded_through_the_own_card(built: Path, manifest: DatasetManifest, small_cohort: Path):
    meta, _ = read_meta(small_cohort / "cohort.toml")
    write_card(built, manifest, meta)
    table = pd.read_parquet(built / TABLE)
    rows = list(mlcroissant.Dataset(str(built / CROISSANT)).records("visits"))
    assert [row["visits/patient_id"].decode() for row in rows] == table["patient_id"].tolist()
    assert [row["visits/haq"] for row in rows] == pytest.approx(table["haq"].tolist(), nan_ok=True)


def test_own_card_of_real_patients_says_what_its_owners_have_to_fill_in(built: Path, manifest: DatasetManifest):
    changed = replace(manifest, simulated=False, licence="Ask the clinic")
    write_card(built, changed, CohortMeta(name="Clinic", licence="Ask the clinic", version="export of May"))
    card, text = json.loads((built / CROISSANT).read_text()), (built / MARKDOWN).read_text()
    assert card["license"]["name"] == "Ask the clinic"
    assert "version" not in card
    assert "Version of the export: export of May." in card["description"]
    gaps = text.split("## Still to be filled in")[1].split("##")[0]
    for wanted in ("home page", "creators", "date of publication", "consent, ethics approval", "rai:dataBiases"):
        assert wanted in gaps
    assert "Kind of collection" in gaps  # intake cannot know it
    assert "keyed hashes" in card["rai:dataManipulationProtocol"]
    assert _warnings(built / CROISSANT) == {"datePublished", "version", "citeAs"}


def test_own_card_takes_what_cohort_toml_says(built: Path, manifest: DatasetManifest):
    changed = replace(manifest, simulated=False)
    meta = CohortMeta(
        name="Clinic", licence="x", deidentified=True, source="Two wards.", url="https://example.org/clinic",
        citation="Us 2026", version="1.2.0", readers="Two trained readers.", dates="Shifted by the trust centre.",
    )  # fmt: skip
    write_card(built, changed, meta)
    card = json.loads((built / CROISSANT).read_text())
    assert (card["url"], card["citeAs"], card["version"]) == ("https://example.org/clinic", "Us 2026", "1.2.0")
    assert card["rai:dataCollection"] == "Two wards."
    assert card["rai:annotatorDemographics"] == ["Two trained readers."]
    assert "Shifted by the trust centre." in card["rai:dataManipulationProtocol"]
    assert not [
        s for name in RAI for s in card.get(f"rai:{name}", []) if s.startswith(TO_FILL_IN) and "cohort.toml" in s
    ]


def test_line_breaks_in_cohort_toml_break_neither_tables_nor_headings(built: Path, manifest: DatasetManifest):
    changed = replace(manifest, simulated=False, licence="Ask\nus | first")
    meta = CohortMeta(
        name="Clinic", licence="x", citation="@misc{us,\n title = {Clinic},\n}", source="Wards.\n\n## A heading"
    )
    write_card(built, changed, meta)
    lines = (built / MARKDOWN).read_text().splitlines()
    assert "| Licence | Ask us \\| first |" in lines
    assert "| To cite | @misc{us, title = {Clinic}, } |" in lines
    assert "Wards. ## A heading" in lines
    assert "## A heading" not in lines


def test_own_card_names_no_patient_and_no_place_outside_the_data_set(
    built: Path, manifest: DatasetManifest, small_cohort: Path
):
    meta, _ = read_meta(small_cohort / "cohort.toml")
    write_card(built, manifest, meta)
    patients = pd.read_parquet(built / TABLE)["patient_id"].unique()
    for name in (CROISSANT, MARKDOWN):
        text = (built / name).read_text()
        assert not [patient for patient in patients if patient in text]
        assert str(built.parent) not in text
        assert str(small_cohort.parent) not in text


def test_own_card_of_patients_without_films_speaks_of_none(imported: dict[str, Path], tmp_path: Path):
    cohort = read_cohort(imported["rapport"])
    manifest = build_dataset(cohort, tmp_path / "set", CropGeometry(), progress=Progress(quiet=True))
    write_card(tmp_path / "set", manifest, cohort.meta)
    _warnings(tmp_path / "set" / CROISSANT)
    card = json.loads((tmp_path / "set" / CROISSANT).read_text())
    assert [table["@id"] for table in card["recordSet"]] == ["visits", "films"]
    assert "HAQ-DI 704, " in card["rai:dataCollectionMissingData"]
    assert not any("joint is cut" in text for text in card["rai:dataPreprocessingProtocol"])


def test_the_same_data_set_gives_the_same_card(built: Path, manifest: DatasetManifest, small_cohort: Path):
    meta, _ = read_meta(small_cohort / "cohort.toml")
    texts = []
    for _ in range(2):
        write_card(built, manifest, meta)
        texts.append([(built / name).read_text() for name in (CROISSANT, MARKDOWN)])
    assert texts[0] == texts[1]


def test_unknown_property_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match=r"no property 'dataBias'.*dataBiases"):
        CardFacts(title="t", description="d", licence="l", rai={"dataBias": ("x",)})
