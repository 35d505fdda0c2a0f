"""The float32 Muon computes what PyTorch's bfloat16 one does, and the schedule has its shape."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from training.optimizer import Muon, learning_rate_share, orthogonalize  # noqa: E402


@pytest.mark.parametrize("shape", [(3, 32, 32), (2, 32, 96), (2, 96, 32)])
def test_singular_values_end_near_one(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalize(torch.randn(shape)))
    # The smallest values of a square matrix may need more iterations than there are.
    assert values.max() < 1.25
    assert values.median() > 0.65


@pytest.mark.parametrize("shape", [(16, 16), (16, 48)])
def test_agrees_with_the_optimizer_of_pytorch(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    start = torch.randn(shape)
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    optimizers = (
        Muon([ours], lr=0.01),
        torch.optim.Muon([theirs], lr=0.01, adjust_lr_fn="match_rms_adamw"),
    )
    for _ in range(3):
        gradient = torch.randn(shape)
        for parameter, optimizer in zip((ours, theirs), optimizers, strict=True):
            parameter.grad = gradient.clone()
            optimizer.step()
    moved = (theirs - start).norm()
    assert (ours - theirs).norm() < 0.02 * moved


def test_the_learning_rate_warms_up_stays_and_decays_to_zero() -> None:
    assert learning_rate_share(0, 0.0) == pytest.approx(0.01)
    assert learning_rate_share(99, 0.1) == learning_rate_share(5000, 0.6) == 1
    assert learning_rate_share(5000, 0.8) == pytest.approx(0.5)
    assert learning_rate_share(5000, 1.0) == learning_rate_share(5000, 1.01) == 0
