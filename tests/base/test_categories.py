"""Which categories there are, and what may be registered as one."""

from __future__ import annotations

import zlib

import pytest
from tests.packages import Packages

from pytest_quant.base.categories import CATEGORIES, Category
from pytest_quant.base.library import EXPECTED_IMPACT
from pytest_quant.cli.guide import GUIDE_CATEGORIES
from pytest_quant.errors import QuantUsageError
from pytest_quant.gate.tolerances import read_tolerances


def bring(packages: Packages, name: str, code: str) -> None:
    code = f"from pytest_quant.base.categories import Category\nIT = {code}"
    # What was loaded once stays loaded: each category has a module of its own.
    module = f"toy_{zlib.crc32(code.encode()):x}"
    packages.install("toy", CATEGORIES.group, {name: f"{module}:IT"}, module, code)


def test_those_of_the_guide_are_registered_and_can_be_loaded() -> None:
    assert set(CATEGORIES.names) == set(GUIDE_CATEGORIES)
    assert all(isinstance(CATEGORIES.get(name), Category) for name in CATEGORIES.names)


@pytest.mark.parametrize(
    ("level", "category", "limit"),
    [
        # As stated; a level that nothing is said of, and a category that says nothing: as pooled.
        ("q4", "robotics", 7.5),
        ("q8", "robotics", 3.0),
        # Below what a sample can show.
        ("q6", "robotics", 0.5),
    ],
)
def test_a_further_category_has_its_own_limits_or_those_of_all_probes(
    packages: Packages, level: str, category: str, limit: float
) -> None:
    bring(packages, "robotics", "Category('robots', {'q4': 7.5, 'q6': 0})")
    tolerances = read_tolerances(EXPECTED_IMPACT)
    assert tolerances.tolerance("q8") == 3.0
    assert tolerances.tolerance(level, category) == limit
    told = read_tolerances(EXPECTED_IMPACT, {(level, category): 11})
    assert told.tolerance(level, category) == 11


@pytest.mark.parametrize(
    ("name", "category", "what"),
    [
        ("robotics", "'robots'", "found an object of type str, expected a pytest_quant.Category"),
        ("robotics", "Category('')", "its title is ''"),
        ("robotics", "Category('r', {'4 bits': 3})", "a tolerance for '4 bits'; expected levels"),
        ("robotics", "Category('r', {'q4': '3'})", "its tolerance of q4 is '3', expected a number"),
        (
            "robotics",
            "Category('r', {'q4': True})",
            "its tolerance of q4 is True, expected a number",
        ),
        ("robotics", "Category('r', {'q4': 101})", "is 101, expected 0 to 100"),
        ("robotics", "Category('r', {'q4': float('nan')})", "is nan, expected 0 to 100"),
        ("robotics", "Category('r', [1])", "expected tolerances by level"),
        ("Robotics", "Category('r')", "is no name for one"),
        ("two words", "Category('r')", "is no name for one"),
        ("overall", "Category('r')", "is no name for one"),
        ("q4", "Category('r')", "is no name for one"),
        ("skip", "Category('r')", "is no name for one"),
        ("not", "Category('r')", "is no name for one"),
        ("difficulty_3", "Category('r')", "is no name for one"),
    ],
)
def test_what_is_no_category_is_told_with_its_package(
    packages: Packages, name: str, category: str, what: str
) -> None:
    bring(packages, name, category)
    with pytest.raises(QuantUsageError) as caught:
        CATEGORIES.get(name)
    message = str(caught.value)
    assert message.startswith(f"category {name!r} of toy 1.0: toy_")
    assert what in message


def test_a_registered_category_of_another_package_takes_no_place_of_the_guide(
    packages: Packages,
) -> None:
    bring(packages, "adversarial", "Category('mine')")
    with pytest.raises(QuantUsageError, match=r"'adversarial' is registered twice: .* toy 1.0"):
        CATEGORIES.get("adversarial")
