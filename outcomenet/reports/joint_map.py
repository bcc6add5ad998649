"""Map of the joint contributions on a schematic of both hands and both feet."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.patches import Circle, Polygon
from matplotlib.ticker import MaxNLocator

from outcomenet.anatomy import JOINTS, Joint, Region, Side
from outcomenet.pages.figures import Drawing, Layout
from outcomenet.reports import schematic
from outcomenet.reports.numbers import decimal, listed
from outcomenet.reports.rows import JointContribution
from outcomenet.typed_rows import typed_rows

# Where each limb's origin stands on the panel, in mm: left limbs on the left, thumbs and big toes towards the middle.
PLACES: dict[Side, tuple[float, float]] = {
    Side.LEFT_HAND: (-98.0, 0.0),
    Side.RIGHT_HAND: (98.0, 0.0),
    Side.LEFT_FOOT: (-52.0, -196.0),
    Side.RIGHT_FOOT: (52.0, -196.0),
}
_LABELS = {
    Side.LEFT_HAND: (-112.0, 214.0, "Left hand"),
    Side.RIGHT_HAND: (112.0, 214.0, "Right hand"),
    Side.LEFT_FOOT: (-128.0, -118.0, "Left foot"),
    Side.RIGHT_FOOT: (128.0, -118.0, "Right foot"),
}
_SKIN, _BONE = "#f1ece6", "#d9d2c8"
_LARGEST_DOT_MM, _SMALLEST_DOT_MM = 7.6, 1.8

# Pale to dark in one hue, and blue through pale to orange: both told apart with colour-vision deficiency, in print too.
_SPREAD = LinearSegmentedColormap.from_list("spread", ["#f6d9c4", "#e8793a", "#8a2f00", "#4a1600"])
_SIGNED = LinearSegmentedColormap.from_list("signed", ["#08427a", "#4a90c4", "#f2f2f2", "#e8793a", "#8a2f00"])


# Parts of a joint's contribution, with the titles of their panels.
_PARTS = {"damage": "Damage", "activity": "Activity", "oa": "Osteoarthritis"}


def joint_contributions(biomarkers: pd.DataFrame, part: str = "") -> pd.DataFrame:
    """Mean and SD over held-out patients of each joint's contribution to the RA score, on its outcome's latent scale.

    A patient counts once, with the mean over the visits on which the joint was seen.

    Args:
        biomarkers: the biomarker table.
        part: of the contribution, damage, activity or oa; "": the whole.

    Returns:
        Columns joint, side, site, patients, mean, sd; mean is missing where no patient's joint was seen, sd where fewer than two.
    """
    held_out = biomarkers[biomarkers["split"] == "test"]
    columns = [f"{part}_joint_{joint.name}" if part else f"joint_{joint.name}" for joint in JOINTS]
    # a patient with many visits would otherwise weigh more than one with few
    by_patient = held_out.groupby("patient_id")[columns].mean()
    return pd.DataFrame(
        {
            "joint": [joint.name for joint in JOINTS],
            "side": [str(joint.side) for joint in JOINTS],
            "site": [joint.site for joint in JOINTS],
            "patients": by_patient.notna().sum().to_numpy(),
            "mean": by_patient.mean().to_numpy(),
            "sd": by_patient.std(ddof=1).to_numpy(),
        }
    )


def joint_map_figure(
    contributions: pd.DataFrame, outcome_title: str, *, layout: Layout = Layout.PAGE
) -> Drawing | None:
    """Two panels: the SD and the mean of each joint's contribution to the score of an outcome; None where no joint was seen in two patients.

    Args:
        contributions: what `joint_contributions` gives.
        outcome_title: title of the outcome that the score is of.
        layout: page or phone.
    """
    if not contributions["sd"].notna().any():
        return None
    figure, (spread, mean) = layout.panels(2, 6.6 if layout is Layout.PAGE else 4.9, width=10.4)
    largest = float(contributions["sd"].max()) or 1.0
    _panel(spread, contributions, "sd", _SPREAD, Normalize(0.0, largest), "latent units")
    spread.set_title("Differs between patients (SD)")
    limit = float(contributions["mean"].abs().max()) or 1.0
    _panel(mean, contributions, "mean", _SIGNED, Normalize(-limit, limit), "latent units")
    mean.set_title("On average (mean)")
    strongest = contributions.nlargest(5, "sd")
    words = [
        f"{joint_phrase(row.side, row.site)} ({decimal(row.sd, 3)})" for row in typed_rows(strongest, JointContribution)
    ]
    return Drawing(
        "joint_map",
        figure,
        contributions,
        f"Contribution of each joint to the measure over held-out patients, on the latent scale of {outcome_title}, "
        "before it is bent to the outcome’s limits. Left: how much it differs between patients (SD); right: its average, "
        "orange raising and blue lowering the predicted outcome. Dots are larger and stronger in colour the larger the "
        "number; a small cross marks a joint that was not seen. Hands and feet are seen from above, as their owner "
        "sees them.",
        f"Schematic of both hands and feet. Joints that differ most between patients: {listed(words)}.",
    )


def joint_parts_figure(biomarkers: pd.DataFrame, outcome_title: str, *, layout: Layout = Layout.PAGE) -> Drawing | None:
    """A panel for each part of the contributions, by one scale of colour and size; None where the score has no parts.

    Args:
        biomarkers: the biomarker table.
        outcome_title: title of the outcome that the score is of.
        layout: page or phone.
    """
    if not any(str(name).startswith("damage_joint_") for name in biomarkers):
        return None
    tables = {part: joint_contributions(biomarkers, part) for part in _PARTS}
    table = pd.concat([frame.assign(part=part) for part, frame in tables.items()], ignore_index=True)
    if not table["sd"].notna().any():
        return None
    figure, axes = layout.panels(len(_PARTS), 5.2 if layout is Layout.PAGE else 4.9, width=12.0)
    # one scale for all: which part tells patients apart, and at which joints, is what the figure is for
    largest = float(table["sd"].max()) or 1.0
    for axis, (part, title) in zip(axes, _PARTS.items(), strict=True):
        _panel(axis, tables[part], "sd", _SPREAD, Normalize(0.0, largest), f"SD, logits of {outcome_title}", largest)
        axis.set_title(title)
    spread = table.groupby("part")["sd"].max()
    words = [f"{_PARTS[part].lower()} {decimal(float(spread[part]), 3)}" for part in _PARTS]
    return Drawing(
        "joint_parts",
        figure,
        table,
        "How much each part of a joint’s contribution differs between held-out patients (SD, in logits of the latent scale of "
        f"{outcome_title}): what lasts (bone and cartilage lost), what comes and goes (swelling, osteopenia, cortical breaks), and "
        "what osteoarthritis adds, which is no part of the measure where osteoarthritis is held fixed. All panels have "
        "one scale, so that a pale panel is a part that hardly tells patients apart.",
        f"Schematic of both hands and feet for each part. Largest SD of a joint: {listed(words)}.",
    )


def joint_sentence(contributions: pd.DataFrame, outcome_title: str) -> str:
    """The joints that tell patients apart most, and the share of the end joints, in words.

    Args:
        contributions: what `joint_contributions` gives.
        outcome_title: title of the outcome that the score is of.

    Returns:
        "" where no joint was seen in two patients.
    """
    seen = contributions[contributions["sd"].notna()]
    if seen.empty:
        return ""
    first = [
        f"{joint_phrase(row.side, row.site)} ({decimal(row.sd, 3)})"
        for row in typed_rows(seen.nlargest(5, "sd"), JointContribution)
    ]
    variance = (seen["sd"] ** 2).sum()
    end_joints = (seen.loc[seen["site"].str.startswith("DIP"), "sd"] ** 2).sum()
    unseen = len(contributions) - len(seen)
    sentences = [
        f"The joints whose contribution differs most between patients (SD on the latent scale of {outcome_title}) are "
        f"{listed(first)}."
    ]
    if variance > 0:
        sentences.append(
            f"The finger end joints (DIP), which no rheumatoid score reads, hold {_percent(end_joints / variance)} of "
            "the summed variance; a large share would suggest that osteoarthritis is being taken for rheumatoid damage."
        )
    if unseen:
        sentences.append(f"Of the {len(contributions)} joints, {unseen} could not be seen in two patients or more.")
    return " ".join(sentences)


def _percent(share: float) -> str:
    return "less than 1 %" if share < 0.01 else f"{100 * share:.0f} %"


def joint_phrase(side: str, site: str) -> str:
    """`left MCP2`, and `right foot IP1` where a hand has a joint of that name too.

    Args:
        side: LH, RH, LF or RF.
        site: such as MCP2.
    """
    joint = Joint(Side(side), site)
    where = "left" if joint.side.laterality == "L" else "right"
    if site == "IP1":
        return f"{where} {'thumb' if joint.side.region is Region.HAND else 'big toe'} IP"
    return f"{where} {site}"


def _panel(
    axis: Axes,
    contributions: pd.DataFrame,
    value: str,
    colours: Colormap,
    scale: Normalize,
    unit: str,
    largest: float | None = None,
) -> None:
    """Draws both hands and feet with a dot for each joint; the largest dot is that of `largest`, or of the panel's largest number."""
    for side in Side:
        _limb(axis, side)
        x, y, label = _LABELS[side]
        axis.text(x, y, label, ha="center", va="center", fontsize=10, color="#333333")
    size = largest or float(contributions[value].abs().max()) or 1.0
    for row in typed_rows(contributions, JointContribution):
        side = Side(row.side)
        x, y = np.add(schematic.joint_position(side, row.site), PLACES[side])
        number = row.sd if value == "sd" else row.mean
        if not np.isfinite(number):
            axis.plot(x, y, "x", color="#666666", markersize=4, markeredgewidth=0.9, zorder=6)
            continue
        radius = _SMALLEST_DOT_MM + (_LARGEST_DOT_MM - _SMALLEST_DOT_MM) * np.sqrt(abs(number) / size)
        axis.add_patch(
            Circle((x, y), radius, facecolor=colours(scale(number)), edgecolor="#3a3a3a", linewidth=0.6, zorder=5)
        )
    axis.set_xlim(-192, 192)
    axis.set_ylim(-246, 226)
    axis.set_aspect("equal")
    axis.axis("off")
    bar = axis.figure.colorbar(
        ScalarMappable(scale, colours),
        ax=axis,
        orientation="horizontal",
        fraction=0.035,
        pad=0.01,
        aspect=34,
        shrink=0.7,
    )
    bar.outline.set_visible(False)
    bar.set_label(unit)
    bar.locator = MaxNLocator(5)
    bar.update_ticks()


