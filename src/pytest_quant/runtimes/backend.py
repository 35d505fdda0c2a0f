"""The door to the runtimes: which one runs a file, and what is asked of it before it does.

A runtime is found by its files. Whoever brings one registers a ``Backend`` as an entry point of
the group ``pytest_quant.runtimes``, as ours are in this package's own ``pyproject.toml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pytest_quant.base.registry import Registry, kind_of
from pytest_quant.errors import QuantUsageError, Told
from pytest_quant.runtimes.chat import OWN_FORM, Chat
from pytest_quant.runtimes.hardware import DEFAULT_HARDWARE, Hardware

if TYPE_CHECKING:
    from pytest_quant.levels import Level
    from pytest_quant.runtimes.artifact import Artifact, Contents, ModelFile
    from pytest_quant.runtimes.protocol import Reading, Runtime

# Reads what nobody claims, for its reader knows best what else a file may be.
_DEFAULT = "llama.cpp"


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under which models are asked in this process.

    ``parallel`` counts the sequences decoded together (``None``: as the runtime finds best);
    ``batch`` bounds the tokens that are worked on at once, which changes nothing but the order of
    sums (``None``: as the runtime has it). ``chat`` says in which form questions are put;
    ``context`` are the tokens that one sequence may hold (``None``: what the model was trained
    with).
    """

    threads: int
    parallel: int | None = None
    batch: int | None = None
    chat: Chat = OWN_FORM
    hardware: Hardware = DEFAULT_HARDWARE
    context: int | None = None


class Backend(Protocol):
    """What runs the files of one kind. It keeps no state, and imports what is heavy when needed.

    Every method raises ``QuantUsageError`` for a file that cannot be used. One that can put
    questions in the form of ``Conditions.chat`` has a further method, ``honours() ->
    frozenset[str]``, which names the parts of it that it heeds; others are refused. One that
    knows the form of its own questions sooner than its ``contents`` has ``prompt_form(artifact) ->
    str``. One of models that nobody here can look at has ``announced(artifact, conditions)``, what
    it found out about one as text, and ``ended(artifact)``, which is called after a session that
    ended in order. One whose runtimes read a ``LongText`` has ``context_length(artifact) -> int``,
    the most tokens that the model was trained to read, 0 if that is not known.
    """

    def claims(self, path: Path) -> bool:
        """Whether a file is of this kind, told from its name and its first bytes. Never raises."""
        ...

    def inspect(self, path: Path) -> ModelFile:
        """What a file is; nothing of it is run."""
        ...

    def adopt(self, level: Level, path: Path, cache_dir: Path) -> Artifact:
        """A file that the user brings for a level, once it is known that it can be run."""
        ...

    def prepare(self, level: Level, source: Path, cache_dir: Path, threads: int) -> Artifact:
        """The file of a level, quantized from an unquantized one."""
        ...

    def check_asking(
        self, artifacts: Sequence[Artifact], conditions: Conditions, cache_dir: Path
    ) -> None:
        """Find out whether these can be asked at all under these conditions."""
        ...

    def check_reading(
        self, reading: Reading, reference: Artifact, levels: Sequence[Artifact]
    ) -> None:
        """Find out whether a text is long enough to compare these levels with the reference on."""
        ...

    def origin(self, artifact: Artifact, conditions: Conditions) -> tuple[str, ...]:
        """All that could change a response, without opening the file: the key of what is kept. The
        build that the runtime describes, if it has one, is among it.
        """
        ...

    def open(self, artifact: Artifact, conditions: Conditions) -> Runtime:
        """Load the model. Raises ``RuntimeFailed``, too."""
        ...

    def contents(self, artifact: Artifact, cache_dir: Path) -> Contents:
        """What the file holds, piece by piece."""
        ...


_METHODS = tuple(name for name in vars(Backend) if not name.startswith("_"))


def _backend(found: Any) -> Backend:
    if missing := [name for name in _METHODS if not callable(getattr(found, name, None))]:
        raise TypeError(f"expected a backend, and {kind_of(found)} has no {', '.join(missing)}")
    backend: Backend = found
    return backend


class _Guard:
    """A backend, whose errors and results are told with the name of its package if they are none
    that it may have.
    """

    def __init__(self, name: str, backend: Backend) -> None:
        self._name = name
        self._backend = backend

    def __getattr__(self, method: str) -> Any:
        asked = getattr(self._backend, method)

        def call(*arguments: Any) -> Any:
            try:
                found = asked(*arguments)
            except (Told, KeyboardInterrupt):
                raise
            except BaseException as error:
                why = f"{method} raised {type(error).__name__}: {error}"
                raise RUNTIMES.unfit(self._name, why) from error
            if expected := _unexpected(method, found):
                why = f"{method} returned {kind_of(found)}, expected {expected}"
                raise RUNTIMES.unfit(self._name, why)
            return found

        return call


