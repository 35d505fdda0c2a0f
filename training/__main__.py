"""``python -m training``: the whole recipe."""

from training.train import main

main()
