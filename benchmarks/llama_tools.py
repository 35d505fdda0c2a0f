"""llama.cpp's own tools, built from the sources that the installed llama-cpp-python was built from.

They are linked with the libraries that it installed, so that the same kernels run on both sides of
a comparison.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path.home() / ".cache/llama-tools"


def build(directory: Path, name: str) -> Path:
    """The tool ``llama-NAME``, such as ``perplexity``; takes minutes the first time."""
    installed = version("llama-cpp-python")
    sources = directory / f"llama_cpp_python-{installed}"
    made = sources / "build"
    tool = made / name / f"llama-{name}"
    if tool.exists():
        return tool
    directory.mkdir(parents=True, exist_ok=True)
    if not sources.exists():
        call(
            sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary",
            "llama-cpp-python", f"--dest={directory}", f"llama-cpp-python=={installed}",
        )  # fmt: skip
        with tarfile.open(directory / f"{sources.name}.tar.gz") as archive:
            archive.extractall(directory, filter="data")
    import llama_cpp

    call(
        "cmake", "-S", str(HERE / "llama-tools"), "-B", str(made), "-DCMAKE_BUILD_TYPE=Release",
        f"-DSOURCES={sources / 'vendor' / 'llama.cpp'}",
        f"-DLIBRARIES={Path(llama_cpp.__file__).parent / 'lib'}",
    )  # fmt: skip
    call("cmake", "--build", str(made), "--target", f"llama-{name}", "--parallel", "1")
    return tool


def call(*command: str) -> str:
    """The output of a command that has to succeed."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{ended.stdout[-2000:]}{ended.stderr[-4000:]}")
    return ended.stdout + ended.stderr
