"""A tile leaves out only shapes that add nothing to it, so that no bit depends on what was left out."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from outcomenet.anatomy import JOINT_NAMES, Side
from outcomenet.simulation.rendering import Scanner, draw_anatomy, draw_pose, of_side, select, tiles
from outcomenet.simulation.rendering.posed import posed_limb
from outcomenet.simulation.rendering.rendered_films import film_tiles
from outcomenet.simulation.rendering.shapes import LimbShapes
from outcomenet.simulation.rendering.tiles import tile_attenuation
from outcomenet.simulation.states import JointStates

BLURRED = Scanner(blur_mm=0.35, spacing_mm=0.15)


def random_states(seed: int) -> JointStates:
    """Every lesion somewhere, from none to complete; a few joints replaced, none amputated."""
    rng = np.random.default_rng(seed)
    arrays = {name: np.clip(rng.uniform(-0.5, 1.3, (1, len(JOINT_NAMES))), 0.0, 1.0) for name in JointStates._fields}
    arrays["prosthesis"] = (rng.random((1, len(JOINT_NAMES))) < 0.2) * 1.0
    arrays["amputated"] = np.zeros((1, len(JOINT_NAMES)))
    return JointStates(**arrays)


def attenuation(side: Side, seed: int) -> tuple[np.ndarray, np.ndarray]:
    anatomy = draw_anatomy([np.random.default_rng(seed)], np.array([seed % 2 == 0]))
    pose = select(draw_pose([np.random.default_rng(seed + 1)], 1), ([0], [0], list(Side).index(side)))
    limb = posed_limb(random_states(seed), of_side(anatomy, side), pose, side)
    return tile_attenuation(film_tiles(limb.placement, side, BLURRED, np.zeros(1, np.uint32)), limb.shapes)


@pytest.fixture
def everything_near(monkeypatch):
    """Every tile evaluates every shape."""

    def all_of(table, boxes):
        return jnp.ones((len(boxes.film), table.shape[1]), bool)

    kinds = LimbShapes(*(kind._replace(near=all_of) for kind in tiles.KINDS))

    def use() -> None:
        monkeypatch.setattr(tiles, "KINDS", kinds)
        tiles._compiled.cache_clear()

    yield use
    monkeypatch.undo()
    tiles._compiled.cache_clear()


def test_leaving_out_far_shapes_changes_no_bit(everything_near):
    cases = [(side, seed) for side in (Side.LEFT_HAND, Side.RIGHT_FOOT) for seed in range(3)]
    culled = [attenuation(*case) for case in cases]
    everything_near()
    for case, (soft, bone) in zip(cases, culled, strict=True):
        all_soft, all_bone = attenuation(*case)
        assert np.array_equal(soft, all_soft), case
        assert np.array_equal(bone, all_bone), case


def test_the_bounds_are_tight():
    limb = posed_limb(
        JointStates(*(np.zeros((1, len(JOINT_NAMES))) for _ in JointStates._fields)),
        of_side(draw_anatomy([np.random.default_rng(0)], np.array([False])), Side.LEFT_HAND),
        select(draw_pose([np.random.default_rng(1)], 1), ([0], [0], 0)),
        Side.LEFT_HAND,
    )
    placed = film_tiles(limb.placement, Side.LEFT_HAND, Scanner(), np.zeros(1, np.uint32))
    half = 0.5 * (tiles.TILE - 1)
    right, down = half * placed.right, half * placed.down
    boxes = tiles.TileBoxes(placed.film, placed.origin + right + down, right, down, placed.response[:, 0])
    near = [kind.near(jnp.asarray(shapes), boxes) for kind, shapes in zip(tiles.KINDS, limb.shapes, strict=True)]
    _, bone = tile_attenuation(placed, limb.shapes)
    with_bone = (bone > 0).any((1, 2)).sum()
    # tiles with bone hold 1.3 bones on average: joints, and carpal bones that overlap
    assert with_bone < near[0].sum() + near[1].sum() < 1.8 * with_bone
