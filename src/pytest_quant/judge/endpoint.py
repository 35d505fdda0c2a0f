"""A model behind an OpenAI-compatible server, asked one prompt at a time."""

from __future__ import annotations

from pytest_quant.base.client import Client, NoAnswer

__all__ = ["KEY_VARIABLE", "Endpoint", "NoAnswer"]

# A key on the command line would be seen by everybody on the machine, and end up in reports.
KEY_VARIABLE = "PYTEST_QUANT_JUDGE_KEY"

# Room to think, for models whose server returns their thoughts apart from the answer.
_MOST_TOKENS = 1024
_TRIES = 2


class Endpoint:
    """Asks ``model`` at a base URL. ``pause_s`` comes before a further try, and grows."""

    def __init__(
        self, url: str, model: str, timeout_s: float, key: str = "", pause_s: float = 1.0
    ) -> None:
        self._url = f"{url}/chat/completions"
        self._model = model
        self._client = Client(key=key, timeout_s=timeout_s, tries=_TRIES, pause_s=pause_s)

    def ask(self, prompt: str) -> str:
        """The answer at temperature 0; a busy endpoint is tried again. Raises ``NoAnswer``."""
        body = {
            "model": self._model,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": 0,
            "max_tokens": _MOST_TOKENS,
        }
        try:
            content = self._client.post(self._url, body)["choices"][0]["message"]["content"]
        except NoAnswer as error:
            if error.status == 200:
                raise NoAnswer("an answer that is no chat completion") from None
            raise
        except (LookupError, TypeError):
            raise NoAnswer("an answer that is no chat completion") from None
        # What is no text, such as a refusal's null, is none.
        return content if isinstance(content, str) else ""
