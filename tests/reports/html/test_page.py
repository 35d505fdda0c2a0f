"""The page in a real browser: quiet, filterable, and safe whatever a model wrote."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from tests.reports.html.browser import DESKTOP, PHONE, Page, chromium
from tests.reports.records import divergence, measured, record

from pytest_quant.gate.baseline import RecordedChunk
from pytest_quant.gate.baseline_changes import BaselineUse, Changes
from pytest_quant.gate.divergence_regression import DivergenceCheck, evaluate_divergence
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.metrics.parting import Candidate, Outlook, Parting
from pytest_quant.record.provenance import Provenance
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.html import page

HOSTILE = (
    "<script>document.title = 'owned'</script><img src=x onerror=alert(1)></style></script>"
    "<!-- {{ 7 * 7 }} {% raw %} \u202e\u2066 \x00 \x1b[31m \ud800 ${1} '\"&amp;"
)
Show = Callable[..., Page]
MEGABYTE = "0123456789abcdef" * 65_536


@pytest.fixture(scope="module")
def browser() -> Generator[webdriver.Chrome]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def show(browser: webdriver.Chrome, tmp_path: Path, run: RunRecord, text: str) -> Show:
    def open_page(shown: RunRecord, width: int = DESKTOP) -> Page:
        path = tmp_path / "report.html"
        path.write_text(text if shown is run else page(shown), encoding="utf-8")
        return Page(browser, path, width)

    return open_page


def placed(measurement: Measurement) -> Measurement:
    """Its cases as if they had asked for facts in passages."""
    cases = tuple(
        replace(case, facets={"length": ("256", "1k")[i % 2], "depth": ("0", "0.5", "1")[i % 3]})
        for i, case in enumerate(measurement.cases)
    )
    return replace(measurement, cases=cases)


def swapped(measurement: Measurement) -> Measurement:
    """What was lost is won."""
    cases = tuple(
        replace(case, reference=case.level or case.reference, level=case.reference)
        for case in measurement.cases
    )
    return replace(measurement, cases=cases)


@pytest.fixture(scope="module")
def run() -> RunRecord:
    """Three levels of three verdicts, with cases lost and won."""
    return record(
        measured("sums", "q8", right=640, lost=1, n=640),
        swapped(measured("capital", "q8", right=64, lost=2, category="world_knowledge")),
        measured("capital", "q4", right=10, lost=1, n=10, category="world_knowledge"),
        measured("sums", "q2", right=60, lost=40, clean="correct"),
        placed(measured("needle", "q2", right=60, lost=7, category="long_context")),
        measured("unknown", "q2", right=0, uninformative="f16 itself guesses"),
        missing=1,
        divergences=[divergence("q2", 0.25), divergence("q8", 0.001, warning="other tokens")],
    )


@pytest.fixture(scope="module")
def text(run: RunRecord) -> str:
    """Its page, which takes a second to draw."""
    return page(run)


def test_says_everything_without_a_complaint(show: Show, run: RunRecord) -> None:
    shown = show(run)
    assert shown.complaints == []
    assert shown.browser.title == "FAIL: a model, quantization"
    headings = [h.text for h in shown.browser.find_elements(By.TAG_NAME, "h2")]
    assert headings == [
        "Levels",
        "Drop by category and level",
        "What each ability lost",
        "Drop by probe",
        "What failed",
        "Degradation",
        "Size against quality",
        "KL divergence from f16",
        "What the levels buy and cost",
        "How answers are wrong",
        "Long context: length by depth",
        "Cases",
        "Probes that say nothing here",
        "Provenance",
    ]
    assert "Hold q2 back: shown to lose more than the limit." in shown.text
    assert "points, with bounds for these probes" in shown.text
    # Two probes of q2: the mean of 62.5 and 10.9, between bounds that allow for others.
    assert " one probe 36.7 [-100.0, 100.0]" in " ".join(shown.text.split())
    plots = shown.browser.find_elements(By.CSS_SELECTOR, "svg.plot")
    assert len(plots) == 5 + 3
    assert all(plot.size["height"] > 80 for plot in plots)


def test_a_category_that_says_nothing_says_so_in_its_cell(show: Show) -> None:
    shown = show(
        record(
            measured("sums", "q4", right=60, lost=1),
            measured("rare", "q4", right=2, category="world_knowledge"),
            measured("far", "q4", right=0, category="long_context", uninformative="it guesses"),
        )
    )
    assert "long context says nothing" in shown.text
    nothing = "section[aria-labelledby=heat] td.none"
    (cell,) = shown.browser.find_elements(By.CSS_SELECTOR, nothing)
    assert cell.get_attribute("title") == "far: it guesses"
    assert ", says nothing" in shown.text
    assert shown.complaints == []


def test_the_contents_lead_to_every_section(show: Show, run: RunRecord) -> None:
    shown = show(run)
    links = shown.browser.find_elements(By.CSS_SELECTOR, "nav a")
    headings = shown.browser.find_elements(By.TAG_NAME, "h2")
    assert [link.text for link in links] == [heading.text for heading in headings]
    anchors = [(link.get_attribute("href") or "").partition("#")[2] for link in links]
    assert anchors == [heading.get_attribute("id") for heading in headings]


def test_every_probe_has_a_row_that_leads_to_its_cases(show: Show, run: RunRecord) -> None:
    shown = show(run)
    rows = shown.browser.find_elements(By.CSS_SELECTOR, "table.probes tbody tr")
    told = {" ".join((row.get_property("textContent") or "").split()) for row in rows}
    assert told == {
        "needle (1) not asked not asked 10.9 ? 60 \u2192 53 of 64; 7 lost, 0 won",
        "sums (1) 0.2 \u2713 640 \u2192 639 of 640; 1 lost, 0 won not asked "
        "62.5 \u2717 60 \u2192 20 of 64; 40 lost, 0 won",
        "unknown (1) not asked not asked says nothing f16 0 of 64",
        "capital (1) -3.1 \u2713 62 \u2192 64 of 64; 0 lost, 2 won 10.0 ? 10 \u2192 9 of 10; "
        "1 lost, 0 won not asked",
    }
    shown.click("table.probes button[data-level=q4][data-probe=capital]")
    assert shown.count == "1 of 842 cases"


def test_every_case_that_came_out_differently(show: Show, run: RunRecord) -> None:
    shown = show(run)
    assert shown.count == "51 of 842 cases"
    first = shown.cases[0]
    for said in ("q8", "numerical reasoning: sums, case 0", "lost", "What is 0 + 1?", "one-digit"):
        assert said in first
    assert len(shown.cases) == 20
    shown.click("#more")
    shown.click("#more")
    assert len(shown.cases) == 51


def test_filters_and_search(show: Show, run: RunRecord) -> None:
    shown = show(run)
    shown.choose(by_level="q2")
    assert shown.count == "47 of 842 cases"
    shown.choose(by_category="long_context")
    assert shown.count == "7 of 842 cases"
    shown.choose(search="WHAT IS 3 +")
    assert shown.count == "1 of 842 cases"
    assert "needle, case 3" in shown.cases[0]
    shown.choose(search="no such words")
    assert (shown.count, shown.cases) == ("0 of 842 cases", [])
    shown.choose(search="", by_level="", by_category="", by_probe="capital", by_outcome="won")
    assert shown.count == "2 of 842 cases"
    assert all("won" in case for case in shown.cases)
    shown.choose(by_level="q2", by_probe="sums", by_outcome="wrong at both")
    assert shown.count == "4 of 842 cases"
    shown.choose(by_outcome="failures")
    assert shown.count == "44 of 842 cases"
    shown.choose(by_outcome="all")
    assert shown.count == "64 of 842 cases"
    assert shown.complaints == []


def test_the_chosen_cases_as_a_sheet(show: Show) -> None:
    """All of them, not only those that are on the page; nothing in it is a formula."""
    shown = show(record(measured("sums", "q2", right=60, lost=30, response='=1+1, "so"\nsaid')))
    shown.browser.execute_script(
        "const make = URL.createObjectURL; URL.createObjectURL = (blob) => {"
        " blob.text().then((text) => { window.saved = text; }); return make.call(URL, blob); };"
    )
    shown.click("#save")
    shown.wait_for(lambda: shown.browser.execute_script("return window.saved"))
    sheet = shown.browser.execute_script("return window.saved")
    head, *rows = csv.reader(io.StringIO(sheet.removeprefix("\ufeff"), newline=""))
    assert head[:5] == ["level", "category", "probe", "case", "outcome"]
    assert head[-2:] == ["f16 response", "level response"]
    assert len(rows) == 30
    assert rows[3] == [
        *("q2", "numerical_reasoning", "sums", "3", "lost", "one-digit slip"),
        *('18 in =1+1, "so"\nsaid', "What is 3 + 1?", "4"),
        *('\'=1+1, "so"\nsaid',) * 2,
    ]


def test_what_is_seen_where_no_script_runs(show: Show, run: RunRecord) -> None:
    browser = show(run).browser
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.refresh()
        text = browser.find_element(By.ID, "cases").find_element(By.XPATH, "..").text
        assert "59 cases of 842, those that tell most first." in text
        # Each level's first before any level's second.
        assert text.index("q4\nworld knowledge: capital, case 0") < text.index("sums, case 1")
        assert "wrong at both" in text
        assert len(browser.find_elements(By.TAG_NAME, "article")) == 59
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_how_the_session_was_asked_for(show: Show, run: RunRecord) -> None:
    provenance = Provenance({"levels": "q4, q2", "cases": "8"}, {"-k": HOSTILE}, "f" * 64)
    first, *others = run.levels
    brought = replace(first, file="m-f16.gguf", prompt="chat template sha256:12")
    shown = show(replace(run, levels=(brought, *others), provenance=provenance))
    text = shown.text[shown.text.index("Recorded\n") :]
    for said in ("levels q4, q2", "cases 8", "-k <script>", f"SHA-256 {'f' * 64}"):
        assert said in text
    assert "f16: chat template sha256:12" in text
    assert "f16 m-f16.gguf F16" in text
    assert "q2 made by this run F16" in text
    assert "not told by a record of this age" in show(run).text


def test_a_cell_of_the_heat_map_leads_to_its_cases(show: Show, run: RunRecord) -> None:
    shown = show(run)
    shown.click("button[data-level=q2][data-category=long_context]")
    assert shown.count == "7 of 842 cases"
    shown.click("button[type=reset]")
    shown.wait_for(lambda: shown.count == "51 of 842 cases")


def test_what_baselines_tell(show: Show, run: RunRecord) -> None:
    changes = Changes(artifact=("blk.3.ffn_down.weight Q6_K -> Q2_K",))
    use = BaselineUse("q2", "q2.json", found=True, created="2026-11-20", changes=changes)
    missing = BaselineUse("q4", "q4.json", found=False)
    shown = show(replace(run, baselines=(use, missing)))
    assert "Against the recorded baselines" in shown.text
    assert "artifact: blk.3.ffn_down.weight Q6_K -> Q2_K" in shown.text
    assert "no baseline for q4" in shown.text


def test_where_two_answers_part(show: Show) -> None:
    """With a script and without, whatever stands in a token."""
    found = measured("sums", "q2", right=2, lost=2, n=2)
    at_reference = Outlook(0.6, 0.00001, (Candidate("<b>", 0.6), Candidate("c", 0.25)))
    at_level = Outlook(0.125, 0.5, (Candidate("", 0.5), Candidate("<b>", 0.125)))
    parting = Parting(26, "so far\n" * 20, "<b>", "", at_reference, at_level)
    cases = (replace(found.cases[0], parting=parting), found.cases[1])
    shown = show(record(replace(found, cases=cases, unparted="f16 is not at hand")))

    def told() -> list[str]:
        return [row.text for row in shown.browser.find_elements(By.CSS_SELECTOR, "table.tokens tr")]

    rows = ["next f16, % q2, %", "<b> 60.0 12.5", "(the end) < 0.01 50.0", "c 25.0 < 12.50"]
    text = shown.text
    assert [row.replace("12.50", "12.5") for row in told()] == [
        row.replace("12.50", "12.5") for row in rows
    ]
    written = shown.browser.find_elements(By.CSS_SELECTOR, ".tokens .written")
    assert [cell.text for cell in written] == ["60.0", "50.0"]
    assert "where they part: both wrote 26 tokens: ..." in text
    assert "where they part: not read, f16 is not at hand" in text
    shown.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        shown.browser.refresh()
        assert told() == rows
    finally:
        shown.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_differences_are_marked(show: Show) -> None:
    before, after = "the answer is 17 apples", "the answer is 71 apples"
    measurement = measured("sums", "q2", right=1, lost=1, n=1)
    case = measurement.cases[0]
    assert case.level is not None
    case = replace(
        case,
        reference=replace(case.reference, response=before),
        level=replace(case.level, response=after),
    )
    shown = show(record(replace(measurement, cases=(case,))))
    marks = [mark.text for mark in shown.browser.find_elements(By.TAG_NAME, "mark")]
    assert marks == ["17", "71"]


def test_hostile_output_shows_as_text(show: Show) -> None:
    run = record(
        measured(HOSTILE[:40], "q2", right=60, lost=40, response=HOSTILE),
        measured("long", "q2", right=60, lost=2, response=MEGABYTE),
        model=HOSTILE,
        warnings={"q2": HOSTILE},
    )
    shown = show(run)
    assert shown.complaints == []
    assert shown.browser.title.startswith("FAIL: <script>document.title")
    assert shown.browser.find_elements(By.TAG_NAME, "img") == []
    assert len(shown.browser.find_elements(By.TAG_NAME, "script")) == 2
    for text in (shown.text, shown.cases[0]):
        assert "<script>document.title = 'owned'</script><img" in text
        assert "{{ 7 * 7 }} {% raw %}" in text
        assert r"\u202e\u2066 \x00 \x1b[31m \ud800 ${1}" in text
    shown.choose(by_probe="long")
    assert "[... 1,042,576 characters ...]" in shown.cases[0]
    assert not shown.is_wider_than_its_window


def test_a_phone_needs_no_scrolling_sideways(show: Show, run: RunRecord) -> None:
    shown = show(run, PHONE)
    assert not shown.is_wider_than_its_window
    assert shown.complaints == []


def test_the_text_of_plots_is_as_large_as_other_text_on_a_phone(show: Show, run: RunRecord) -> None:
    sizes = show(run, PHONE).browser.execute_script(
        "return [...document.querySelectorAll('svg.plot')].flatMap((plot) => {"
        " const scale = plot.getBoundingClientRect().width / plot.viewBox.baseVal.width;"
        " return [...plot.querySelectorAll('text')].map("
        "  (text) => scale * parseFloat(getComputedStyle(text).fontSize)); });"
    )
    assert len(sizes) > 50
    assert min(sizes) >= 11


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_why_a_check_failed_is_read_without_scrolling(show: Show, width: int) -> None:
    """Long lines are folded, in the order and with the breaks of the text."""
    tensors = ("blk.1.ffn_up.weight holds what blk.2.ffn_up.weight held",) * 3
    use = BaselineUse("q4", "q4.json", found=True, changes=Changes(artifact=tensors))
    chunks = [RecordedChunk(f"{i}", 512, 0.001) for i in range(20)]
    result = evaluate_divergence(chunks, [replace(chunk, kld=0.01) for chunk in chunks], 0.01)
    assert result is not None
    run = replace(
        record(measured("sums", "q4", right=60, lost=40)),
        divergence_checks=(DivergenceCheck("q4", "text", result),),
        baselines=(use,),
    )
    shown = show(run, width)
    far, *_ = shown.browser.find_elements(By.TAG_NAME, "pre")
    assert far.text.startswith("KL divergence 0.01 nats per token, recorded 0.001 (10 times): ")
    assert "\nalpha 0.01; rise" in far.text
    for story in shown.browser.find_elements(By.TAG_NAME, "pre"):
        assert int(story.get_property("scrollWidth")) <= int(story.get_property("clientWidth"))


def test_nothing_but_its_own_script_may_run(show: Show, run: RunRecord) -> None:
    shown = show(run)
    shown.browser.execute_script(
        "const added = document.createElement('script');"
        "added.textContent = 'document.title = \"owned\"'; document.body.append(added);"
    )
    assert "owned" not in shown.browser.title
    assert any("Content Security Policy" in complaint for complaint in shown.complaints)


def test_the_same_record_gives_the_same_page(run: RunRecord, text: str) -> None:
    assert page(run) == text


def test_thousands_of_cases_take_less_than_three_megabytes() -> None:
    """All of them came out differently, with texts of their own that compress badly: 6 MB."""
    words = random.Random(1)

    def text(length: int) -> str:
        return words.randbytes(length // 2).hex(" ", 3)

    measurements = []
    for number in range(60):
        measurement = measured(f"probe_{number}", "q2", right=100, lost=100, n=100)
        cases = tuple(
            replace(
                case,
                prompt=text(300),
                reference=replace(case.reference, response=text(600)),
                level=case.level and replace(case.level, response=text(600), reason=text(60)),
            )
            for case in measurement.cases
        )
        measurements.append(replace(measurement, cases=cases))
    size = len(page(record(*measurements)).encode())
    assert 1_000_000 < size < 3_000_000
