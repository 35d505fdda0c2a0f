from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_quant.errors import QuantUsageError
from pytest_quant.levels import (
    NEEDS_IMATRIX,
    QUANTIZED,
    SHORT_NAMES,
    UNQUANTIZED,
    KvTypes,
    Level,
    Recipe,
    canonical_type,
    guide_level,
    known_types,
    parse_level,
    parse_levels,
    parse_recipes,
)

MIXED = "mixed: q4_k_m attn_.*=q8_0 ffn_.*=q4_k token_embd=q6_k"


class TestOneLevel:
    @pytest.mark.parametrize(
        ("name", "ftype"),
        [
            ("f32", "F32"),
            ("bf16", "BF16"),
            ("f16", "F16"),
            ("q8", "Q8_0"),
            ("q6", "Q6_K"),
            ("q5", "Q5_K_M"),
            ("q4", "Q4_K_M"),
            ("q3", "Q3_K_M"),
            ("q2", "Q2_K"),
        ],
    )
    def test_short_names(self, name: str, ftype: str) -> None:
        assert parse_level(name) == Level(name, Recipe(ftype))
        assert parse_level(f"  {name.upper()} ") == parse_level(name)
        assert name in SHORT_NAMES

    @pytest.mark.parametrize("ftype", known_types())
    def test_every_type_of_llama_cpp_in_any_case(self, ftype: str) -> None:
        for spelling in (ftype, ftype.lower(), ftype.title(), ftype.lower().replace("_", "-")):
            level = parse_level(spelling)
            assert level.recipe == Recipe(ftype)
            assert level.name == spelling.lower()

    @pytest.mark.parametrize(
        ("alias", "ftype"), [("q3_k", "Q3_K_M"), ("Q4_K", "Q4_K_M"), ("q5-k", "Q5_K_M")]
    )
    def test_aliases(self, alias: str, ftype: str) -> None:
        assert canonical_type(alias) == ftype
        assert parse_level(alias).recipe.ftype == ftype

    @pytest.mark.parametrize("name", ["q8_k", "q9", "", "f64", "q4_k_xl", "all"])
    def test_no_type_of_llama_cpp(self, name: str) -> None:
        assert canonical_type(name) is None

    @pytest.mark.parametrize("name", ["q44", "Q4_K_X", "fp16", "q4_k_m.gguf", "int8", "7"])
    def test_an_unknown_name_lists_what_is_known(self, name: str) -> None:
        with pytest.raises(QuantUsageError) as raised:
            parse_level(name, {"mixed": Recipe("Q4_K_M")})
        message = str(raised.value)
        assert f"unknown quantization level {name!r}" in message
        assert f"known levels: {', '.join(SHORT_NAMES)}, mixed, all" in message
        assert all(ftype.lower() in message for ftype in known_types())

    @pytest.mark.parametrize(
        ("name", "near"),
        [
            ("q44", "q4"),
            ("fp16", "f16"),
            ("q4_km", "q4_k_m"),
            ("iq4xs", "iq4_xs"),
            ("mxed", "mixed"),
        ],
    )
    def test_an_unknown_name_is_told_the_nearest(self, name: str, near: str) -> None:
        with pytest.raises(QuantUsageError, match=rf"Did you mean '{near}'\?"):
            parse_level(name, {"mixed": Recipe("Q4_K_M")})

    def test_a_name_like_no_other_is_told_none(self) -> None:
        with pytest.raises(QuantUsageError) as raised:
            parse_level("???")
        assert str(raised.value).split("\n")[0] == "unknown quantization level '???'."

    def test_what_counts_as_quantized(self) -> None:
        assert [name for name in SHORT_NAMES if not parse_level(name).quantized] == [*UNQUANTIZED]
        assert all(parse_level(name).quantized for name in ("iq1_s", "q8_0", "mxfp4_moe"))


