from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import pytest_quant.probes.reader
from pytest_quant.base.conversation import Conversation, Message
from pytest_quant.checkers import CHECKERS, allowed_options
from pytest_quant.cli.guide import GUIDE_CATEGORIES
from pytest_quant.errors import QuantUsageError
from pytest_quant.probes.model import Probe
from pytest_quant.probes.reader import check_given, check_unique, read_probes

TABLE: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "data" / "mistakes.yaml").read_text(encoding="utf-8")
)
VALID: str = TABLE["valid"]
SCHEMA: dict[str, Any] = json.loads(
    Path(pytest_quant.probes.reader.__file__)
    .with_name("probe.schema.json")
    .read_text(encoding="utf-8")
)


def read(directory: Path, text: str, name: str = "p.yaml") -> tuple[Probe, ...]:
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return read_probes(path, name)


class TestAValidFile:
    def test_every_field_arrives(self, tmp_path: Path) -> None:
        first, second = read(tmp_path, VALID)
        assert (first.id, first.category, first.subcategory) == (
            "doubling",
            "iterative",
            "recursion",
        )
        assert (first.difficulty, first.guide, first.task) == (2, "4.9.3.1", None)
        assert first.prompt == "Start at {start} and double {times} times. What do you get?"
        assert first.parameters == {"start": {"integer": [1, 99]}, "times": {"integer": [1, 5]}}
        assert first.pinned == ({"start": 3, "times": 4}, {"start": 5, "times": 2})
        assert (first.expect, first.check) == ("start * 2 ** times", "numeric")
        assert first.check_options == {"formulas": {"doubled once": "start * 2"}}
        assert first.solution == "{start} becomes {answer}"
        assert (first.cases, first.max_tokens, first.chance) == (32, 64, 0.0)
        assert (second.expect, second.cases, second.chance) == ("yes", 8, 0.5)
        assert second.solution is None

    def test_a_choice_by_likelihood(self, tmp_path: Path) -> None:
        assert {probe.by for probe in read(tmp_path, VALID)} == {"text"}
        text = VALID.replace("options: [yes, no]}", "options: [yes, no], by: likelihood}")
        second = read(tmp_path, text)[1]
        assert second.by == "likelihood"
        assert second.check_options == {"options": ["yes", "no"]}

    def test_a_conversation(self, tmp_path: Path) -> None:
        text = VALID.replace(
            '    prompt: "Is {x} larger than 1? Reply with yes or no."\n',
            "    messages:\n"
            '      - {role: system, content: "Reply with yes or no."}\n'
            '      - {role: user, content: "Is {x} a number?"}\n'
            '      - {role: assistant, content: " yes\\n"}\n'
            '      - {role: user, content: "Is it larger than 1?"}\n'
            '    clean: "Is {x} larger than 1?"\n',
        )
        second = read(tmp_path, text)[1]
        assert isinstance(second.prompt, Conversation)
        assert second.prompt.messages == (
            Message("system", "Reply with yes or no."),
            Message("user", "Is {x} a number?"),
            Message("assistant", "yes"),
            Message("user", "Is it larger than 1?"),
        )
        assert second.clean == Conversation(
            (*second.prompt.messages[:-1], Message("user", "Is {x} larger than 1?"))
        )
        check_given(second)

    def test_it_is_known_where_a_probe_stands(self, tmp_path: Path) -> None:
        lines = [f"p.yaml:{n}" for n, text in enumerate(VALID.split("\n"), 1) if "- id:" in text]
        assert [f"{probe.path}:{probe.line}" for probe in read(tmp_path, VALID)] == lines

    def test_the_path_is_shown_unless_told_otherwise(self, tmp_path: Path) -> None:
        path = tmp_path / "p.yaml"
        path.write_text(VALID, encoding="utf-8")
        assert {probe.path for probe in read_probes(path)} == {str(path)}

    def test_a_function_gets_numbers_it_can_reckon_with(self, tmp_path: Path) -> None:
        text = VALID.replace(
            "    parameters:\n      x: {decimal: [1.5, 9.5], places: 2}\n",
            "    generator: pack.draw\n    generator_options: {rate: 0.25, of: [{n: 1.5}, 2]}\n",
        )
        options = read(tmp_path, text)[1].generator_options
        assert options == {"rate": 0.25, "of": [{"n": 1.5}, 2]}
        assert type(options["rate"]) is float

    def test_reading_does_not_load_what_only_asking_needs(self, tmp_path: Path) -> None:
        path = tmp_path / "p.yaml"
        path.write_text(VALID, encoding="utf-8")
        program = (
            "import sys; from pathlib import Path; "
            "from pytest_quant.probes.reader import read_probes; "
            f"read_probes(Path({str(path)!r})); "
            "print(sorted({'sympy', 'numpy', 'scipy', 'gguf', 'llama_cpp'} & set(sys.modules)))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "[]"


class TestMistakes:
    @pytest.mark.parametrize("mistake", TABLE["mistakes"], ids=lambda mistake: mistake["name"])
    def test_the_message_says_where_and_what(self, tmp_path: Path, mistake: dict[str, str]) -> None:
        text = mistake.get("file")
        if text is None:
            assert VALID.count(mistake["replace"]) == 1
            text = VALID.replace(mistake["replace"], mistake["by"])
        with pytest.raises(QuantUsageError) as raised:
            read(tmp_path, text)
        assert str(raised.value) == mistake["message"]

    def test_the_first_mistake_of_several_is_reported(self, tmp_path: Path) -> None:
        text = VALID.replace("difficulty: 1", "difficulty: 9").replace(
            "difficulty: 2", "difficulty: 8"
        )
        with pytest.raises(QuantUsageError, match=r"^p\.yaml:6: .*found 8"):
            read(tmp_path, text)

    def test_a_mistake_behind_an_alias_is_reported_where_the_alias_stands(
        self, tmp_path: Path
    ) -> None:
        text = VALID.replace(
            "times:\n        integer:\n          - 1\n          - 5", "times: &t 5"
        )
        text = text.replace("x: {decimal: [1.5, 9.5], places: 2}", "x: *t")
        text = text.replace("times: &t 5", "times: {integer: &t [1, 5]}")
        with pytest.raises(
            QuantUsageError, match=r"^p\.yaml:30: field 'probes\[1\]\.parameters\.x'"
        ):
            read(tmp_path, text)

    def test_a_deep_expression(self, tmp_path: Path) -> None:
        for expression in ("-" * 20_000 + "start", "(" * 500 + "start" + ")" * 500, "start\0"):
            text = VALID.replace("start * 2 ** times", json.dumps(expression))
            with pytest.raises(QuantUsageError, match=r"^p\.yaml:21: field 'probes\[0\]\.expect'"):
                read(tmp_path, text)

    def test_the_same_id_in_two_files(self, tmp_path: Path) -> None:
        one = read(tmp_path, VALID, "one.yaml")
        two = read(tmp_path, VALID.replace("doubling", "other"), "two.yaml")
        check_unique(one)
        with pytest.raises(QuantUsageError) as raised:
            check_unique([*one, *two])
        assert str(raised.value) == (
            "two.yaml:28: probe id 'comparison' is already used in one.yaml:28; "
            "ids are unique over all probe files, rename one"
        )


# Shapes that come near a probe file, so that every check of the reader is reached.
_SCALARS = (
    st.sampled_from(["a", "4.9.3.1", "{x}", "{y}", "{", "x * 2", "x +", "numeric", "choice"])
    | st.integers(-9, 9)
    | st.floats(allow_nan=False)
    | st.booleans()
    | st.none()
    | st.text(max_size=5)
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "options", "places", "integer", "decimal", "choice", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
_PROBES = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "b"]) | _VALUES,
        "subcategory": st.just("s") | _VALUES,
        "difficulty": st.just(1) | _VALUES,
        "prompt": st.sampled_from(["{x}", "{x!z} {x:{y}}", "{x.y[0]}"]) | _VALUES,
        "expect": st.just("x * 2") | _VALUES,
        "check": st.sampled_from([{"kind": "numeric"}, {"kind": "text"}]) | _VALUES,
        "parameters": st.sampled_from(
            [{"x": {"integer": [1, 9]}}, {"x": {"decimal": [0, 0.5], "places": 1}}]
        )
        | st.dictionaries(st.sampled_from(["x", "y", "X"]), _VALUES, max_size=2),
    },
    optional={
        "pinned": st.just([{"x": 1}]) | _VALUES,
        "solution": st.just("{answer}") | _VALUES,
        "cases": _VALUES,
        "generator": _VALUES,
        "generator_options": _VALUES,
        "unknown": _VALUES,
    },
)


