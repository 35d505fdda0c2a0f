"""Muon for the hidden matrices, AdamW for the rest, and the shape of a run's learning rate.

``torch.optim.Muon`` iterates in bfloat16, one matrix at a time; a processor without bfloat16
arithmetic takes ten seconds a step for it. This one computes the same update in float32, for
all matrices of a size at once, and iterates on the small Gram matrix where a matrix is oblong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

MUON_PEAK = 3e-3
ADAMW_PEAK = 2e-3
WARM_UP_STEPS = 100
DECAY_FROM = 0.6

# Keller Jordan's quintic, https://kellerjordan.github.io/posts/muon/
_QUINTIC = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5


class Muon(Optimizer):
    """Momentum whose update is orthogonalized, scaled to the size of an AdamW update.

    Source: https://kellerjordan.github.io/posts/muon/ ; the scale 0.2 * sqrt(max(rows, columns))
    is that of arXiv 2502.16982.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.1,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One update of every parameter; all of them have gradients."""
        assert closure is None
        for group in self.param_groups:
            by_size: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
            for parameter in group["params"]:
                by_size[parameter.shape].append(parameter)
            for size, parameters in by_size.items():
                updates = torch.stack([self._momentum(p, group["momentum"]) for p in parameters])
                scale = 0.2 * max(size) ** 0.5
                for parameter, update in zip(parameters, orthogonalize(updates), strict=True):
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    parameter.add_(update, alpha=-group["lr"] * scale)

    def _momentum(self, parameter: nn.Parameter, momentum: float) -> Tensor:
        assert parameter.grad is not None
        state = self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        mean: Tensor = state["momentum"].lerp_(parameter.grad, 1 - momentum)
        return parameter.grad.lerp(mean, momentum)


def orthogonalize(matrices: Tensor) -> Tensor:
    """[n, rows, columns] -> the same shape, singular values moved to about 1 (0.7 to 1.2)."""
    if matrices.shape[-2] < matrices.shape[-1]:
        return orthogonalize(matrices.mT).mT
    a, b, c = _QUINTIC
    matrices = matrices / matrices.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    gram = matrices.mT @ matrices
    product = None
    # x <- x (a + b g + c g g) with g = x'x: both x and g follow from the polynomials alone.
    for remaining in reversed(range(_ITERATIONS)):
        factor = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        factor.diagonal(dim1=-2, dim2=-1).add_(a)
        product = factor if product is None else product @ factor
        if remaining:
            gram = factor @ gram @ factor
    assert product is not None
    return matrices @ product


def make_optimizers(model: nn.Module, hidden: nn.Module) -> tuple[Muon, AdamW]:
    """Optimizers of a model: Muon for the matrices inside ``hidden``, AdamW for all others."""
    matrices = [p for p in hidden.parameters() if p.ndim == 2]
    chosen = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in chosen]
    adamw = AdamW(others, lr=ADAMW_PEAK, betas=(0.9, 0.95), weight_decay=0.0)
    return Muon(matrices, lr=MUON_PEAK), adamw


def set_learning_rates(optimizers: tuple[Muon, AdamW], share: float) -> None:
    """Set every optimizer to this share of its peak."""
    for optimizer, peak in zip(optimizers, (MUON_PEAK, ADAMW_PEAK), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = peak * share


def learning_rate_share(step: int, progress: float) -> float:
    """The share of the peak at a step: warm-up by steps, decay by progress in [0, 1]."""
    warm = min(1.0, (step + 1) / WARM_UP_STEPS)
    return warm * min(1.0, max(0.0, (1 - progress) / (1 - DECAY_FROM)))
