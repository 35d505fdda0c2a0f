"""A GGUF file to take apart, change and put together again."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import gguf
import numpy as np
import numpy.typing as npt
from gguf.quants import dequantize

from pytest_quant.runtimes.llamacpp import native_log, quantizer

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One metadata value with its GGUF type; ``item`` is the type of an array's entries."""

    value: Any
    kind: gguf.GGUFValueType
    item: gguf.GGUFValueType | None = None


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor's content: numbers for a float type, else the blocks' bytes, one row a line."""

    data: Array
    kind: gguf.GGMLQuantizationType

    @classmethod
    def of(cls, values: Array) -> Self:
        """A tensor that holds these numbers in 16 bits."""
        return cls(values.astype(np.float16), gguf.GGMLQuantizationType.F16)

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """Its numbers, rows first."""
        return dequantize(self.data, self.kind).astype(np.float32)


class ModelFile:
    """The metadata and tensors of one GGUF, to be changed freely until ``write``."""

    def __init__(self, fields: dict[str, Field], tensors: dict[str, Tensor]) -> None:
        self.fields, self.tensors = fields, tensors

    @classmethod
    def read(cls, path: Path) -> Self:
        reader = gguf.GGUFReader(path)
        fields = {
            name: Field(field.contents(), field.types[0], (*field.types, None)[1])
            for name, field in reader.fields.items()
            # The header's own counts, which the writer makes anew.
            if not name.startswith("GGUF.")
        }
        tensors = {t.name: Tensor(np.array(t.data), t.tensor_type) for t in reader.tensors}
        return cls(fields, tensors)

    def write(self, path: Path) -> None:
        writer = gguf.GGUFWriter(path, self.architecture)
        for name, field in self.fields.items():
            if name != "general.architecture":
                writer.add_key_value(name, field.value, field.kind, field.item)
        for name, tensor in self.tensors.items():
            writer.add_tensor(name, tensor.data, raw_dtype=tensor.kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

    @property
    def architecture(self) -> str:
        return str(self.fields["general.architecture"].value)

    @property
    def blocks(self) -> int:
        return int(self["block_count"])

    @property
    def middle(self) -> int:
        """The block that single faults hit."""
        return self.blocks // 2

    def __getitem__(self, key: str) -> Any:
        """A metadata value of the model's architecture, such as ``rope.freq_base``."""
        return self.fields[f"{self.architecture}.{key}"].value

    def __setitem__(self, key: str, value: Any) -> None:
        self.replace(f"{self.architecture}.{key}", value)

    def replace(self, name: str, value: Any) -> None:
        """Give a metadata value that the file has another content."""
        field = self.fields[name]
        self.fields[name] = Field(value, field.kind, field.item)

    def set_values(self, name: str, values: Array) -> None:
        """Give a tensor of a float type other numbers."""
        tensor = self.tensors[name]
        self.tensors[name] = Tensor(values.astype(tensor.data.dtype), tensor.kind)

    def matrices(self, block: int) -> list[str]:
        """The names of a block's weight matrices."""
        return [
            name
            for name, tensor in self.tensors.items()
            if name.startswith(f"blk.{block}.") and tensor.data.ndim > 1
        ]

    def quantized(self, file_type: str, embedding: str | None = None) -> ModelFile:
        """What llama.cpp's quantizer makes of this model's numbers in 16 bits.

        ``file_type`` is its name for a file's type, ``embedding`` ggml's for the token embedding's.
        """
        with tempfile.TemporaryDirectory() as directory:
            source, target = Path(directory, "source.gguf"), Path(directory, "target.gguf")
            self.dequantized().write(source)
            status = quantizer.quantize(
                source,
                target,
                file_type=file_type,
                # As a pattern: for rows that do not fit the type, llama.cpp then takes another one.
                tensor_types=[(r"^token_embd\.", int(gguf.GGMLQuantizationType[embedding]))]
                if embedding
                else [],
                token_embedding=None,
                output=None,
                threads=1,
            )
            if status:
                raise RuntimeError(native_log.last_lines())
            return ModelFile.read(target)

    def dequantized(self) -> ModelFile:
        """This model with every matrix in 16 bits."""
        tensors = {
            name: Tensor.of(tensor.values) if tensor.data.ndim > 1 else tensor
            for name, tensor in self.tensors.items()
        }
        return ModelFile(dict(self.fields), tensors)
