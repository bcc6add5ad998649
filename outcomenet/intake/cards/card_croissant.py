"""A data card as Croissant 1.1 JSON-LD with the fields of Croissant RAI 1.0.

Specifications: http://mlcommons.org/croissant/1.1 and http://mlcommons.org/croissant/RAI/1.0. Written as plain data; the
tests validate it with mlcroissant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outcomenet.artifacts import JsonObject
from outcomenet.intake.cards.card_facts import MANY, CardFacts
from outcomenet.intake.cards.card_fields import CardTable
from outcomenet.intake.cards.codebook import CardField

CONFORMS_TO = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
_TERMS = (
    "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field", "fileProperty",
    "fileObject", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5", "parentField",
    "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField",
    "transform",
)  # fmt: skip
# The context that the specification's appendix recommends.
CONTEXT: JsonObject = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{term: f"cr:{term}" for term in _TERMS},
}
ENCODINGS = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".parquet": "application/x-parquet",
    ".jpg": "image/jpeg",
    ".array_record": "https://github.com/google/array_record",
}
OTHER_ENCODING = "application/octet-stream"


@dataclass(frozen=True)
class CardFile:
    """A file, or, where nobody has its hash (`sha256` empty), the glob pattern of files that a data set has.

    `path` is relative to the card.
    """

    name: str
    path: str
    description: str = ""
    sha256: str = ""
    bytes: int = 0
    licence: str = ""

    @property
    def encoding(self) -> str:
        """MIME type by the end of the name."""
        return next((mime for ending, mime in ENCODINGS.items() if ending in self.path.lower()), OTHER_ENCODING)


def croissant(facts: CardFacts, tables: Sequence[CardTable], files: Sequence[CardFile]) -> JsonObject:
    """The card as JSON-LD; what is not known is left out, nothing is invented.

    Args:
        facts: Terms, origin and statements.
        tables: Record sets, each from one of the files.
        files: Files and file sets; every table's source is among them.

    Returns:
        The content of croissant.json.
    """
    licence: JsonObject = {"@type": "sc:CreativeWork", "name": facts.licence, "url": facts.licence_url}
    card: JsonObject = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": facts.title,
        "description": facts.description,
        "conformsTo": CONFORMS_TO,
        "license": _known(licence),
        "url": facts.url,
        "creator": [{"@type": "sc:Organization", "name": name} for name in facts.creators],
        "datePublished": facts.published,
        "version": facts.version,
        "citeAs": facts.citation,
        "keywords": list(facts.keywords),
        "conditionsOfAccess": list(facts.access),
        "citation": list(facts.seen),
        **{f"rai:{name}": list(texts) if name in MANY else " ".join(texts) for name, texts in facts.rai.items()},
    }
    kinds = {file.name: "fileObject" if file.sha256 else "fileSet" for file in files}
    card["distribution"] = [_distribution(file) for file in files]
    card["recordSet"] = [_record_set(table, kinds[table.source]) for table in tables]
    return _known(card)


def _known(node: JsonObject) -> JsonObject:
    return {name: value for name, value in node.items() if value not in ("", [], ())}


def _distribution(file: CardFile) -> JsonObject:
    node: JsonObject = {"@id": file.name, "name": file.name, "description": file.description}
    node |= {"encodingFormat": file.encoding, "license": file.licence}
    if not file.sha256:
        return _known({"@type": "cr:FileSet", **node, "includes": file.path})
    return _known(
        {
            "@type": "cr:FileObject",
            **node,
            "contentUrl": file.path,
            "contentSize": f"{file.bytes} B",
            "sha256": file.sha256,
        }
    )


def _record_set(table: CardTable, kind: str) -> JsonObject:
    node: JsonObject = {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.description,
        "key": [{"@id": f"{table.name}/{name}"} for name in table.key],
    }
    return _known(node | {"field": [_field(table, field, kind) for field in table.fields]})


def _field(table: CardTable, field: CardField, kind: str) -> JsonObject:
    node: JsonObject = {
        "@type": "cr:Field",
        "@id": f"{table.name}/{field.name}",
        "name": field.name,
        "description": field.description,
        "dataType": field.data_type,
    }
    if field.shape is not None:
        node |= {"isArray": True, "arrayShape": ",".join(map(str, field.shape))}
    extract = {"column": field.name} if table.columns else {"fileProperty": "content"}
    return node | {"source": {kind: {"@id": table.source}, "extract": extract}}
