"""A run that goes on from a published GGUF: its weights and its tokenizer, a fresh optimizer."""

from __future__ import annotations

from pathlib import Path

import gguf
import torch
from sentencepiece import sentencepiece_model_pb2 as proto
from torch import Tensor

from training import checkpoint
from training.checkpoint import Checkpoint
from training.export import tensors
from training.model import Shape, Transformer
from training.optimizer import make_optimizers
from training.tokenizer import TOKENIZER_NAME


def begin_from(source: Path, run: Path) -> None:
    """Make the first checkpoint and the tokenizer of ``run`` from a file that ``export`` wrote."""
    reader = gguf.GGUFReader(source)
    run.mkdir(parents=True, exist_ok=True)
    (run / TOKENIZER_NAME).write_bytes(_tokenizer(reader))
    model = Transformer(_shape(reader))
    stored = {t.name: torch.from_numpy(t.data.copy()).float() for t in reader.tensors}
    ours = {theirs: name for name, theirs in _names(model).items()}
    model.load_state_dict({ours[name]: value for name, value in stored.items()})
    optimizers = make_optimizers(model, model.blk)
    state = Checkpoint(
        step=0,
        tokens=0,
        seconds=0.0,
        model=model.state_dict(),
        optimizers=tuple(o.state_dict() for o in optimizers),
        rates={},
    )
    checkpoint.save(run, state)


def _names(model: Transformer) -> dict[str, str]:
    """This network's parameter names -> those of the file."""
    state: dict[str, Tensor] = model.state_dict()
    return dict(zip(state, tensors(state), strict=True))


def _shape(reader: gguf.GGUFReader) -> Shape:
    def value(key: str) -> int:
        field = reader.get_field(f"llama.{key}")
        assert field is not None, key
        return int(field.contents())

    return Shape(
        vocabulary=value("vocab_size"),
        width=value("embedding_length"),
        layers=value("block_count"),
        heads=value("attention.head_count"),
        feed_forward=value("feed_forward_length"),
        context=value("context_length"),
    )


def _tokenizer(reader: gguf.GGUFReader) -> bytes:
    """The sentencepiece model whose pieces, scores and types the file holds."""

    def contents(key: str) -> list:  # type: ignore[type-arg]
        field = reader.get_field(f"tokenizer.ggml.{key}")
        assert field is not None, key
        return list(field.contents())

    model = proto.ModelProto()
    rows = zip(contents("tokens"), contents("scores"), contents("token_type"), strict=True)
    for piece, score, kind in rows:
        # The numbers of GGUF's token types are sentencepiece's own.
        model.pieces.add(piece=piece, score=score, type=kind)
    trainer = model.trainer_spec
    trainer.model_type = proto.TrainerSpec.BPE
    trainer.vocab_size = len(model.pieces)
    trainer.byte_fallback = True
    trainer.unk_id, trainer.bos_id, trainer.eos_id, trainer.pad_id = 0, 1, 2, -1
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.add_dummy_prefix = False
    model.normalizer_spec.remove_extra_whitespaces = False
    model.normalizer_spec.escape_whitespaces = True
    return bytes(model.SerializeToString())
