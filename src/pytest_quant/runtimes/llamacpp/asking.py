"""From prompts to what is decoded: their tokens, in the form in which a model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import numpy as np

from pytest_quant.runtimes.llamacpp.generating import Questions
from pytest_quant.runtimes.llamacpp.layout import check_fits, plan
from pytest_quant.runtimes.llamacpp.library import Model
from pytest_quant.runtimes.llamacpp.prefixes import Tokens, common_prefix
from pytest_quant.runtimes.llamacpp.prompt import Form, encode_answered, encode_rendered
from pytest_quant.runtimes.llamacpp.scoring import Stem
from pytest_quant.runtimes.llamacpp.vocabulary import Vocabulary
from pytest_quant.runtimes.protocol import Limits
from pytest_quant.thinking import Allowance


class Asker:
    """Asks one model, ``parallel`` prompts together, each in a context of so many tokens; its
    thinking may take as many as the ``budget`` says. ``offloaded``: it lies on an accelerator.
    """

    def __init__(
        self,
        model: Model,
        form: Form,
        vocabulary: Vocabulary,
        parallel: int,
        context: int,
        budget: int,
        *,
        offloaded: bool,
    ) -> None:
        self._model, self._form, self._vocabulary = model, form, vocabulary
        self._parallel, self._context_length, self._budget = parallel, context, budget
        self._offloaded = offloaded

    def questions(self, prompts: Sequence[str], limits: Limits) -> Questions:
        """A batch that is ready to be decoded."""
        tokens, opened = zip(*map(self._asked, count(), prompts), strict=True)
        budget = self._budget if self._may_think else 0
        layout = plan(
            tokens,
            limits.max_tokens + budget,
            parallel=self._parallel,
            context=self._context_length,
            share_prefix=self._model.can_share_prefix,
            offloaded=self._offloaded,
        )
        stops = [stop.encode() for stop in (*limits.stop, *self._form.stops)]
        allowances = [Allowance(mark, limits.max_tokens, budget) for mark in opened if budget]
        return Questions(tokens, opened, layout, stops, allowances)

    @property
    def _may_think(self) -> bool:
        thinking = self._form.thinking
        return thinking == "yes" or (thinking == "perhaps" and self._vocabulary.knows_thinking)

    def _asked(self, index: int, prompt: str) -> tuple[Tokens, str]:
        """The tokens of a prompt, and the mark that it leaves open.

        Checked one by one: of many prompts that are too long only the first is encoded.
        """
        rendered = self._form.render(prompt)
        tokens = encode_rendered(rendered, self._model, self._form)
        check_fits(index, len(tokens), self._context_length)
        return tokens, self._form.opened(prompt, rendered)

    def stem(self, prompt: str, continuations: Sequence[str]) -> Stem:
        """The tokens of a prompt, and those that each continuation puts behind them and behind the
        end of any thinking.

        A continuation may change how the end of the prompt is tokenized: then the branches
        begin where the texts first differ in their tokens.
        """
        if not continuations or not all(text.strip() for text in continuations):
            raise ValueError(f"nothing to score, or an empty text: {list(continuations)}")
        texts = {self._form.before(prompt, text) for text in continuations}
        asked = [encode_rendered(text, self._model, self._form) for text in sorted(texts)]
        whole = [encode_answered(prompt, t, self._model, self._form) for t in continuations]
        start = common_prefix([*(np.append(tokens, -1) for tokens in asked), *whole])
        return Stem(whole[0][:start], tuple(tokens[start:] for tokens in whole))
