"""Chat templates that come with a file: found to be usable, or refused in a few words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from pytest_quant.base.conversation import Conversation, Message
from pytest_quant.runtimes.chat import Chat, Thinking
from pytest_quant.runtimes.llamacpp import templates
from pytest_quant.runtimes.llamacpp.prompt import TemplateForm
from pytest_quant.runtimes.llamacpp.template_trial import examine
from pytest_quant.runtimes.llamacpp.templates import Renderer, Template, TemplateFault

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] | trim }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SAYS = "{{ messages[0].content }}"


def examined(source: str, system: str = "", thinking: Thinking = "auto", **given: Any) -> str:
    """What is wrong with a template, or nothing."""
    try:
        examine(Template(source, "<s>", "</s>", **given), system, thinking)
    except TemplateFault as fault:
        return str(fault)
    return ""


@pytest.fixture
def renderer(request: pytest.FixtureRequest) -> Iterator[Renderer]:
    opened = Renderer(Template(request.param, "<s>", "</s>"))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "source",
    [
        SAYS,
        CHATML,
        f"<s>[INST]{SAYS}[/INST]",
        "{{ messages[0].content.replace('\n', ' ') }}",
        f"Today is {{{{ strftime_now('%d %b %Y') }}}}.\n{SAYS}",
        f"{{% if tools %}}x{{% endif %}}{{% generation %}}{SAYS}{{% endgeneration %}}",
        f"{{% for i in range(3) %}}{{% if i %}}{{% continue %}}{{% endif %}}{SAYS}{{% endfor %}}",
    ],
)
def test_a_template_that_can_be_used(source: str) -> None:
    assert examined(source) == ""


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("\n{% if %}", "does not compile: line 2: Expected an expression"),
        ("{% for m in messages %}", "does not compile: line 1: Unexpected end of template"),
        ("{{ '' | nosuch }}", "does not compile: line 1: No filter named 'nosuch'"),
        (f"{{{{ {'(' * 5000}1{')' * 5000} }}}}", "does not compile: RecursionError"),
        ("{{ raise_exception('only \x1b[31mtools\u202e\n') }}", "user message: only [31mtools"),
        ("{{ raise_exception('x' * 5000000) }}", f"{'x' * 160}..."),
        ("{{ raise_exception('\\ud800') }}", "fails on a user message"),
        ("{{ messages[1].content }}", "UndefinedError: list object has no element 1"),
        ("{{ ''.__class__.__mro__ }}", "access to attribute '__class__' of 'str' object is unsafe"),
        ("{% include 'other' %}", "fails on a user message"),
        ("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "RecursionError"),
        ("{% for i in range(10 ** 9) %}{% endfor %}", "Range too big"),
        ("{{ messages | tojson(indent=100000000) }}", "takes more than 512 MB of memory"),
        ("{{ 'x'.center(10 ** 9) }}", "takes more than 512 MB of memory"),
        ("{{ '%999999999d' % 1 }}", "takes more than 512 MB of memory"),
        (f"{{% for i in range(50000) %}}system {{% endfor %}}{SAYS}", "more than 200,128 charac"),
        (f"{{{{ '\\ud800' }}}}{SAYS}", "lone surrogates"),
        ("[INST] Hello [/INST]", "drops, cuts or changes what the user says: it makes '[INST] He"),
        (" ", "drops, cuts or changes"),
        ("{{ messages[0].content[:200] }}", "drops, cuts or changes"),
        ("{{ messages[0].content | upper }}", "drops, cuts or changes"),
        ("{{ messages[0].content | e }}", "drops, cuts or changes"),
        ("{{ messages[0].content.replace('\n', '') }}", "drops, cuts or changes"),
        ("{{ messages | tojson }}", "drops, cuts or changes"),
        (SAYS * 2, "repeats what the user says (2 times in the prompt)"),
        (
            f"{SAYS}{{{{ [1, 2] | random }}}}",
            "each time: it uses the filter 'random'",
        ),
        (f"{SAYS}{{{{ lipsum() }}}}", "another prompt each time: it uses the function 'lipsum'"),
    ],
)
def test_a_template_that_cannot(source: str, fault: str) -> None:
    found = examined(source)
    assert fault in found
    assert found.isprintable()
    assert len(found) < 260


# Templates that say a role, and where an answer begins, each in its own way.
_TURNS = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}</s>{% endfor %}"
_ASKS = "{% if add_generation_prompt %}<|assistant|>{% endif %}"


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (f"{_TURNS}{_ASKS}", ""),
        # It leaves the answer's place out, whatever is asked.
        (_TURNS, "ends in the wrong place: '<|assistant|>', behind which an answer stands, is not"),
        (
            "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}",
            "ends in the wrong place: 'assistant:', behind which an answer stands, is not there",
        ),
        (f"{_TURNS}{_ASKS}{{{{ eos_token }}}}", "in the wrong place: behind the end token (</s>)"),
        # An answer follows on the question itself.
        ("{% for m in messages %}{{ m.content }}</s>{% endfor %}", ""),
        (
            "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]"
            "{% else %}{{ m.content }}</s>{% endif %}{% endfor %}",
            "",
        ),
        ("{{ messages[0].content }}", ""),
        # What is missing is for the model to write: an empty thought, the name of a channel.
        (
            f"{_TURNS.replace('{{ m.content }}', '{{ think(m) }}')}{_ASKS}".replace(
                "{{ think(m) }}",
                "{% if m.role == 'assistant' %}<think>\n\n</think>\n{% endif %}{{ m.content }}",
            ),
            "",
        ),
        (
            "{% for m in messages %}<|start|>{{ m.role }}{% if m.role == 'assistant' %}"
            "<|channel|>final{% endif %}<|message|>{{ m.content }}<|end|>{% endfor %}"
            "{% if add_generation_prompt %}<|start|>assistant{% endif %}",
            "",
        ),
        (
            "{% for m in messages %}<{{ m.role }}>{% if m.role == 'assistant' %}to all:{% endif %}"
            "{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}",
            "",
        ),
        (f"<s>{SAYS}", ""),
        (f"{{{{ bos_token }}}}<s>{SAYS}", "begins a prompt with two begin tokens (<s>)"),
        (f"\n\n{{{{ bos_token }}}}{SAYS}", "puts the begin token (<s>) behind '\\n\\n': the model"),
        (
            f"A chat.\n<s>{SAYS}",
            "puts the begin token (<s>) behind 'A chat.\\n': the model is given",
        ),
        (f"{SAYS}<s>[/INST]", ""),
    ],
)
def test_where_a_prompt_begins_and_ends(source: str, fault: str) -> None:
    found = examined(source)
    assert fault in found
    assert bool(fault) == bool(found)


def test_a_begin_token_that_nobody_else_adds_may_stand_anywhere() -> None:
    assert examined(f"A chat.\n<s>{SAYS}", adds_begin=False) == ""


ANY = "{% for m in messages %}{{ m.content }}\n{% endfor %}"


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (ANY, ""),
        (CHATML, ""),
        (
            "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}",
            "drops, cuts or changes what the system text says: it makes 'Which bird",
        ),
        (
            "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}"
            f"{{% endif %}}{ANY}",
            "fails on a conversation: no system role",
        ),
    ],
)
def test_a_system_text(source: str, fault: str) -> None:
    assert examined(source) == ""
    found = examined(source, "Answer in one word, and be brief.")
    assert fault in found
    assert bool(fault) == bool(found)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ('{"enable_thinking": false}', ""),
        ('{"enable_thinkin": false}', "no option 'enable_thinkin' (did you mean 'enable_thinking'"),
        ('{"m": 1}', "reads no option 'm', so that it would change nothing"),
    ],
)
def test_options_that_a_template_reads(options: str, fault: str) -> None:
    source = f"{{% if enable_thinking is defined and not enable_thinking %}}x{{% endif %}}{ANY}"
    found = examined(source, options=options)
    assert fault in found
    assert bool(fault) == bool(found)


_CHATS = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|bot|>"
_SWITCHED = (
    f"{_CHATS}{{% if enable_thinking is defined and not enable_thinking %}}<think></think>"
    "{% endif %}"
)
_OPENED = f"{_CHATS}{{{{ '<think>\n' }}}}"
_CHANNELS = (
    "{% for m in messages %}<|start|>{{ m.role }}{% if m.role == 'assistant' %}<|channel|>final"
    "{% endif %}<|message|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant{% endif %}"
)
_EFFORTS = (
    f"{_CHATS}{{% if reasoning_effort == 'none' %}}<think></think>{{% else %}}<think>{{% endif %}}"
)
_QUIET = f"{{% if thinking %}}Write thoughts between <think> and </think>.{{% endif %}}{_CHATS}"
_SPOKEN = f"{_CHATS}{{# </think> is the end of a thought #}}"


@pytest.mark.parametrize(
    ("source", "thinking", "ends", "answered"),
    [
        # As no model of thinking is asked.
        (_CHATS, "auto", "<|bot|>", "<|bot|>Rome"),
        (_CHATS, "off", "<|bot|>", "<|bot|>Rome"),
        # Tags that the model writes, with a switch and without one.
        (_SWITCHED, "auto", "<|bot|>", "<|bot|><think>\n\n</think>\n\nRome"),
        (_SWITCHED, "on", "<|bot|>", "<|bot|><think>\n\n</think>\n\nRome"),
        (_SWITCHED, "off", "<|bot|><think></think>", "<|bot|><think></think>Rome"),
        (_SPOKEN, "auto", "<|bot|>", "<|bot|><think>\n\n</think>\n\nRome"),
        (_SPOKEN, "on", "<|bot|>", "<|bot|><think>\n\n</think>\n\nRome"),
        (_SPOKEN, "off", "<|bot|><think>\n\n</think>\n\n", "<|bot|><think>\n\n</think>\n\nRome"),
        # A switch that is off by itself, and writes nothing.
        (_QUIET, "auto", "<|bot|>", "<|bot|>Rome"),
        (_QUIET, "on", "<|bot|>", "<|bot|><think>\n\n</think>\n\nRome"),
        (_QUIET, "off", "<|bot|>", "<|bot|>Rome"),
        # A tag that the template opens.
        (_OPENED, "auto", "<|bot|><think>\n", "<|bot|><think>\n\n</think>\n\nRome"),
        (_OPENED, "on", "<|bot|><think>\n", "<|bot|><think>\n\n</think>\n\nRome"),
        (_OPENED, "off", "<|bot|><think>\n\n</think>\n\n", "<|bot|><think>\n\n</think>\n\nRome"),
        (_EFFORTS, "on", "<|bot|><think>", "<|bot|><think>\n\n</think>\n\nRome"),
        (_EFFORTS, "off", "<|bot|><think></think>", "<|bot|><think></think>Rome"),
        # Channels.
        (_CHANNELS, "auto", "<|start|>assistant", "assistant<|channel|>final<|message|>Rome"),
        (
            _CHANNELS,
            "off",
            "<|start|>assistant<|channel|>final<|message|>",
            "<|start|>assistant<|channel|>final<|message|>Rome",
        ),
        (
            f"{_CHANNELS}<|channel|>analysis<|message|>",
            "auto",
            "analysis<|message|>",
            "<|message|><|end|><|start|>assistant<|channel|>final<|message|>Rome",
        ),
    ],
)
def test_an_answer_stands_behind_all_thinking(
    source: str, thinking: Any, ends: str, answered: str
) -> None:
    form = TemplateForm(Template(source, "<s>", "</s>"), Chat(thinking=thinking), "m.gguf")
    rendered = form.render("Why?")
    assert rendered.endswith(ends)
    assert form.answered("Why?", "Rome").endswith(answered)
    # What has thoughts of its own stands behind these.
    own = "So be it.</think>Rome"
    assert form.answered("Why?", own) == f"{rendered}{own}"
    assert examined(source, thinking=thinking) == ""


@pytest.mark.parametrize(
    ("source", "thinking", "options", "fault"),
    [
        (
            _CHATS,
            "on",
            "{}",
            "has no switch for thinking (enable_thinking, thinking, reas",
        ),
        (
            _SWITCHED,
            "off",
            '{"enable_thinking": true}',
            "is told 'enable_thinking' by --quant-t",
        ),
        (_SWITCHED, "auto", '{"enable_thinking": true}', ""),
    ],
)
def test_a_switch_that_is_not_there_or_set_twice(
    source: str, thinking: Any, options: str, fault: str
) -> None:
    found = examined(source, thinking=thinking, options=options)
    assert fault in found
    assert bool(fault) == bool(found)


def test_turns_of_a_conversation() -> None:
    said = (
        Message("user", "Name a colour."),
        Message("assistant", "<think>\nAny will do.\n</think>\n\nRed."),
        Message("user", "And another."),
    )
    renderer = Renderer(
        Template(CHATML.replace("| trim", ".split('</think>')[-1] | trim"), "<s>", "</s>")
    )
    assert renderer.render(Conversation(said)) == (
        "<|im_start|>user\nName a colour.<|im_end|>\n<|im_start|>assistant\nRed.<|im_end|>\n"
        "<|im_start|>user\nAnd another.<|im_end|>\n<|im_start|>assistant\n"
    )
    renderer.close()
    renderer = Renderer(Template("{{ messages[-1].content }}", "<s>", "</s>"))
    with pytest.raises(TemplateFault, match="changes what the user says: it makes 'And another"):
        renderer.render(Conversation(said))
    renderer.close()


@pytest.mark.parametrize(
    "loops",
    ["{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"],
)
def test_a_template_that_never_ends(loops: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "SECONDS", 0.5)
    assert examined(loops) == "takes more than 0.5 s of processor time"


def test_a_template_that_differs_from_process_to_process() -> None:
    """Such as one that shows the address of an object."""
    told = examined(f"{SAYS}{{{{ [1] | map('int') }}}}")
    # A machine without address space randomisation gives the same.
    assert told in ("gives another prompt each time", "")


@pytest.mark.parametrize(
    "renderer",
    [
        "{% if 'sunset' in messages[0].content %}Hello"
        "{% else %}{{ messages[0].content }}{% endif %}"
        "{% if 'noon' in messages[0].content %}{{ raise_exception('not at noon') }}{% endif %}"
        "{% if 'night' in messages[0].content %}{{ 'x' * 10 ** 10 }}{% endif %}"
    ],
    indirect=True,
)
def test_a_template_that_fails_on_some_messages_goes_on(renderer: Renderer) -> None:
    assert renderer.render("at dawn") == "at dawn"
    for message, fault in (
        ("What sings at sunset?", "drops, cuts or changes"),
        ("at noon", "not at noon"),
        ("at night", "memory"),
    ):
        with pytest.raises(TemplateFault, match=fault):
            renderer.render(message)
        assert renderer.render("at dawn") == "at dawn"


@pytest.mark.parametrize(
    "renderer", ["{{ messages[0].content.replace('/no_think', '') | trim }}"], indirect=True
)
def test_a_template_may_take_a_switch_out(renderer: Renderer) -> None:
    assert renderer.render("Why so? /no_think") == "Why so?"
    assert renderer.render(" padded \n") == "padded"


@pytest.mark.parametrize("renderer", [SAYS], indirect=True)
def test_a_process_that_is_gone_is_started_anew(renderer: Renderer) -> None:
    assert renderer.render("one") == "one"
    assert renderer._process
    os.kill(renderer._process.pid, 9)
    renderer._process.wait()
    with pytest.raises(TemplateFault):
        renderer.render("two")
    assert renderer.render("three") == "three"


class Dateless(Jinja2ChatFormatter):
    @staticmethod
    def strftime_now(f: str) -> str:
        return datetime(2025, 1, 1).strftime(f)


@pytest.mark.parametrize(
    "source",
    [
        CHATML,
        "  {% if true %}\n{{ bos_token }}{{ messages | tojson }}\n\n  {% endif %}\n{{ eos_token }}",
        "{%- for m in messages %}\n {% generation %}{{ m.content }}{% endgeneration %}{% endfor %}",
        "{{ tools is defined }}{{ functions is none }}{{ tools is none }}{{ x is defined }}"
        "{{ messages[0] | tojson(indent=2) }}{{ strftime_now('%Y') }}{{ messages[0].content }}",
    ],
)
def test_renders_as_llama_cpp_python_does(source: str) -> None:
    renderer = Renderer(Template(source, "<s>", "</s>"))
    theirs = Dateless(template=source, bos_token="<s>", eos_token="</s>")
    for message in ("Why?", " padded\n\nand na\u00efve \U0001f426 ", '"<b>" & {{ x }}'):
        asked = [{"role": "user", "content": message}]
        try:
            own = renderer.render(message)
        except TemplateFault:
            continue  # JSON escapes what the user says
        assert own == theirs(messages=asked).prompt
    renderer.close()


# As Qwen's, Llama's and Mistral's do it; one that takes tools and drops them, one that takes none
# in this form, and one that knows nothing of them.
_QWEN = (
    "{% if tools %}<|im_start|>system\n<tools>{% for tool in tools %}\n{{ tool | tojson }}"
    "{% endfor %}\n</tools><|im_end|>\n{% endif %}" + CHATML
)
_LLAMA = (
    "{% if tools is not none %}{% for t in tools %}{{ t | tojson(indent=4) }}\n{% endfor %}"
    "{% endif %}" + CHATML
)
_MISTRAL = (
    "{% if tools %}[AVAILABLE_TOOLS][{% for tool in tools %}{%- set t = tool.function %}"
    '{"type": "function", "function": {"name": "{{ t.name }}", '
    '"parameters": {{ t.parameters | tojson }}}}{% endfor %}][/AVAILABLE_TOOLS]{% endif %}' + CHATML
)
_DROPS = "{% if tools and false %}{{ tools }}{% endif %}" + CHATML
_REFUSES = "{% if tools %}{{ raise_exception('no tools, please') }}{% endif %}" + CHATML
_TOOL = '{"name": "greet", "parameters": {"type": "object", "properties": {}}}'
_TOLD_IN_WORDS = "You have these tools"


@pytest.mark.parametrize(
    ("source", "takes"),
    [
        (_QWEN, True), (_LLAMA, True), (_MISTRAL, True), (_DROPS, False), (_REFUSES, False),
        (CHATML, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("tools", [f"[{_TOOL}]", f'[{{"type": "function", "function": {_TOOL}}}]'])
def test_tools_are_offered_as_the_template_does_or_in_words(
    source: str, takes: bool, tools: str
) -> None:
    form = TemplateForm(Template(source, "<s>", "</s>"), Chat(), "m.gguf")
    asked = Conversation([Message("user", "Hi there")], tools)
    rendered = form.render(asked)
    assert (_TOLD_IN_WORDS in rendered) == (not takes)
    assert "greet" in rendered
    assert "Hi there" in rendered
    assert rendered.endswith("<|im_start|>assistant\n")
    # What offers none is rendered as ever.
    assert form.render("Hi there") == form.render(Conversation([Message("user", "Hi there")]))
    assert "greet" not in form.render("Hi there")
