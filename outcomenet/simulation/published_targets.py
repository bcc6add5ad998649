"""Calibration targets from published cohorts, and the check that a simulated world meets them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from outcomenet.anatomy import JOINTS
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.agreement import icc_a1
from outcomenet.metrics.detectable import smallest_detectable_change
from outcomenet.metrics.discrimination import auroc
from outcomenet.outcomes import RAPID_PROGRESSION_PER_YEAR
from outcomenet.simulation.sample import Sample, draw_sample
from outcomenet.simulation.world import World


@dataclass(frozen=True)
class Target:
    """One published number: `obtain` computes it from a sample, `low` to `high` is within tolerance."""

    name: str
    source: str
    low: float
    high: float
    obtain: Callable[[Sample], float]
    presets: tuple[str, ...] = ()  # where it applies; empty: everywhere that has patients like this

    def applies_to(self, preset: str) -> bool:
        """Whether the target speaks of patients like those of a preset."""
        return preset in self.presets


def _fm_effect(sample: Sample) -> float:
    fm = sample.solved.fibromyalgia
    return float(sample.haq[fm, 0].mean() - sample.haq[~fm, 0].mean())


def _fm_on_film(sample: Sample) -> float:
    """AUROC of fibromyalgia read off the true joint states beyond age and sex: fitted on one half, judged on the other."""
    solved = sample.solved
    states = np.column_stack([values[:, 0].mean(-1) for values in solved.joints])
    known = np.column_stack([np.ones(len(solved.age)), solved.age, solved.male])
    beyond = states - known @ np.linalg.lstsq(known, states, rcond=None)[0]
    fm, even = solved.fibromyalgia, np.arange(len(beyond)) % 2 == 0
    weights = np.linalg.lstsq(beyond[even], fm[even] - fm[even].mean(), rcond=None)[0]
    return auroc(fm[~even].astype(float), beyond[~even] @ weights).value


def _damage_correlation(low: float, high: float) -> Callable[[Sample], float]:
    def correlation(sample: Sample) -> float:
        at = (sample.solved.duration >= low) & (sample.solved.duration < high)
        return float(np.corrcoef(sample.totals[at, 0].mean(-1), sample.haq[at, 0])[0, 1])

    return correlation


def _oa_share(low: float, high: float) -> Callable[[Sample], float]:
    def share(sample: Sample) -> float:
        at = (sample.solved.age >= low) & (sample.solved.age < high)
        return 100 * float(sample.has_oa()[at].mean())

    return share


def _oa_elsewhere(sample: Sample) -> float:
    sites = ("DIP", "PIP", "IP1", "CMC1", "MTP1")
    spared = [not joint.site.startswith(sites) for joint in JOINTS]
    return float(sample.solved.joints.osteophyte[:, 0][:, spared].max())


def _arm(treated: bool) -> Callable[[Sample], float]:
    return lambda sample: float(sample.change(sample.solved.treatment == treated).mean())


def _arms_differ(sample: Sample) -> float:
    active, control = (sample.change(sample.solved.treatment == arm) for arm in (True, False))
    if not len(active) or not len(control):
        raise UndefinedMetric(
            f"A trial has two arms; of the patients who came twice {len(active)} were treated and {len(control)} were not. Draw "
            "more patients, or a world with randomised_share between 0 and 1."
        )
    return float(active.mean() - control.mean())


def _within_reader(sample: Sample) -> float:
    return icc_a1(np.column_stack([sample.totals[:, 0, 0], sample.second_reading[:, 0]])).value


def _rapid(sample: Sample) -> float:
    return 100 * float((sample.change().mean(-1) >= RAPID_PROGRESSION_PER_YEAR).mean())


def _clinical_matrix(sample: Sample) -> float:
    """AUROC for rapid progression of baseline SvdH, RF, ACPA and CRP: fitted on one half, judged on the other."""
    solved = sample.solved
    came = solved.present[:, 1]
    rapid = sample.change().mean(-1) >= RAPID_PROGRESSION_PER_YEAR
    score = sample.totals[came, 0].mean(-1)
    known = np.column_stack([score, np.sqrt(score), solved.rf[came], solved.acpa[came], np.log(solved.crp[came, 0])])
    even = np.arange(len(rapid)) % 2 == 0
    model = LogisticRegression(max_iter=2000).fit(known[even], rapid[even])
    return auroc(rapid[~even].astype(float), model.predict_proba(known[~even])[:, 1]).value


_GENERAL = ("default", "no_hidden_signal", "site_shift", "scanner_shortcut")
_CLINIC = (*_GENERAL, "null")
_READ = (*_CLINIC, "established", "trial")
TARGETS: tuple[Target, ...] = (
    Target("HAQ-DI, median", "ARAMIS (n = 6,436): 1.13", 1.0, 1.25, lambda s: float(np.median(s.haq[:, 0])), _CLINIC),
    Target("HAQ-DI exactly 0, %", "ARAMIS: about 10", 7, 13, lambda s: 100 * float((s.haq[:, 0] == 0).mean()), _CLINIC),
    Target("pain VAS, mean", "RA cohorts: about 40", 36, 44, lambda s: float(s.points("pain")[:, 0].mean()), _CLINIC),
    Target("pain VAS, SD", "RA cohorts: about 25", 22, 28, lambda s: float(s.points("pain")[:, 0].std()), _CLINIC),
    # van Steenbergen et al., RMD Open 2015 (n = 626): 45 mm at baseline, a little more with inflammation (1 mm a tender
    # joint), not less where treatment slowed progression
    Target("fatigue VAS, median", "Leiden cohort (n = 626): 45", 40, 50, lambda s: float(np.median(s.points("fatigue")[:, 0])), _CLINIC),
    Target("damage-HAQ r, under 2 years", "about 0 in early RA", -0.05, 0.25, _damage_correlation(0, 2), ("default", "early")),
    Target("damage-HAQ r, 8 years and more", "0.3-0.7 after 8 years", 0.3, 0.7, _damage_correlation(8, 90), ("default", "established")),
    Target("fibromyalgia, %", "13-35 in RA", 13, 35, lambda s: 100 * float(s.solved.fibromyalgia.mean()), (*_CLINIC, "heavy_fm")),
    Target("fibromyalgia on HAQ-DI", "+0.5-0.6 (1.24 vs 0.66)", 0.5, 0.6, _fm_effect, _CLINIC),
    Target("fibromyalgia on film, AUROC", "no film signal: 0.5", 0.45, 0.55, _fm_on_film, (*_CLINIC, "heavy_fm")),
    Target("hand OA under 50 years, %", "rising with age", 0, 20, _oa_share(0, 50), _CLINIC),
    Target("hand OA at 70 and more, %", "rising with age", 45, 95, _oa_share(70, 120), _CLINIC),
    Target("osteophytes outside DIP PIP IP1 CMC1 MTP1", "none", 0, 0, _oa_elsewhere, _CLINIC),
    Target("SvdH at baseline, mean", "trials: 5-68", 5, 68, lambda s: float(s.totals[:, 0].mean()), (*_CLINIC, "trial")),
    Target("SvdH change a year, mean", "ESPOIR: 1.7", 1.4, 2.0, lambda s: float(s.change().mean()), ("default", "high_risk", "null")),
    Target("SvdH change a year, SD", "ESPOIR: 5.0", 4.2, 5.8, lambda s: float(s.change().mean(-1).std()), ("default", "high_risk", "null")),
    Target("rapid progression, %", "ESPOIR: 12", 9, 15, _rapid, ("default", "high_risk")),
    Target("clinical matrix for progression, AUROC", "matrices: 0.70-0.76", 0.66, 0.80, _clinical_matrix, ("default", "high_risk")),
    Target("change a year, control arm", "trials: 0.1-2.2", 0.1, 2.2, _arm(False), ("trial",)),
    Target("change a year, active minus control", "active arms below control", -2.0, -0.2, _arms_differ, ("trial",)),
    Target("ICC(2,1) between readers", "Bird 2022: 0.90", 0.88, 0.92, lambda s: icc_a1(s.totals[:, 0, :2]).value, _READ),
    Target("ICC(2,1) within a reader", "Bird 2022: 0.96-0.99", 0.95, 0.99, _within_reader, _READ),
    Target("smallest detectable change", "15 trials: 3.0 +- 0.7", 2.0, 4.0, lambda s: smallest_detectable_change(s.change()), _READ),
)  # fmt: skip


CHECK_PATIENTS = 8000


def check_world(world: World, preset: str, *, patients: int = CHECK_PATIENTS, seed: int = 0) -> pd.DataFrame:
    """Compares a world with the published numbers that apply to its preset.

    Args:
        world: The world.
        preset: Name of the preset that it comes from; it decides which targets apply.
        patients: Patients to solve; 8000 leave a Monte Carlo error well below the tolerances.
        seed: Seed of the noise.

    Returns:
        One row per target: target, source, lowest, highest, obtained, within. `obtained` is NaN, and `within` False, where
        the world cannot be asked, as agreement between readers where there is one.
    """
    sample = draw_sample(world, patients, seed)
    rows = []
    for target in TARGETS:
        if target.applies_to(preset):
            try:
                value = target.obtain(sample)
            except UndefinedMetric:
                value = np.nan  # one reader, one class: the target cannot be asked of this world
            rows.append(
                (target.name, target.source, target.low, target.high, value, target.low <= value <= target.high)
            )
    return pd.DataFrame(rows, columns=["target", "source", "lowest", "highest", "obtained", "within"])


def calibration_text(table: pd.DataFrame) -> str:
    """The table of `check_world` as text for a terminal."""
    lines = [f"{'target':<42} {'source':<34} {'tolerance':>14} {'obtained':>9}  within"]
    for row in table.itertuples():
        tolerance = f"{row.lowest:g} to {row.highest:g}"
        lines.append(
            f"{row.target:<42} {row.source:<34} {tolerance:>14} {row.obtained:>9.3g}  {'yes' if row.within else 'NO'}"
        )
    return "\n".join(lines)
