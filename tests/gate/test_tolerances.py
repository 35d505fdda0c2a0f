from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import pytest_quant.gate
from pytest_quant.errors import QuantUsageError
from pytest_quant.gate.tolerances import Tolerances, read_tolerances
from pytest_quant.levels import SHORT_NAMES, guide_level, known_types

REPOSITORY = Path(__file__).parents[2]
EXPECTED_IMPACT = REPOSITORY / "baselines" / "expected_impact.json"
SCHEMA = Path(pytest_quant.gate.__file__).with_name("expected_impact.schema.json")
DATA: dict[str, Any] = json.loads(EXPECTED_IMPACT.read_text(encoding="utf-8"))
QUANTIZED = ("q8", "q6", "q5", "q4", "q3", "q2")


@pytest.fixture(scope="module")
def tolerances() -> Tolerances:
    return read_tolerances(EXPECTED_IMPACT)


class TestTheFile:
    def test_schema_is_a_schema(self) -> None:
        Draft202012Validator.check_schema(json.loads(SCHEMA.read_text(encoding="utf-8")))

    def test_every_number_names_its_table(self) -> None:
        tables = [
            DATA["ranges"]["section_5"],
            DATA["ranges"]["section_2"],
            DATA["sensitivity_lists"],
            *(category["expected"] for category in DATA["categories"].values()),
            *DATA["measured"]["tasks"].values(),
        ]
        assert all(table["table"].startswith("section ") for table in tables)

    @pytest.mark.parametrize("category", DATA["categories"])
    def test_a_category_is_the_middle_of_its_three_kinds(self, category: str) -> None:
        order = ["resilient", "moderate", "sensitive"]
        kinds = [order.index(kind["sensitivity"]) for kind in DATA["categories"][category]["kinds"]]
        assert DATA["categories"][category]["sensitivity"] == order[sorted(kinds)[1]]

    def test_every_kind_points_at_an_entry_of_its_list(self) -> None:
        for category in DATA["categories"].values():
            for kind in category["kinds"]:
                assert kind["item"] <= len(DATA["sensitivity_lists"][kind["sensitivity"]])

    def test_q5_is_recorded_as_absent_from_section_4(self) -> None:
        assert all(entry["expected"]["q5"] is None for entry in DATA["categories"].values())
        assert all("q5" not in task for task in DATA["measured"]["tasks"].values())


class TestTheRule:
    @pytest.mark.parametrize(
        ("level", "resilient", "moderate", "sensitive"),
        [
            ("f32", 0.5, 0.5, 1),
            ("bf16", 0.5, 0.5, 1),
            ("f16", 0.5, 0.5, 1),
            ("q8", 1, 3, 5),
            ("q6", 3, 6.5, 10),
            ("q5", 5, 10, 15),
            ("q4", 10, 17.5, 25),
            ("q3", 25, 35, 45),
            ("q2", 40, 55, 70),
        ],
    )
    def test_limits(
        self,
        tolerances: Tolerances,
        level: str,
        resilient: float,
        moderate: float,
        sensitive: float,
    ) -> None:
        assert tolerances.tolerance(level, "world_knowledge") == resilient
        assert tolerances.tolerance(level, "language_generation") == moderate
        assert tolerances.tolerance(level, "long_context") == moderate
        assert tolerances.tolerance(level) == moderate
        for category in (
            "numerical_reasoning",
            "logical_reasoning",
            "iterative",
            "probabilistic",
            "adversarial",
            "ambiguity",
            "real_world",
        ):
            assert tolerances.tolerance(level, category) == sensitive

    @pytest.mark.parametrize("level", ["f16", *QUANTIZED])
    @pytest.mark.parametrize("category", [None, *DATA["categories"]])
    def test_recomputed_from_the_tables(
        self, tolerances: Tolerances, level: str, category: str | None
    ) -> None:
        section_5 = DATA["ranges"]["section_5"]["levels"].get(level)
        section_2 = DATA["ranges"]["section_2"]["levels"][level]
        low, high = section_2["low"], section_2["high"]
        if section_5:
            low, high = min(low, section_5["low"]), min(high, section_5["high"])
        entry = DATA["categories"][category] if category else DATA["pooled"]
        limit = {"resilient": low, "moderate": (low + high) / 2, "sensitive": high}
        expected = max(limit[entry["sensitivity"]], DATA["smallest_limit"]["points"])
        assert tolerances.tolerance(level, category) == pytest.approx(expected)

    def test_every_level_name_has_a_limit(self, tolerances: Tolerances) -> None:
        for ftype in (*SHORT_NAMES.values(), *known_types()):
            assert 0 < tolerances.tolerance(guide_level(ftype)) <= 70

    def test_less_precision_never_has_a_tighter_limit(self, tolerances: Tolerances) -> None:
        for category in (None, *DATA["categories"]):
            limits = [tolerances.tolerance(level, category) for level in ("f16", *QUANTIZED)]
            assert limits == sorted(limits)


