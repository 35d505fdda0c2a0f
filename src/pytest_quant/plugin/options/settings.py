"""The settings of a session as pytest's command line and ini file say them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_quant.base.library import BASELINES
from pytest_quant.base.paths import user_cache_directory
from pytest_quant.errors import QuantUsageError
from pytest_quant.gate.regression import DEFAULT_DROP
from pytest_quant.levels import name_among, parse_level, parse_levels, parse_recipes
from pytest_quant.metrics.depth import deep_enough
from pytest_quant.plugin.hub import hub_of
from pytest_quant.plugin.options import values as option_values
from pytest_quant.plugin.options.amount import amount_of
from pytest_quant.plugin.options.importance import imatrix
from pytest_quant.plugin.options.sources import Values
from pytest_quant.session.endpoints import FORM, endpoint_file, with_endpoints
from pytest_quant.session.settings import DEFAULT_ALPHA, Settings

_MODEL = "the path of a GGUF model"


def read_settings(config: pytest.Config) -> Settings:
    """The settings of this session; raises ``QuantUsageError`` naming the option at fault.

    Files of a hub are fetched, by one process for all.
    """
    values = Values(config)
    cache_dir = values.path("cache-dir") or user_cache_directory()
    hub = hub_of(config, cache_dir)
    recipes = parse_recipes(
        values.ini("quant_recipes", "linelist") or (),
        lambda text: values.ini_path(text, hub.find),
    )
    levels = values.parsed("levels", lambda text: parse_levels(text, recipes))
    assert levels is not None
    reference = values.parsed("reference", lambda text: parse_level(text, recipes))
    known = [*levels, *([reference] if reference else [])]
    amount = amount_of(values)

    def level_name(name: str) -> str:
        return name_among(known, name, recipes)

    update = values.parsed("update-baselines", option_values.update) or "no"
    drop = values.parsed("regression-drop", option_values.points)
    artifacts = with_endpoints(
        values.files("artifact", "LEVEL=FILE, as q4=m-q4.gguf", level_name, hub.find, _MODEL),
        values.files("endpoint", FORM, level_name, lambda text: endpoint_file(text, cache_dir)),
        values.raw("endpoint")[1],
    )
    return Settings(
        levels=levels,
        model=values.path("model", hub.find, _MODEL),
        artifacts=artifacts,
        imatrix=imatrix(values, levels, artifacts, hub.find),
        fetched=hub.sources,
        reference=reference,
        suites=option_values.suites(values),
        cases=amount.cases,
        max_cases=amount.max_cases,
        time=amount.time,
        max_tokens=values.parsed("max-tokens", option_values.positive),
        difficulties=values.parsed("difficulty", option_values.difficulties),
        alpha=values.parsed("alpha", option_values.share) or DEFAULT_ALPHA,
        baselines=values.path("baselines") or _baselines(config.rootpath, update),
        update=update,
        require_baseline=bool(values.raw("require-baseline")[0]),
        regression_drop=DEFAULT_DROP if drop is None else drop,
        parallel=values.parsed("parallel", option_values.positive),
        threads=values.parsed("threads", option_values.threads),
        chat=option_values.chat(values),
        hardware=option_values.hardware(values),
        context=values.parsed("context", option_values.positive),
        cache_dir=cache_dir,
        benchmark=values.parsed("benchmark", option_values.positive),
        tables=option_values.tables(values),
        text=values.path("text"),
        text_context=values.parsed(
            "text-context", lambda text: deep_enough(option_values.positive(text))
        ),
        judge=option_values.judge(values),
        json=values.path("json"),
        html=values.path("html"),
        markdown=values.path("markdown"),
        reports=values.files("report", "NAME=FILE, as html=report.html", option_values.report),
        probe_paths=_probe_paths(values),
        margin=values.parsed("margin", option_values.points),
        tolerances=option_values.tolerances(
            values.ini("quant_tolerances", "linelist") or [],
            lambda name: name_among(levels, name, recipes),
        ),
    )


def _baselines(rootpath: Path, update: str) -> Path:
    """A local directory, to write into in any case; else, to read, what ships."""

    local = rootpath / "baselines"
    return local if update != "no" or local.is_dir() else BASELINES


def _probe_paths(values: Values) -> tuple[Path, ...]:

    paths = values.paths("quant_probes")
    for path in paths:
        if not path.exists():
            raise QuantUsageError(
                f"{values.place('quant_probes')}: {path} does not exist; expected directories of "
                "probe files, or probe files"
            )
    return paths
