"""Simulated hand and foot radiographs: the same anatomy at every visit, changed only by its lesions."""

from outcomenet.simulation.rendering.amputations import present_joints
from outcomenet.simulation.rendering.limb_anatomy import LimbAnatomy, draw_anatomy, noise_seeds, of_side, select
from outcomenet.simulation.rendering.posing import FilmPose, draw_pose
from outcomenet.simulation.rendering.rendered_crops import render_crops
from outcomenet.simulation.rendering.rendered_films import render_films
from outcomenet.simulation.rendering.scanners import Scanner

__all__ = [
    "FilmPose",
    "LimbAnatomy",
    "Scanner",
    "draw_anatomy",
    "draw_pose",
    "noise_seeds",
    "of_side",
    "present_joints",
    "render_crops",
    "render_films",
    "select",
]
