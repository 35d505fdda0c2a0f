"""What llama.cpp says: its log is the only place where it tells why something failed, and what it
chose: kernels, devices, how attention is computed and how keys and values are kept.
"""

from __future__ import annotations

import os
import re
from collections import Counter, deque

from pytest_quant.base.amounts import counted

_lines: deque[tuple[int, str]] = deque(maxlen=40)
_ERROR = 4
_echoed_level = 99

# Told of every tensor that is rearranged while a model is loaded; the layout's name comes last.
_REPACKED = "repack: repack tensor "
_repacked: Counter[str] = Counter()

# Told of every layer, that of the output among them, while a model is loaded.
_LAYER = re.compile(r"layer +\d+ assigned to device ([^\s,]+)")
_layers: Counter[str] = Counter()
# Told of what is no plain CPU: its name, and what it is.
_DEVICE = re.compile(r"using device (\S+) \(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_devices: dict[str, str] = {}

# Told when a context is made: what was asked for, and what became of "auto".
_FLASH_ATTENTION = re.compile(r"[Ff]lash[ _][Aa]tt.*\b(enabled|disabled|auto)\n")
_KV = re.compile(r"llama_kv_cache\w*: size = .*\bK \((\w+)\).*\bV \((\w+)\)")
_context: dict[str, str] = {}


def keep(level: int, text: bytes) -> None:
    """Take what llama.cpp logs."""
    line = text.decode("utf-8", errors="replace")
    _lines.append((level, line))
    if _REPACKED in line:
        _repacked[line.split()[-1]] += 1
    # Most lines are about nothing of this, and a plain search takes a tenth of the time.
    elif "assigned to device" in line and (match := _LAYER.search(line)):
        _layers[match[1]] += 1
    elif "using device" in line and (match := _DEVICE.search(line)):
        _devices[match[1]] = match[2]
    elif "llama_kv_cache" in line and (match := _KV.search(line)):
        _context["kv"] = f"{match[1]}/{match[2]}"
    elif "lash" in line and (match := _FLASH_ATTENTION.search(line)):
        _context["flash attention"] = match[1].lower()
    if level == _echoed_level:
        os.write(2, text)


def clear() -> None:
    for kept in (_lines, _repacked, _layers, _devices, _context):
        kept.clear()


def echo_errors() -> None:
    """Write what llama.cpp calls an error to stderr at once: this process may not live on."""
    global _echoed_level
    _echoed_level = _ERROR


def last_lines(count: int = 4) -> str:
    """The last lines that were logged, oldest first: of errors, if there are any."""
    said = [text for level, text in _lines if level >= _ERROR] or [text for _, text in _lines]
    lines = [line for line in "".join(said).splitlines() if line.strip(" .")]
    return "\n".join(lines[-count:]) or "(llama.cpp logged nothing)"


def kernels() -> str:
    """For which kernels weights were rearranged since the log was cleared.

    Such as ``34 tensors as q4_K_8x8``, or ``as stored``.
    """
    kinds = sorted(_repacked.items())
    told = (f"{counted(count, 'tensor')} as {kind}" for kind, count in kinds)
    return ", ".join(told) or "as stored"


def devices() -> str:
    """Where the layers of a model lie that was loaded since the log was cleared.

    Such as ``20 layers on CUDA0 (NVIDIA H200), 13 on CPU``; empty where it was not told.
    """
    told = [
        f"{count} on {name}" + (f" ({_devices[name]})" if name in _devices else "")
        for name, count in _layers.most_common()
    ]
    if not told:
        return ""
    count, _, rest = told[0].partition(" ")
    return ", ".join([f"{count} layer{'s' * (count != '1')} {rest}", *told[1:]])


def flash_attention() -> str:
    """``enabled`` or ``disabled`` in the context that was made since the log was cleared."""
    return _context.get("flash attention", "")


def kv_types() -> str:
    """The types of its keys and values, such as ``q8_0/f16``; empty for a model without any."""
    return _context.get("kv", "")