class TestMeasuredTasks:
    @pytest.mark.parametrize(
        ("task", "drops"),
        [  # the differences that the two case studies print next to their scores
            ("medical:diagnosis", (0.6, 2.4, 8.1, 19.3, 38.9)),
            ("medical:treatment", (1.1, 3.4, 10.9, 24.3, 44.0)),
            ("medical:drug interactions", (0.6, 3.1, 11.8, 30.2, 47.9)),
            ("code:syntax", (0.4, 2.6, 7.3, 19.4, 44.0)),
            ("code:function", (1.3, 4.4, 11.2, 28.4, 50.1)),
            ("code:algorithms", (1.9, 7.0, 18.6, 37.3, 58.1)),
        ],
    )
    def test_drops_are_those_printed(
        self, tolerances: Tolerances, task: str, drops: tuple[float, ...]
    ) -> None:
        assert tuple(tolerances.measured[task].values()) == drops

    def test_an_error_rate_counts_by_its_rise(self, tolerances: Tolerances) -> None:
        assert tolerances.measured["humaneval:syntax errors"]["q4"] == 7.3
        assert all(drop > 0 for task in tolerances.measured.values() for drop in task.values())

    def test_a_task_takes_the_place_of_its_category(self, tolerances: Tolerances) -> None:
        task = "gsm8k:5+ steps"
        assert tolerances.tolerance("q4", "numerical_reasoning", task) == 19.9
        assert tolerances.tolerance("q3", "numerical_reasoning", task) == 36.4

    @pytest.mark.parametrize("level", ["q5", "f16", "bf16"])
    def test_a_level_that_was_not_measured_keeps_its_category(
        self, tolerances: Tolerances, level: str
    ) -> None:
        by_category = tolerances.tolerance(level, "numerical_reasoning")
        assert tolerances.tolerance(level, "numerical_reasoning", "gsm8k") == by_category

    def test_a_measured_drop_below_the_smallest_limit_is_raised(
        self, tolerances: Tolerances
    ) -> None:
        assert tolerances.tolerance("q8", "logical_reasoning", "code:syntax") == 0.5