class TestListsOfLevels:
    def test_order_is_kept_and_repeats_are_dropped(self) -> None:
        names = [level.name for level in parse_levels("q2, Q8,,q4 ,q2,q8,iq4_xs")]
        assert names == ["q2", "q8", "q4", "iq4_xs"]

    def test_all_is_every_quantized_level_and_recipe(self) -> None:
        recipes = parse_recipes([MIXED])
        assert [level.name for level in parse_levels("all")] == [*QUANTIZED]
        assert [level.name for level in parse_levels("ALL", recipes)] == [*QUANTIZED, "mixed"]
        assert [level.name for level in parse_levels("f16,q4,all")][:4] == ["f16", "q4", "q8", "q6"]

    @pytest.mark.parametrize("text", ["", " ", ",", " , ,"])
    def test_an_empty_list(self, text: str) -> None:
        with pytest.raises(QuantUsageError, match=r"no quantization level in .*such as q4,q8"):
            parse_levels(text)

    def test_one_bad_name_among_good_ones(self) -> None:
        with pytest.raises(QuantUsageError, match="unknown quantization level 'q4_q'"):
            parse_levels("q8, q4_q, q2")

    @given(st.text() | st.lists(st.sampled_from([*SHORT_NAMES, "all", "q", "K", ""])).map(",".join))
    @settings(deadline=None)
    def test_any_text_gives_levels_or_a_usage_error(self, text: str) -> None:
        try:
            levels = parse_levels(text)
        except QuantUsageError:
            return
        assert levels
        assert len({level.name for level in levels}) == len(levels)
        assert all(level.recipe.ftype in known_types() for level in levels)


# The guide's tables end at q2; what has fewer bits is held to that level's limit.
GUIDE_LEVELS = {
    "f32": "F32",
    "bf16": "BF16",
    "f16": "F16",
    "q8": "Q8_0",
    "q6": "Q6_K",
    "q5": "Q5_K_M Q5_K_S Q5_1 Q5_0",
    "q4": "Q4_K_M Q4_K_S Q4_1 Q4_0 IQ4_NL IQ4_XS MXFP4_MOE NVFP4",
    "q3": "Q3_K_L Q3_K_M Q3_K_S IQ3_M IQ3_S IQ3_XS IQ3_XXS",
    "q2": "Q2_K Q2_K_S Q2_0 IQ2_M IQ2_S IQ2_XS IQ2_XXS TQ2_0 Q1_0 IQ1_M IQ1_S TQ1_0",
}


class TestGuideLevels:
    @pytest.mark.parametrize("level", GUIDE_LEVELS)
    def test_types_of_a_level(self, level: str) -> None:
        for ftype in GUIDE_LEVELS[level].split():
            assert guide_level(ftype) == level
            assert parse_level(ftype).guide_level == level

    def test_every_type_is_in_the_table(self) -> None:
        assert sorted(" ".join(GUIDE_LEVELS.values()).split()) == sorted(known_types())

    def test_a_recipe_has_the_level_of_its_type(self) -> None:
        (recipe,) = parse_recipes(["wide: iq3_m output=q8_0"]).values()
        assert Level("wide", recipe).guide_level == "q3"


