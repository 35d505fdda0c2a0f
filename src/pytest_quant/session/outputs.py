"""The files that a session is to write, looked at before it starts: none may be one it reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from pytest_quant.base.destinations import Destination, check_destination, identity
from pytest_quant.base.library import EXPECTED_IMPACT, GUIDE_TABLES, HELD_TEXT
from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.backend import backend_of
from pytest_quant.session.lineup import model_files
from pytest_quant.session.session import Session


def check_outputs(
    session: Session,
    reports: Mapping[str, Path],
    others: Iterable[tuple[str, Destination]] = (),
    read: Iterable[tuple[str, Path]] = (),
) -> None:
    """Raises ``QuantUsageError`` now rather than after hours of work.

    For one of the ``reports``, by the option that asks for it, that cannot be written, that two
    outputs would share, or that is a file which the session reads: it would be gone. ``others`` are
    what somebody else writes, ``read`` what he reads.
    """
    outputs = {**reports, **dict(_baselines(session))}
    places = {option: checked(option, path) for option, path in outputs.items()}
    taken: dict[object, str] = {}
    for option, place in (*places.items(), *others):
        other = taken.setdefault(place.identity or object(), option)
        if other != option:
            raise QuantUsageError(
                f"{option}: {place.path} is also what {other} writes; give each its own file"
            )
    inputs = (*read, *_inputs(session))
    known = {identity: what for what, path in inputs for identity in _there(path)}
    for option, path in reports.items():
        place = places[option]
        what = known.get(place.identity, "")
        if place.is_file and place.status is not None and not what:
            claimed = session.files.claims(path.absolute()) or session.files.claims(place.path)
            what = "a probe file" if claimed else ""
        if what:
            raise QuantUsageError(
                f"{option}: {path} is {what} of this session, and would be replaced; choose "
                "another file"
            )


def _baselines(session: Session) -> Iterator[tuple[str, Path]]:
    """What is recorded, if anything is."""
    if session.plan.settings.update != "no" and session.plan.model_name:
        for level in session.plan.tested:
            yield f"--quant-update-baselines of {level}", session.plan.baselines.path(level)
        yield "--quant-update-baselines", session.plan.baselines.predictions_path


def checked(option: str, path: Path) -> Destination:
    """Where an option's file goes; raises ``QuantUsageError`` if it cannot be written there."""
    try:
        return check_destination(path)
    except OSError as error:
        raise QuantUsageError(
            f"{option}: {path} cannot be written: {error.strerror or error}; choose another place"
        ) from None


def _inputs(session: Session) -> Iterator[tuple[str, Path]]:
    """The files that a session reads, by what they are."""
    chosen = session.plan.settings
    for model in model_files(chosen.model, chosen.artifacts):
        with suppress(QuantUsageError):
            parts = backend_of(model).inspect(model).parts
            yield from (("a part of a model", part) for part in parts)
        yield "a model", model
    yield "the held text", chosen.text or HELD_TEXT
    yield from (("a suite", path) for path in chosen.suites.values())
    yield from (("a file of the library", path) for path in (EXPECTED_IMPACT, GUIDE_TABLES))
    if session.plan.model_name:
        recorded = session.plan.baselines.path("any").parent
        yield from (("a baseline", path) for path in recorded.glob("*"))


def _there(path: Path) -> Iterator[object]:
    """The identity of a file, if there is one."""
    with suppress(OSError):
        yield identity(path.stat())
