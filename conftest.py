"""This repository's own settings: what is run by hand is not collected as tests."""

collect_ignore = ["benchmarks", "training"]
