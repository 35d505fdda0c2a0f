from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_quant.errors import QuantUsageError
from pytest_quant.probes.documents import Document, read_document

FILE = """\
# The first line is a comment.
name: plain

nested:
  list:
    - one
    - {two: 2,
       three: 3}
  text: >-
    folded
    over lines
"""


def document(directory: Path, text: str | bytes) -> Document:
    path = directory / "d.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_document(path, "d.yaml")


class TestValues:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1", 1),
            ("-12", -12),
            ("+3", 3),
            ("010", 10),
            ("true", True),
            ("False", False),
            ("null", None),
            ("~", None),
            ("", None),
            ("text", "text"),
            ("'1'", "1"),
            ('"true"', "true"),
            ("[1, [2]]", [1, [2]]),
            # What an older YAML would turn into something else.
            ("yes", "yes"),
            ("no", "no"),
            ("off", "off"),
            ("10:30", "10:30"),
            ("1_000", "1_000"),
            ("0x1F", "0x1F"),
            ("2024-01-31", "2024-01-31"),
            ("=", "="),
            (".inf", ".inf"),
            ("1e9999", "1e9999"),
            (".", "."),
            ("e5", "e5"),
        ],
    )
    def test_plain_values(self, tmp_path: Path, text: str, value: object) -> None:
        found = document(tmp_path, f"a: {text}\n").value["a"]
        assert found == value
        assert type(found) is type(value)

    @pytest.mark.parametrize("text", ["0.1", "-1.50", ".5", "5.", "1e3", "2.5E-7", "1.0e+30"])
    def test_decimals_are_exactly_as_written(self, tmp_path: Path, text: str) -> None:
        found = document(tmp_path, f"a: {text}\n").value["a"]
        assert type(found) is Decimal
        assert found.as_tuple() == Decimal(text).as_tuple()

    def test_decimals_are_not_cut_to_doubles(self, tmp_path: Path) -> None:
        text = "3.14159265358979323846264338327950288"
        assert str(document(tmp_path, f"a: {text}\n").value["a"]) == text

    def test_keys_are_text(self, tmp_path: Path) -> None:
        assert document(tmp_path, "1: a\nno: b\n<<: c\n").value == {"1": "a", "no": "b", "<<": "c"}

    def test_a_byte_order_mark_is_no_part_of_the_first_key(self, tmp_path: Path) -> None:
        assert document(tmp_path, b"\xef\xbb\xbfa: 1\n").value == {"a": 1}

    def test_an_alias_stands_for_what_it_names(self, tmp_path: Path) -> None:
        text = "a: &x {b: [1, 2]}\nc: *x\nd: &y 7\ne: [*y, *x]\n"
        assert document(tmp_path, text).value == {
            "a": {"b": [1, 2]},
            "c": {"b": [1, 2]},
            "d": 7,
            "e": [7, {"b": [1, 2]}],
        }


class TestLines:
    def test_of_keys_items_and_nested_values(self, tmp_path: Path) -> None:
        found = document(tmp_path, FILE)
        assert found.lines == {
            (): 2,
            ("name",): 2,
            ("nested",): 4,
            ("nested", "list"): 5,
            ("nested", "list", 0): 6,
            ("nested", "list", 1): 7,
            ("nested", "list", 1, "two"): 7,
            ("nested", "list", 1, "three"): 8,
            ("nested", "text"): 9,
        }

    def test_the_same_with_windows_line_ends(self, tmp_path: Path) -> None:
        windows = document(tmp_path, FILE.replace("\n", "\r\n"))
        assert windows.lines == document(tmp_path, FILE).lines

    def test_of_what_does_not_stand_in_the_file(self, tmp_path: Path) -> None:
        found = document(tmp_path, FILE)
        assert found.line(("nested", "list", 1, "four")) == 7
        assert found.line(("nested", "list", 9, "four", 3)) == 5
        assert found.line(("other",)) == 2

    def test_of_what_stands_behind_an_alias(self, tmp_path: Path) -> None:
        found = document(tmp_path, "a: &x\n  b: 1\n\nc: *x\n")
        assert found.line(("a", "b")) == 2
        assert found.line(("c", "b")) == 4

    def test_a_mistake_shows_the_path_of_its_place(self, tmp_path: Path) -> None:
        found = document(tmp_path, FILE)
        error = found.mistake(("nested", "list", 1, "two"), "2", "3")
        assert str(error) == "d.yaml:7: field 'nested.list[1].two': found 2\nexpected: 3"
        assert str(found.mistake((), "2", "3")) == "d.yaml:2: the file: found 2\nexpected: 3"