class TestAnyFile:
    @given(
        st.fixed_dictionaries(
            {"category": st.just("iterative") | _SCALARS, "probes": st.lists(_PROBES, max_size=3)}
        )
        | _VALUES
    )
    @settings(deadline=None, max_examples=100)
    def test_values_near_a_probe_file_are_read_or_refused(
        self, tmp_path_factory: pytest.TempPathFactory, value: Any
    ) -> None:
        try:
            probes = read(tmp_path_factory.getbasetemp(), yaml.safe_dump(value))
        except QuantUsageError as error:
            assert str(error).startswith("p.yaml:")
        else:
            assert all(probe.category in GUIDE_CATEGORIES for probe in probes)

    @given(
        st.integers(0, len(VALID)),
        st.integers(0, 12),
        st.text(alphabet="ab01 \n-:,.[]{}&*!|>'\"#~*+()", max_size=8) | st.text(max_size=3),
    )
    @settings(deadline=None, max_examples=80)
    def test_a_valid_file_with_a_piece_replaced_is_read_or_refused(
        self, tmp_path_factory: pytest.TempPathFactory, start: int, length: int, piece: str
    ) -> None:
        text = VALID[:start] + piece + VALID[start + length :]
        path = tmp_path_factory.getbasetemp() / "p.yaml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            read_probes(path, "p.yaml")
        except QuantUsageError as error:
            assert str(error).startswith("p.yaml")


