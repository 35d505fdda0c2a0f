"""What one session's measurements tell besides the gate's verdicts: pure functions of them."""
