"""llama.cpp's own server, in a process of its own: the wheel of xllamacpp has it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from pytest_quant.base.library import EMBEDDED_MODEL

_PROGRAM = """
import sys, xllamacpp
path, kv, slots = sys.argv[1], sys.argv[2], int(sys.argv[3])
params = xllamacpp.CommonParams()
params.model.path = path
params.model_alias = {"embedded"}
params.n_ctx, params.n_parallel, params.port = 2048 * slots, slots, 0
params.hostnames, params.warmup, params.verbosity = ["127.0.0.1"], False, -1
params.cpuparams.n_threads = 1
if kv == "q8_0":
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_Q8_0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@contextmanager
def serving(path: Path = EMBEDDED_MODEL, *, kv: str = "f16", slots: int = 4) -> Generator[str]:
    """Its base URL; the server ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(path), kv, str(slots)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        address = process.stdout.readline().strip()
        assert address, "the server did not start"
        yield f"{address}/v1"
    finally:
        process.stdin.close()
        process.kill()
        process.wait()
        process.stdout.close()