class TestTheSchema:
    def test_it_is_a_schema(self) -> None:
        Draft202012Validator.check_schema(SCHEMA)

    def test_its_categories_are_those_of_the_model(self) -> None:
        assert SCHEMA["properties"]["category"]["enum"] == list(GUIDE_CATEGORIES)

    def test_its_checks_are_those_of_the_checkers(self) -> None:
        known = SCHEMA["$defs"]["probe"]["properties"]["check"]["properties"]["kind"]["enum"]
        assert sorted(known) == list(CHECKERS.names)

    @pytest.mark.parametrize("kind", CHECKERS.names)
    def test_the_options_of_a_check_are_those_of_its_checker(self, kind: str) -> None:
        # The runtime knows what was asked and whether the answer was cut; an author does not.
        authors = {*allowed_options(kind)} - {"prompt", "truncated"}
        # How a choice is asked is no matter of its checker.
        asked = {"by"} if kind == "choice" else set()
        assert {*SCHEMA["$defs"][kind]["properties"]} == {"kind", *asked, *authors}

    def test_every_pattern_says_in_words_what_it_wants(self) -> None:
        def schemas(node: Any) -> list[dict[str, Any]]:
            below = node.values() if isinstance(node, dict) else node
            found = [s for part in below if isinstance(part, dict | list) for s in schemas(part)]
            return [node, *found] if isinstance(node, dict) else found

        patterns = [schema for schema in schemas(SCHEMA) if "pattern" in schema]
        assert len(patterns) == 3
        assert all("$comment" in schema for schema in patterns)
