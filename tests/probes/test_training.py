from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import islice

import pytest
from tests.probes.shipped import CORE, LIBRARY, first_cases

from pytest_quant.errors import QuantUsageError
from pytest_quant.probes.cases import side_of
from pytest_quant.probes.model import Probe
from pytest_quant.probes.training import training_examples

DRAWS = 120 * len(CORE)
# Of all families together, the first ones included; a prompt is on one side by its digest, however
# many are drawn.
MANY_DRAWS = 44_000

COLOUR = Probe(
    id="colour",
    category="ambiguity",
    subcategory="s",
    difficulty=1,
    prompt="Name {x}.",
    expect="{x}",
    check="text",
    check_options={},
    path="p.yaml",
    line=3,
    parameters={"x": {"choice": [f"x{i}" for i in range(60)]}},
    solution="It is {answer}.",
    held_out=True,
)


@pytest.fixture(scope="module")
def learned() -> dict[str, set[str]]:
    """The prompts of the first draws for training, by probe."""
    prompts: dict[str, set[str]] = defaultdict(set)
    for probe_id, prompt, _ in islice(training_examples(LIBRARY, "test"), DRAWS):
        prompts[probe_id].add(prompt)
    return prompts


def asked(probe_id: str) -> list[str]:
    """What a run may ask of a family; the smallest has a little more than 250 cases."""
    return [case.prompt for case in first_cases(probe_id, 250)]


class TestWhatIsLearnedIsNeverAsked:
    @pytest.mark.parametrize("probe", CORE, ids=lambda probe: probe.id)
    def test_of_a_family(self, probe: Probe, learned: dict[str, set[str]]) -> None:
        assert len(learned[probe.id]) > 40
        assert learned[probe.id].isdisjoint(asked(probe.id))
        assert all(side_of(prompt) == "training" for prompt in learned[probe.id])

    @pytest.mark.parametrize("probe", CORE, ids=lambda probe: probe.id)
    def test_over_many_draws(self, probe: Probe) -> None:
        questions = set(asked(probe.id))
        more = (MANY_DRAWS - DRAWS) // len(CORE) + 1
        for _, prompt, _ in islice(training_examples([probe], "many"), more):
            assert prompt not in questions
            assert side_of(prompt) == "training"

    def test_by_a_default_run_in_another_family_either(self, learned: dict[str, set[str]]) -> None:
        everything = set().union(*learned.values())
        for probe in CORE:
            asked_of = [case.prompt for case in first_cases(probe.id, probe.cases)]
            assert everything.isdisjoint(asked_of)

    def test_nor_is_the_clean_prompt_of_a_pair(self, learned: dict[str, set[str]]) -> None:
        everything = set().union(*learned.values())
        pairs = [probe for probe in CORE if probe.clean is not None]
        assert pairs
        for probe in pairs:
            assert everything.isdisjoint(case.clean for case in first_cases(probe.id, 200))

    def test_only_core_families_are_learned(self, learned: dict[str, set[str]]) -> None:
        assert set(learned) == {probe.id for probe in CORE}

    def test_pinned_cases_are_not_learned(self) -> None:
        training = [f"x{i}" for i in range(60) if side_of(f"Name x{i}.") == "training"]
        pinned = tuple({"x": word} for word in training[:20])
        probe = replace(COLOUR, pinned=pinned)
        examples = islice(training_examples([probe], "s"), 4000)
        assert {prompt for _, prompt, _ in examples} == {f"Name {w}." for w in training[20:]}


class TestTheStream:
    def test_an_example_is_a_question_and_its_solution(self) -> None:
        for probe_id, prompt, solution in islice(training_examples([COLOUR], "s"), 50):
            assert probe_id == "colour"
            assert solution == f"It is {prompt.removeprefix('Name ').removesuffix('.')}."

    def test_it_is_the_same_for_a_seed_and_another_for_another(self) -> None:
        def begins(seed: str) -> list[tuple[str, str, str]]:
            return list(islice(training_examples(CORE, seed), 200))

        assert begins("a") == begins("a")
        assert begins("a") != begins("b")

    def test_families_share_alike_unless_weighted(self) -> None:
        drawn = Counter(
            probe_id for probe_id, _, _ in islice(training_examples(FAMILIES, "s"), 3000)
        )
        assert set(drawn) == {"a", "b", "c"}
        assert all(
            abs(count - 1000) < 4 * (3000 * 1 / 3 * 2 / 3) ** 0.5 for count in drawn.values()
        )

    def test_weights_are_respected(self) -> None:
        weights = {"a": 3.0, "b": 0.0}
        drawn = Counter(
            probe_id for probe_id, _, _ in islice(training_examples(FAMILIES, "s", weights), 4000)
        )
        assert set(drawn) == {"a", "c"}
        assert abs(drawn["a"] - 3000) < 4 * (4000 * 3 / 4 * 1 / 4) ** 0.5

    def test_a_weight_does_not_change_what_a_family_draws(self) -> None:
        def of_a(weights: dict[str, float] | None) -> list[str]:
            stream = training_examples(FAMILIES, "s", weights)
            return [prompt for probe_id, prompt, _ in islice(stream, 900) if probe_id == "a"][:100]

        assert of_a(None) == of_a({"a": 5.0})

    def test_nothing_to_learn_from(self) -> None:
        with pytest.raises(QuantUsageError, match=r"no probe states a 'solution'"):
            next(training_examples([replace(COLOUR, solution=None)], "s"))

    def test_a_family_of_which_nothing_is_left(self) -> None:
        words = [f"x{i}" for i in range(60) if side_of(f"Name x{i}.") == "held_out"]
        probe = replace(COLOUR, parameters={"x": {"choice": words}})
        with pytest.raises(QuantUsageError) as raised:
            next(training_examples([probe], "s"))
        assert str(raised.value) == (
            "p.yaml:3: probe 'colour' has no case to learn from: all that its parameters allow "
            "are held out; widen them"
        )

    def test_a_family_of_which_every_case_is_asked(self) -> None:
        with pytest.raises(QuantUsageError) as raised:
            next(training_examples([replace(COLOUR, held_out=False)], "s"))
        assert str(raised.value) == (
            "p.yaml:3: probe 'colour' may be asked every case, so nothing is left to learn from; "
            "say 'held_out: true' in its file"
        )


FAMILIES = [replace(COLOUR, id=name) for name in "abc"]
