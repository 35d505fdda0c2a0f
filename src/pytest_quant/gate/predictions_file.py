"""The reference's predictions as a file beside the baselines that were recorded against it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pytest_quant.errors import QuantUsageError
from pytest_quant.metrics.likeliest import Likeliest, Predictions

FILE_NAME = "reference.npz"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class RecordedPredictions:
    """Predictions, and the digest of the artifact that made them."""

    digest: str
    predictions: Predictions


def dump(recorded: RecordedPredictions) -> bytes:
    """The content of the file: the same for the same predictions."""
    made = recorded.predictions
    content = io.BytesIO()
    np.savez_compressed(
        content,
        version=np.array(_VERSION),
        digest=np.array(recorded.digest),
        title=np.array(made.title),
        vocabulary_size=np.array(made.vocabulary_size),
        tokens=made.tokens,
        lengths=made.lengths,
        scored=made.scored,
        targets=made.targets,
        ids=made.likeliest.ids,
        logs=made.likeliest.logs,
        nll=made.likeliest.nll,
    )
    return content.getvalue()


def read_predictions(path: Path) -> RecordedPredictions | None:
    """What a file holds, ``None`` if there is none.

    Raises ``QuantUsageError`` for one that cannot be read, is damaged, or is of another version.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as found:
            if found["version"] != _VERSION:
                raise ValueError(f"version {found['version']}, this pytest-quant reads {_VERSION}")
            recorded = RecordedPredictions(
                str(found["digest"]),
                Predictions(
                    title=str(found["title"]),
                    vocabulary_size=int(found["vocabulary_size"]),
                    **{n: found[n] for n in ("tokens", "lengths", "scored", "targets")},
                    likeliest=Likeliest(*(found[name] for name in ("ids", "logs", "nll"))),
                ),
            )
        _check(recorded.predictions)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _mistake(path, error.strerror or str(error)) from error
    except (ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _mistake(path, str(error)) from error
    return recorded


def _check(made: Predictions) -> None:
    """Raise ``ValueError`` for arrays that do not go together."""
    known = made.likeliest
    kinds = [("i", 1)] * 4 + [("i", 2), ("f", 2), ("f", 1)]
    arrays = (
        made.tokens, made.lengths, made.scored, made.targets, known.ids, known.logs, known.nll,
    )  # fmt: skip
    if [(array.dtype.kind, array.ndim) for array in arrays] != kinds:
        raise ValueError("an array is of another type or shape")
    places, kept = known.ids.shape
    together = (
        len(made.lengths) == len(made.scored) > 0
        and made.scored.min() > 0
        and bool((made.scored <= made.lengths).all())
        and made.lengths.sum() == len(made.tokens)
        and made.scored.sum() == len(made.targets) == len(known.nll) == places
        and known.logs.shape == (places, kept + 1)
    )
    if not together:
        raise ValueError("the arrays do not go together")
    for ids in (made.tokens, made.targets, known.ids):
        if ids.min() < 0 or ids.max() >= made.vocabulary_size:
            raise ValueError("a token is not of the vocabulary")
    if not (np.isfinite(known.logs).all() and np.isfinite(known.nll).all()):
        raise ValueError("a probability is not a number")


def _mistake(path: Path, problem: str) -> QuantUsageError:
    return QuantUsageError(
        f"{path}: not usable predictions of a reference: {problem}\nrestore the file from version "
        "control, or record all levels again with --quant-update-baselines"
    )
