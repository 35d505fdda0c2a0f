"""The file types of the installed llama.cpp, told without loading it: tests are still collected."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

# In the source of the Python bindings, such as LLAMA_FTYPE_MOSTLY_Q4_K_M. The number of bits is
# what everything else is told from.
_CONSTANT = re.compile(r"^LLAMA_FTYPE_(?:ALL|MOSTLY)_([A-Z_]*(\d+)\w*) *=", re.MULTILINE)


@cache
def file_types() -> tuple[str, ...]:
    """As llama.cpp's quantize tool names them, most bits first; none without the bindings."""
    spec = find_spec("llama_cpp")
    if spec is None or spec.origin is None:
        return ()
    try:
        source = Path(spec.origin).with_name("llama_cpp.py").read_text("utf-8")
    except OSError:
        return ()
    bits = {name: int(number) for name, number in _CONSTANT.findall(source)}
    return tuple(sorted(bits, key=lambda name: -bits[name]))