class TestRecipes:
    def test_the_mixed_precision_of_the_guide(self) -> None:
        recipes = parse_recipes([MIXED])
        assert recipes == {
            "mixed": Recipe(
                "Q4_K_M",
                tensor_types=(("attn_.*", "Q8_0"), ("ffn_.*", "Q4_K")),
                token_embedding="Q6_K",
            )
        }
        level = parse_level("Mixed", recipes)
        assert level == Level("mixed", recipes["mixed"])
        assert level.quantized
        assert level.recipe.describe() == "Q4_K_M attn_.*=Q8_0 ffn_.*=Q4_K token_embd=Q6_K"

    def test_short_names_and_the_output_tensor(self) -> None:
        recipe = parse_recipes(["Small : Q2 output=F16"])["small"]
        assert recipe == Recipe("Q2_K", output="F16")
        assert recipe.describe() == "Q2_K output=F16"

    def test_a_pattern_may_hold_an_equals_sign(self) -> None:
        assert parse_recipes(["odd: q4 a=b=q8_0"])["odd"].tensor_types == (("a=b", "Q8_0"),)

    def test_an_importance_matrix_is_a_file(self) -> None:
        line = "weighed: q2 ffn_.*=q4_k imatrix=a=b.dat kv=q8_0"
        recipe = parse_recipes([line], lambda text: Path("/models", text))["weighed"]
        assert recipe.imatrix == Path("/models/a=b.dat")
        assert recipe.tensor_types == (("ffn_.*", "Q4_K"),)
        assert recipe.describe() == "Q2_K ffn_.*=Q4_K imatrix=a=b.dat kv=Q8_0"
        assert recipe.describe("9c1185a5") == "Q2_K ffn_.*=Q4_K imatrix=9c1185a5 kv=Q8_0"
        assert recipe.file == replace(recipe, kv=None)
        # How a level is run changes nothing of it.
        cached = parse_level("plain+kv:q8_0", {"plain": recipe.file}).recipe
        assert cached.file == recipe.file

    def test_a_file_that_is_none(self) -> None:
        def path_of(text: str) -> Path:
            raise ValueError(f"found {text!r}, expected a file")

        with pytest.raises(QuantUsageError, match=r"'imatrix=': found '', expected a file"):
            parse_recipes(["weighed: q2 imatrix="], path_of)

    def test_lines_in_order(self) -> None:
        assert list(parse_recipes(["b: q4", "a: q8"])) == ["b", "a"]
        assert parse_recipes([]) == {}

    def test_different_recipes_are_described_differently(self) -> None:
        bodies = ["q4", "q5", "q4 a=q8_0", "q4 b=q8_0", "q4 a=q6_k", "q4 output=q8_0",
                  "q4 token_embd=q8_0", "q4 a=q8_0 b=q6_k", "q4 b=q6_k a=q8_0"]  # fmt: skip
        recipes = parse_recipes(f"r{i}: {body}" for i, body in enumerate(bodies))
        assert len({recipe.describe() for recipe in recipes.values()}) == len(bodies)

    @pytest.mark.parametrize(
        ("lines", "problem"),
        [
            (["mixed q4_k_m"], "expected 'name: type pattern=type ...'"),
            (["mixed:"], "expected 'name: type pattern=type ...'"),
            ([""], "expected 'name: type pattern=type ...'"),
            ([": q4"], "expected 'name: type pattern=type ...'"),
            (["my-mix: q4"], "expected 'name: type pattern=type ...'"),
            (["4bit: q4"], "expected 'name: type pattern=type ...'"),
            (["q4: q8_0"], "the name 'q4' already has a meaning"),
            (["Q4_K: q8_0"], "the name 'q4_k' already has a meaning"),
            (["iq4_xs: q8_0"], "the name 'iq4_xs' already has a meaning"),
            (["all: q8_0"], "the name 'all' already has a meaning"),
            (["a: q4", "A: q8"], "the name 'a' is configured twice"),
            (["mixed: q4_k_x"], "unknown type 'q4_k_x'; allowed: f32, f16"),
            (["mixed: attn_.*=q8_0"], "unknown type 'attn_.*=q8_0'; allowed: f32, f16"),
            (["mixed: q4 attn_(=q8_0"], "'attn_(' is not a regular expression"),
            (["mixed: q4 a{99999999999}=q8_0"], "is not a regular expression"),
            (["mixed: q4 attn_.*=q8.0"], "'attn_.*=q8.0' is not pattern=type"),
            (["mixed: q4 attn_.*=8"], "'attn_.*=8' is not pattern=type"),
            (["mixed: q4 kv="], "'kv=' is not one kv=type or kv=keys/values"),
            (["mixed: q4 kv=q8_0/"], "'kv=q8_0/' is not one kv=type or kv=keys/values"),
            (["mixed: q4 kv=q8_0/q4_0/q4_0"], "is not one kv=type or kv=keys/values"),
            (["mixed: q4 kv=q8_0 kv=q4_0"], "'kv=q4_0' is not one kv=type or kv=keys/values"),
            (["mixed: q4 imatrix=a imatrix=b"], "'imatrix=b' is a second importance matrix"),
            (["mixed: q4 attn_.*"], "'attn_.*' is not pattern=type"),
            (["mixed: q4 =q8_0"], "'=q8_0' is not pattern=type"),
            (["mixed: q4 output="], "'output=' is not pattern=type"),
        ],
    )
    def test_a_mistake_names_the_line_and_shows_an_example(
        self, lines: list[str], problem: str
    ) -> None:
        with pytest.raises(QuantUsageError) as raised:
            parse_recipes(lines)
        where, example = str(raised.value).split("\n")
        assert where.startswith(f"quant_recipes: in {lines[-1].strip()!r}: ")
        assert problem in where
        assert parse_recipes([example.removeprefix("example: ")])

    def test_types_are_known_to_llama_cpp(self) -> None:
        assert {*known_types()}.issuperset(NEEDS_IMATRIX)
        assert {*known_types()}.issuperset(SHORT_NAMES.values())
        assert len(set(known_types())) == len(known_types())


