"""Packing leaves every example as it would be alone; the mixture follows need and the split."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
pytest.importorskip("sentencepiece", reason="needs the extra 'train'")

from training.data import (  # noqa: E402
    Family,
    Mixture,
    batches,
    families,
    in_parts,
    library_probes,
    pack,
    right_answers,
    with_drills,
)
from training.drills import DRILL, drills  # noqa: E402
from training.model import Shape, Transformer  # noqa: E402
from training.tokenizer import Encoded, Tokenizer, train_tokenizer  # noqa: E402

from pytest_quant.cli.guide import GUIDE_CATEGORIES  # noqa: E402
from pytest_quant.probes.cases import side_of  # noqa: E402
from pytest_quant.probes.training import training_examples  # noqa: E402

SMALL = Shape(vocabulary=20, width=32, layers=2, heads=2, feed_forward=32, context=32)
FIRST = Encoded((1, 5, 6, 7, 2), (False, False, False, True, True))
SECOND = Encoded((1, 8, 9, 2), (False, False, True, True))


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    path: Path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.model"
    sample = islice(Mixture(families(), "tokenizer test"), 2000)
    train_tokenizer(((prompt, solution) for _, prompt, solution in sample), path)
    return Tokenizer(path)


def test_targets_and_weights_follow_the_answer() -> None:
    batch = pack([[("one", FIRST), ("two", SECOND)]], 9)
    assert batch.tokens.tolist() == [[1, 5, 6, 7, 1, 8, 9, 0, 0]]
    assert batch.targets.tolist() == [[5, 6, 7, 2, 8, 9, 2, 0, 0]]
    assert batch.segments.tolist() == [[0, 0, 0, 0, 1, 1, 1, -1, -1]]
    assert batch.answers.tolist() == [[False, False, True, True, False, True, True, False, False]]
    assert batch.weights[0].tolist() == pytest.approx([0.1, 0.1, 1, 1, 0.1, 1, 1, 0, 0])


def test_a_packed_example_is_computed_as_if_alone() -> None:
    torch.manual_seed(0)
    model = Transformer(SMALL)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    packed = pack([[("one", FIRST), ("two", SECOND)]], 9)
    alone = pack([[("two", SECOND)]], 3)
    together = model(packed.tokens, packed.segments)[0, 4:7]
    torch.testing.assert_close(together, model(alone.tokens, alone.segments)[0])


def test_one_slip_makes_an_answer_wrong_but_a_slip_in_a_prompt_does_not() -> None:
    batch = pack([[("one", FIRST), ("two", SECOND)]], 9)
    logits = torch.nn.functional.one_hot(batch.targets, 20).float()
    logits[0, 0] = 0  # a prompt token of the first
    assert right_answers(logits, batch).tolist() == [True, True]
    logits[0, 6] = 0  # the end of the second
    assert right_answers(logits, batch).tolist() == [True, False]


def test_batches_carry_every_example_whole(tokenizer: Tokenizer) -> None:
    expected = Mixture(families(), "whole")
    drawn_alike = (
        (name, in_parts(prompt, solution))
        for name, prompt, solution in Mixture(families(), "whole")
    )
    for batch in islice(batches(drawn_alike, tokenizer), 2):
        for number in range(len(batch.probe_ids)):
            inputs = batch.tokens[batch.segments == number].tolist()
            assert inputs[0] == tokenizer.beginning
            assert batch.targets[batch.segments == number].tolist()[:-1] == inputs[1:]
        # Rows number their examples one after another; the draws fill them crosswise.
        drawn = Counter(next(expected)[0] for _ in batch.probe_ids)
        assert drawn == Counter(batch.probe_ids)


def test_no_example_is_one_that_a_run_may_ask() -> None:
    for _name, prompt, _ in islice(Mixture(families(), "split"), 1000):
        assert side_of(prompt) == "training"


def test_probes_that_are_not_known_yet_come_more_often() -> None:
    mixture = Mixture(families(), "need")
    known, unknown, *_ = mixture.rates
    for _ in range(500):
        mixture.observe(known, right=True)
    drawn = Counter(name for name, _, _ in islice(mixture, 3000))
    assert drawn[unknown] > 2 * drawn[known] > 0


def test_a_family_joins_once_the_one_it_builds_on_is_known() -> None:
    first, second = (family.probe for family in families()[:2])
    mixture = Mixture((Family(first), Family(second, after=first.id)), "order")
    assert {name for name, _, _ in islice(mixture, 200)} == {first.id}
    for _ in range(200):
        mixture.observe(first.id, right=True)
    assert {name for name, _, _ in islice(mixture, 200)} == {first.id, second.id}


def test_drills_are_many_until_they_are_known() -> None:
    mixture = Mixture(families(), "drills")
    examples = with_drills(mixture, "drills")
    unknown = Counter(name for name, _ in islice(examples, 1000))[DRILL]
    for _ in range(1000):
        mixture.observe(DRILL, right=True)
    known = Counter(name for name, _ in islice(examples, 1000))[DRILL]
    assert unknown > 200 > 60 > known > 0


def test_a_drill_asks_only_for_what_it_has_stated() -> None:
    for parts in islice(drills("stated"), 300):
        (stated, _), *recalled = parts
        answers = [text for text, known in recalled if known]
        assert answers and all(text.strip(" .") in stated for text in answers)
        assert not stated.startswith("Question:")


def test_only_what_is_looked_up_counts_as_an_answer(tokenizer: Tokenizer) -> None:
    parts = next(drills("marked"))
    example = tokenizer.encode_parts(parts)
    known = [i for i, flag in zip(example.ids, example.known, strict=True) if flag]
    assert known == [i for text, flag in parts if flag for i in tokenizer.encode(text)]


def test_the_families_are_of_all_categories() -> None:
    assert {family.probe.category for family in families()} == set(GUIDE_CATEGORIES)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("iterative: {doublin: }", "no probe with a solution.*doublin"),
        ("iterative: {doubling: {after: lookup}}", "'after' names what is not listed.*lookup"),
    ],
)
def test_a_mistake_in_the_list_of_families_is_named(
    tmp_path: Path, text: str, problem: str
) -> None:
    (tmp_path / "families.yaml").write_text(text)
    with pytest.raises(ValueError, match=problem):
        families(tmp_path / "families.yaml")


def test_an_example_longer_than_a_row_names_its_probe(tokenizer: Tokenizer) -> None:
    endless = iter([("too_long", in_parts("why? " * 400, "because"))])
    with pytest.raises(ValueError, match=r"'too_long'.*does not fit"):
        next(batches(endless, tokenizer))


@pytest.mark.parametrize(("chat", "separator"), [(True, "\n"), (False, " ")])
def test_a_prompt_tokenizes_alone_as_with_its_answer(
    tokenizer: Tokenizer, chat: bool, separator: str
) -> None:
    for probe in library_probes():
        ((_, prompt, solution),) = islice(training_examples([probe], "boundary"), 1)
        example = tokenizer.encode_example(prompt, solution, chat=chat)
        text = f"Question: {prompt}\nAnswer:{separator}{solution}"
        assert [tokenizer.beginning, *tokenizer.encode(text), tokenizer.end] == list(example.ids)


def test_digits_and_newlines_are_tokens_of_their_own(tokenizer: Tokenizer) -> None:
    pieces = [tokenizer.pieces.id_to_piece(i) for i in tokenizer.encode("1024\n7")]
    assert pieces == ["1", "0", "2", "4", "\n", "7"]
