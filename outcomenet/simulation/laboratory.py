"""A simulated world in memory: patients and their films under any intervention, without writing a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from outcomenet.anatomy import Side
from outcomenet.arrays import Int, UInt16
from outcomenet.localization.geometry import CropGeometry
from outcomenet.simulation.causal import Patients, solve
from outcomenet.simulation.ceilings import noise_ceilings
from outcomenet.simulation.exogenous import Exogenous, draw_exogenous
from outcomenet.simulation.film_files import Archive, archives_of, draw_limbs, film_noise_seed
from outcomenet.simulation.rendering import render_crops, render_films, select
from outcomenet.simulation.world import World


@dataclass(frozen=True)
class Laboratory:
    """Patients of a world, with all planned visits, whether or not they took place.

    `patients` is how many, the first ones of the world, or the indices of those that are wanted: patient P00007 has
    index 6 (`causal.patient_index`) and is the same alone as among all others.

    >>> usual = Laboratory(World(), seed=1, patients=20)
    >>> without = usual.do(oa=0)  # the same twenty people, and none has osteoarthritis
    >>> bool((without.solved.joints.osteophyte == 0).all())
    True
    """

    world: World
    seed: int
    patients: int | tuple[int, ...]

    @property
    def indices(self) -> Sequence[int]:
        """Indices of the patients in the world."""
        return range(self.patients) if isinstance(self.patients, int) else self.patients

    def do(self, **values: object) -> Laboratory:
        """The same patients with the same noise under an intervention, see `World.do`."""
        return Laboratory(self.world.do(**values), self.seed, self.patients)

    @cached_property
    def noise(self) -> Exogenous:
        """All randomness of the patients, the same under any intervention."""
        return draw_exogenous(self.seed, self.indices, self.world.visits, len(self.world.readers))

    @cached_property
    def solved(self) -> Patients:
        """What happened to the patients under this world's interventions."""
        return solve(self.world, self.noise, self.indices)

    def ceilings(self) -> dict[str, dict[str, float]]:
        """Best possible R2, see `ceilings.noise_ceilings`; wants a thousand patients or more."""
        return noise_ceilings(self.world, self.solved)

    def crops(self, geometry: CropGeometry) -> UInt16[np.ndarray, "patient visit joint height width"]:
        """12-bit joint crops of every planned visit."""
        patients, visits = len(self.indices), self.world.visits
        who, when = np.repeat(np.arange(patients), visits), np.tile(np.arange(visits), patients)
        drawn = self.crops_of(who, when, geometry)
        return drawn.reshape(patients, visits, *drawn.shape[1:])

    def crops_of(
        self, who: Int[np.ndarray, "visit"], when: Int[np.ndarray, "visit"], geometry: CropGeometry
    ) -> UInt16[np.ndarray, "visit joint height width"]:
        """12-bit joint crops of some visits.

        Args:
            who: Places of the patients in `indices`, one per visit drawn.
            when: Each one's number of the planned visit, from 0.
            geometry: Size and scale of the crops.
        """
        anatomy, pose = draw_limbs(self.seed, self.indices, self.solved.male, self.world.visits, self.world.appearance)
        scanners = [self._archive(patient).scanner for patient in who]
        seeds = np.array([self._noise_seed(*at) for at in zip(who, when, strict=True)], np.uint32)
        return render_crops(
            select(self.solved.joints, (who, when)), select(anatomy, who), select(pose, (who, when)), scanners, geometry, seeds
        )  # fmt: skip

    def film(
        self, patient: int, visit: int, side: Side
    ) -> tuple[UInt16[np.ndarray, "height width"], dict[str, tuple[float, float]]]:
        """One whole 12-bit film before its archive turns or labels it.

        Args:
            patient: Place in `indices`.
            visit: Number of the planned visit, from 0.
            side: Limb.

        Returns:
            (pixels, landmarks in pixels from the top left corner by name).
        """
        anatomy, pose = draw_limbs(
            self.seed,
            self.indices[patient : patient + 1],
            self.solved.male[patient : patient + 1],
            self.world.visits,
            self.world.appearance,
        )
        pixels, landmarks = render_films(
            select(self.solved.joints, ([patient], [visit])),
            anatomy,
            select(pose, ([0], [visit], list(Side).index(side))),
            self._archive(patient).scanner,
            side,
            np.array([self._noise_seed(patient, visit) + list(Side).index(side)], np.uint32),
        )
        return pixels[0], landmarks[0]

    def _archive(self, patient: int) -> Archive:
        return archives_of(self.world)[self.world.sites[self.solved.site[patient]]]

    def _noise_seed(self, patient: int, visit: int) -> int:
        return film_noise_seed(self.seed, self.solved.ids[patient], f"V{visit}")
