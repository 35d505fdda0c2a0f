"""OpenMP is told how to wait, once, without a trace in the environment."""

from __future__ import annotations

import subprocess
import sys

import pytest

REPORT = (
    "import os, pytest_quant.runtimes.llamacpp.library;"
    "print(os.environ.get('OMP_WAIT_POLICY'), os.environ.get('GOMP_SPINCOUNT'))"
)


def load_llama_cpp(**environment: str) -> tuple[str, str]:
    """What a fresh process finds in its environment afterwards, and what OpenMP read there."""
    child = subprocess.run(
        [sys.executable, "-c", REPORT],
        env={"PYTHONPATH": ":".join(sys.path), "OMP_DISPLAY_ENV": "VERBOSE", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    if "OPENMP DISPLAY ENVIRONMENT" not in child.stderr:
        pytest.skip("this llama.cpp was built without OpenMP")
    return child.stdout.strip(), child.stderr


def test_waiting_threads_soon_sleep() -> None:
    environment, openmp = load_llama_cpp()
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in openmp
    assert environment == "None None"


def test_a_user_s_own_choice_stands() -> None:
    environment, openmp = load_llama_cpp(OMP_WAIT_POLICY="active")
    assert "OMP_WAIT_POLICY = 'ACTIVE'" in openmp
    assert "GOMP_SPINCOUNT = '1000'" not in openmp
    assert environment == "active None"
