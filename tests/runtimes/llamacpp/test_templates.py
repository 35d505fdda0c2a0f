"""Chat templates that come with a file: found to be usable, or refused in a few words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime

import pytest
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from pytest_quant.runtimes.llamacpp import templates
from pytest_quant.runtimes.llamacpp.templates import Renderer, Template, TemplateFault, examine

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] | trim }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SAYS = "{{ messages[0].content }}"


def examined(source: str) -> str:
    """What is wrong with a template, or nothing."""
    try:
        examine(Template(source, "<s>", "</s>"))
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
