"""What a file is that is no GGUF, told from its first bytes, and what to give instead.

Such files come from a download that went wrong, a repository that was cloned without its large
files, or a model in another format.
"""

from __future__ import annotations

import re
import struct

# Enough of a file to tell what it is.
FIRST_BYTES = 512

_DOWNLOAD = "download it again from the address of the file itself"
_CONVERT = "convert the model with llama.cpp's convert_hf_to_gguf.py"
_UNPACK = "unpack it, and give the GGUF file in it"

# What files begin with, which kind these are, and what to do; the first that fits counts.
_BEGINNINGS = (
    (
        rb"version https://git-lfs",
        "a pointer of git LFS, not the file itself",
        "fetch the file: git lfs pull",
    ),
    (rb"\s*<(!doctype\s+html|html|head|body)\b", "a web page, not the file itself", _DOWNLOAD),
    (rb"\s*<(\?xml|error)", "an XML document, such as a server's error message", _DOWNLOAD),
    (rb"(?s).{7}\0\s*\{", "a safetensors file", _CONVERT),
    (rb"\s*[{\[]\s*(\"|\}|\])", "a JSON text, such as a model's index or an error", _DOWNLOAD),
    (rb"lmgg|tjgg|fmgg|algg", "a model of the time before GGUF (GGML)", _CONVERT),
    (rb"PK\x03\x04", "a ZIP archive or a PyTorch checkpoint", f"unpack it, or {_CONVERT}"),
    (rb"\x80[\x02-\x05]", "a pickle, such as a PyTorch checkpoint", _CONVERT),
    (rb"\x89HDF|\x93NUMPY", "a file of weights in another format", _CONVERT),
    (
        rb"\x1f\x8b|\x28\xb5\x2f\xfd|\xfd7zXZ|BZh\d|7z\xbc\xaf|Rar!|(?s:.{257}ustar)",
        "a compressed file or an archive",
        _UNPACK,
    ),
    (rb"\0+\Z", "a file of zeros, such as a download that has not ended", _DOWNLOAD),
)


def describe(first: bytes) -> str:
    """Which kind of file begins with these bytes, and what to do; without the file's name."""
    if not first:
        return "not a GGUF file: it is empty; download or copy it again"
    if is_importance_matrix(first):
        return (
            "not a GGUF file, but an importance matrix, which --quant-imatrix takes; give the "
            "model itself"
        )
    if told := _kind(first):
        return f"not a GGUF file, but {'; '.join(told)}"
    return f"not a GGUF file (it does not begin with 'GGUF'); {_CONVERT}"


def describe_other(first: bytes) -> str:
    """The same of a file that should be an importance matrix."""
    if not first:
        return "is no importance matrix: it is empty; download or copy it again"
    kind, _ = _kind(first) or ("", "")
    what = f", but {kind}" if kind else " in either of llama.cpp's forms"
    return f"is no importance matrix{what}; make one with pytest-quant imatrix MODEL -o FILE"


def _kind(first: bytes) -> tuple[str, str] | None:
    """Which kind of file begins so, and what to do where a model is wanted."""
    for beginning, kind, advice in _BEGINNINGS:
        if re.match(beginning, first, re.IGNORECASE):
            return kind, advice
    return None


def is_importance_matrix(first: bytes) -> bool:
    """Entries for tensors, as llama-imatrix wrote them before it wrote GGUF.

    Their number, then the length of the first one's name, the name, and two counts.
    """
    if len(first) < 16:
        return False
    entries, length = struct.unpack_from("<ii", first)
    name = first[8 : 8 + max(0, length)]
    return (
        0 < entries < 1_000_000
        and 4 < length < 200
        and len(name) == length
        and bool(re.fullmatch(rb"[\w./-]+\.weight", name))
    )
