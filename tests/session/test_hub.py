"""Files of a hub: pinned, resumed, checked, and what is said where they cannot be had."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.session.hub_server import FIRST, SECOND, StandIn, stand_in

from pytest_quant.errors import QuantUsageError
from pytest_quant.session.hub import Hub, HubFile, is_hub, parse_hub

TEXT = "hf://owner/repo/model.gguf"
CONTENT = os.urandom(3_000_000)
TOKEN = "hf_secretsecret"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (TEXT, HubFile("owner/repo", "model.gguf")),
        (f" {TEXT}@v1.0 ", HubFile("owner/repo", "model.gguf", "v1.0")),
        (f"HF://o/r/a/b c.gguf@{FIRST}", HubFile("o/r", "a/b c.gguf", FIRST)),
        ("hf://o/r/m.gguf@refs/pr/3", HubFile("o/r", "m.gguf", "refs/pr/3")),
    ],
)
def test_a_text_names_a_file(text: str, wanted: HubFile) -> None:
    assert is_hub(text)
    assert parse_hub(text) == wanted


@pytest.mark.parametrize(
    "text",
    ["hf://", "hf://owner", "hf://owner/repo", "hf://owner/repo/", "hf://owner/repo/@main",
     "hf://owner/repo/m.gguf@", "hf://owner/repo/../m.gguf", "hf://owner/repo//m.gguf",
     "hf://../repo/m.gguf", "hf://o/r/a@b@c", "hf://o/r/a\nb", "hf://o w/r/m.gguf",
     "hf://o/r/a\\b", "hf://o/r/./m.gguf"],
)  # fmt: skip
def test_a_text_that_names_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected hf://OWNER/REPOSITORY/FILE or "):
        parse_hub(text)


@given(st.text())
def test_any_text_is_a_file_or_a_mistake(text: str) -> None:
    try:
        wanted = parse_hub(f"hf://{text}")
    except ValueError:
        return
    assert parse_hub(str(wanted)) == wanted


def test_without_the_library_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(QuantUsageError, match=r"pip install pytest-quant\[hub\]"):
        Hub(print, tmp_path).fetch(TEXT)


class TestOverHttp:
    @pytest.fixture
    def server(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
        constants = pytest.importorskip(
            "huggingface_hub.constants", reason="huggingface_hub is in the extra 'hub'"
        )
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        # In pieces of this size a file is written; what is lost of one comes again.
        monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 100_000)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        with stand_in() as server:
            monkeypatch.setenv("HF_ENDPOINT", server.url)
            server.put("owner/repo", "model.gguf", CONTENT)
            yield server

    @pytest.fixture
    def told(self) -> list[str]:
        return []

    @pytest.fixture
    def hub(self, server: StandIn, told: list[str], tmp_path: Path) -> Hub:
        assert server.url
        return Hub(told.append, tmp_path / "checked")

    def test_a_file_is_fetched_once_and_pinned(
        self, server: StandIn, hub: Hub, told: list[str], tmp_path: Path
    ) -> None:
        path = hub.fetch(TEXT)
        assert path.read_bytes() == CONTENT
        assert hub.sources == {path: f"{TEXT}@{FIRST}"}
        assert told == [f"fetching {TEXT}@{FIRST}, 3,000,000 bytes"]
        assert hub.fetch(TEXT) == path
        assert Hub(told.append, tmp_path / "checked").fetch(f"{TEXT}@{FIRST}") == path
        assert len(server.fetched) == len(told) == 1

    def test_a_branch_that_moved_is_another_file(
        self, server: StandIn, hub: Hub, tmp_path: Path
    ) -> None:
        old = hub.fetch(TEXT)
        server.put("owner/repo", "model.gguf", b"new", SECOND)
        server.main = SECOND
        new = Hub(print, tmp_path / "checked")
        assert new.fetch(TEXT).read_bytes() == b"new"
        assert [*new.sources.values()] == [f"{TEXT}@{SECOND}"]
        # What the session's other processes were told stands.
        assert Hub(print, tmp_path, hub.known).fetch(TEXT) == old

    def test_a_connection_that_is_cut_is_taken_up_again(self, server: StandIn, hub: Hub) -> None:
        server.cuts = 1
        assert hub.fetch(TEXT).read_bytes() == CONTENT
        assert server.fetched[0] == ""
        assert server.fetched[1].startswith("bytes=")
        assert int(server.fetched[1][6:].split("-")[0]) > 0

    def test_a_file_that_is_not_what_was_promised_is_deleted(
        self, server: StandIn, hub: Hub, tmp_path: Path
    ) -> None:
        server.etag = "0" * 64
        with pytest.raises(QuantUsageError, match="and the hub promised 000000000000; it is del"):
            hub.fetch(TEXT)
        kept = (tmp_path / "hub" / "models--owner--repo").rglob("*")
        assert not [path for path in kept if path.is_file() and path.stat().st_size > 1000]
        server.etag = ""
        assert hub.fetch(TEXT).read_bytes() == CONTENT

    def test_what_other_programs_left_in_the_cache_is_checked_too(
        self, hub: Hub, tmp_path: Path
    ) -> None:
        path = hub.fetch(TEXT)
        path.resolve().write_bytes(bytes(len(CONTENT)))
        with pytest.raises(QuantUsageError, match="it is deleted"):
            Hub(print, tmp_path / "checked").fetch(TEXT)

    def test_small_files_have_git_s_digest(self, server: StandIn, hub: Hub) -> None:
        server.put("owner/repo", "small.gguf", b"small")
        header = b"blob 5\0"
        server.etag = hashlib.sha1(header + b"small", usedforsecurity=False).hexdigest()
        assert hub.fetch("hf://owner/repo/small.gguf").read_bytes() == b"small"

    def test_a_tag_that_is_no_digest_is_told(
        self, server: StandIn, hub: Hub, told: list[str]
    ) -> None:
        server.etag = "weak-1"
        hub.fetch(TEXT)
        assert "the hub names no digest of it, so its size alone is checked" in told[-1]

    def test_all_parts_of_a_split_model_come(self, server: StandIn, hub: Hub) -> None:
        for number in (1, 2, 3):
            server.put("owner/repo", f"q4/m-0000{number}-of-00003.gguf", b"%d" % number)
        path = hub.fetch("hf://owner/repo/q4/m-00001-of-00003.gguf")
        assert sorted(other.read_bytes() for other in path.parent.iterdir()) == [b"1", b"2", b"3"]
        assert len(hub.sources) == 1

    def test_a_hub_out_of_reach_is_no_matter_for_what_is_here(
        self, hub: Hub, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = hub.fetch(TEXT)
        monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
        later = Hub(told.append, tmp_path / "checked")
        assert later.fetch(TEXT) == path
        assert [*later.sources.values()] == [f"{TEXT}@{FIRST}"]
        assert told[-1] == (f"{TEXT}: the hub is out of reach; {TEXT}@{FIRST} is in the cache")
        with pytest.raises(QuantUsageError, match=r"other.gguf: it could not be fetched \("):
            later.fetch("hf://owner/repo/other.gguf")

    @pytest.mark.parametrize(
        ("text", "error", "said"),
        [
            ("hf://owner/nothing/m.gguf", None, "there is no hf://owner/nothing, or it is private"),
            (
                "hf://o/closed/m.gguf",
                (401, ""),
                "there is no hf://o/closed, or it is private; ch",
            ),
            ("hf://o/gated/m.gguf", (403, "GatedRepo"), "hf://o/gated is gated; accept its terms"),
            ("hf://owner/repo/none.gguf", None, "holds no file 'none.gguf' at its main branch"),
            (f"{TEXT}@v9", None, "hf://owner/repo has no revision 'v9'"),
            ("hf://o/broken/m.gguf", (418, ""), "the hub answered with status 418; try again la"),
        ],
    )
    def test_what_cannot_be_had_is_told_in_words(
        self, text: str, error: tuple[int, str] | None, said: str, server: StandIn, hub: Hub
    ) -> None:
        if error:
            server.errors[text.removeprefix("hf://").rpartition("/")[0]] = error
        with pytest.raises(QuantUsageError) as raised:
            hub.fetch(text)
        message = str(raised.value)
        assert message.startswith(f"{text}: ")
        assert said in message
        assert TOKEN not in message
        assert len(message.splitlines()) == 1

    def test_the_token_of_its_own_store_is_sent_and_never_told(
        self, server: StandIn, hub: Hub, told: list[str]
    ) -> None:
        hub.fetch(TEXT)
        assert {token for *_, token in server.asked} == {f"Bearer {TOKEN}"}
        assert not any(TOKEN in text for text in told)
