"""The recipe of the embedded model: tokenizer, training, export, evaluation."""
