"""Write a GGUF with random weights: a real model file of any size, for tests and benchmarks.

Its text is nonsense, but loading, quantizing and decoding it cost what they cost for a trained
model of the same shape. The same arguments give the same bytes.

    python benchmarks/random_model.py model.gguf --width 768 --layers 12
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass, fields
from pathlib import Path

import gguf
import numpy as np

UNKNOWN, BEGIN, END = 0, 1, 2
FIRST_BYTE = 3
FIRST_PIECE = FIRST_BYTE + 256


@dataclass(frozen=True, slots=True)
class Shape:
    """A llama-architecture model; the defaults make one of 110 M parameters.

    ``end_token`` ends a generation; of ``experts`` (0: none) two are chosen for a token;
    ``split_tensors`` splits the model into files of that many
    tensors (0: one file).
    """

    width: int = 768
    layers: int = 12
    heads: int = 12
    feed_forward: int = 2048
    vocabulary: int = 16384
    context: int = 2048
    seed: int = 0
    end_token: int = END
    chat_template: str = ""
    split_tensors: int = 0
    experts: int = 0


EMBEDDED_SIZE = Shape(width=256, layers=4, heads=4, feed_forward=768, vocabulary=640)
"""3.7 M parameters: the shape of the model that ships with the package."""


def pieces(count: int) -> list[str]:
    """The first ``count`` text pieces: characters, then pronounceable syllables and words."""
    characters = ["\u2581", "\n", *(chr(code) for code in range(33, 127))]
    syllables = ["".join(pair) for pair in itertools.product("bcdfghjklmnpqrstvwxz", "aeiou")]
    words = itertools.chain(
        ("\u2581Question", "Question", "\u2581Answer", "Answer"),
        ("\u2581" + syllable for syllable in syllables),
        syllables,
        ("\u2581" + first + second for first in syllables for second in syllables),
        (first + second for first in syllables for second in syllables),
    )
    return list(itertools.islice(itertools.chain(characters, words), count))


def write_model(path: Path, shape: Shape) -> None:
    """Write the model as f16 (norms in f32, as llama.cpp's converter does)."""
    writer = gguf.GGUFWriter(path, "llama", split_max_tensors=shape.split_tensors)
    writer.add_name(f"random-{shape.width}x{shape.layers}")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(shape.vocabulary)
    if shape.experts:
        writer.add_expert_count(shape.experts)
        writer.add_expert_used_count(2)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    _add_tokenizer(writer, shape)
    _add_tensors(writer, shape)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: gguf.GGUFWriter, shape: Shape) -> None:
    words = pieces(shape.vocabulary - FIRST_PIECE)
    byte_pieces = [f"<0x{byte:02X}>" for byte in range(256)]
    tokens = ["<unk>", "<s>", "</s>", *byte_pieces, *words]
    if len(tokens) != shape.vocabulary:
        raise ValueError(f"vocabulary {shape.vocabulary}: allowed {FIRST_PIECE}..{len(tokens)}")
    kind = gguf.TokenType
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    # A piece later in the list is longer; a higher score merges first.
    writer.add_token_scores([0.0] * FIRST_PIECE + [float(index) for index in range(len(words))])
    writer.add_token_types(
        [kind.UNKNOWN, kind.CONTROL, kind.CONTROL]
        + [kind.BYTE] * len(byte_pieces)
        + [kind.NORMAL] * len(words)
    )
    writer.add_bos_token_id(BEGIN)
    writer.add_eos_token_id(shape.end_token)
    writer.add_unk_token_id(UNKNOWN)
    writer.add_add_bos_token(True)
    if shape.chat_template:
        writer.add_chat_template(shape.chat_template)


def _add_tensors(writer: gguf.GGUFWriter, shape: Shape) -> None:
    random = np.random.default_rng(shape.seed)

    def matrix(name: str, *sizes: int, scale: float = 1.0) -> None:
        values, columns = random.standard_normal(sizes, dtype=np.float32), sizes[-1]
        writer.add_tensor(name, (values * (scale / columns**0.5)).astype(np.float16))

    def ones(name: str) -> None:
        writer.add_tensor(name, np.ones(shape.width, dtype=np.float32))

    width, hidden = shape.width, shape.feed_forward
    matrix("token_embd.weight", shape.vocabulary, width, scale=width**0.5)
    for layer in range(shape.layers):
        prefix = f"blk.{layer}"
        ones(f"{prefix}.attn_norm.weight")
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            matrix(f"{prefix}.{part}.weight", width, width)
        ones(f"{prefix}.ffn_norm.weight")
        experts, kind = ((shape.experts,), "_exps") if shape.experts else ((), "")
        if experts:
            matrix(f"{prefix}.ffn_gate_inp.weight", *experts, width)
        matrix(f"{prefix}.ffn_gate{kind}.weight", *experts, hidden, width)
        matrix(f"{prefix}.ffn_up{kind}.weight", *experts, hidden, width)
        matrix(f"{prefix}.ffn_down{kind}.weight", *experts, width, hidden)
    ones("output_norm.weight")
    # Wide logits: the most probable token leads by far more than rounding, as in trained models.
    matrix("output.weight", shape.vocabulary, width, scale=4.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path)
    for field in fields(Shape):
        flag = "--" + field.name.replace("_", "-")
        parser.add_argument(flag, type=type(field.default), default=field.default)
    arguments = vars(parser.parse_args())
    write_model(arguments.pop("path"), Shape(**arguments))


if __name__ == "__main__":
    main()