def _unexpected(method: str, found: Any) -> str:
    """What a method should have returned, if it has not."""
    from pytest_quant.runtimes.artifact import Artifact, Contents, ModelFile

    if method == "open":
        methods = ("describe", "close")
        return "" if all(callable(getattr(found, name, None)) for name in methods) else "a Runtime"
    kinds: Mapping[str, type] = {
        "inspect": ModelFile,
        "adopt": Artifact,
        "prepare": Artifact,
        "origin": tuple,
        "contents": Contents,
        "honours": frozenset,
        "prompt_form": str,
        "announced": str,
        "context_length": int,
    }
    kind = kinds.get(method, object)
    return "" if isinstance(found, kind) else f"a {kind.__name__}"


class _Runtimes(Registry[Backend]):
    """The runtimes that there are."""

    def __init__(self) -> None:
        super().__init__("pytest_quant.runtimes", "runtime", _backend)
        self._guards: dict[int, Backend] = {}

    def get(self, name: str) -> Backend:
        backend = super().get(name)
        guard: Any = _Guard(name, backend)
        return self._guards.setdefault(id(backend), guard)


RUNTIMES = _Runtimes()


def backend_of(path: Path) -> Backend:
    """What runs a file; raises ``QuantUsageError`` if more than one would."""
    claiming = [name for name in RUNTIMES.names if RUNTIMES.get(name).claims(path)]
    if len(claiming) > 1:
        raise QuantUsageError(
            f"{path}: is claimed by more than one runtime: {', '.join(claiming)}; uninstall the "
            "package of one of them"
        )
    return RUNTIMES.get(claiming[0] if claiming else _DEFAULT)


def prompt_form(artifact: Artifact, chat: Chat, cache_dir: Path) -> str:
    """In which form questions are put, with the digests of all that takes part in it."""
    backend = backend_of(artifact.path)
    own: Any = getattr(backend, "prompt_form", None)
    found = own(artifact) if own else backend.contents(artifact, cache_dir).prompt_form
    return chat.form(found)


def context_length(artifact: Artifact) -> int | None:
    """The most tokens that a model was trained to read, 0 if that is not known; ``None`` if its
    runtime reads no long text.
    """
    own: Any = getattr(backend_of(artifact.path), "context_length", None)
    return own(artifact) if own else None


def check_asking(artifacts: Sequence[Artifact], conditions: Conditions, cache_dir: Path) -> None:
    """Raises ``QuantUsageError`` if one of these files cannot be asked."""
    for backend, own in _by_backend(artifacts):
        _check_honoured(backend, own[0].path, conditions.chat)
        backend.check_asking(own, conditions, cache_dir)


def announced(artifact: Artifact, conditions: Conditions) -> str:
    """What was found out about a model before it is asked, if there is anything to tell."""
    own: Any = getattr(backend_of(artifact.path), "announced", None)
    return str(own(artifact, conditions)) if own else ""


def end_in_order(artifacts: Iterable[Artifact]) -> None:
    """A session has asked these to its end."""
    for artifact in artifacts:
        own: Any = getattr(backend_of(artifact.path), "ended", None)
        if own:
            own(artifact)


def _check_honoured(backend: Any, path: Path, chat: Chat) -> None:
    """What a runtime does not heed must not look as if it did."""
    honours = getattr(backend, "honours", None)
    heeded = honours() if honours else frozenset()
    for part, option in chat.chosen():
        if part not in heeded:
            raise QuantUsageError(
                f"{option}: {path} is run by a runtime that does not heed it, so that nothing "
                "would change; leave the option out"
            )


def check_reading(reading: Reading, reference: Artifact, levels: Sequence[Artifact]) -> None:
    """Raises ``QuantUsageError`` for a text that is too short for those levels that are read in
    the tokens of the reference.
    """
    home = backend_of(reference.path)
    home.check_reading(reading, reference, [a for a in levels if backend_of(a.path) is home])


def _by_backend(artifacts: Sequence[Artifact]) -> list[tuple[Backend, list[Artifact]]]:
    found: dict[int, tuple[Backend, list[Artifact]]] = {}
    for artifact in artifacts:
        backend = backend_of(artifact.path)
        found.setdefault(id(backend), (backend, []))[1].append(artifact)
    return [*found.values()]
