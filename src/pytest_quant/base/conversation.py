"""A prompt of several turns, which is a plain text for whoever knows no turns.

It is a ``str``, so that everything that shows, judges or keeps a prompt takes it as it is; what
puts questions to a model asks for its messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """What one side says in one turn; ``system`` goes before all turns."""

    role: Role
    content: str


class Conversation(str):
    """Messages in turn, the user's last; as a text each stands under its role in brackets."""

    messages: tuple[Message, ...]

    def __new__(cls, messages: Iterable[Message]) -> Self:
        turns = tuple(messages)
        self = super().__new__(cls, "\n\n".join(f"[{m.role}]\n{m.content}" for m in turns))
        self.messages = turns
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (self.messages,)

    def map(self, change: Callable[[str], str]) -> Self:
        """The same with every content changed."""
        return type(self)(Message(m.role, change(m.content)) for m in self.messages)


def messages_of(prompt: str) -> tuple[Message, ...]:
    """The messages of a prompt: a plain text is one of the user's."""
    return prompt.messages if isinstance(prompt, Conversation) else (Message("user", prompt),)


def last_turn(prompt: str) -> str:
    """What the user says last: the question of a conversation."""
    return messages_of(prompt)[-1].content


def under_system(prompt: str, system: str) -> str:
    """The prompt with a system text before it, unless it has one of its own or none is given."""
    messages = messages_of(prompt)
    if not system or messages[0].role == "system":
        return prompt
    return Conversation((Message("system", system), *messages))


def content_of(prompt: str) -> str | list[list[str]]:
    """What tells a prompt from every other, for JSON: no conversation is like a plain text."""
    if not isinstance(prompt, Conversation):
        return prompt
    return [[message.role, message.content] for message in prompt.messages]
