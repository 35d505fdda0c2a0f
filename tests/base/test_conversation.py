"""A prompt of several turns is a text with messages, which stay with it."""

from __future__ import annotations

import copy
import json
import pickle

from pytest_quant.base.conversation import (
    Conversation,
    Message,
    content_of,
    last_turn,
    messages_of,
    under_system,
)

TURNS = (Message("user", "One?"), Message("assistant", "Two."), Message("user", "Three?"))
TALK = Conversation(TURNS)


def test_it_is_a_text_with_messages() -> None:
    assert TALK == "[user]\nOne?\n\n[assistant]\nTwo.\n\n[user]\nThree?"
    assert messages_of(TALK) == TURNS
    assert messages_of("One?") == (Message("user", "One?"),)
    assert (last_turn(TALK), last_turn("One?")) == ("Three?", "One?")
    assert json.loads(json.dumps(TALK)) == TALK


def test_its_messages_travel_with_it() -> None:
    for same in (copy.deepcopy(TALK), copy.copy(TALK), pickle.loads(pickle.dumps(TALK))):
        assert same == TALK
        assert messages_of(same) == TURNS


def test_it_is_told_from_a_text_of_the_same_words() -> None:
    assert content_of(TALK) != content_of(str(TALK))
    assert messages_of(str(TALK)) == (Message("user", str(TALK)),)
    assert content_of("One?") == "One?"


def test_a_system_text_goes_before_all() -> None:
    assert under_system("One?", "") == "One?"
    assert messages_of(under_system("One?", "Be brief.")) == (
        Message("system", "Be brief."),
        Message("user", "One?"),
    )
    own = under_system(TALK, "Be brief.")
    assert under_system(own, "Be long.") == own
