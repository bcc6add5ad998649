"""The TFDS builder: one feature dictionary, ArrayRecord files, no TensorFlow, the same bytes every time."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds
from tensorflow_datasets.core import example_serializer

from outcomenet.datasets.spool import spooled_records
from outcomenet.datasets.visit_example import EXAMPLES_VERSION, FIELDS, Example, ExampleField, ExampleShape

NAME = "visits"

ExampleStream = Callable[[], Iterable[tuple[str, Example]]]


def visit_features(shape: ExampleShape) -> tfds.features.FeaturesDict:
    """The features of one visit as TFDS stores them, see `visit_example.FIELDS`.

    Arrays are stored as bytes: 3 to 8 times faster to read than encoded pictures, and exact.
    """

    def feature(field: ExampleField) -> tfds.features.FeatureConnector:
        if field.dtype == "text":
            return tfds.features.Text()
        return tfds.features.Tensor(shape=shape.of(field), dtype=np.dtype(field.dtype).type, encoding="bytes")

    return tfds.features.FeaturesDict({name: feature(field) for name, field in FIELDS.items()})


class Visits(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Visits of a cohort with their crops, split by patient; made by `outcomenet build`."""

    VERSION = tfds.core.Version(EXAMPLES_VERSION)
    name = NAME

    def __init__(
        self,
        *,
        data_dir: Path,
        streams: Mapping[str, ExampleStream],
        features: tfds.features.FeaturesDict,
        description: str,
    ) -> None:
        self._streams, self._features, self._description = streams, features, description
        super().__init__(data_dir=str(data_dir), file_format="array_record")

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(builder=self, description=self._description, features=self._features)

    def _split_generators(self, dl_manager: object) -> dict[str, Iterable[tuple[str, Example]]]:
        del dl_manager
        return {split: self._generate_examples(split) for split in self._streams}

    def _generate_examples(self, split: str) -> Iterable[tuple[str, Example]]:
        return self._streams[split]()


def write_visits(
    folder: Path, streams: Mapping[str, ExampleStream], features: tfds.features.FeaturesDict, description: str
) -> Path:
    """Writes every split's stream as ArrayRecord files.

    Args:
        folder: The data set; the files go below it.
        streams: By split, a function that gives its examples with their keys; keys decide the order of the records.
        features: What an example holds, see `visit_features`.
        description: Of the data set, for its TFDS metadata.

    Returns:
        Folder of the files, named by the version of the layout.

    Raises:
        AssertionError: A stream gave no example.
    """
    tfds.disable_progress_bar()
    config = tfds.download.DownloadConfig(download_mode=tfds.GenerateMode.REUSE_DATASET_IF_EXISTS)
    # TFDS announces on standard output what our own progress says better
    with (
        _temporary_files_in(folder),
        _deterministic_records(),
        spooled_records(),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        builder = Visits(data_dir=folder, streams=streams, features=features, description=description)
        builder.download_and_prepare(download_dir=str(folder / "visits"), download_config=config)
    return Path(builder.data_dir)


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """TFDS leaves a temporary folder behind each time; inside the folder that is written it does not stay."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix=".temporary-", dir=folder) as temporary:
        tempfile.tempdir = temporary
        try:
            yield
        finally:
            tempfile.tempdir = before


def read_visits(folder: Path, split: str) -> Sequence[Example]:
    """Random access to the examples of a split.

    Args:
        folder: What `write_visits` returned.
        split: Name of the split.

    Returns:
        Examples in the order of their hashed keys, decoded when indexed.
    """
    return tfds.builder_from_directory(str(folder)).as_data_source(split=split)  # pyright: ignore[reportCallIssue]  # TFDS's decorator hides it


@contextmanager
def _deterministic_records() -> Iterator[None]:
    """TFDS serialises protos without a fixed order of map entries, so that two builds differ in bytes; here they do not."""
    shipped = example_serializer.ExampleSerializer.serialize_example

    def serialize(self: example_serializer.ExampleSerializer, example: Example) -> bytes:
        return self.get_tf_example(example).SerializeToString(deterministic=True)

    example_serializer.ExampleSerializer.serialize_example = serialize
    try:
        yield
    finally:
        example_serializer.ExampleSerializer.serialize_example = shipped
