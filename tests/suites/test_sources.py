"""Sources of probes that other packages bring, and what is said of those that bring nonsense."""

from __future__ import annotations

import textwrap
import zlib
from pathlib import Path

import pytest
from tests.packages import Packages

from pytest_quant.errors import QuantUsageError
from pytest_quant.suites import SOURCES, read_suite

FIELDS = """
    from pytest_quant import Probe, QuantUsageError, fixed_probe, read_rows

    def read(path, shown_as):
        fields = dict(
            id="greeting", category="real_world", subcategory="s", difficulty=1,
            prompt="{question}", expect="{begins}", check="text", check_options={},
            pinned=({"question": "Hi?", "begins": "Hi"},), cases=1, path=shown_as, line=1,
        )
        CHANGE
        yield Probe(**fields)
"""


def bring(packages: Packages, change: str) -> None:
    """A source; what was loaded once stays loaded, so each has a module of its own."""
    code = textwrap.dedent(FIELDS).replace("CHANGE", change)
    module = f"toy_{zlib.crc32(code.encode()):x}"
    packages.install("toy", SOURCES.group, {"greetings": f"{module}:read"}, module, code)


def test_its_probes_are_those_of_the_file(packages: Packages) -> None:
    bring(packages, "")
    (probe,) = read_suite("greetings", Path("f.jsonl"), "f.jsonl")
    assert (probe.id, probe.cases, probe.is_drawn) == ("greeting", 1, False)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("return", "found no questions in it; give another file"),
        ("1 / 0", "raised ZeroDivisionError: division by zero; repair the file or that package"),
        ("__import__('pytest').skip('no')", "raised Skipped: no; repair the file or that package"),
        ("raise SystemExit(0)", "raised SystemExit: 0"),
        ("yield 3", "gave an object of type int, expected a pytest_quant.Probe"),
        ("fields['id'] = 'Two words'", "field 'probes[0].id': found \"Two words\""),
        ("fields['category'] = 'maners'", "field 'category': found \"maners\""),
        ("fields['difficulty'] = 9", "field 'probes[0].difficulty': found 9\nexpected: at most 5"),
        ("fields['check'] = 'txt'", "found \"txt\" (did you mean 'text'?)"),
        ("fields['check_options'] = {'aliass': 'x'}", "found an unknown field (did you mean 'ali"),
        ("fields['check_options'] = {'at_least': 1}", "at_least without required"),
        ("fields['prompt'] = ''", "field 'probes[0].prompt': found \"\""),
        ("fields['prompt'] = None", "field 'probes[0].prompt': found null"),
        ("fields['cases'] = 0", "field 'probes[0].cases': found 0"),
        ("fields['pinned'] = ()", "field 'probes[0].pinned': found []"),
        ("fields['pinned'] = (3,)", "'int' object is not iterable"),
        ("fields['check_options'] = None", "'NoneType' object is not a mapping"),
        ("fields['guide'] = '9'", "field 'probes[0].guide': found \"9\""),
    ],
)
def test_what_no_probe_file_could_state_is_refused(
    packages: Packages, change: str, what: str
) -> None:
    bring(packages, change)
    with pytest.raises(QuantUsageError) as caught:
        read_suite("greetings", Path("f.jsonl"), "f.jsonl")
    message = str(caught.value)
    assert message.startswith("f.jsonl: source of probes 'greetings' of toy 1.0")
    assert what in message


def test_its_own_words_for_a_mistake_stay_as_they_are(packages: Packages) -> None:
    bring(packages, "raise QuantUsageError(f'{shown_as}:7: nobody is greeted')")
    with pytest.raises(QuantUsageError, match=r"^f.jsonl:7: nobody is greeted$"):
        read_suite("greetings", Path("f.jsonl"), "f.jsonl")