class TestWhatAFileIsRunWith:
    @pytest.mark.parametrize(
        ("name", "canonical", "ftype", "kv"),
        [
            ("q4+kv:q8_0", "q4+kv:q8_0", "Q4_K_M", KvTypes("Q8_0", "Q8_0")),
            (" Q4+KV:Q8_0 ", "q4+kv:q8_0", "Q4_K_M", KvTypes("Q8_0", "Q8_0")),
            ("q4+kv:q8_0/q4_0", "q4+kv:q8_0/q4_0", "Q4_K_M", KvTypes("Q8_0", "Q4_0")),
            ("q4+kv:q8_0/q8_0", "q4+kv:q8_0", "Q4_K_M", KvTypes("Q8_0", "Q8_0")),
            ("f16+kv:q4_0", "f16+kv:q4_0", "F16", KvTypes("Q4_0", "Q4_0")),
            ("iq4_xs+kv:f16/q8_0", "iq4_xs+kv:f16/q8_0", "IQ4_XS", KvTypes("F16", "Q8_0")),
        ],
    )
    def test_the_name_says_it(self, name: str, canonical: str, ftype: str, kv: KvTypes) -> None:
        level = parse_level(name)
        assert level == Level(canonical, Recipe(ftype, kv=kv))
        assert level.file_level == canonical.partition("+")[0]
        assert level.recipe.file == Recipe(ftype)
        assert level.guide_level == parse_level(level.file_level).guide_level
        assert level.quantized == parse_level(level.file_level).quantized

    def test_a_recipe_says_it(self) -> None:
        recipes = parse_recipes(["cached: q4 kv=q8_0/q4_0 attn_.*=q8_0", "plain: q4"])
        kv = KvTypes("Q8_0", "Q4_0")
        assert recipes["cached"] == Recipe("Q4_K_M", (("attn_.*", "Q8_0"),), kv=kv)
        assert recipes["cached"].describe() == "Q4_K_M attn_.*=Q8_0 kv=Q8_0/Q4_0"
        assert parse_level("plain+kv:q8_0/q4_0", recipes).recipe == Recipe("Q4_K_M", kv=kv)
        with pytest.raises(QuantUsageError, match=r"the recipe cached says kv=Q8_0/Q4_0 itself"):
            parse_level("cached+kv:q8_0", recipes)

    @pytest.mark.parametrize(
        "name",
        ["q4+", "q4+kv", "q4+kv:", "q4+kv:q8_0/", "q4+kv:/q8_0", "q4+q8_0", "q4+kv:q8_0+kv:q4_0",
         "q4+kv:a/b/c", "q4+kv:q 8", "q4+ctk:q8_0", "q4+kv:\u017f8_0", "q4+kv:" + "q" * 40],
    )  # fmt: skip
    def test_anything_else_is_refused_with_an_example(self, name: str) -> None:
        with pytest.raises(QuantUsageError) as raised:
            parse_level(name)
        assert str(raised.value).startswith(f"level {name!r}: found ")
        assert str(raised.value).endswith("q4+kv:q8_0, or apart q4+kv:q8_0/q4_0")

    def test_a_wrong_level_before_it_is_told_the_nearest(self) -> None:
        with pytest.raises(QuantUsageError, match=r"Did you mean 'q4\+kv:q8_0'\?"):
            parse_level("q44+kv:q8_0")


@pytest.mark.parametrize("name", ["con", "nul", "lpt1", "m" * 41])
def test_a_recipe_is_named_so_that_every_system_can_hold_its_file(name: str) -> None:
    with pytest.raises(QuantUsageError, match="cannot be the name of a file everywhere"):
        parse_recipes([f"{name}: q4_k_m"])


def test_a_type_is_named_in_ascii() -> None:
    with pytest.raises(QuantUsageError, match="unknown quantization level"):
        parse_level("q4_k_\u017f")  # in upper case it is an S
