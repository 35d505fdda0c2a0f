"""What goes into each weight matrix while a model reads text: the sums of squares by column.

As llama.cpp's own imatrix tool gathers it, through the callback at every node of the graph: of
matrix multiplications with weights of a block, of at least 16 tokens together, after the text was
cut into chunks that each begin anew. It adds up in 32 bits over all of the text; here it is 32 bits
over a batch and 64 over all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import numpy as np
import numpy.typing as npt

from pytest_quant.errors import QuantUsageError, RuntimeFailed
from pytest_quant.runtimes.llamacpp import library, native_log, tensor_types
from pytest_quant.runtimes.llamacpp.batch import TokenBatch
from pytest_quant.runtimes.llamacpp.ggml_tensors import Tensor, operations
from pytest_quant.runtimes.llamacpp.imatrix_file import Sums
from pytest_quant.runtimes.llamacpp.importance import BLOCKS
from pytest_quant.runtimes.llamacpp.layout import CELL_BLOCK
from pytest_quant.runtimes.llamacpp.prefixes import Tokens
from pytest_quant.runtimes.llamacpp.scoring import ROW_BYTES

# Of fewer tokens llama.cpp's tool takes no notice.
LEAST_TOKENS = 16


class Observer:
    """Sees every multiplication with weights; with ``names_only`` it looks at none of the numbers.

    What goes wrong in it is kept, for llama.cpp would go on: ``failure``.
    """

    def __init__(self, *, names_only: bool = False) -> None:
        self.sums: dict[str, Sums] = {}
        self.names: set[str] = set()
        self.failure: Exception | None = None
        self._names_only = names_only
        self._operations = operations()
        self._float = tensor_types.by_name("F32").number

    def __call__(self, address: int, ask: bool, _user: int | None) -> bool:
        """Whether the numbers are wanted, when llama.cpp asks; else whether it may go on."""
        try:
            node = Tensor(address)
            if not ask:
                self._add(node)
                return True
            return self._wants(node)
        except Exception as error:
            self.failure = error
            return False

    def _wants(self, node: Tensor) -> bool:
        kinds = self._operations
        if node.operation not in (kinds.matrix, kinds.experts):
            return False
        name, inputs = node.source(0).name, node.source(1)
        # The tool looks at no more of those of experts.
        if node.operation == kinds.matrix and not (
            name.startswith(BLOCKS)
            and inputs.shape[1] >= LEAST_TOKENS
            and inputs.kind == self._float
        ):
            return False
        self.names.add(name)
        return not self._names_only

    def _add(self, node: Tensor) -> None:
        weights, inputs = node.source(0), node.source(1)
        if node.operation == self._operations.experts:
            self._add_experts(weights, inputs, node.source(2))
            return
        numbers = inputs.numbers(np.float32)
        # More inputs than matrices go to these in turn.
        matrices = weights.shape[2] * weights.shape[3]
        found = self._of(weights.name, matrices, inputs.shape[0], counts=1)
        for outer, rows in enumerate(numbers):
            for inner, part in enumerate(rows):
                index = outer % weights.shape[3] * weights.shape[2] + inner % weights.shape[2]
                found.squares[index] += _squares(part)
        found.counts[0] += numbers.size // inputs.shape[0] // matrices
        _check(weights.name, found)

    def _add_experts(self, weights: Tensor, inputs: Tensor, chosen: Tensor) -> None:
        # Of shapes (tokens, experts of one token or 1, columns) and (tokens, experts of one token).
        numbers, experts = inputs.numbers(np.float32)[0], chosen.numbers(np.int32)[0, 0]
        count = weights.shape[2]
        if experts.min() < 0 or experts.max() >= count:
            raise RuntimeFailed(f"llama.cpp chooses an expert of {weights.name} that is not there")
        found = self._of(weights.name, count, inputs.shape[0], counts=count)
        for slot in range(experts.shape[1]):
            rows = numbers[:, slot % numbers.shape[1]]
            for expert in np.unique(experts[:, slot]):
                of_expert = experts[:, slot] == expert
                found.squares[expert] += _squares(rows[of_expert])
                found.counts[expert] += int(of_expert.sum())
        _check(weights.name, found)

    def _of(self, name: str, matrices: int, width: int, *, counts: int) -> Sums:
        empty = Sums(np.zeros((matrices, width)), np.zeros(counts, np.int64))
        found = self.sums.setdefault(name, empty)
        if found.squares.shape != empty.squares.shape or len(found.counts) != counts:
            raise RuntimeFailed(f"llama.cpp multiplies with {name} in two ways")
        return found


def _squares(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = np.einsum("ij,ij->j", rows, rows)
    return found


def _check(name: str, found: Sums) -> None:
    if not np.isfinite(found.squares).all():
        raise QuantUsageError(
            f"what goes into {name} is not numbers (NaN or infinite): the model's file is damaged; "
            "convert it again"
        )


def observe(
    model: library.Model,
    chunks: list[Tokens],
    observer: Observer,
    threads: int,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Have a model read chunks of text, each from its beginning; all of one length.

    ``progress`` is told how many are read. Raises ``RuntimeFailed``, and what the observer met.
    """
    size = len(chunks[0])
    # Of every token a prediction is asked for, or the last block would not compute them all.
    rows = min(size, max(LEAST_TOKENS, ROW_BYTES // (4 * model.vocabulary_size)))
    pieces = max(1, min(-(-size // rows), size // LEAST_TOKENS))
    longest = -(-size // pieces)
    batch = TokenBatch(longest, 1)
    context = library.Context(
        model,
        cells=-(-size // CELL_BLOCK) * CELL_BLOCK,
        sequences=1,
        batch=longest,
        threads=threads,
        outputs=longest,
        on_node=observer,
    )
    with closing(context):
        for done, chunk in enumerate(chunks, 1):
            context.clear()
            position = 0
            for piece in np.array_split(chunk, pieces):
                batch.clear()
                batch.add_run(piece, position, [0], rows=len(piece))
                position += len(piece)
                status = context.decode(batch.native)
                if observer.failure:
                    raise observer.failure
                if status != library.DECODE_OK:
                    raise RuntimeFailed(
                        f"llama.cpp failed to read a text (status {status}):\n"
                        f"{native_log.last_lines()}"
                    )
            progress(done)


def multiplied(model: library.Model, threads: int = 1) -> set[str]:
    """The names of the weights of blocks that a model multiplies with as it reads a text."""
    observer = Observer(names_only=True)
    begin = 0 if model.begin_token is None else model.begin_token
    observe(model, [np.full(LEAST_TOKENS, begin, np.int32)], observer, threads)
    return observer.names
