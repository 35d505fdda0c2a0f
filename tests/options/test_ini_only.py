"""Settings that only the ini file has: probe paths, recipes, tolerances."""

from __future__ import annotations

import pytest
from tests.sessions import CAPITAL, COLOURS, ONE_PROBE, Project

MIXED = "    mixed: q4_k_m attn_.*=q8_0 ffn_.*=q4_k token_embd=q6_k"


def test_probe_paths_start_from_the_ini_file(project: Project) -> None:
    project.ini("quant_probes = one two")
    project.write("one/colours.yaml", COLOURS)
    project.write("two/shades.yml", COLOURS.replace("id: colour", "id: shade"))
    project.write("probes/unused.yaml", COLOURS.replace("id: colour", "id: unused"))
    run = project.run("--quant-levels=q8")
    assert set(run.measurements) == {"one/colours.yaml::colour[q8]", "two/shades.yml::shade[q8]"}


def test_a_probe_path_that_does_not_exist(project: Project) -> None:
    project.ini("quant_probes = nowhere")
    message = project.run("--quant-levels=q8").mistake()
    assert message.startswith("ERROR: quant_probes in pytest.ini: ")
    assert "nowhere does not exist" in message


def test_a_mixed_recipe_is_a_level(project: Project) -> None:
    """Attention at 8 bits, feed-forward at 4, embeddings at 6, read back from the file."""
    project.ini("quant_recipes =", MIXED)
    run = project.run(*ONE_PROBE, "--quant-levels=mixed")
    level = run.level("mixed")
    assert level["recipe"] == "Q4_K_M attn_.*=Q8_0 ffn_.*=Q4_K token_embd=Q6_K"
    assert level["warning"] == ""
    blocks = run.level("f16")["tensor_types"]["F16"] - 2  # the matrices of all blocks
    per_block = {"attn": 4, "ffn": 3}  # query, key, value, output; gate, up, down
    depth = blocks // sum(per_block.values())
    assert level["tensor_types"]["Q8_0"] == per_block["attn"] * depth
    assert level["tensor_types"]["Q4_K"] == per_block["ffn"] * depth
    assert level["tensor_types"]["Q6_K"] >= 1
    (measurement,) = run.measurements.values()
    assert measurement["level"] == "mixed"


def test_all_includes_recipes(project: Project) -> None:
    project.ini("quant_recipes =", MIXED)
    run = project.run("--quant-levels=all", "--co", "-q", "-k", CAPITAL)
    assert sum(line.endswith("[mixed]") for line in run.lines) == 1
    assert sum(line.endswith("]") for line in run.lines) == 7


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ("mixed: q4_k_n", "unknown type 'q4_k_n'"),
        ("q4: q4_k_m", "the name 'q4' already has a meaning"),
    ],
)
def test_refuses_a_recipe(project: Project, recipe: str, said: str) -> None:
    project.ini("quant_recipes =", f"    {recipe}")
    message = project.run(*ONE_PROBE).mistake()
    assert message.startswith(f"ERROR: quant_recipes: in '{recipe}': ")
    assert said in message


def test_refuses_a_tensor_type_that_llama_cpp_lacks(project: Project) -> None:
    project.ini("quant_recipes = mixed: q4_k_m attn_.*=q99")
    message = project.run("--quant-levels=mixed", "--quant-cases=8", "-k", CAPITAL).mistake()
    assert "level mixed (Q4_K_M attn_.*=Q99): this llama.cpp has no tensor type Q99" in message


def test_tolerances_replace_the_guide_s(project: Project) -> None:
    project.ini(
        "quant_tolerances =", "    q8 world_knowledge 77.5", "    q8 overall 66", "    q4 overall 5"
    )
    run = project.run(*ONE_PROBE)
    assert run.record is not None
    limits = {check["scope"]: check["result"]["limit"] for check in run.record["checks"]}
    assert limits == {"pooled": 66, "category": 77.5, "probe": 77.5}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("q8 overall", "found 'q8 overall', expected: level category points"),
        ("q8 overall 101", "points are 0 to 100"),
        ("q8 reasoning 5", "overall or one of adversarial, "),
        ("q9 overall 5", "unknown quantization level 'q9'"),
    ],
)
def test_refuses_a_tolerance(project: Project, line: str, said: str) -> None:
    project.ini("quant_tolerances =", f"    {line}")
    message = project.run(*ONE_PROBE).mistake()
    assert message.startswith("ERROR: quant_tolerances")
    assert said in message


def test_two_tolerances_for_the_same_are_refused(project: Project) -> None:
    project.ini("quant_tolerances =", "    q8 overall 1", "    q8 overall 50")
    message = project.run("--quant-levels=q8", "-k", CAPITAL).mistake()
    assert message == (
        "ERROR: quant_tolerances: 'q8 overall 50' sets a limit of q8 for overall a second time; "
        "keep one of the two lines"
    )