class TestWhatCannotBeRead:
    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("a: [1\nb: 2\n", 2),
            ("a: 1\n\tb: 2\n", 2),
            ("a: 1\nb: c: d\n", 2),
            ("a: 'open\n\n\n", 1),
            ("\n- 1\nb: 2\n", 3),
            ("a: !x!y z\n", 1),
            ("%YAML 9.0\n---\na: 1\n", 1),
        ],
    )
    def test_no_yaml(self, tmp_path: Path, text: str, line: int) -> None:
        with pytest.raises(QuantUsageError) as raised:
            document(tmp_path, text)
        where, _, problem = str(raised.value).partition(": not valid YAML: ")
        # An open quote or bracket is reported where it opens or where the text ends.
        assert where in (f"d.yaml:{line}", f"d.yaml:{text.count(chr(10)) + 1}")
        assert problem
        assert "\n" not in problem

    @pytest.mark.parametrize("tag", ["!!str", "!!python/name:os.system", "!mine", "!"])
    def test_a_tag(self, tmp_path: Path, tag: str) -> None:
        with pytest.raises(QuantUsageError) as raised:
            document(tmp_path, f"a: 1\nb: {tag} x\n")
        assert str(raised.value) == (
            f"d.yaml:2: the tag {tag} is not allowed; write the value without it"
        )

    def test_a_control_character(self, tmp_path: Path) -> None:
        with pytest.raises(QuantUsageError) as raised:
            document(tmp_path, "a: é\nb: x\n\nc: \x01\n")
        assert str(raised.value) == (
            "d.yaml:4: not valid YAML: the character U+0001 is not allowed; remove it"
        )

    def test_another_encoding(self, tmp_path: Path) -> None:
        with pytest.raises(QuantUsageError) as raised:
            document(tmp_path, "a: 1\nb: M\u00fcnchen\n".encode("latin-1"))
        assert str(raised.value) == (
            "d.yaml:2: not UTF-8 text: invalid start byte; save the file as UTF-8"
        )

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(QuantUsageError) as raised:
            read_document(tmp_path / "none.yaml", "none.yaml")
        assert str(raised.value) == "none.yaml: cannot be read: No such file or directory"

    def test_a_directory(self, tmp_path: Path) -> None:
        with pytest.raises(QuantUsageError, match=r"^here: cannot be read: "):
            read_document(tmp_path, "here")


class TestBounds:
    def test_a_billion_laughs(self, tmp_path: Path) -> None:
        lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
        lines += [
            f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]"
            for i in range(1, 10)
        ]  # fmt: skip
        with pytest.raises(QuantUsageError) as raised:
            document(tmp_path, "\n".join(lines))
        assert str(raised.value) == (
            "d.yaml:3: the aliases stand for more values than the file has characters"
        )

    def test_aliases_that_repay_their_anchor_are_fine(self, tmp_path: Path) -> None:
        options = ", ".join(f"option number {i}" for i in range(9))
        text = f"a: &a [{options}]\n" + "".join(f"b{i}: *a\n" for i in range(9))
        found = document(tmp_path, text).value
        assert found["b8"] == found["a"]

    @pytest.mark.parametrize("text", ["&a [*a]", "&a {b: *a}", "&a [[[*a]]]", "a: *b\nb: &b 1"])
    def test_an_alias_before_its_anchor_is_complete(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(QuantUsageError, match=r"^d.yaml:1: no anchor &\w is complete before"):
            document(tmp_path, text)

    @pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
    def test_deep_nesting(self, tmp_path: Path, opening: str) -> None:
        refused = r"^d.yaml:1: (values are nested|a key must|not valid YAML: .*nesting)"
        with pytest.raises(QuantUsageError, match=refused):
            document(tmp_path, opening * 200_000)

    def test_a_number_of_many_digits_is_text(self, tmp_path: Path) -> None:
        digits = "9" * 10_000
        assert document(tmp_path, f"a: {digits}\n").value == {"a": digits}

    @given(st.text() | st.text(alphabet="ab01 \n\t-:?,.[]{}&*!|>'\"%#~<=", max_size=60))
    @settings(deadline=None, max_examples=100)
    def test_any_text_is_read_or_refused(
        self, tmp_path_factory: pytest.TempPathFactory, text: str
    ) -> None:
        directory = tmp_path_factory.getbasetemp()
        try:
            found = document(directory, text.encode("utf-8", "surrogatepass"))
        except QuantUsageError as error:
            assert str(error).startswith("d.yaml:")
        else:
            assert () in found.lines
