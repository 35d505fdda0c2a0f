"""``--quant-chat-template``, ``--quant-template-options``, ``--quant-system``; the ini twins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.plugin.test_user_mistakes import templated
from tests.sessions import ONE_PROBE, Project

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.runtimes.llamacpp.gguf_header import read_header

# As the embedded model is asked, but for the tone.
PLAIN = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}\n\n{% else %}"
    "Question: {{ m.content }}\nAnswer:{% endif %}{% endfor %}{{ tone }}"
)


def test_what_was_used_is_in_the_record_and_told_beside_a_baseline(project: Project) -> None:
    project.write("mine.jinja", PLAIN)
    project.write("brief.txt", "Be brief.")
    project.write("own.jinja", read_header(EMBEDDED_MODEL).metadata["tokenizer.chat_template"])
    project.ini("quant_template_options =", "    tone = dry", "quant_system = brief.txt")
    templated = project.run(*ONE_PROBE, "--quant-chat-template=mine.jinja")
    form = templated.level("q8")["prompt"]
    assert form.startswith("chat template of a file sha256:")
    assert ', options tone="dry", system text sha256:' in form
    assert templated.level("f16")["prompt"] == form

    project.ini()
    recorded = project.run(*ONE_PROBE, "--quant-update-baselines")
    own = recorded.level("q8")["prompt"]
    assert own.startswith("chat template sha256:")
    again = project.run(*ONE_PROBE, "--quant-chat-template=own.jinja")
    (use,) = again.record["baselines"] if again.record else ()
    (told,) = use["changes"]["prompt"]
    assert told.startswith(f"{own} -> chat template of a file sha256:")
    assert f"not as recorded: template: {own} -> chat template of a file" in " ".join(
        again.output.split()
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--quant-chat-template=no.jinja"], "--quant-chat-template: "),
        (
            ["--quant-chat-template=drops.jinja"],
            "this template drops, cuts or changes what",
        ),
        (
            ["--quant-chat-template=mine.jinja", "--quant-template-options=tune=dry"],
            "mine.jinja: this template reads no option 'tune' (did you mean 'tone'?)",
        ),
        (
            ["--quant-template-options=tone"],
            "--quant-template-options: found 'tone'",
        ),
        (["--quant-template-options=tone=dry"], "the model's chat template reads no option 'tone'"),
        (
            ["--quant-template-options=tone=dry", "--quant-chat-template=none"],
            "is asked without a chat template",
        ),
        (["--quant-system=brief.txt"], "brief.txt: no such file; expected a text, or the name"),
        (
            [
                "--quant-chat-template=users.jinja",
                "--quant-system=Be brief.",
            ],
            "drops, cuts or changes what the system text says",
        ),
    ],
)
def test_mistakes(options: list[str], said: str, project: Project) -> None:
    project.write("mine.jinja", PLAIN)
    project.write("drops.jinja", "{{ messages | length }}")
    project.write("users.jinja", "{{ messages[-1].content }}")
    run = project.run(*ONE_PROBE, *options)
    assert said in " ".join(run.mistake().split())
    assert "test session starts" not in run.output


def test_a_mistake_of_the_ini_file_is_told_by_its_name(project: Project) -> None:
    project.ini("quant_template_options =", "    tone")
    assert project.run(*ONE_PROBE).mistake().startswith("ERROR: quant_template_options in pytest.i")


def test_a_runtime_that_heeds_none_is_refused(project: Project) -> None:
    for name in ("red", "blue"):
        script = json.dumps({"runtime": "scripted", "default": name})
        (project.path / f"{name}.json").write_text(script)
    files = ("--quant-artifact=q8=blue.json", "--quant-artifact=f16=red.json")
    message = project.run(*ONE_PROBE, *files, "--quant-system=Be brief.").mistake()
    assert "--quant-system (quant_system): " in message
    assert "red.json is run by a runtime that does not heed it" in message


def test_none_asks_plainly(project: Project, q8_file: Path) -> None:
    """A file whose template is of no use is asked without it."""
    templated(q8_file, "{{ messages | length }}", project.path / "m-q8.gguf")
    files = ("--quant-artifact=q8=m-q8.gguf", f"--quant-artifact=f16={EMBEDDED_MODEL}")
    project.ini("quant_chat_template = none")
    run = project.run(*ONE_PROBE, *files)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.level("q8")["prompt"] == "plain question"
