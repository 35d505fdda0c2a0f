"""What measurements say besides the gate's verdicts: pure functions over measurements."""
