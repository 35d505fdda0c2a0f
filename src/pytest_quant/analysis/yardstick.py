"""Published divergences, for a person to see whether one is large for its type.

They belong to another model and another text, so they show an order of magnitude and judge nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

MODEL = "Llama-3-8B"
TEXT = "wikitext-2"
# Mean KL divergence from F16 in nats a token, by type. Source: the LLaMA 3 8b scoreboard of
# llama.cpp, tools/perplexity/README.md.
PUBLISHED: Mapping[str, float] = {
    "Q8_0": 0.00136,
    "Q6_K": 0.00545,
    "Q5_K_M": 0.0108,
    "Q4_K_M": 0.0313,
    "Q4_0": 0.0719,
    "Q3_K_M": 0.102,
    "Q2_K": 0.445,
}
