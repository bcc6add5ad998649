"""Ways in which one film comes twice into a cohort: each gives pixels and landmarks of the copy."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

Landmarks = dict[str, tuple[float, float]]
Copy = Callable[[np.ndarray, Landmarks], tuple[np.ndarray, Landmarks]]


def _mirrored(pixels: np.ndarray, landmarks: Landmarks) -> tuple[np.ndarray, Landmarks]:
    width = pixels.shape[1]
    return pixels[:, ::-1].copy(), {name: (width - x, y) for name, (x, y) in landmarks.items()}


def _upside_down(pixels: np.ndarray, landmarks: Landmarks) -> tuple[np.ndarray, Landmarks]:
    height, width = pixels.shape
    return pixels[::-1, ::-1].copy(), {name: (width - x, height - y) for name, (x, y) in landmarks.items()}


def _turned(degrees: float) -> Copy:
    def turned(pixels: np.ndarray, landmarks: Landmarks) -> tuple[np.ndarray, Landmarks]:
        height, width = pixels.shape
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        places = {name: matrix @ np.array([x, y, 1.0]) for name, (x, y) in landmarks.items()}
        return cv2.warpAffine(pixels, matrix, (width, height)), {
            n: (float(x), float(y)) for n, (x, y) in places.items()
        }

    return turned


def _padded(pixels: np.ndarray, landmarks: Landmarks) -> tuple[np.ndarray, Landmarks]:
    edge = pixels.shape[1] // 10
    padded = cv2.copyMakeBorder(pixels, *[edge] * 4, cv2.BORDER_CONSTANT, value=0)
    return padded, {name: (x + edge, y + edge) for name, (x, y) in landmarks.items()}


def _cut(pixels: np.ndarray, landmarks: Landmarks) -> tuple[np.ndarray, Landmarks]:
    height, width = pixels.shape
    top, left = round(0.08 * height), round(0.08 * width)
    part = pixels[top : height - top, left : width - left].copy()
    inside = {
        name: (x - left, y - top)
        for name, (x, y) in landmarks.items()
        if 0 <= x - left <= part.shape[1] and 0 <= y - top <= part.shape[0]
    }
    return part, inside


def _resized(pixels: np.ndarray, landmarks: Landmarks) -> tuple[np.ndarray, Landmarks]:
    small = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return small, {name: (x / 2, y / 2) for name, (x, y) in landmarks.items()}


def _jpeg(pixels: np.ndarray, landmarks: Landmarks) -> tuple[np.ndarray, Landmarks]:
    packed = cv2.imencode(".jpg", (pixels >> 8).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 60])[1]
    return cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE).astype(np.uint16) * 257, landmarks


def _darker(pixels: np.ndarray, landmarks: Landmarks) -> tuple[np.ndarray, Landmarks]:
    return ((pixels / 65_535.0) ** 1.5 * 65_535).astype(np.uint16), landmarks


def _one_after_the_other(*copies: Copy) -> Copy:
    def all_of_them(pixels: np.ndarray, landmarks: Landmarks) -> tuple[np.ndarray, Landmarks]:
        for copy in copies:
            pixels, landmarks = copy(pixels, landmarks)
        return pixels, landmarks

    return all_of_them


COPIES: dict[str, Copy] = {
    "as it is": lambda pixels, landmarks: (pixels, landmarks),
    "mirrored": _mirrored,
    "upside down": _upside_down,
    "turned by 3 degrees": _turned(3),
    "turned by -8 degrees": _turned(-8),
    "padded": _padded,
    "cut by 8 %": _cut,
    "half as large": _resized,
    "JPEG": _jpeg,
    "darker": _darker,
    "half as large, JPEG": _one_after_the_other(_resized, _jpeg),
    "mirrored, turned, half as large, JPEG": _one_after_the_other(_mirrored, _turned(4), _resized, _jpeg),
}
