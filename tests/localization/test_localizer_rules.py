"""What the localiser makes of the networks' outputs, which are made up here: reasons, impossible places, polarity, doubt."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logit

from outcomenet.anatomy import Region, View, landmarks_of
from outcomenet.localization.finding import LimbGuess
from outcomenet.localization.forward import BATCH_SIZES, PATCH_WAYS, WAYS, CoarseOutput, LandmarkOutput
from outcomenet.localization.found import State
from outcomenet.localization.frames import ANCHORS, LENGTHS_MM, frame_of
from outcomenet.localization.localizer import LEAST_SHOWN, MOST_IMPOSSIBLE, PLACING_SHARE, WORST_ERROR, Localizer
from outcomenet.localization.weights import Calibration

PX_PER_MM = 4.0
FRAME = frame_of(np.array([450.0, 500.0]), 0.0, PX_PER_MM, True, ANCHORS[Region.HAND])
NAMES = landmarks_of(Region.HAND)
FILM = np.random.default_rng(0).integers(1, 40_000, (1000, 900)).astype(np.uint16)
GUESS = LimbGuess(Region.HAND, 0.9, np.array([450.0, 500.0]), 0.0, 740.0, 0.9, {View.PA: 1.0})


class Said:
    """Networks that give the same output whatever the film, or another one for a film with reversed grey levels."""

    def __init__(self, output: LandmarkOutput, dark: float = 0.0, reversed_output: LandmarkOutput | None = None):
        self.output, self.dark, self.reversed = output, dark, reversed_output

    def find(self, pixels):
        return [GUESS], self.dark

    def infer(self, pyramid, guess):
        # the film's darkest pixel is 1; of the reversed film it is 0
        return self.output if pyramid.levels[0].min() > 0 else self.reversed


@pytest.fixture(scope="module")
def localizer():
    return Localizer()


def output(localizer: Localizer, agreement: float = 0.99, **changes: dict[str, float]) -> LandmarkOutput:
    """A limb where it should be, all seen surely; `changes` by landmark of x_mm, error_px, seen and coarse_mm."""
    places = FRAME.to_film(localizer.weights.shapes[Region.HAND].mean)
    coarse = places.copy()
    error, logits = np.ones(len(NAMES)), np.full(len(NAMES), 6.0)
    for name, change in changes.items():
        n = NAMES.index(name)
        places[n, 0] += change.get("x_mm", 0.0) * PX_PER_MM
        coarse[n, 0] = places[n, 0] + change.get("coarse_mm", 0.0) * PX_PER_MM
        error[n] = change.get("error_px", 1.0)
        logits[n] = change.get("seen", 6.0)
    return LandmarkOutput(FRAME, places, error, logits, logits, agreement, coarse)


def located(localizer: Localizer, networks: Said):
    localizer.networks = networks
    return localizer.locate(FILM)


def test_a_limb_that_is_seen_whole_is_given_whole(localizer):
    (limb,) = located(localizer, Said(output(localizer))).limbs
    assert {point.state for point in limb.landmarks.values()} == {State.VISIBLE}
    assert not limb.doubtful
    # the networks' error, calibrated, and that of a person's placing
    by_hand = PLACING_SHARE * LENGTHS_MM[Region.HAND] * PX_PER_MM
    stated = localizer.weights.calibration.error_factor
    assert limb.landmarks["MCP3"].error_px == pytest.approx(np.hypot(stated, by_hand))


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"x_mm": 60.0}, State.IMPOSSIBLE),
        ({"seen": -9.0}, State.AMPUTATED),
        ({"error_px": 3 * WORST_ERROR * LENGTHS_MM[Region.HAND] * PX_PER_MM}, State.UNSURE),
        ({"coarse_mm": 1.5 * WORST_ERROR * LENGTHS_MM[Region.HAND]}, State.UNSURE),
    ],
    ids=["away", "absent", "unsure", "moved by the refiner"],
)
def test_one_landmark_is_masked_with_its_reason_and_lies_where_the_others_say(localizer, change, state):
    (limb,) = located(localizer, Said(output(localizer, PIP3=change))).limbs
    assert {name: p.state for name, p in limb.landmarks.items() if p.state is not State.VISIBLE} == {"PIP3": state}
    expected = FRAME.to_film(localizer.weights.shapes[Region.HAND].mean)[NAMES.index("PIP3")]
    point = limb.landmarks["PIP3"]
    assert np.hypot(*(np.array([point.x_px, point.y_px]) - expected)) < 4 * PX_PER_MM


def test_only_so_many_landmarks_are_called_impossible(localizer):
    away = dict.fromkeys(("TIP2", "TIP3", "TIP4", "TIP5", "TIP1", "DRUJ_U"), {"x_mm": 90.0})
    (limb,) = located(localizer, Said(output(localizer, **away))).limbs
    states = [point.state for point in limb.landmarks.values()]
    assert states.count(State.IMPOSSIBLE) == MOST_IMPOSSIBLE


def test_an_unseen_landmark_beyond_the_film_is_cut_off_and_not_amputated(localizer):
    localizer.networks = Said(output(localizer, RC={"seen": -9.0}))  # RC lies at row 868
    states = [localizer.locate(FILM[:rows]).limbs[0].landmarks["RC"].state for rows in (1000, 850)]
    assert states == [State.AMPUTATED, State.OFF_FILM]


def test_few_landmarks_are_no_limb(localizer):
    seen = int(LEAST_SHOWN * len(NAMES))
    hidden = dict.fromkeys(NAMES[seen:], {"seen": -9.0})
    assert located(localizer, Said(output(localizer, **hidden))).limbs == []


def test_of_two_polarities_the_one_that_shows_more_is_taken(localizer):
    poor, good = output(localizer, agreement=0.5), output(localizer)
    unsure = located(localizer, Said(poor, dark=0.3, reversed_output=good))
    assert (unsure.dark_bones, unsure.limbs[0].agreement) == (1.0, 0.99)
    assert located(localizer, Said(good, dark=0.3, reversed_output=poor)).dark_bones == 0.0
    # where bones are surely bright nothing else is tried
    assert located(localizer, Said(poor, dark=0.05, reversed_output=good)).limbs[0].agreement == 0.5


def test_a_limb_that_disagrees_with_itself_is_doubtful(localizer):
    least = localizer.weights.calibration.least_agreement["hand"]
    for agreement, doubtful in ((least - 0.01, True), (least + 0.01, False)):
        assert located(localizer, Said(output(localizer, agreement=agreement))).limbs[0].doubtful is doubtful


def test_certainty_is_a_logistic_regression_on_both_networks():
    calibration = Calibration(visible=(-1.0, 0.5, 0.25))
    both = calibration.certainty(np.array([2.0, -4.0]), np.array([4.0, 0.0]))
    assert logit(both) == pytest.approx([-1 + 1 + 1, -1 - 2 + 0])
    assert not Calibration().doubts(Region.FOOT, 0.0, 1e9)  # without limits nothing is doubted


def test_agreement_of_ways_of_looking_by_hand():
    spread = np.full(len(NAMES), 6.0 * PX_PER_MM)  # 6 mm apart
    seen = np.zeros(len(NAMES))  # even odds
    sure = CoarseOutput(FRAME, np.zeros((len(NAMES), 2)), spread, seen, 1.0)
    assert sure.agreement == pytest.approx(np.exp(-1.0))
    assert sure.quality == pytest.approx(0.5 * np.exp(-1.0))
    assert sure._replace(is_limb=0.0).agreement == pytest.approx(0.1 * np.exp(-1.0))


def test_every_batch_of_one_limb_has_a_compiled_size_near_it():
    sizes = [1, 3, len(WAYS), *(len(PATCH_WAYS) * len(landmarks_of(region)) for region in Region)]
    for size in sizes:
        assert min(room for room in BATCH_SIZES if room >= size) <= 1.4 * size
