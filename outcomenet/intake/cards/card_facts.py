"""Facts of a data card: who made the data, under which terms, how, and what they can and cannot be used for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from outcomenet.errors import UsageError, did_you_mean

# The properties of Croissant RAI 1.0 (http://mlcommons.org/croissant/RAI/1.0, its RDF vocabulary), with the heading that
# the Markdown card gives each, in the card's order. Those in MANY hold a list of statements.
RAI: dict[str, str] = {
    "dataUseCases": "What it can be used for",
    "dataLimitations": "What it cannot say, and what was not verified",
    "dataBiases": "Biases",
    "personalSensitiveInformation": "Personal and sensitive information",
    "dataSocialImpact": "Social impact",
    "dataCollection": "How it was collected",
    "dataCollectionType": "Kind of collection",
    "dataCollectionRawData": "Where the raw data come from",
    "dataCollectionTimeframe": "When it was collected",
    "dataCollectionMissingData": "Missing data",
    "dataPreprocessingProtocol": "What intake makes of it",
    "dataManipulationProtocol": "What was changed",
    "dataImputationProtocol": "Imputation",
    "dataAnnotationProtocol": "Annotations",
    "dataAnnotationPlatform": "Tools of the annotators",
    "dataAnnotationAnalysis": "Agreement of annotators",
    "annotationsPerItem": "Annotations per item",
    "annotatorDemographics": "Annotators",
    "machineAnnotationTools": "Software that annotated",
    "dataReleaseMaintenancePlan": "Maintenance",
}
MANY = frozenset(
    {"dataUseCases", "dataLimitations", "dataBiases", "personalSensitiveInformation", "dataCollectionType",
     "dataPreprocessingProtocol", "dataAnnotationProtocol", "dataAnnotationAnalysis", "annotatorDemographics",
     "machineAnnotationTools", "dataAnnotationPlatform"}
)  # fmt: skip
# What every card must speak about.
REQUIRED = (
    "dataUseCases", "dataLimitations", "dataBiases", "personalSensitiveInformation", "dataSocialImpact", "dataCollection",
    "dataCollectionType", "dataCollectionMissingData", "dataPreprocessingProtocol", "dataManipulationProtocol",
    "dataImputationProtocol", "dataAnnotationProtocol", "dataReleaseMaintenancePlan",
)  # fmt: skip
NOT_VERIFIED = "Not verified: "
TO_FILL_IN = "To be filled in: "


@dataclass(frozen=True)
class CardFacts:
    """Everything that a card says beside the structure of its data.

    `rai` has statements by property of `RAI`. `access` are the steps to the data; `seen` says of single facts where they
    were looked up. Empty: not known. `published` and `version` as Croissant wants them: an ISO date (a year will do) and
    MAJOR.MINOR.PATCH.
    """

    title: str
    description: str
    licence: str
    rai: Mapping[str, tuple[str, ...]]
    licence_url: str = ""
    url: str = ""
    citation: str = ""
    creators: tuple[str, ...] = ()
    published: str = ""
    version: str = ""
    access: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    keywords: tuple[str, ...] = field(default=("rheumatoid arthritis", "radiographs"))

    def __post_init__(self) -> None:
        for name in self.rai:
            if name not in RAI:
                raise UsageError(f"Croissant RAI has no property {name!r}. {did_you_mean(name, RAI)}")

    def saying(self, **statements: str | Iterable[str]) -> CardFacts:
        """These facts with further statements, each after what its property says already; empty ones are left out."""
        rai = dict(self.rai)
        for name, more in statements.items():
            added = (more,) if isinstance(more, str) else tuple(more)
            rai[name] = (*rai.get(name, ()), *(text for text in added if text))
        return replace(self, rai={name: texts for name, texts in rai.items() if texts})

    @property
    def silent_on(self) -> tuple[str, ...]:
        """Properties on which every card must say something and this one says nothing."""
        return tuple(name for name in REQUIRED if not self.rai.get(name))
