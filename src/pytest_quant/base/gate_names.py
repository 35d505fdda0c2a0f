"""What tests over several probes are called, in node ids and in every report."""

from __future__ import annotations

GATE = "quant-gate"
# Those that compare a level with its reference: on a text, and on what the reference answered.
DIVERGENCE, RESPONSES = "divergence", "divergence-responses"
