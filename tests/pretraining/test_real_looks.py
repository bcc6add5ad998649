"""Looks of real films: which took part, what their statistics do to drawn crops, and that nothing else is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.pretraining.crop_looks import LookRanges, new_look
from outcomenet.pretraining.pretraining_run import real_films
from outcomenet.pretraining.real_looks import (
    BANDS,
    FACTORS,
    KEPT,
    PERCENTS,
    RealLook,
    grey_quantiles,
    log_power,
    real_looks,
    with_histogram,
    with_spectrum,
)
from tools.measure_real_looks import FILMS, measured

HARD_FILMS = Path(__file__).parents[1] / "data/hard_films"
TEST_FILMS = ("normal-hand-pa", "openstax", "normal-foot-ap")
NOISE = np.random.default_rng(5).uniform(0.3, 0.7, (6, 96, 96)).astype(np.float32)
FLAT = np.zeros(len(BANDS) - 1, np.float32)


def grating(cycles: float) -> np.ndarray:
    wave = np.sin(2 * np.pi * cycles * np.arange(96) / 96)
    return np.tile(0.5 + 0.1 * wave, (2, 96, 1)).astype(np.float32)


def look(quantiles: np.ndarray = PERCENTS / 100, power: np.ndarray = FLAT) -> RealLook:
    return RealLook("made up", "none", np.asarray(quantiles, np.float32), np.asarray(power, np.float32))


def test_the_test_films_are_not_among_them_and_each_has_its_licence():
    films = real_looks()
    assert [film.film for film in films] == sorted(FILMS)
    assert not [film.film for film in films if film.film.startswith(TEST_FILMS)]
    assert all(film.licence.split(": ")[-1] in ("CC0 1.0", "public domain", "CC BY 4.0") for film in films)


def test_the_kept_table_is_what_the_command_measures():
    kept, anew = pd.read_csv(KEPT), measured(HARD_FILMS)
    grey = [str(name) for name in kept if str(name).startswith("grey")]
    power = [str(name) for name in kept if str(name).startswith("power")]
    whole = kept["film"].str.startswith("IMG")  # the others are kept here at a third of their size
    assert whole.sum() == 3
    np.testing.assert_allclose(anew.loc[whole, grey + power], kept.loc[whole, grey + power], atol=1e-3)
    np.testing.assert_allclose(anew[grey], kept[grey], atol=0.03)
    np.testing.assert_allclose(anew[power[:7]], kept[power[:7]], atol=0.3)


def test_no_share_changes_nothing():
    for film in real_looks():
        assert with_histogram(NOISE, film, 0.0) == pytest.approx(NOISE, abs=1e-6)
        assert with_spectrum(NOISE, film, 0.0) == pytest.approx(NOISE, abs=1e-6)


def test_grey_levels_are_spread_as_the_films_and_keep_their_order():
    film = real_looks()[0]
    changed = with_histogram(NOISE, film, 1.0)
    assert grey_quantiles(changed) == pytest.approx(film.quantiles, abs=0.01)
    in_order = changed.reshape(-1)[np.argsort(NOISE.reshape(-1))]
    assert (np.diff(in_order) >= 0).all()


def test_half_the_way_is_the_mean_of_the_old_and_the_new_levels():
    film = real_looks()[3]
    assert with_histogram(NOISE, film, 0.5) == pytest.approx(0.5 * (NOISE + with_histogram(NOISE, film, 1.0)), abs=1e-6)


def test_many_pixels_of_one_level_stay_one_level():
    half_air = np.where(np.arange(96) < 48, 0.0, NOISE).astype(np.float32)
    changed = with_histogram(half_air, real_looks()[0], 1.0)
    assert len(np.unique(changed[..., :48])) == 1
    assert np.isfinite(changed).all()


def test_power_of_a_grating_lies_in_its_band_and_twice_the_amplitude_is_four_times_the_power():
    within = np.argmax(BANDS > 13) - 1  # 13 cycles lie from 11 to 15
    one, two = (log_power(grating(2) + k * (grating(13) - 0.5)) for k in (1, 2))
    assert np.nanargmax(one[4:]) + 4 == within
    assert two[within] - one[within] == pytest.approx(np.log(4), abs=0.02)


def test_what_a_crop_cannot_hold_is_not_known():
    # half a cycle a pixel: 48 pixels hold 24 cycles, so that the band from 20 to 27 is not whole
    assert np.isnan(log_power(NOISE[:, :48, :48])).tolist() == (BANDS[1:] > 24).tolist()


def test_detail_becomes_as_strong_as_the_films_where_the_limits_allow():
    film = look(power=log_power(NOISE) + np.where(np.arange(len(FLAT)) > 5, 2 * np.log(0.8), 0.0))
    changed = log_power(with_spectrum(NOISE, film, 1.0))
    inside = slice(7, 11)  # bands whose neighbours change as they do
    assert changed[inside] == pytest.approx(film.power[inside], abs=0.03)


@pytest.mark.parametrize(("power", "factor"), [(-50.0, FACTORS[0]), (50.0, FACTORS[1]), (np.nan, 1.0)])
def test_amplitudes_change_by_the_limits_at_most(power, factor):
    film = look(power=np.full(len(FLAT), power))
    crops = grating(13)
    changed = with_spectrum(crops, film, 1.0)
    assert np.ptp(changed[0, 48, 24:72]) == pytest.approx(factor * 0.2, rel=0.05)
    assert changed.mean() == pytest.approx(0.5, abs=0.01)


def test_a_film_takes_a_real_films_look_as_often_as_asked():
    present = np.ones(6, bool)

    def seen(real: float) -> np.ndarray:
        return new_look(NOISE, present, np.random.default_rng(1), LookRanges(real=real, dropped=0, obstruction=0))

    assert (seen(0.0) == seen(1e-9)).mean() < 1  # a chance is drawn, if only where there is one
    assert not np.array_equal(seen(1.0), seen(1e-9))
    assert seen(1.0).dtype == np.float32
    assert 0 <= seen(1.0).min() <= seen(1.0).max() <= 1


def test_the_card_says_which_real_films_took_part():
    without, with_them = real_films(LookRanges()), real_films(LookRanges(real=0.3))
    assert without["real_films"] == []
    assert without["not_seen"][0] == "real films"
    assert [film["film"] for film in with_them["real_films"]] == sorted(FILMS)
    assert "but for grey levels" in with_them["not_seen"][0]
    assert without["not_seen"][1:] == with_them["not_seen"][1:]