class TestOverrides:
    def test_win_over_category_and_task(self) -> None:
        tolerances = read_tolerances(
            EXPECTED_IMPACT, {("q4", "iterative"): 2.0, ("q4", None): 0.25}
        )
        assert tolerances.tolerance("q4", "iterative") == 2.0
        assert tolerances.tolerance("q4", "iterative", "gsm8k") == 2.0
        assert tolerances.tolerance("q4") == 0.25
        assert tolerances.tolerance("q3", "iterative") == 45

    def test_are_looked_up_by_the_name_of_the_level(self) -> None:
        tolerances = read_tolerances(EXPECTED_IMPACT, {("mixed", "iterative"): 3.0})
        assert tolerances.tolerance("q4", "iterative", name="mixed") == 3.0
        assert tolerances.tolerance("q4", "iterative", name="q4_k_s") == 25
        assert tolerances.tolerance("q4", "iterative") == 25

    @pytest.mark.parametrize(
        ("key", "points", "message"),
        [
            (("q4", "maths"), 5.0, "unknown category 'maths'; there are: adversarial"),
            (("q4", None), 101.0, "for q4, all probes: 101 points; .* between 0 and 100"),
            (("q4", "iterative"), float("nan"), "for q4, iterative: nan points"),
        ],
    )
    def test_that_do_not_fit(
        self, key: tuple[str, str | None], points: float, message: str
    ) -> None:
        with pytest.raises(QuantUsageError, match=message):
            read_tolerances(EXPECTED_IMPACT, {key: points})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("q9",), "level 'q9'"),
        (("q4", "maths"), "category 'maths'"),
        (("q4", "iterative", "gsm8k:many steps"), r"task 'gsm8k:many steps' .* gsm8k:5\+ steps"),
    ],
)
def test_unknown_names(tolerances: Tolerances, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(QuantUsageError, match=message):
        tolerances.tolerance(*arguments)


def test_is_frozen(tolerances: Tolerances) -> None:
    with pytest.raises(TypeError):
        tolerances.ranges["q4"] = (0, 0)  # type: ignore[index]
    with pytest.raises(TypeError):
        tolerances.measured["mmlu"]["q4"] = 0.0  # type: ignore[index]


def test_expectations_in_words(tolerances: Tolerances) -> None:
    assert tolerances.expected["iterative"]["q4"] == "diverges after a few iterations"
    assert tolerances.expected["iterative"]["q5"] is None


class TestMalformedFiles:
    def read_changed(self, tmp_path: Path, change: Callable[[Any], object]) -> str:
        data = copy.deepcopy(DATA)
        change(data)
        path = tmp_path / "impact.json"
        path.write_text(json.dumps(data), encoding="utf-8")
        with pytest.raises(QuantUsageError) as caught:
            read_tolerances(path)
        message = str(caught.value)
        assert message.startswith(f"{path}: ")
        assert len(message) < 500 + len(str(path))
        return message

    def test_missing_category(self, tmp_path: Path) -> None:
        message = self.read_changed(tmp_path, lambda data: data["categories"].pop("iterative"))
        assert "categories: 'iterative' is a required property" in message

    def test_wrong_sensitivity(self, tmp_path: Path) -> None:
        def change(data: Any) -> None:
            data["categories"]["iterative"]["sensitivity"] = "high"

        message = self.read_changed(tmp_path, change)
        assert "categories.iterative.sensitivity: 'high' is not one of ['resilient'" in message

    def test_drop_out_of_range(self, tmp_path: Path) -> None:
        def change(data: Any) -> None:
            data["ranges"]["section_5"]["levels"]["q4"]["high"] = 250

        message = self.read_changed(tmp_path, change)
        assert "ranges.section_5.levels.q4.high: 250 is greater than the maximum" in message

    def test_range_upside_down(self, tmp_path: Path) -> None:
        def change(data: Any) -> None:
            data["ranges"]["section_2"]["levels"]["q4"] = {"low": 30, "high": 15}

        assert "ranges of q4: low 30 is above high 15" in self.read_changed(tmp_path, change)

    def test_missing_level(self, tmp_path: Path) -> None:
        def change(data: Any) -> None:
            del data["ranges"]["section_2"]["levels"]["q3"]

        assert "ranges.section_2.levels: " in self.read_changed(tmp_path, change)

    def test_other_schema_version(self, tmp_path: Path) -> None:
        def change(data: Any) -> None:
            data["schema_version"] = 2

        assert "schema_version: 1 was expected" in self.read_changed(tmp_path, change)

    def test_misspelt_field(self, tmp_path: Path) -> None:
        def change(data: Any) -> None:
            data["pooled"]["sensitivty"] = "moderate"

        assert "pooled: " in self.read_changed(tmp_path, change)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('{"schema_version": ', "not valid JSON: .*line 1"),
            ('{"schema_version": NaN}', "not valid JSON: NaN is not a number"),
            ("[]", "the whole file: "),
        ],
    )
    def test_not_such_a_file(self, tmp_path: Path, text: str, message: str) -> None:
        path = tmp_path / "impact.json"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(QuantUsageError, match=message):
            read_tolerances(path)

    def test_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(QuantUsageError, match=r"absent\.json: cannot read"):
            read_tolerances(tmp_path / "absent.json")
