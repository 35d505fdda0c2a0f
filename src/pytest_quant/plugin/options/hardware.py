"""The options that say on what models are computed."""

from __future__ import annotations

from pytest_quant.plugin.options.option import Option

HARDWARE = (
    Option(
        "gpu-layers",
        "string",
        "N",
        "layers of each model that lie on GPUs, or all",
        "all, where llama.cpp is built for a GPU that is there",
    ),
    Option(
        "main-gpu",
        "int",
        "N",
        "the one GPU on which each model lies, counted from 0",
        "shared among all",
    ),
    Option(
        "tensor-split",
        "string",
        "SHARES",
        "share of each model that each GPU has, as 3,1",
        "by the memory that each has free",
    ),
    Option(
        "flash-attn",
        "string",
        "on|off|auto",
        "flash attention; quantized values (+kv:q8_0) need it",
        "auto: where the devices can",
    ),
    Option(
        "context",
        "int",
        "N",
        "tokens that one sequence may hold, prompt and answer",
        "what the model was trained with",
    ),
)
