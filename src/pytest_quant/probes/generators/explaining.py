"""Long passages to be explained: what a history credits, where a study is weak, what is agreed."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from pytest_quant.probes.passages.builder import Planted, build, length_name, paragraphs
from pytest_quant.probes.passages.filler import filler, subject

_FACTORS: dict[str, list[str]] = {
    "economic": ["cheap coal", "low interest rates", "overseas trade", "rising wages",
                 "a growing home market"],
    "technological": ["the steam pump", "the spinning frame", "iron rails", "the power loom",
                      "coke smelting"],
    "social": ["the end of the guilds", "evening schools", "the enclosure of fields",
               "scientific societies", "early marriages"],
}  # fmt: skip
# The word by which each is known, whatever stands around it.
_FACTOR_WORDS = {
    "cheap coal": "coal", "low interest rates": "interest", "overseas trade": "overseas",
    "rising wages": "wages", "a growing home market": "home market", "the steam pump": "steam",
    "the spinning frame": "spinning", "iron rails": "rails", "the power loom": "loom",
    "coke smelting": "coke", "the end of the guilds": "guilds", "evening schools": "schools",
    "the enclosure of fields": "enclosure", "scientific societies": "societies",
    "early marriages": "marriages",
}  # fmt: skip
_CREDITED = [
    "Without {}, every account agrees, the mills would not have come.",
    "The first mill owner named {} among the reasons for his success.",
    "The records leave no doubt that {} helped to bring the new age about.",
    "Much of the change would have been impossible without {}, as the account books show.",
    "Workers and owners alike said later that {} had set things in motion.",
]
_DENIED = [
    "Some have named {} as a cause, but the records show that the change owed nothing to it.",
    "A popular story credits {}, which in truth came a generation too late to matter.",
    "The part of {} in the change is a legend; the account books refute it.",
    "What is often said of {} does not hold for this valley, where it played no part.",
]

# Of each aspect of a study: how a weak and how a sound design reads.
_ASPECTS: dict[str, tuple[str, str]] = {
    "sample size": (
        "In all, {few} people took part.",
        "In all, {many} people took part, as a power analysis had asked.",
    ),
    "control group": (
        "Everybody received the training, so nobody was there to compare with.",
        "Half of the participants received no training, to compare with.",
    ),
    "blinding": (
        "The raters knew what each participant had done and what the authors hoped to find.",
        "The raters did not know what a participant had done.",
    ),
    "follow-up": (
        "Results were taken once, on the day on which the training ended.",
        "Results were taken again after six and after eighteen months.",
    ),
    "outcome measure": (
        "Progress was judged by asking the participants whether they felt better.",
        "Progress was measured with a validated test, scored by two persons.",
    ),
    "drop-out": (
        "Of those who began, {percent} percent left before the end and were not analysed.",
        "All but two stayed to the end, and these two were part of the analysis.",
    ),
    "funding": (
        "The maker of the training paid for the study and employs its first author.",
        "A public fund paid for the study, and the authors have no interests to declare.",
    ),
    "sites": (
        "All participants came from a single clinic in one town.",
        "The participants came from eleven clinics in four countries.",
    ),
    "statistics": (
        "Of {tested} outcomes tested without correction, those below five percent are reported.",
        "One outcome had been registered in advance, and it is the one reported.",
    ),
    "recruitment": (
        "Those were accepted who answered a notice for people convinced of the training.",
        "Participants were drawn at random from the register of residents.",
    ),
}

_OBLIGES_A = [
    "Party A delivers the Goods within {n} days of an order.",
    "Party A insures the Goods until they are handed over.",
    "Party A trains up to {n} persons in the use of the Goods at no charge.",
    "Party A keeps spare parts in stock for {n} years.",
    "Party A repairs or replaces defective Goods within {n} days.",
    "Party A reports its stock of Goods to Party B every {n} weeks.",
    "Party A keeps the drawings of Party B secret.",
    "Party A holds its prices for {n} months.",
]
_ENDS = [
    "Either party may end this Agreement at once if the other stops its payments for good.",
    "Party B may end this Agreement after more than {n} late deliveries in a year.",
    "Party A may end this Agreement if an invoice stays unpaid for {n} days.",
    "This Agreement ends by itself when the export licence is withdrawn.",
    "Either party may end this Agreement with {n} months' notice to the end of a year.",
    "Party B may end this Agreement if its drawings are shown to a third party.",
]
_VAGUE = [
    "Large orders earn an appropriate discount.",
    "Complaints have to be raised in due time.",
    "A substantial change of the drawings calls for a new price.",
    "Costs of storage are shared in a reasonable way.",
]
# They look like the others: duties of the other party, rights, and what is no ground.
_NEITHER = [
    "Party B pays within {n} days of the invoice.",
    "Party B names a person who receives the Goods.",
    "Party B returns empty pallets within {n} weeks.",
    "Party A may choose the carrier.",
    "Party A may deliver in up to {n} parts.",
    "A change of owner gives neither party a right to end this Agreement.",
    "One late delivery alone is no reason to end this Agreement.",
]
_ASKED = {
    "every clause that obliges Party A to do something": _OBLIGES_A,
    "every clause under which the Agreement can end": _ENDS,
    "every clause that leaves open how much is meant, with a word such as 'reasonable'": _VAGUE,
}


def onset_factors(rng: Random, tokens: int) -> dict[str, Any]:
    """A history that credits some factors with a change and clears others of it."""
    credited = [
        name for names in _FACTORS.values() for name in rng.sample(names, rng.randint(1, 3))
    ]
    others = [name for names in _FACTORS.values() for name in names if name not in credited]
    denied = rng.sample(others, rng.randint(3, 5))
    planted = [Planted(rng.choice(_CREDITED).format(name)) for name in credited]
    planted += [Planted(rng.choice(_DENIED).format(name)) for name in denied]
    sentences = build(rng, filler(rng, subject("valley")), tokens, planted)
    known = (f"{name} = {_FACTOR_WORDS[name]}" for name in (*credited, *denied))
    return {
        "passage": paragraphs(rng, sentences),
        "items": "; ".join(credited),
        "among": "; ".join(denied),
        "aliases": "; ".join(known),
        "length": length_name(tokens),
    }


def weak_aspects(rng: Random, tokens: int) -> dict[str, Any]:
    """A paper whose design is weak in some aspects and sound in the others."""
    aspects = rng.sample(list(_ASPECTS), len(_ASPECTS))
    weak = set(aspects[: rng.randint(3, 6)])
    figures = {
        "few": rng.randint(6, 14),
        "many": rng.randint(400, 900),
        "percent": rng.randint(38, 61),
        "tested": rng.randint(20, 40),
    }
    planted = [
        Planted(_ASPECTS[name][0 if name in weak else 1].format_map(figures)) for name in aspects
    ]
    sentences = build(rng, filler(rng, subject("study")), tokens, planted)
    return {
        "passage": paragraphs(rng, sentences),
        "aspects": ", ".join(_ASPECTS),
        "items": "; ".join(name for name in _ASPECTS if name in weak),
        "among": "; ".join(name for name in _ASPECTS if name not in weak),
        "length": length_name(tokens),
    }


def contract_clauses(rng: Random, tokens: int) -> dict[str, Any]:
    """A contract in numbered clauses; those of one kind are asked for."""
    asked = rng.choice(list(_ASKED))
    chosen = {
        text: source
        for source in (*_ASKED.values(), _NEITHER)
        for text in rng.sample(source, rng.randint(2, min(5, len(source))))
    }
    clauses = {text.format(n=rng.randint(3, 30)): source for text, source in chosen.items()}
    planted = [Planted(text) for text in rng.sample(list(clauses), len(clauses))]
    sentences = build(rng, filler(rng, subject("contract")), tokens, planted)
    numbers = _clause_numbers(rng, len(sentences))
    wanted = [
        number
        for number, text in zip(numbers, sentences, strict=True)
        if clauses.get(text) is _ASKED[asked]
    ]
    text = "\n".join(f"{number} {text}" for number, text in zip(numbers, sentences, strict=True))
    return {
        "passage": text,
        "asked": asked,
        "items": "; ".join(wanted),
        "among": "; ".join(number for number in numbers if number not in wanted),
        "length": length_name(tokens),
    }


def _clause_numbers(rng: Random, count: int) -> Sequence[str]:
    """1.1, 1.2, ... with three to seven clauses in a section."""
    numbers: list[str] = []
    section = 0
    while len(numbers) < count:
        section += 1
        numbers += [f"{section}.{i}" for i in range(1, rng.randint(3, 7) + 1)]
    return numbers[:count]
