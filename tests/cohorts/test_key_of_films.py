"""Under which key the films of a cohort are hashed: people's under theirs, a simulation's under none."""

from __future__ import annotations

import pytest

from outcomenet.errors import OutcomenetError, UsageError
from outcomenet.intake import build
from outcomenet.intake.take_in import intake


class Built(Exception):
    """In the place of a data set: the options that it would have been built with."""


@pytest.fixture
def secret_of(cohort_folder, tmp_path, monkeypatch):
    """The key under which the films of the small cohort would be hashed, its cohort.toml saying this too."""

    def stop(*args, options, **more):
        raise Built(options.secret)

    monkeypatch.setattr(build, "build_dataset", stop)

    def find(setting: str, **making) -> bytes:
        with (cohort_folder / "cohort.toml").open("a") as stream:
            stream.write(f"{setting}\n")
        with pytest.raises(Built) as built:
            intake(cohort_folder, tmp_path / "data", **making)
        return built.value.args[0]

    return find


@pytest.mark.parametrize("setting", ["", "deidentified = true"])
def test_films_of_people_are_hashed_under_the_key(secret_of, tmp_path, setting):
    secret = secret_of(setting, key=tmp_path / "key")
    assert secret.hex() == (tmp_path / "key").read_text().strip()


def test_films_of_a_simulation_need_no_key(secret_of, tmp_path):
    assert secret_of("simulated = true") == b""
    with pytest.raises(UsageError, match=r"leave key \(--key\) out"):
        secret_of("", key=tmp_path / "key")


def test_ids_that_are_pseudonyms_already_have_no_linking_table(secret_of, tmp_path):
    with pytest.raises(OutcomenetError, match=r"linking_table \(--linking-table\) has nothing to do"):
        secret_of("deidentified = true", linking_table=tmp_path / "links.csv")
