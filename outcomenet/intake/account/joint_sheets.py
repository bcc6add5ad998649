"""Contact sheets of crops, one per joint, to see at a glance whether every crop shows the joint that it should."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from outcomenet.anatomy import JOINTS
from outcomenet.arrays import Bool, UInt16
from outcomenet.csv_files import write_csv
from outcomenet.pages.contact_sheet import TILE_PX, tiled
from outcomenet.picture_files import write_png

JOINT_SHEETS = "joint_sheets"
TILES = 60  # per joint


class JointSheets:
    """Collects crops of visits spread evenly over the data set; holds 8-bit tiles, at most `TILES` per kind of joint."""

    def __init__(self, visits: int):
        self._every = max(1, visits // (TILES // 2))  # a visit has a left and a right joint of a kind
        self._seen = 0
        self._tiles: dict[str, list[np.ndarray]] = defaultdict(list)
        self._rows: list[tuple[str, int, str, str, str]] = []

    def offer(
        self,
        patient_id: str,
        visit_id: str,
        crops: UInt16[np.ndarray, "joint height width"],
        present: Bool[np.ndarray, "joint"],
    ) -> None:
        """Takes a visit's crops if it is its turn. Grey levels of a visit are stretched together.

        Args:
            patient_id: Whose crops they are.
            visit_id: Of which visit.
            crops: Grey levels, 16 bits.
            present: Joints that have a crop.
        """
        self._seen += 1
        if (self._seen - 1) % self._every:
            return
        # as on the contact sheets of a run: joints of a visit can be compared
        low, high = np.percentile(crops[present], (1, 99.7))
        for place in np.flatnonzero(present):
            joint = JOINTS[place]
            tiles = self._tiles[joint.kind]
            if len(tiles) == TILES:
                continue
            grey = np.clip((crops[place].astype(np.float32) - low) / max(high - low, 1) * 255, 0, 255).astype(np.uint8)
            tile = cv2.resize(grey, (TILE_PX, TILE_PX), interpolation=cv2.INTER_CUBIC)
            number = len(tiles) + 1
            cv2.putText(tile, f"{number} {joint.side}", (3, 11), cv2.FONT_HERSHEY_SIMPLEX, 0.32, 255, 1, cv2.LINE_AA)
            tiles.append(tile)
            self._rows.append((joint.kind, number, str(joint.side), patient_id, visit_id))

    def write(self, folder: Path) -> None:
        """Writes joint_sheets/<kind>.png, and index.csv that says whose joint each tile is; nothing where no crop was offered."""
        if not self._tiles:
            return
        (folder / JOINT_SHEETS).mkdir()
        for kind, tiles in self._tiles.items():
            write_png(folder / JOINT_SHEETS / f"{kind}.png", tiled(tiles, 10))
        index = pd.DataFrame(self._rows, columns=["joint", "tile", "side", "patient_id", "visit_id"])
        write_csv(index.sort_values(["joint", "tile"]), folder / JOINT_SHEETS / "index.csv")
