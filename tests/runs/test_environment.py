"""What changes numbers besides the configuration is set, refused, or told."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import jax
import pytest

from outcomenet.errors import UsageError
from outcomenet.runs.environment import COMPARED, differences, environment, set_numerics

DRAW = """
from outcomenet.runs.environment import set_numerics, environment
set_numerics()
import jax, jax.numpy as jnp, json
key = jax.random.key(3)
x = jax.random.normal(key, (4,))
print(json.dumps([str(x.dtype), [float(v).hex() for v in x], str((x[:, None] * x).dtype), jax.config.jax_default_matmul_precision]))
"""


def drawn(**environment_: str) -> list:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    done = subprocess.run(
        [sys.executable, "-c", DRAW], env={**clean, **environment_}, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


def test_the_environment_does_not_change_what_is_drawn():
    plain = drawn()
    assert plain[0] == "float32"
    asked = {
        "JAX_ENABLE_X64": "1", "JAX_THREEFRY_PARTITIONABLE": "0", "JAX_DEFAULT_PRNG_IMPL": "rbg", "JAX_RANDOM_SEED_OFFSET": "5",
        "JAX_DEFAULT_MATMUL_PRECISION": "bfloat16", "JAX_NUMPY_DTYPE_PROMOTION": "strict",
    }  # fmt: skip
    assert drawn(**asked) == plain


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        ("--xla_cpu_enable_fast_math=true", "--xla_cpu_enable_fast_math=true"),
        ("--xla_cpu_enable_fast_math", "--xla_cpu_enable_fast_math"),
        ("--xla_dump_to=x --xla_gpu_enable_fast_min_max=true --xla_cpu_fast_math_honor_nans=true", "honor_nans"),
    ],
)
def test_fast_mathematics_is_refused(monkeypatch, flags, named):
    monkeypatch.setenv("XLA_FLAGS", flags)
    with pytest.raises(
        UsageError, match="results could not be repeated elsewhere. Take it out of XLA_FLAGS"
    ) as refused:
        set_numerics()
    assert named in str(refused.value)


def test_fast_mathematics_that_is_switched_off_is_not_refused(monkeypatch):
    """And the numerics are set, which an earlier refusal would have left undone."""
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=false")
    jax.config.update("jax_default_matmul_precision", "bfloat16")
    try:
        set_numerics()
        assert jax.config.jax_default_matmul_precision is None
    finally:
        jax.config.update("jax_default_matmul_precision", None)
    assert environment()["xla_flags"] == ["--xla_cpu_enable_fast_math=false"]


@pytest.mark.parametrize("lead", ["", " "])
def test_a_file_of_flags_is_refused(monkeypatch, tmp_path, lead):
    (tmp_path / "flags").write_text("--xla_cpu_enable_fast_math=true")
    monkeypatch.setenv("XLA_FLAGS", f"{lead}{tmp_path / 'flags'}")
    for command in (set_numerics, environment):
        with pytest.raises(UsageError, match="names a file of flags.* Write the flags themselves into XLA_FLAGS") as it:
            command()
        assert it.value.exit_code == 2
        assert str(tmp_path) not in str(it.value)


@pytest.mark.parametrize(
    "value", ["/home/alice/cuda", "'/home/alice b/cuda'", '"/home/alice b/cuda"', "~/cuda", "alice/cuda", r"C:\alice"]
)
def test_of_a_flag_with_a_path_the_name_is_recorded(monkeypatch, value):
    monkeypatch.setenv("XLA_FLAGS", f"--xla_gpu_cuda_data_dir={value} --xla_gpu_autotune_level=0")
    assert environment()["xla_flags"] == ["--xla_gpu_autotune_level=0", "--xla_gpu_cuda_data_dir"]


def test_what_differs_is_said_in_words(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=/home/somebody")
    here = environment()
    assert here["xla_flags"] == []
    assert COMPARED.keys() <= here.keys()
    assert differences(here, here) == []
    assert differences(here, json.loads(json.dumps(here))) == []  # as a record gives it back
    there = here | {
        "cores": 64, "devices": ["8 x gpu: H200"], "packages": {**here["packages"], "jax": "0.9.0"}, "source_sha256": "0" * 64,
    }  # fmt: skip
    assert differences(there, here) == [
        f"the program's source (was 000000000000, now {here['source_sha256'][:12]})",
        f"the packages (jax: was 0.9.0, now {here['packages']['jax']})",
        f"the number of cores (was 64, now {here['cores']})",
        f"the devices (was 8 x gpu: H200, now {', '.join(here['devices'])})",
    ]
    del there["xla_flags"]
    assert "XLA_FLAGS (was not recorded, now none)" in differences(there, here)
