"""From a checkpoint to the GGUF file of the package, refused if llama.cpp sees another model."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import gguf
import torch
from torch import Tensor

from training import checkpoint
from training.model import Shape, Transformer
from training.tokenizer import CHAT_TEMPLATE, TOKENIZER_NAME, Tokenizer
from training.verify import verify

EMBEDDED = Path(__file__).parents[1] / "src" / "pytest_quant" / "models" / "embedded-f16.gguf"

# This network's parameter names -> llama.cpp's; numbers of blocks pass through.
_TENSOR_NAMES = {
    "attn.q.": "attn_q.",
    "attn.k.": "attn_k.",
    "attn.v.": "attn_v.",
    "attn.output.": "attn_output.",
    "ffn.gate.": "ffn_gate.",
    "ffn.up.": "ffn_up.",
    "ffn.down.": "ffn_down.",
}


def export_run(run: Path, target: Path) -> None:
    """Write the newest checkpoint of a run to ``target``, after llama.cpp agreed with it.

    Raises ``FileNotFoundError`` if the run has no checkpoint, ``ValueError`` if llama.cpp
    tokenizes or computes otherwise than training did; ``target`` is then left as it was.
    """
    model, tokenizer = open_run(run)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    write_gguf(model, tokenizer, partial)
    try:
        agreement = verify(partial, model, tokenizer)
    except ValueError:
        partial.unlink()
        raise
    partial.replace(target)
    print(f"wrote {target}, {target.stat().st_size / 1e6:.2f} MB; {agreement}")


def open_run(run: Path) -> tuple[Transformer, Tokenizer]:
    """The model of a run's newest checkpoint, as F16 will hold it, and the run's tokenizer."""
    path = checkpoint.newest(run)
    if path is None:
        raise FileNotFoundError(f"{run} has no checkpoint; train first: python -m training")
    tokenizer = Tokenizer(run / TOKENIZER_NAME)
    model = Transformer(Shape(len(tokenizer)))
    saved = checkpoint.load(path).model
    model.load_state_dict({name: _as_stored(value) for name, value in saved.items()})
    return model.eval(), tokenizer


def write_gguf(model: Transformer, tokenizer: Tokenizer, path: Path) -> None:
    """Write a model and its tokenizer; equal weights give equal bytes."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("pytest-quant embedded")
    writer.add_author("the pytest-quant authors")
    writer.add_license("MIT")
    writer.add_description(
        "A small model of a made-up world, trained by pytest-quant to measure what quantization "
        "does. It answers templated questions and nothing else."
    )
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    _add_shape(writer, model.shape)
    _add_tokenizer(writer, tokenizer)
    for name, value in tensors(model.state_dict()).items():
        writer.add_tensor(name, value.half().numpy() if value.ndim == 2 else value.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tensors(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The parameters of a ``Transformer`` under llama.cpp's names."""
    named = {}
    for name, value in state.items():
        for ours, theirs in _TENSOR_NAMES.items():
            name = name.replace(ours, theirs)
        named[name] = value
    return named


def _add_shape(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)
    writer.add_vocab_size(shape.vocabulary)


def _add_tokenizer(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    pieces = tokenizer.pieces
    ids = range(len(tokenizer))
    writer.add_tokenizer_model("llama")
    writer.add_token_list([pieces.id_to_piece(i) for i in ids])
    writer.add_token_scores([pieces.get_score(i) for i in ids])
    writer.add_token_types([_token_type(tokenizer, i) for i in ids])
    writer.add_unk_token_id(pieces.unk_id())
    writer.add_bos_token_id(tokenizer.beginning)
    writer.add_eos_token_id(tokenizer.end)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def _token_type(tokenizer: Tokenizer, token: int) -> gguf.TokenType:
    pieces = tokenizer.pieces
    if pieces.is_unknown(token):
        return gguf.TokenType.UNKNOWN
    if pieces.is_control(token):
        return gguf.TokenType.CONTROL
    if pieces.is_byte(token):
        return gguf.TokenType.BYTE
    # sentencepiece does not tell user-defined symbols apart from learned pieces; the newline is
    # the only one, and no learned piece holds it.
    if pieces.id_to_piece(token) == "\n":
        return gguf.TokenType.USER_DEFINED
    return gguf.TokenType.NORMAL


def _as_stored(value: Tensor) -> Tensor:
    return value.half().float() if value.ndim == 2 else value


def main() -> None:
    runs = Path(__file__).parent / "runs"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", default="main", help="folder under training/runs (default main)")
    parser.add_argument("--to", type=Path, default=EMBEDDED, help="file to write")
    options = parser.parse_args()
    torch.set_num_threads(1)
    export_run(runs / options.run, options.to)


if __name__ == "__main__":
    main()
