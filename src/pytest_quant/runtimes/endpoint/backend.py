"""Servers as one of the runtimes: a session on models that somebody else runs."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_quant.base.urls import read_key
from pytest_quant.base.version import __version__
from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.artifact import Artifact, Contents, ModelFile
from pytest_quant.runtimes.cache import make_directory, write_json
from pytest_quant.runtimes.chat import PLAIN_QUESTION
from pytest_quant.runtimes.endpoint.description import (
    Description,
    is_description,
    read_description,
)

if TYPE_CHECKING:
    from pytest_quant.base.client import Client
    from pytest_quant.levels import Level
    from pytest_quant.runtimes.backend import Conditions
    from pytest_quant.runtimes.endpoint.server import Server
    from pytest_quant.runtimes.protocol import Reading, Runtime

_KIND = "served"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_FORM = "the server's chat template"


class Endpoint:
    """Asks servers. What was found out about one is in a copy of its description in the cache."""

    def claims(self, path: Path) -> bool:
        return is_description(path)

    def inspect(self, path: Path) -> ModelFile:
        """Nothing is asked for it."""
        return ModelFile(path, (path,), read_description(path).name, precision="", kind=_KIND)

    def adopt(self, level: Level, path: Path, cache_dir: Path) -> Artifact:
        from pytest_quant.runtimes.endpoint.resumption import join_run
        from pytest_quant.runtimes.endpoint.server import find_out

        description = read_description(path)
        client = _client(description)
        try:
            server = find_out(description, client)
        finally:
            client.close()
        identity = server.identity(description.place, description.version)
        folder = cache_dir / "endpoints" / identity[:16]
        make_directory(folder)
        token, resumed = (
            (f"version {description.version}", False)
            if description.version
            else join_run(folder, server)
        )
        name = _UNSAFE.sub("-", description.place.partition("://")[2]).strip("-")[:80]
        copy = folder / f"{name}.json"
        found = {"server": server.data(), "token": token, "resumed": resumed}
        write_json(copy, description.content(found))
        return Artifact(
            level=level.name,
            path=copy,
            digest=identity,
            name=description.name,
            size=server.size,
            parameters=server.parameters,
            bits_per_weight=server.bits_per_weight or _claimed_bits(level),
            tensor_types={},
            recipe=_KIND,
            warning="",
            made_here=False,
            # As the user says of the server by the name of the level.
            kv=level.recipe.kv,
            weights_seen=False,
        )

    def prepare(self, level: Level, source: Path, cache_dir: Path, threads: int) -> Artifact:  # noqa: ARG002
        raise QuantUsageError(
            f"--quant-model (quant_model): {source}: is a server, whose weights cannot be "
            f"quantized here; give each level its own: --quant-endpoint {level.name}=URL"
        )

    def check_asking(
        self,
        artifacts: Sequence[Artifact],
        conditions: Conditions,
        cache_dir: Path,  # noqa: ARG002
    ) -> None:
        from pytest_quant.runtimes.endpoint.switches import check_form

        for artifact in artifacts:
            description, server, _ = _found(artifact)
            client = _client(description)
            try:
                check_form(description, server, conditions.chat, client)
            finally:
                client.close()

    def check_reading(
        self, reading: Reading, reference: Artifact, levels: Sequence[Artifact]
    ) -> None:
        """It reads none."""

    def origin(self, artifact: Artifact, conditions: Conditions) -> tuple[str, ...]:
        """How many are asked at once is no part of it: each answer stands by itself."""
        from pytest_quant.runtimes.endpoint.runtime import FORMAT, NAME

        _, _, token = _found(artifact)
        return (
            artifact.digest,
            NAME,
            f"answers of format {FORMAT}",
            __version__,
            token,
            f"thinking {conditions.chat.budget}",
            *conditions.chat.key,
        )

    def open(self, artifact: Artifact, conditions: Conditions) -> Runtime:
        from pytest_quant.runtimes.endpoint.resumption import Unfinished
        from pytest_quant.runtimes.endpoint.runtime import PARALLEL, EndpointRuntime

        description, server, _ = _found(artifact)
        parallel = conditions.parallel or server.slots or PARALLEL
        origin = "\n".join(self.origin(artifact, conditions))
        return EndpointRuntime(
            description,
            server,
            _client(description, parallel),
            Unfinished(artifact.path.parent, origin),
            chat=conditions.chat,
            parallel=parallel,
        )

    def honours(self) -> frozenset[str]:
        """As far as each server does: see ``check_asking``."""
        return frozenset({"template", "options", "system", "thinking", "budget"})

    def prompt_form(self, artifact: Artifact) -> str:
        _, server, _ = _found(artifact)
        return _FORM if "chat" in server.ways else PLAIN_QUESTION

    def contents(self, artifact: Artifact, cache_dir: Path) -> Contents:  # noqa: ARG002
        description, server, _ = _found(artifact)
        told = dict(server.told)
        if description.version:
            told["version of the user"] = description.version
        return Contents(self.prompt_form(artifact), told, tensors={})

    def announced(self, artifact: Artifact, conditions: Conditions) -> str:
        """What a session begins with."""
        description, server, _ = _found(artifact)
        plainly = conditions.chat.template == "none"
        kept = (
            "; takes up the answers of a run that did not end in order"
            if description.found["resumed"]
            else ""
        )
        return f"{description.url}: {server.describe(plainly=plainly)}{kept}"

    def ended(self, artifact: Artifact) -> None:
        """A session that asked it has ended in order."""
        from pytest_quant.runtimes.endpoint.resumption import end_run

        description, _, token = _found(artifact)
        if not description.version:
            end_run(artifact.path.parent, token)


def _client(description: Description, connections: int = 1) -> Client:
    from pytest_quant.base.client import Client

    key = read_key(os.environ, description.key_variable)
    return Client(key=key, timeout_s=description.timeout_s, connections=connections)


def _found(artifact: Artifact) -> tuple[Description, Server, str]:
    """What the copy in the cache says; raises ``QuantUsageError`` for one that is damaged."""
    from pytest_quant.runtimes.endpoint.server import Server

    description = read_description(artifact.path)
    try:
        return (
            description,
            Server.of(description.found["server"]),
            str(description.found["token"]),
        )
    except (KeyError, TypeError, ValueError):
        raise QuantUsageError(
            f"{artifact.path}: does not say what was found out about the server; remove it"
        ) from None


def _claimed_bits(level: Level) -> float:
    """What the name of the level says: nobody here sees the weights."""
    return float(level.guide_level.lstrip("abfq"))


BACKEND = Endpoint()
