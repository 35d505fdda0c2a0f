"""The command ``pytest-quant``: what can be known without running a model."""
