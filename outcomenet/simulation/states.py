"""Latent state of every joint: the causal model writes it, films and readers show it.

Every state is a share from 0 (healthy) to 1 (worst), on the joint axis of `anatomy.JOINTS`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcomenet.arrays import Float


class JointStates(NamedTuple):
    """Latent states of the joints of one or more visits; the last axis of each array is the joint axis."""

    erosion: Float[np.ndarray, "*visit joint"]  # share of the joint's bone surface lost to rheumatoid erosion
    narrowing: Float[np.ndarray, "*visit joint"]  # share of cartilage lost to rheumatoid arthritis
    swelling: Float[np.ndarray, "*visit joint"]  # synovitis, seen as fusiform soft-tissue swelling; no scheme scores it
    osteopenia: Float[np.ndarray, "*visit joint"]  # periarticular loss of bone mineral; no scheme scores it
    micro_erosion: Float[np.ndarray, "*visit joint"]  # cortical breaks too small for a reader
    osteophyte: Float[np.ndarray, "*visit joint"]  # osteoarthritis: marginal new bone
    oa_narrowing: Float[np.ndarray, "*visit joint"]  # share of cartilage lost to osteoarthritis
    sclerosis: Float[np.ndarray, "*visit joint"]  # osteoarthritis: dense subchondral bone
    subluxation: Float[np.ndarray, "*visit joint"]  # share of the joint surface displaced; 1 = complete luxation
    ankylosis: Float[np.ndarray, "*visit joint"]  # share of the joint bridged by bone; 1 = fused
    prosthesis: Float[np.ndarray, "*visit joint"]  # 1 where the joint was replaced by an implant, else 0
    amputated: Float[np.ndarray, "*visit joint"]  # 1 where the joint is no longer there, else 0

    @property
    def joint_space(self) -> Float[np.ndarray, "*visit joint"]:
        """Share of cartilage left, 1 to 0: rheumatoid and osteoarthritic loss act one on what the other leaves."""
        return (1.0 - self.narrowing) * (1.0 - self.oa_narrowing)
