"""How a verdict is reached: statistics, tolerances and the error budget."""
