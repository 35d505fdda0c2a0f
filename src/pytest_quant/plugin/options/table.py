"""Every option of the plugin, defined once for the command line, the ini file and ``--help``."""

from __future__ import annotations

from pytest_quant.plugin.options.asking import ASKING
from pytest_quant.plugin.options.hardware import HARDWARE
from pytest_quant.plugin.options.option import Option as _Option

OPTIONS = (
    _Option(
        "levels",
        "string",
        "LEVELS",
        "quantization levels to test, separated by commas: f32 bf16 f16 q8 q6 q5 q4 q3 q2, any "
        "llama.cpp type, a recipe of quant_recipes, or all; any of them with other types of keys "
        "and values: q4+kv:q8_0",
        "none: the plugin is off",
    ),
    _Option(
        "model",
        "string",
        "GGUF",
        "16- or 32-bit GGUF file from which the levels are quantized, or "
        "hf://OWNER/REPOSITORY/FILE[@REVISION] to fetch it",
        "the embedded model",
    ),
    _Option(
        "artifact",
        "linelist",
        "LEVEL=FILE",
        "ready-made file of one level (GGUF, or of another runtime), or hf:// as above, instead of "
        "quantizing it; may be repeated",
        "none",
        action="append",
    ),
    _Option(
        "imatrix",
        "string",
        "FILE",
        "importance matrix of the model, in either form of llama.cpp's, with which levels are "
        "quantized, or hf:// as above; pytest-quant imatrix makes one",
        "none",
    ),
    _Option(
        "endpoint",
        "linelist",
        "LEVEL=URL",
        "OpenAI-compatible server of one level, as q4=http://localhost:8000/v1, with #MODEL where "
        "it has several; its key is read from OPENAI_API_KEY; may be repeated",
        "none",
        action="append",
    ),
    _Option(
        "reference",
        "string",
        "LEVEL",
        "level that the others are measured against",
        "the highest precision at hand",
    ),
    _Option(
        "suite",
        "linelist",
        "NAME=FILE",
        "benchmark to ask besides the probes: gsm8k, humaneval, mmlu or one that an installed "
        "package brings, from a file, for ours JSON lines or CSV (.gz, too); may be repeated",
        "none",
        action="append",
    ),
    _Option(
        "cases",
        "int",
        "N",
        "cases asked of each probe, or all that it has",
        "as many of each category as its decision takes, by its limit: some 100 at 5 points",
    ),
    _Option(
        "max-cases",
        "int",
        "N",
        "ask each probe until its own verdict is decided, too, up to N cases",
        "what the decisions on the categories take",
    ),
    _Option(
        "time",
        "string",
        "TIME",
        "what the session may take, as 30m, 90s or 1h30m: divergences come first, then cases where "
        "verdicts are open and cases are cheap, of every category; a number alone is seconds",
        "what the decisions on the categories take",
    ),
    _Option(
        "max-tokens",
        "int",
        "N",
        "the most tokens that an answer may take where the reference needs more than a probe says",
        "1024, or more where a probe says so",
    ),
    _Option(
        "margin",
        "float",
        "POINTS",
        "the drop that you accept of any level, in every category and in all, in percentage points",
        "the guide's limits, by level and category",
    ),
    _Option(
        "difficulty",
        "string",
        "RANGES",
        "difficulties of the probes to run, from 1 to 5, such as 1-3 or 1,4-5",
        "all",
    ),
    _Option(
        "alpha",
        "float",
        "ALPHA",
        "error budget of the session: the chance that any check of an undamaged model fails",
        "0.05",
    ),
    _Option(
        "baselines",
        "string",
        "DIR",
        "directory of the recorded baselines",
        "baselines in the root directory, or those that ship with the package",
    ),
    # No ini twin: recording is an act. A setting that records would, at every run, replace what
    # the run was to be compared with.
    _Option(
        "update-baselines",
        None,
        "force",
        "record what every tested level gets right, as what later runs are compared with; refused "
        "where the variable CI is set, unless given as --quant-update-baselines=force",
        "compare",
        flag_value="yes",
    ),
    _Option(
        "require-baseline",
        "bool",
        "",
        "fail for every tested level that has no recorded baseline",
        "such a level is named",
        flag_value="true",
    ),
    _Option(
        "regression-drop",
        "float",
        "POINTS",
        "smallest drop below a recorded baseline that is worth failing for, in percentage points",
        "0.5",
    ),
    _Option(
        "parallel",
        "int",
        "N",
        "sequences decoded together, or asked of a server at once",
        "from the model's context length and the memory at hand, at most 16, on a GPU 64; of a "
        "server as many as it says, or 16",
    ),
    *ASKING,
    _Option("threads", "int", "N", "threads of all workers together", "one for each CPU at hand"),
    *HARDWARE,
    _Option(
        "cache-dir",
        "string",
        "DIR",
        "where quantized models and responses are kept",
        "the user's cache directory",
    ),
    _Option(
        "benchmark",
        "int",
        "ROUNDS",
        "time each level, alone, in so many rounds with pytest-benchmark; its options apply",
        "not timed",
    ),
    _Option(
        "table",
        "linelist",
        "NAME",
        "one of the guide's tables for this model in the summary, from the probes of its tasks: "
        "medical, code, mmlu, gsm8k or humaneval; may be repeated",
        "none",
        action="append",
    ),
    _Option(
        "text",
        "string",
        "FILE",
        "text in UTF-8 on which to measure each level's KL divergence from the reference",
        "questions and answers of the probe library",
    ),
    _Option(
        "text-context",
        "int",
        "N",
        "tokens of that text that are read in one go, to measure the divergence at depth, too; "
        "512: not at depth",
        "4096, or as many as the model was trained with",
    ),
    _Option(
        "judge",
        "string",
        "URL",
        "OpenAI-compatible endpoint, as http://localhost:8000/v1, of a model that compares each "
        "level's free text with the reference's and decides no verdict; its key is read from "
        "PYTEST_QUANT_JUDGE_KEY",
        "no judge",
    ),
    _Option("judge-model", "string", "NAME", "model to ask there", "none: name it"),
    _Option(
        "judge-pairs",
        "int",
        "N",
        "responses of a level that are compared, each in both orders: the first of every probe, "
        "then the second, and so on",
        "64",
    ),
    _Option("judge-timeout", "float", "SECONDS", "how long the judge may take to answer", "60"),
    _Option("json", "string", "FILE", "write the run record to FILE", "not written"),
    _Option("html", "string", "FILE", "write a report to read in a browser to FILE", "not written"),
    _Option(
        "markdown",
        "string",
        "FILE",
        "write a summary for a pull request or a job to FILE",
        "not written",
    ),
    _Option(
        "report",
        "linelist",
        "NAME=FILE",
        "write a report to FILE: json, html, markdown, csv (every case), card (of a model), or one "
        "that an installed package brings; "
        "may be repeated",
        "none",
        action="append",
    ),
)


FLAGS = tuple(option.flag for option in OPTIONS)
