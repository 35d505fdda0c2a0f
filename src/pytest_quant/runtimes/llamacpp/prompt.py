"""From the text of a probe to the tokens that a model is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.cache import make_directory, write_json
from pytest_quant.runtimes.llamacpp.gguf_header import read_header
from pytest_quant.runtimes.llamacpp.library import Model
from pytest_quant.runtimes.llamacpp.templates import (
    FORM,
    Renderer,
    Template,
    TemplateFault,
    examine,
)
from pytest_quant.thinking import left_open

ChatTemplate = Callable[[str], str]

# A base model goes on to invent the next question; that is where its answer ends.
PLAIN_STOP = "\nQuestion:"
_TEMPLATE = "tokenizer.chat_template"


# One process serves all levels that have the same template; it ends with the last of them.
_renderers: WeakValueDictionary[Template, Renderer] = WeakValueDictionary()


def chat_template(model: Model) -> ChatTemplate | None:
    """The model's own chat template as a function of one user message; ``None`` without one.

    Raises ``QuantUsageError`` if the template fails on a message.
    """
    template, path = _template(model), model.path
    if template is None:
        return None
    renderer = _renderers.setdefault(template, Renderer(template))

    def fill(prompt: str) -> str:
        try:
            return renderer.render(prompt)
        except TemplateFault as fault:
            raise _mistake(path, fault) from None

    return fill


def check_templates(files: Mapping[str, Path], cache_dir: Path) -> None:
    """Raise ``QuantUsageError`` for the first file whose chat template cannot be used.

    ``files`` by their digest: what was found to be good once is not tried again.
    """
    good: set[Template] = set()
    for digest, path in files.items():
        if _TEMPLATE not in read_header(path).metadata:
            continue
        record = cache_dir / "templates" / f"{digest}-{version('jinja2')}-{FORM}.json"
        if record.exists():
            continue
        model = Model(path, vocabulary_only=True)
        try:
            template = _template(model)
        finally:
            model.close()
        try:
            if template and template not in good:
                examine(template)
                good.add(template)
        except TemplateFault as fault:
            raise _mistake(path, fault) from None
        make_directory(record.parent)
        write_json(record, {"path": str(path)})


def _template(model: Model) -> Template | None:
    if not model.chat_template:
        return None
    return Template(model.chat_template, model.begin_text, model.end_text)


def _mistake(path: Path, fault: TemplateFault) -> QuantUsageError:
    return QuantUsageError(
        f"{path}: the model's chat template {fault}\n"
        f"repair {_TEMPLATE} in the GGUF, or remove it to ask plainly"
    )


def render(prompt: str, template: ChatTemplate | None) -> str:
    """One user message in the model's chat template, or a plain question without one."""
    return template(prompt) if template else f"Question: {prompt}\nAnswer:"


def stop_strings(stop: tuple[str, ...], template: ChatTemplate | None) -> tuple[str, ...]:
    """The stop strings that apply: the caller's, and the end of a plain answer."""
    return stop if template else (*stop, PLAIN_STOP)


def opened_by(prompt: str, rendered: str) -> str:
    """The mark of thinking that a rendered prompt leaves open behind the user's message.

    Empty for most models; the reply of the others begins inside their thinking.
    """
    return left_open(rendered.rpartition(prompt.strip())[2])


def encode(prompt: str, model: Model, template: ChatTemplate | None) -> npt.NDArray[np.int32]:
    """The token ids of a prompt, with the begin token that the model's metadata asks for.

    Special tokens are recognised only in a rendered template; a plain question is all text.
    """
    return encode_rendered(render(prompt, template), model, template)


def encode_rendered(
    rendered: str, model: Model, template: ChatTemplate | None
) -> npt.NDArray[np.int32]:
    """The same of a prompt that is rendered already."""
    return _with_begin(rendered, model, special=template is not None)


def encode_answered(
    prompt: str, answer: str, model: Model, template: ChatTemplate | None
) -> npt.NDArray[np.int32]:
    """The token ids of a prompt and an answer that follows it, tokenized as one text."""
    text = render(prompt, template) + (answer if template else f" {answer}")
    return _with_begin(text, model, special=template is not None)


def encode_text(text: str, model: Model) -> npt.NDArray[np.int32]:
    """The token ids of a text that is neither question nor answer; special tokens are text."""
    return _with_begin(text, model, special=False)


def _with_begin(text: str, model: Model, *, special: bool) -> npt.NDArray[np.int32]:
    tokens = model.tokenize(text, parse_special=special)
    begin = model.begin_token
    if begin is None or (len(tokens) and tokens[0] == begin):
        return tokens
    return np.concatenate([np.array([begin], np.int32), tokens])
