"""X-ray systems: sharpness, noise, tone curve, marker and collimation, between the beam and the stored pixels."""

from __future__ import annotations

from dataclasses import dataclass

from outcomenet.errors import UsageError

# Attenuation (dimensionless, soft tissue and bone together) that maps to the top of an average tone curve.
REFERENCE_ATTENUATION = 2.1
MAXIMUM = 4095  # 12 bits
# The tone curve's shoulder is (1 - exp(-k s)) / (1 - exp(-k)).
SHOULDER = 1.8


@dataclass(frozen=True)
class Scanner:
    """One X-ray system: pixel value = 4095 (fog + contrast shoulder((attenuation / 2.1)^gamma)), more bone is brighter.

    See `REFERENCE_ATTENUATION` and `SHOULDER`; the tone curve is capped at 4095. Attenuation is that of Beer and
    Lambert, as counted by the detector; before the tone curve the processing evens out soft tissue (`equalisation`).
    """

    name: str = "reference"
    spacing_mm: float = 0.2
    blur_mm: float = 0.12  # half width of the edge response in the limb
    noise: float = 0.012  # SD of attenuation in one 0.2 mm pixel in air; grows with exp(attenuation / 2) (quanta)
    gamma: float = 1.45
    contrast: float = 0.9
    fog: float = 0.1
    equalisation: float = 0.8  # by the processing: soft tissue s is shown as s / (1 + equalisation s)
    marker: bool = True  # a lead L or R on the film
    collimation_mm: float = 0.0  # unexposed border

    def __post_init__(self) -> None:
        for field in ("spacing_mm", "blur_mm", "gamma", "contrast"):
            if not getattr(self, field) > 0:
                raise UsageError(f"Scanner {self.name}: {field} must be above 0, got {getattr(self, field)}.")
        for field in ("noise", "fog", "equalisation", "collimation_mm"):
            if not getattr(self, field) >= 0:
                raise UsageError(f"Scanner {self.name}: {field} must not be negative, got {getattr(self, field)}.")

    def response(self, noise_factor: float = 1.0) -> tuple[float, ...]:
        """The numbers that the tile kernel needs: blur, noise SD, gamma, contrast, fog, equalisation."""
        return self.blur_mm, self.noise * noise_factor, self.gamma, self.contrast, self.fog, self.equalisation
