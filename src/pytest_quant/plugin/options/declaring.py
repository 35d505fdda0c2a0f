"""The options as pytest's command line and ini file know them."""

from __future__ import annotations

import pytest

from pytest_quant.plugin.options.table import OPTIONS


def add_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("quantization", "quantization")
    for option in OPTIONS:
        text = f"{option.help} (default: {option.default})"
        group.addoption(
            option.flag,
            dest=option.key,
            default=None,
            help=text.replace("%", "%%"),
            **option.form,
        )
        if option.ini_type is not None:
            parser.addini(option.key, option.help, type=option.ini_type, default=None)
    parser.addini(
        "quant_probes", "directories of probe files (default: probes)", "args", default=None
    )
    parser.addini(
        "quant_recipes",
        "recipes, one a line: name: type pattern=type ... imatrix=FILE kv=type "
        "(e.g. mixed: q4_k_m attn_.*=q8_0 ffn_.*=q4_k token_embd=q6_k kv=q8_0)",
        "linelist",
        default=None,
    )
    parser.addini(
        "quant_tolerances",
        "tolerances that replace the guide's, one a line: level category points "
        "(e.g. q4 numerical_reasoning 10; category 'overall' is the pooled check)",
        "linelist",
        default=None,
    )
