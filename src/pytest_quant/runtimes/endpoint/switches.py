"""What a server's chat template is told, and whether the server heeds it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pytest_quant.base.client import Client, NoAnswer
from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.chat import Chat, TemplateFile
from pytest_quant.runtimes.endpoint.description import Description
from pytest_quant.runtimes.endpoint.server import Server, ask, body_of

# The names that templates have for it; each is told, for a template takes no notice of others.
_THINKING = ("enable_thinking", "thinking")
_PATIENCE_S = 60.0


def template_options(chat: Chat) -> Mapping[str, Any]:
    """What ``chat_template_kwargs`` of a request are to hold."""
    options: dict[str, Any] = {name: json.loads(value) for name, value in chat.options}
    if chat.thinking != "auto":
        options |= dict.fromkeys(_THINKING, chat.thinking == "on")
    return options


def check_form(description: Description, server: Server, chat: Chat, client: Client) -> None:
    """Raises ``QuantUsageError`` for a form in which this server cannot be asked."""
    if isinstance(chat.template, TemplateFile):
        raise _mistake(
            description,
            "--quant-chat-template (quant_chat_template)",
            "a server puts questions through its own chat template; give it to the server, or "
            "'none' for plain completions",
        )
    if chat.template == "none" and "completions" not in server.ways:
        raise _mistake(
            description,
            "--quant-chat-template (quant_chat_template)",
            f"the server has no completions ({'; '.join(server.lacks)}); leave the option out",
        )
    plainly = server.way(plainly=chat.template == "none") == "completions"
    for name, chosen in (
        ("--quant-template-options (quant_template_options)", bool(chat.options)),
        ("--quant-thinking (quant_thinking)", chat.thinking != "auto"),
    ):
        if chosen and (plainly or not server.heeds_options):
            raise _mistake(
                description,
                name,
                "no chat template here is known to be told anything, so that nothing would change; "
                "leave the option out",
            )
    if chat.thinking != "auto" and not _switches(description, server, chat, client):
        raise _mistake(
            description,
            "--quant-thinking (quant_thinking)",
            "the server's prompt is the same with thinking and without it, so that nothing would "
            "change; leave the option out",
        )


def _switches(description: Description, server: Server, chat: Chat, client: Client) -> bool:
    """Whether the prompt has another length when a model is to think: the server counts it."""
    sizes = set()
    for thinking in (True, False):
        content = [{"role": "user", "content": "Which bird sings before sunrise?"}]
        body = body_of("chat", server.model, server.ways["chat"], content, 1)
        told = {**template_options(chat), **dict.fromkeys(_THINKING, thinking)}
        body["chat_template_kwargs"] = told
        try:
            reply = ask(client, description.url, "chat", body, _PATIENCE_S, waits=False)
        except NoAnswer as error:
            raise _mistake(
                description, "--quant-thinking (quant_thinking)", f"the server gave {error}"
            ) from None
        sizes.add(reply.prompt_tokens)
    return len(sizes) > 1


def _mistake(description: Description, option: str, why: str) -> QuantUsageError:
    return QuantUsageError(f"{option}: {description.place}: {why}")
