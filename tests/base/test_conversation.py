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
    tools_of,
    under_system,
    with_tools_told,
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


class TestTools:
    OFFERED = Conversation(TURNS, '[{"name": "f"}]')

    def test_they_are_part_of_it(self) -> None:
        assert str(self.OFFERED) == f'[tools]\n[{{"name": "f"}}]\n\n{TALK}'
        assert (tools_of(self.OFFERED), tools_of(TALK), tools_of("One?")) == (
            '[{"name": "f"}]', "", "",
        )  # fmt: skip
        assert content_of(self.OFFERED) != content_of(TALK)
        assert last_turn(self.OFFERED) == "Three?"

    def test_they_travel_with_it(self) -> None:
        for same in (
            copy.deepcopy(self.OFFERED),
            pickle.loads(pickle.dumps(self.OFFERED)),
            self.OFFERED.map(str),
        ):
            assert (same, tools_of(same)) == (self.OFFERED, '[{"name": "f"}]')
        assert tools_of(under_system(self.OFFERED, "Be brief.")) == '[{"name": "f"}]'
        assert tools_of(TALK.map(lambda text: text or "never")) == ""

    def test_what_takes_none_is_told_of_them_by_the_user(self) -> None:
        assert with_tools_told(TALK) == TALK
        assert with_tools_told("One?") == "One?"
        told = with_tools_told(under_system(self.OFFERED, "Be brief."))
        system, first, *others = messages_of(told)
        assert system == Message("system", "Be brief.")
        assert first.role == "user"
        assert first.content.endswith("\n\nOne?")
        assert '\n[{"name": "f"}]\n' in first.content
        assert '{"name": ..., "arguments": {...}}' in first.content
        assert (*others,) == TURNS[1:]
        assert tools_of(told) == ""