def _limb(axis: Axes, side: Side) -> None:
    """Soft tissue, then bones, in flat paper colours."""
    place = np.asarray(PLACES[side])
    points = {name: np.add(point, place) for name, point in schematic.points_of(side).items()}
    hand = side.region is Region.HAND
    outline = schematic.PALM if hand else schematic.MIDFOOT
    bones = schematic.HAND_BONES if hand else schematic.FOOT_BONES
    _fill(axis, np.array([np.add(schematic.mirrored(point, side), place) for point in outline]), _SKIN, 1)
    for distal, proximal, _ in bones:
        ray = distal[-1] if distal[-1].isdigit() else ""
        if ray:
            width = schematic.SLEEVES[side.region][ray]
            _fill(axis, _capsule(points[distal], points[proximal], width, width), _SKIN, 1)
    for centre, radius in schematic.CARPALS if hand else schematic.TARSALS:
        axis.add_patch(
            Circle(_xy(np.add(schematic.mirrored(centre, side), place)), radius, color=_BONE, linewidth=0, zorder=2)
        )
    for distal, proximal, width in bones:
        _bone(axis, points[distal], points[proximal], width)


def _bone(axis: Axes, distal: np.ndarray, proximal: np.ndarray, width: float) -> None:
    """A shaft narrower than its two rounded ends, short of both joints so that a gap remains."""
    along = (proximal - distal) / np.linalg.norm(proximal - distal)
    start, end = distal + along * (width * 0.55 + 1.2), proximal - along * (width * 0.55 + 1.2)
    _fill(axis, _capsule(start, end, 0.55 * width, 0.6 * width), _BONE, 2)
    for centre, radius in ((start, 0.85 * width), (end, width)):
        axis.add_patch(Circle(_xy(centre), radius * 0.85, color=_BONE, linewidth=0, zorder=2))


def _capsule(start: np.ndarray, end: np.ndarray, first: float, second: float) -> np.ndarray:
    """Outline of a stroke with round ends of half width `first` at `start` and `second` at `end`."""
    angle = np.arctan2(end[1] - start[1], end[0] - start[0])
    around = np.linspace(np.pi / 2, 3 * np.pi / 2, 19) + angle
    head = start + first * np.column_stack([np.cos(around), np.sin(around)])
    tail = end + second * np.column_stack([np.cos(around + np.pi), np.sin(around + np.pi)])
    return np.vstack([head, tail])


def _fill(axis: Axes, outline: np.ndarray, colour: str, level: int) -> None:
    axis.add_patch(Polygon(outline, closed=True, facecolor=colour, edgecolor=colour, linewidth=0.4, zorder=level))


def _xy(point: np.ndarray) -> tuple[float, float]:
    return float(point[0]), float(point[1])
