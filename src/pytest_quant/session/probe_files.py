"""The files of a session's probes: which are claimed, what they hold, what no longer exists."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from pytest_quant.base.library import PROBES
from pytest_quant.errors import QuantUsageError
from pytest_quant.probes.files import SUFFIXES, has_probes, local_or_shipped
from pytest_quant.probes.model import Probe
from pytest_quant.probes.reader import check_unique, read_probes
from pytest_quant.session.suite_files import FOLDER, SuiteFiles


def default_paths(configured: Sequence[Path], rootpath: Path) -> list[Path]:
    """Where probes are looked for if no path is given: configured, local, or the shipped ones."""
    if configured:
        return list(configured)
    return [local_or_shipped(rootpath)]


class ProbeFiles:
    """The probe files of a session, each read once, and its suites.

    A YAML file is a probe file if it lies below one of ``roots``, if it is given itself, or if
    it lies below a given directory and has a top-level key ``probes``. ``skipped`` are the
    patterns of directory names that are not entered. ``whole`` says that no path was named,
    so that these are all probes that there are.
    """

    def __init__(
        self,
        roots: Iterable[Path],
        arguments: Iterable[str],
        base: Path,
        skipped: Sequence[str],
        suites: SuiteFiles,
        *,
        whole: bool = False,
    ) -> None:
        self._roots = tuple(roots)
        self._given = tuple(
            Path(os.path.normpath(base / argument.partition("::")[0])) for argument in arguments
        )
        self._base = base
        self._skipped = tuple(skipped)
        self._suites = suites
        self._whole = whole
        self._read: dict[Path, tuple[Probe, ...]] = {}

    def claims(self, path: Path) -> bool:
        if self._suites.claims(path):
            return True
        if path.suffix not in SUFFIXES:
            return False
        if path in self._given or any(path.is_relative_to(root) for root in self._roots):
            return True
        return any(path.is_relative_to(given) for given in self._given) and has_probes(path)

    def probes(self, path: Path) -> tuple[Probe, ...]:
        """The probes of one file; raises ``QuantUsageError`` for a mistake in it."""
        if path not in self._read:
            read = self._suites.probes if self._suites.claims(path) else read_probes
            self._read[path] = read(path, self._shown(path))
        return self._read[path]

    def _shown(self, path: Path) -> str:
        near = path.is_relative_to(self._base)
        return str(path.relative_to(self._base) if near else path)

    def probe(self, probe_id: str) -> Probe:
        """A probe of a file that was read; raises ``KeyError`` if there is none."""
        return {probe.id: probe for probes in self._read.values() for probe in probes}[probe_id]

    def named(self) -> list[tuple[str, Probe]]:
        """Every probe that was read, by its place (``FILE::ID``), in the order of the places."""
        return sorted(
            (
                (f"{self.nodeid(path) or self._shown(path)}::{probe.id}", probe)
                for path, probes in self._read.items()
                for probe in probes
            ),
            key=lambda named: named[0],
        )

    def nodeid(self, path: Path) -> str | None:
        """The node id of a file that has one wherever it lies: of a suite, of the library."""
        return self._suites.nodeid(path) or _shipped_nodeid(path)

    def find(self, nodeid: str) -> Probe | None:
        """The probe of an item, among those that were read."""
        name = nodeid.rpartition("::")[2].rpartition("[")[0]
        every = (probe for probes in self._read.values() for probe in probes)
        return next((probe for probe in every if probe.id == name), None)

    def read_all(self) -> None:
        """Read all of them, so that a mistake shows before anything runs.

        Raises ``QuantUsageError`` for a mistake in a file or for an id used twice.
        """
        for path in sorted(set(self._below(self._given))):
            self.probes(path)
        check_unique(probe for probes in self._read.values() for probe in probes)

    def without_probes(self) -> list[Path]:
        """What was given and brought no probe, as far as `read_all` has seen."""
        read = {path for path, probes in self._read.items() if probes}
        return [
            given for given in self._given if not any(path.is_relative_to(given) for path in read)
        ]

    def existing(self) -> frozenset[str]:
        """The ids of the probes that there are: in the files that were read, and in the others
        below the same roots, but for files with mistakes.
        """
        found = {probe.id for probes in self._read.values() for probe in probes}
        roots = [r for r in self._roots if any(path.is_relative_to(r) for path in self._read)]
        for path in self._below(roots):
            if path not in self._read:
                with suppress(QuantUsageError):
                    found |= {probe.id for probe in read_probes(path, str(path))}
        return frozenset(found)

    def is_gone(self, key: str) -> bool:
        """Whether a probe, by its node id without the level, no longer exists, as far as
        `read_all` has seen: it was in a file that was read, or in none that there is, here or in
        a directory above.
        """
        name, _, identity = key.rpartition("::")
        files = [path for path in self._read if self._is_named(path, name)]
        if files:
            return all(probe.id != identity for path in files for probe in self._read[path])
        if not self._whole or name.startswith(f"{FOLDER}/"):
            return False
        return not any((above / name).is_file() for above in (self._base, *self._base.parents))

    def _is_named(self, path: Path, name: str) -> bool:
        return self.nodeid(path) == name or f"/{path.as_posix()}".endswith(f"/{name}")

    def _below(self, paths: Iterable[Path]) -> Iterator[Path]:
        for given in paths:
            found = self._walk(given) if given.is_dir() else [given]
            yield from (path for path in found if path.is_file() and self.claims(path))

    def _walk(self, directory: Path) -> Iterator[Path]:
        """The files below a directory, but for those that pytest would not reach either."""
        for parent, names, files in os.walk(directory):
            names[:] = [name for name in names if not self._is_skipped(Path(parent, name))]
            yield from (Path(parent, name) for name in files)

    def _is_skipped(self, directory: Path) -> bool:
        if (directory / "pyvenv.cfg").is_file():
            return True
        return any(fnmatch.fnmatch(directory.name, pattern) for pattern in self._skipped)


def _shipped_nodeid(path: Path) -> str | None:
    """``probes/FILE`` for a file of the shipped library, wherever it is installed."""
    return f"probes/{path.relative_to(PROBES)}" if path.is_relative_to(PROBES) else None


def resolve_argument(argument: str, base: Path) -> str:
    """A node id of the shipped library, as printed, leads back to its file."""
    path, colons, name = argument.partition("::")
    shipped = PROBES.parent / path
    if not (base / path).exists() and shipped.is_relative_to(PROBES) and shipped.exists():
        return f"{shipped}{colons}{name}"
    return argument
