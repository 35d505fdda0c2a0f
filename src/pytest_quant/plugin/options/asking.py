"""The options that say in which form questions are put."""

from __future__ import annotations

from pytest_quant.plugin.options.option import Option

ASKING = (
    Option(
        "chat-template",
        "string",
        "TEMPLATE",
        "chat template that questions are put through: auto is the model's own, none a plain "
        "question; or a file of Jinja source",
        "auto",
    ),
    Option(
        "template-options",
        "linelist",
        "NAME=VALUE",
        "what the chat template is told, such as enable_thinking=false; values are JSON, or else "
        "texts; may be repeated",
        "none",
        action="append",
    ),
    Option(
        "system",
        "string",
        "TEXT",
        "system text before every question that brings none, or the name of a file that holds it",
        "none",
    ),
    Option(
        "thinking",
        "string",
        "WHETHER",
        "whether models think before they answer: on or off, by the chat template's own switch or "
        "by an empty thought; auto leaves it to them",
        "auto",
    ),
    Option(
        "thinking-budget",
        "int",
        "N",
        "tokens that a model may think before an answer, whose own length is limited apart",
        "2048",
    ),
)
