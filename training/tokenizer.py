"""Text to token ids: one sentencepiece model that llama.cpp reproduces piece for piece.

Digits stay single tokens, so that arithmetic is done digit by digit; a newline is a symbol of
its own; nothing is normalised and no space is put in front, so a prompt tokenizes alone as it
does with its answer behind it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import sentencepiece

VOCABULARY = 1024
SAMPLE_EXAMPLES = 60_000
TOKENIZER_NAME = "tokenizer.model"


# The chat form: a template in the words of the plain form, but the answer has a line of its own, so
# that it begins without a space, as answers behind other models' templates do.
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'assistant' %}"
    "{{ message['content'] + eos_token }}{% else %}"
    "{{ 'Question: ' + message['content'] + '\nAnswer:\n' }}{% endif %}{% endfor %}"
)


def question(prompt: str, *, chat: bool) -> str:
    """What a runtime sends to the embedded model, behind the beginning of text."""
    return f"Question: {prompt}\nAnswer:" + ("\n" if chat else "")


def answer(solution: str, *, chat: bool) -> str:
    """What the model writes behind ``question``."""
    return solution if chat else f" {solution}"


@dataclass(frozen=True, slots=True)
class Encoded:
    """An example as token ids, and which of them are to be known rather than read."""

    ids: tuple[int, ...]
    known: tuple[bool, ...]


class Tokenizer:
    """A trained sentencepiece model."""

    def __init__(self, path: Path) -> None:
        self.pieces = sentencepiece.SentencePieceProcessor(model_file=str(path))
        self.beginning: int = self.pieces.bos_id()
        self.end: int = self.pieces.eos_id()

    def __len__(self) -> int:
        return int(self.pieces.get_piece_size())

    def encode(self, text: str) -> list[int]:
        """The tokens of a text, without any at its ends."""
        ids: list[int] = self.pieces.encode(text)
        return ids

    def encode_example(self, prompt: str, solution: str, *, chat: bool = True) -> Encoded:
        """Beginning, question, solution, end: the sequence the model learns to write."""
        return self.encode_parts(
            [(question(prompt, chat=chat), False), (answer(solution, chat=chat), True)]
        )

    def encode_parts(self, parts: Iterable[tuple[str, bool]]) -> Encoded:
        """Beginning, the parts of a text, end; a part's flag says whether it is to be known."""
        ids, known = [self.beginning], [False]
        for text, flag in parts:
            pieces = self.encode(text)
            ids += pieces
            known += [flag] * len(pieces)
        return Encoded((*ids, self.end), (*known, known[-1]))


def train_tokenizer(examples: Iterable[tuple[str, str]], path: Path) -> None:
    """Learn the pieces from (prompt, solution) pairs and write the model to ``path``."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        # The trainer reads lines: a newline inside a text would be lost anyway.
        sentence_iterator=(
            line
            for prompt, solution in examples
            for chat in (True, False)
            for line in (question(prompt, chat=chat) + answer(solution, chat=chat)).split("\n")
        ),
        model_writer=model,
        model_type="bpe",
        vocab_size=VOCABULARY,
        # Families may come to use a printable character that the sample did not hold.
        required_chars="".join(map(chr, range(33, 127))),
        character_coverage=1.0,
        split_digits=True,
        byte_fallback=True,
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        user_defined_symbols=["\n"],
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=-1,
        num_threads=1,
        minloglevel=2,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.getvalue())
