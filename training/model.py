"""The network, exactly as llama.cpp computes its architecture ``llama``.

Two details are easy to get wrong and silent when wrong: rotary embeddings turn neighbouring
elements of a head (llama.cpp's NORM order, not the half-split of many checkpoints), and every
norm is an RMS norm with the epsilon that the file states.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a model. Widths divide by 256, the block of llama.cpp's K-quants."""

    vocabulary: int
    width: int = 256
    layers: int = 5
    heads: int = 8
    feed_forward: int = 768
    context: int = 2048
    rope_base: float = 10000.0
    norm_epsilon: float = 1e-5

    @property
    def head_width(self) -> int:
        return self.width // self.heads


class Attention(nn.Module):
    """Causal attention within each segment of a row."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.q = _matrix(shape.width, shape.width)
        self.k = _matrix(shape.width, shape.width)
        self.v = _matrix(shape.width, shape.width)
        self.output = _matrix(shape.width, shape.width)

    def forward(self, x: Tensor, turns: Tensor, mask: Tensor) -> Tensor:
        rows, length, width = x.shape
        # One product instead of three: the weights are small, the rows are many.
        qkv = functional.linear(x, torch.cat((self.q.weight, self.k.weight, self.v.weight)))
        q, k, v = qkv.view(rows, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(
            rotate(q, turns), rotate(k, turns), v, attn_mask=mask
        )
        out: Tensor = self.output(mixed.transpose(1, 2).reshape(rows, length, width))
        return out


class FeedForward(nn.Module):
    """SwiGLU."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate = _matrix(shape.width, shape.feed_forward)
        self.up = _matrix(shape.width, shape.feed_forward)
        self.down = _matrix(shape.feed_forward, shape.width)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down(functional.silu(self.gate(x)) * self.up(x))
        return out


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attn_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.attn = Attention(shape)
        self.ffn_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.ffn = FeedForward(shape)

    def forward(self, x: Tensor, turns: Tensor, mask: Tensor) -> Tensor:
        x = x + self.attn(self.attn_norm(x), turns, mask)
        out: Tensor = x + self.ffn(self.ffn_norm(x))
        return out


class Transformer(nn.Module):
    """Token ids and segments of shape [rows, length] -> logits [rows, length, vocabulary].

    Tokens see earlier tokens of their own segment only, so that a packed example is computed as
    if it stood alone: rotary attention depends on distances, not on positions.
    """

    turns: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.output = _matrix(shape.width, shape.vocabulary)
        self.register_buffer("turns", rotary_turns(shape), persistent=False)
        self._initialize()

    def _initialize(self) -> None:
        for parameter in self.parameters():
            if parameter.ndim == 2:
                nn.init.normal_(parameter, std=0.02)
        for block in self.blk:
            # Blocks start as the identity.
            assert isinstance(block, Block)
            nn.init.zeros_(block.attn.output.weight)
            nn.init.zeros_(block.ffn.down.weight)

    def forward(self, tokens: Tensor, segments: Tensor) -> Tensor:
        length = tokens.shape[1]
        mask = (segments[:, :, None] == segments[:, None, :]).tril()[:, None]
        x = self.token_embd(tokens)
        for block in self.blk:
            x = block(x, self.turns[:length], mask)
        logits: Tensor = self.output(self.output_norm(x))
        return logits


def rotary_turns(shape: Shape) -> Tensor:
    """Cosines and sines of every position and pair, [context, head width / 2, 2]."""
    pairs = torch.arange(0, shape.head_width, 2, dtype=torch.float64) / shape.head_width
    angles = torch.outer(torch.arange(shape.context).double(), shape.rope_base**-pairs)
    return torch.stack((angles.cos(), angles.sin()), -1).float()


def rotate(x: Tensor, turns: Tensor) -> Tensor:
    """Turn neighbouring pairs of [rows, heads, length, head width] by their position's angle."""
    even, odd = x.reshape(*x.shape[:-1], -1, 2).unbind(-1)
    cos, sin = turns.unbind(-1)
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


def _matrix(inputs: int, outputs: int) -> nn.Linear:
    return nn.Linear(inputs, outputs, bias=False)
