"""What a run shows besides right and wrong: pure functions on its measurements."""
