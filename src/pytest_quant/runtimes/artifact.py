"""What is told of a model file, whatever runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_quant.levels import KvTypes


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file before anything is done with it.

    ``parts`` are all files that belong to it; ``name`` is that of the model; ``precision`` the
    unquantized level that it can stand for and be quantized from, such as ``f16``, or ``""``;
    ``kind`` what it holds, in the runtime's words, such as ``Q4_K_M``.
    """

    path: Path
    parts: tuple[Path, ...]
    name: str
    precision: str
    kind: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """The file of one level.

    ``digest`` is the SHA-256 of its content; ``size`` in bytes; ``bits_per_weight`` of the
    tensors as they are; ``tensor_types`` the number of tensors of each type; ``recipe`` how it
    was, or claims to be, made; ``warning`` a sentence when it is not what its level says, else
    ``""``; ``made_here`` whether this package quantized it. ``kv`` are the types of keys and
    values that it is run with, ``None``: as the runtime has them. ``imatrix`` is the SHA-256 of the
    importance matrix that it was quantized with here, ``""`` without one. ``weights_seen``: they
    were looked at here, so that of one digest there is one model.
    """

    level: str
    path: Path
    digest: str
    name: str
    size: int
    parameters: int
    bits_per_weight: float
    tensor_types: Mapping[str, int]
    recipe: str
    warning: str
    made_here: bool
    kv: KvTypes | None = None
    imatrix: str = ""
    weights_seen: bool = True


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds, piece by piece and small: to tell which piece of it changed.

    ``prompt_form`` says how the model is asked: ``plain question``, or through which template;
    ``metadata``: each value as text, or its digest if it is long; ``tensors``: the type and the
    digest of the data of each, such as ``Q4_K 9f86d081884c``.
    """

    prompt_form: str
    metadata: Mapping[str, str]
    tensors: Mapping[str, str]
