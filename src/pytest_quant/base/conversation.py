"""A prompt of several turns, which is a plain text for whoever knows no turns.

It is a ``str``, so that everything that shows, judges or keeps a prompt takes it as it is; what
puts questions to a model asks for its messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

_TOLD = """\
You have these tools, each with the JSON Schema of its arguments:
{}

Write only JSON: the list of calls to make, in order, each as \
{{"name": ..., "arguments": {{...}}}}, with no argument that was not asked for.

{}"""

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """What one side says in one turn; ``system`` goes before all turns."""

    role: Role
    content: str


class Conversation(str):
    """Messages in turn, the user's last; as a text each stands under its role in brackets.

    ``tools`` are those that the model may call, as JSON, or empty.
    """

    messages: tuple[Message, ...]
    tools: str

    def __new__(cls, messages: Iterable[Message], tools: str = "") -> Self:
        turns = tuple(messages)
        shown = [f"[tools]\n{tools}"] if tools else []
        shown += [f"[{m.role}]\n{m.content}" for m in turns]
        self = super().__new__(cls, "\n\n".join(shown))
        self.messages, self.tools = turns, tools
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (self.messages, self.tools)

    def map(self, change: Callable[[str], str]) -> Self:
        """The same with every content, and the tools, changed."""
        turns = (Message(m.role, change(m.content)) for m in self.messages)
        return type(self)(turns, change(self.tools) if self.tools else "")


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
    return Conversation((Message("system", system), *messages), tools_of(prompt))


def tools_of(prompt: str) -> str:
    """The tools that a prompt offers, as JSON, or nothing."""
    return prompt.tools if isinstance(prompt, Conversation) else ""


def with_tools_told(prompt: str) -> str:
    """The prompt for whatever takes no tools: they are described in the user's first turn, with
    the form in which they are called.
    """
    if not tools_of(prompt):
        return prompt
    turns = [*messages_of(prompt)]
    first = next(i for i, message in enumerate(turns) if message.role == "user")
    turns[first] = Message("user", _TOLD.format(tools_of(prompt), turns[first].content))
    return Conversation(turns)


def content_of(prompt: str) -> str | list[list[str]]:
    """What tells a prompt from every other, for JSON: no conversation is like a plain text."""
    if not isinstance(prompt, Conversation):
        return prompt
    said = [[message.role, message.content] for message in prompt.messages]
    return [["tools", prompt.tools], *said] if prompt.tools else said
