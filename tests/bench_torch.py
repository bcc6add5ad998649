"""Speed of the shipped encoder beside the same network in PyTorch, on the same weights: `python -m tests.bench_torch`.

PyTorch is in the extra `outcomenet[bench]` alone. Both take turns on as many threads as the process may have cores, and the fastest
of several calls counts, since other work on the machine comes and goes; CPU time is told beside the clock's. On a busy machine
`taskset -c 0` gives each one thread: PyTorch's threads wait for each other by spinning, which counts as work.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from flax.traverse_util import flatten_dict

from outcomenet.anatomy import JOINT_COUNT, JOINT_KIND_INDEX
from outcomenet.models.encoders.cnn import CnnEncoder
from outcomenet.models.encoders.encoder import SIDE_INDEX
from outcomenet.models.joint_weights import load_joint_weights

VISITS, TURNS = 2, 8
LARGEST_GAP = 1e-3  # of embeddings, whose layer norm gives them an SD of about 1


class Fastest(NamedTuple):
    """The least seconds of a call, on the clock and of CPU."""

    wall: float
    cpu: float  # of all threads


def bench_torch() -> None:
    """Crops per second of forward, and of forward and backward, by both; one line where PyTorch is not installed."""
    if find_spec("torch") is None:
        print('encoder beside PyTorch: not measured, PyTorch is missing; pip install "outcomenet[bench]"')
        return
    encoder, size = shipped_encoder()
    crops = np.random.default_rng(0).normal(size=(VISITS, JOINT_COUNT, size, size)).astype(np.float32)
    ours, theirs = of_jax(encoder, crops), of_torch(encoder, crops)
    gap = float(np.abs(np.asarray(ours["forward"]()) - theirs["forward"]().detach().numpy()).max())
    assert gap < LARGEST_GAP, f"The two networks' embeddings differ by up to {gap:.1e}."
    print(f"encoder, {size} px, {VISITS * JOINT_COUNT} crops a call: embeddings of both differ by at most {gap:.1e}")
    for name in ours:
        times = in_turns([ours[name], theirs[name]])
        (mine, other), count = times, VISITS * JOINT_COUNT
        print(
            f"encoder {name}, speed over PyTorch's: {other.wall / mine.wall:.2f} on the clock, {other.cpu / mine.cpu:.2f} by CPU; "
            f"{count / mine.wall:.0f} and {count / other.wall:.0f} crops/s, {count / mine.cpu:.0f} and {count / other.cpu:.0f} a "
            "second of CPU",
            flush=True,
        )
    print("  limited by: XLA's gradients of convolutions on CPUs")


def shipped_encoder() -> tuple[CnnEncoder, int]:
    """The encoder that comes with outcomenet, with its weights, and its crops' pixels a side."""
    weights = load_joint_weights()
    encoder = weights.network.encoder
    assert isinstance(encoder, CnnEncoder), "The network in PyTorch is the convolutional one."
    return encoder, weights.size_px


def in_turns(calls: list[Callable[[], object]]) -> list[Fastest]:
    best = [Fastest(np.inf, np.inf)] * len(calls)
    for turn in range(TURNS + 1):
        for number, call in enumerate(calls):
            wall, cpu = time.perf_counter(), time.process_time()
            jax.block_until_ready(call())
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            if turn:  # the first call compiles
                best[number] = Fastest(min(best[number].wall, wall), min(best[number].cpu, cpu))
    return best


def of_jax(encoder: CnnEncoder, crops: np.ndarray) -> dict[str, Callable[[], Any]]:
    structure, parameters = nnx.split(encoder, nnx.Param)
    pixels = jnp.asarray(crops)
    forward = jax.jit(lambda state, seen: nnx.merge(structure, state)(seen))
    backward = jax.jit(jax.grad(lambda state, seen: jnp.square(nnx.merge(structure, state)(seen)).mean()))
    return {
        "forward": lambda: forward(parameters, pixels),
        "forward and backward": lambda: backward(parameters, pixels),
    }


def of_torch(encoder: CnnEncoder, crops: np.ndarray) -> dict[str, Callable[[], Any]]:
    import torch
    from torch.nn import functional

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    flat: Mapping[tuple[str | int, ...], Any] = flatten_dict(nnx.to_pure_dict(nnx.state(encoder, nnx.Param)))
    arrays = {"/".join(map(str, place)): np.array(value) for place, value in flat.items()}
    # flax has (in, out) and (height, width, in, out); PyTorch (out, in) and (out, in, height, width)
    axes = {2: (1, 0), 4: (3, 2, 0, 1)}
    weights = {
        name: torch.tensor(array.transpose(axes[array.ndim]) if name.endswith("kernel") else array).requires_grad_()
        for name, array in arrays.items()
    }
    for name, weight in weights.items():
        if weight.ndim == 4:  # as eager PyTorch is fastest on CPUs
            weights[name] = weight.detach().to(memory_format=torch.channels_last).requires_grad_()
    pixels = torch.tensor(crops).reshape(-1, 1, *crops.shape[2:])
    patch = encoder.config.patch

    def gelu(x: torch.Tensor) -> torch.Tensor:
        return functional.gelu(x, approximate="tanh")

    def linear(x: torch.Tensor, name: str) -> torch.Tensor:
        return functional.linear(x, weights[f"{name}/kernel"], weights[f"{name}/bias"])

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        return functional.layer_norm(x, x.shape[-1:], weights[f"{name}/scale"], weights[f"{name}/bias"], eps=1e-6)

    def convolved(x: torch.Tensor, name: str, stride: int) -> torch.Tensor:
        """SAME padding as XLA has it: with stride 2 on an even side the one row of zeros stands behind."""
        before = 1 if stride == 1 or x.shape[-1] % 2 else 0
        padded = functional.pad(x, (before, 1, before, 1))
        return functional.conv2d(padded, weights[f"{name}/kernel"], weights[f"{name}/bias"], stride=stride)

    def convolved_norm(x: torch.Tensor, name: str, stride: int) -> torch.Tensor:
        # channels stand last in memory, so that the norm over them moves nothing
        seen = convolved(x, name, stride).permute(0, 2, 3, 1)
        return gelu(norm(seen, f"{name}_norm")).permute(0, 3, 1, 2)

    def forward() -> torch.Tensor:
        patches = functional.pixel_unshuffle(pixels, patch).permute(0, 2, 3, 1)
        hidden = gelu(linear(patches, "stem")).permute(0, 3, 1, 2)
        for stage in range(len(encoder.stages)):
            hidden = convolved_norm(hidden, f"stages/{stage}/down", 2)
            hidden = hidden + convolved_norm(hidden, f"stages/{stage}/same", 1)
        seen = norm(linear(hidden.permute(0, 2, 3, 1).flatten(1), "flat"), "flat_norm")
        kind = (
            weights["kind/embedding"][np.asarray(JOINT_KIND_INDEX)] + weights["side/embedding"][np.asarray(SIDE_INDEX)]
        )
        seen = seen.reshape(VISITS, JOINT_COUNT, -1) + kind
        return seen + linear(gelu(linear(seen, "mix")), "out")

    def backward() -> None:
        for weight in weights.values():
            weight.grad = None
        forward().square().mean().backward()

    def without_gradient() -> torch.Tensor:
        with torch.no_grad():
            return forward()

    return {"forward": without_gradient, "forward and backward": backward}


if __name__ == "__main__":
    bench_torch()
