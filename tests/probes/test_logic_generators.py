"""Every answer of the generators of logic is worked out again from the question's own words."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from random import Random
from typing import Any

import pytest
from tests.generators import assert_pure_and_seeded, public_functions

from pytest_quant.probes.generators import arguments, deduction, logic, membership
from pytest_quant.probes.generators.wording import CAPITALS

GENERATORS: dict[str, Callable[[Random], dict[str, Any]]] = {
    "contradicted_syllogism": arguments.contradicted_syllogism,
    "existential_syllogism": arguments.existential_syllogism,
    "conditional_form": arguments.conditional_form,
    "syllogism_chain": deduction.syllogism_chain,
    "extreme": deduction.extreme,
    "route": partial(deduction.route, places=[4, 7]),
    "liars": partial(deduction.liars, people=[2, 5]),
    "elimination": deduction.elimination,
    "another_kind": membership.another_kind,
    "overlap": partial(membership.overlap, sizes=[2, 6]),
    "parity": partial(membership.parity, digits=[3, 11]),
    "which_city": membership.which_city,
    "truth_table": logic.truth_table,
    "boolean_expression": partial(logic.boolean_expression, depth=3),
    "conditional": logic.conditional,
}


def drawn(name: str, count: int = 300) -> Iterator[dict[str, Any]]:
    rng = Random(f"test:{name}")
    return (GENERATORS[name](rng) for _ in range(count))


@pytest.mark.parametrize("name", GENERATORS)
def test_pure_and_seeded(name: str) -> None:
    assert_pure_and_seeded(lambda: drawn(name))


def test_every_public_function_is_tested_here() -> None:
    modules = (arguments, deduction, logic, membership)
    assert public_functions(*modules) == set(GENERATORS)


def value_of(formula: str, row: dict[str, bool] | None = None) -> bool:
    """The value of a formula, by a parser that knows the usual precedence."""
    tree = ast.parse(formula.replace("true", "True").replace("false", "False"), mode="eval").body

    def value(node: ast.expr) -> bool:
        match node:
            case ast.Constant(value=bool(constant)):
                return constant
            case ast.Name(id=letter):
                return (row or {})[letter]
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not value(operand)
            case ast.BoolOp(op=ast.And(), values=parts):
                return all(value(part) for part in parts)
            case ast.BoolOp(op=ast.Or(), values=parts):
                return any(value(part) for part in parts)
        raise AssertionError(ast.unparse(node))

    return value(tree)


class TestFormulas:
    def test_boolean_expressions(self) -> None:
        seen = set()
        for values in drawn("boolean_expression", 600):
            assert values["value"] == str(value_of(values["formula"])).lower()
            seen |= set(re.findall(r"and|or|not|\(", values["formula"])) | {values["value"]}
        assert seen == {"and", "or", "not", "(", "true", "false"}

    def test_boolean_expressions_need_no_precedence(self) -> None:
        for values in drawn("boolean_expression"):
            flat = values["formula"]
            while "(" in flat:
                inner = re.findall(r"\(([^()]*)\)", flat)
                assert all(len(re.findall(r"and|or|not", part)) == 1 for part in inner)
                flat = re.sub(r"\([^()]*\)", "x", flat)
            assert len(re.findall(r"and|or|not", flat)) == 1

    def test_conditionals_by_truth_table(self) -> None:
        kinds = set()
        for values in drawn("conditional"):
            names = [values["first"], values["second"]]

            def holds(statement: str, world: dict[str, bool]) -> bool:
                plain = statement[0].lower() + statement[1:]
                affirmed = plain.replace(" is not ", " is ")
                return world[affirmed] == (plain == affirmed)

            worlds = [
                dict(zip(names, row, strict=True))
                for row in itertools.product([True, False], repeat=2)
            ]
            possible = [
                world
                for world in worlds
                if (not world[names[0]] or world[names[1]]) and holds(values["fact"], world)
            ]
            follows = all(holds(values["claim"], world) for world in possible)
            assert possible
            assert values["value"] == ("yes" if follows else "no")
            kinds.add((" not " in values["fact"], " not " in values["claim"], follows))
        assert len(kinds) == 4

    def test_every_step_of_a_boolean_expression_has_its_value(self) -> None:
        lengths = set()
        for values in drawn("boolean_expression"):
            steps = values["working"].split(" = ")
            assert steps[0] == values["formula"]
            assert steps[-1] == values["value"]
            assert {value_of(step) for step in steps} == {values["value"] == "true"}
            assert [*map(len, steps)] == sorted({*map(len, steps)}, reverse=True)
            lengths.add(len(steps))
        assert lengths == {2, 3, 4}

    def test_the_working_of_a_conditional_names_what_the_fact_does(self) -> None:
        rules = set()
        for values in drawn("conditional"):
            first, second, fact = (values[name] for name in ("first", "second", "fact"))
            plain = fact[0].lower() + fact[1:].replace(" not ", " ")
            part = "first" if plain == first else "second"
            does = "denies" if " not " in fact else "states"
            assert {first, second} > {plain}
            assert (
                f"Fact: {fact[0].lower()}{fact[1:]}, which {does} the {part}" in values["working"]
            )
            assert ("nothing follows" in values["working"]) == (values["value"] == "no")
            rules.add((does, part, values["value"]))
        assert rules == {
            ("states", "first", "yes"), ("denies", "second", "yes"),
            ("states", "second", "no"), ("denies", "first", "no"),
        }  # fmt: skip

    def test_truth_tables_row_by_row(self) -> None:
        counts = set()
        for values in drawn("truth_table"):
            rows = values["working"].split(". ")
            seen = []
            for row in rows:
                given, steps = row.split(": ")
                letters = dict(re.findall(r"([p-s]) (true|false)", given))
                truth = {letter: word == "true" for letter, word in letters.items()}
                expected = value_of(values["formula"], truth)
                assert {value_of(step) for step in steps.split(" = ")} == {expected}
                seen.append((tuple(truth.items()), expected))
            assert len({given for given, _ in seen}) == 4
            assert sum(expected for _, expected in seen) == values["true_rows"]
            counts.add(values["true_rows"])
        assert counts == {0, 1, 2, 3, 4}


class TestDeduction:
    def test_chains_of_syllogisms_by_closure(self) -> None:
        lengths = set()
        for values in drawn("syllogism_chain"):
            rules = dict(re.findall(r"Every (\w+) is a (\w+)\.", values["statements"]))
            (given,) = re.findall(rf"{values['name']} is a (\w+)\.", values["statements"])
            reached = [given]
            while reached[-1] in rules:
                reached.append(rules[reached[-1]])
            follows = values["claimed"] in reached[1:]
            assert values["value"] == ("yes" if follows else "no")
            shown = values["working"].split(".")[:-1]
            assert all(
                f"{s.strip()}." in values["statements"] for s in shown[: None if follows else -1]
            )
            hops = reached[: reached.index(values["claimed"]) + 1] if follows else reached
            assert len(shown) == len(hops) + (not follows)
            assert values["claimed"] in {*rules, *rules.values()}
            lengths.add((values["value"], len(hops)))
        assert {("yes", n) for n in (2, 3, 4, 5)} < lengths
        assert {("no", n) for n in (1, 2, 3, 4, 5)} < lengths

    def test_extremes_by_trying_every_order(self) -> None:
        for values in drawn("extreme", 150):
            pairs = re.findall(r"(\w+) is \w+ than (\w+)", values["statements"])
            people = sorted({name for pair in pairs for name in pair})
            orders = [
                order
                for order in itertools.permutations(people)
                if all(order.index(a) < order.index(b) for a, b in pairs)
            ]
            (order,) = orders
            most = values["asked"] in {"tallest", "oldest", "fastest", "heaviest"}
            assert values["person"] == order[0 if most else -1]
            used = values["working"].split(", ")
            assert all(f"{pair}." in values["statements"] for pair in used)
            assert values["statements"].startswith(f"{used[0]}.")
            assert values["person"] in used[-1]

    def test_routes_by_walking(self) -> None:
        for values in drawn("route"):
            leads = dict(re.findall(r"The (\w+) leads to the (\w+)\.", values["statements"]))
            here = values["start"]
            visited = [here := leads[here] for _ in range(values["steps"])]
            assert visited[-1] == values["end"]
            assert values["working"] == ", ".join(f"{i} {p}" for i, p in enumerate(visited, 1))
            assert len({values["start"], *visited}) == values["steps"] + 1

    def test_liars_by_trying_who_lies(self) -> None:
        for values in drawn("liars"):
            said = [s for s in values["statements"].split(".") if s]
            people = sorted(set(re.findall(r"[A-Z]\w+", values["statements"])))
            possible = [
                dict(zip(people, truths, strict=True))
                for truths in itertools.product((True, False), repeat=len(people))
                if all(_holds(s.strip(), dict(zip(people, truths, strict=True))) for s in said)
            ]
            (truthful,) = possible
            assert values["value"] == ("yes" if truthful[values["name"]] else "no")
            for statement in re.split(r"\. |, so ", values["working"]):
                if " says " not in statement:
                    name, _, what = statement.partition(" ")
                    assert truthful[name] == (what == "tells the truth")

    def test_elimination_leaves_one_place(self) -> None:
        for values in drawn("elimination"):
            places = {values[name] for name in "abcd"}
            excluded = set(re.findall(r"not in the (\w+)\.", values["ruled_out"]))
            assert places - excluded == {values["hidden"]}
            assert len(places) == 4
            assert len(excluded) == 3


def _holds(statement: str, truthful: dict[str, bool]) -> bool:
    """Whether a statement, or what a person says, agrees with who tells the truth."""
    speaker, says, claim = statement.rpartition(" says that ")
    name, _, what = claim.partition(" ")
    true = truthful[name] == (what == "tells the truth")
    return true == truthful[speaker] if says else true


class TestMembership:
    def test_the_odd_one_belongs_to_another_kind(self) -> None:
        kind_of = {word: kind for kind, words in membership._KINDS.items() for word in words}
        assert len(kind_of) == sum(len(words) for words in membership._KINDS.values())
        places = set()
        for values in drawn("another_kind"):
            kinds = [kind_of[word] for word in values["words"]]
            assert kinds.count(values["kind"]) == 3
            assert kind_of[values["odd"]] != values["kind"]
            places.add(values["words"].index(values["odd"]))
        assert places == {0, 1, 2, 3}

    def test_overlaps_as_sets(self) -> None:
        for values in drawn("overlap"):
            first, second = (values[name].split(", ") for name in ("first", "second"))
            shared = values["asked"] == "are also"
            assert values["terms"].split(", ") == [n for n in first if (n in second) == shared]
            assert len(set(first)) == len(first)
            assert len(set(second)) == len(second)
            assert set(first) - set(second)
            assert set(second) - set(first)
            assert set(first) & set(second)
            for number, word in (item.split(" ") for item in values["working"].split(", ")):
                assert word == ("yes" if number in second else "no")

    def test_parity_by_counting(self) -> None:
        for values in drawn("parity"):
            row = values["row"]
            states = [("even", "odd")[row[: i + 1].count("1") % 2] for i in range(len(row))]
            assert values["value"] == states[-1]
            assert values["working"] == ", ".join(map(" ".join, zip(row, states, strict=True)))

    def test_one_city_of_four_is_the_capital(self) -> None:
        places = set()
        for values in drawn("which_city"):
            assert CAPITALS[values["country"]] == values["capital"]
            assert len(set(values["cities"])) == 4
            assert set(values["cities"]) <= set(CAPITALS.values())
            places.add(values["cities"].index(values["capital"]))
        assert places == {0, 1, 2, 3}


# Worlds of one to three things, each of them told by whether it is an A, is a B, and does C.
Thing = tuple[bool, bool, bool]
THINGS: list[Thing] = [(a, b, c) for a, b, c in itertools.product((False, True), repeat=3)]
WORLDS = [w for n in (1, 2, 3) for w in itertools.combinations_with_replacement(THINGS, n)]
PREMISES: dict[str, tuple[Callable[[Iterable[bool]], bool], Callable[[Thing], bool]]] = {
    "Some A are B": (any, lambda t: t[0] and t[1]),
    "Some B are A": (any, lambda t: t[0] and t[1]),
    "There are A that are B": (any, lambda t: t[0] and t[1]),
    "All A are B": (all, lambda t: t[1] or not t[0]),
    "Whatever belongs to the A belongs to the B": (all, lambda t: t[1] or not t[0]),
    "No A are B": (all, lambda t: not (t[0] and t[1])),
    "All B do C": (all, lambda t: t[2] or not t[1]),
    "No B do C": (all, lambda t: not (t[1] and t[2])),
    "Some B do C": (any, lambda t: t[1] and t[2]),
    "Some B do not C": (any, lambda t: t[1] and not t[2]),
}


class TestArguments:
    def test_syllogisms_by_looking_at_every_small_world(self) -> None:
        seen = set()
        for values in drawn("existential_syllogism"):
            _, a, doing = values["claim"].split(" ", 2)
            words = {*re.findall(r"\w+", values["premises"])}
            (b,) = {c for pair in arguments._CLASSES for c in pair if c in words} - {a} or {
                c for c in arguments._MADE_UP_CLASSES if c in words and c != a
            }
            denial = dict(arguments._DOINGS)[doing]
            form = values["premises"].replace(denial, "do not C").replace(doing, "do C")
            form = re.sub(rf"\b{a}\b", "A", re.sub(rf"\b{b}\b", "B", form))
            premises = [PREMISES[premise] for premise in form.split(". ")]
            claims = {
                any(t[0] and t[2] for t in world)
                for world in WORLDS
                if all(quantifier(map(holds, world)) for quantifier, holds in premises)
            }
            verdicts = {(True,): "follows", (False,): "excluded", (False, True): "open"}
            assert values["value"] == verdicts[tuple(sorted(claims))]
            seen.add(form)
        assert len(seen) == len(arguments._FIGURES)

    def test_conditional_forms_by_their_definition(self) -> None:
        names = set()
        for values in drawn("conditional_form"):
            first, second, claim = values["first"], values["second"], values["claim"]
            denies = values["fact"] not in (first, second)
            claims_second = _in_common(claim, second) > _in_common(claim, first)
            expected = {
                (False, True): "modus ponens",
                (True, False): "modus tollens",
                (False, False): "affirming the consequent",
                (True, True): "denying the antecedent",
            }[denies, claims_second]
            assert values["form"] == expected
            names.add(expected)
        assert len(names) == 4

    def test_findings_refute_what_they_say(self) -> None:
        """Each finding as facts about the one named and about another thing of the kind."""
        seen = set()
        for values in drawn("contradicted_syllogism"):
            name, kind, trait = values["name"], values["kind"], values["trait"]
            finding = values["finding"]
            about_name = finding.startswith(f"{name} ")
            is_kind = not re.search(rf"not a {kind}|is none", finding)
            lacks = bool(re.search(rf"does not have {trait}|lacks {trait}", finding))
            possible = {
                (rule, member)
                for rule, member, has in itertools.product((True, False), repeat=3)
                if not (rule and member and not has)
                if not (about_name and member and not is_kind)
                if not (about_name and lacks and has)
                if not (not about_name and is_kind and lacks and rule)
            }
            first, second = ({truths[i] for truths in possible} for i in (0, 1))
            verdict = values["verdicts"]["ABCD".index(values["letter"])]
            if (True, True) in possible:
                expected = "both premises may be true"
            elif first == {False}:
                expected = "premise 1 is false"
            elif second == {False}:
                expected = "premise 2 is false"
            else:
                expected = "at least one premise is false, but it is open which"
            assert verdict == expected, finding
            seen.add((verdict, values["letter"]))
        assert len(seen) == 16


def _in_common(claim: str, statement: str) -> int:
    return len(set(claim.split()) & set(statement.split()))
