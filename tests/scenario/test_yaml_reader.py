"""YAML bytes to a document."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from debate.errors import ScenarioError
from debate.scenario.building import DEPTH_LIMIT
from debate.scenario.document import plain
from debate.scenario.reading import parse_scenario
from debate.scenario.yaml import BYTES_LIMIT, decode, read_yaml


def problems(text: str) -> list[str]:
    """What is wrong with ``text``, fatal or not, as printed."""
    try:
        _, found = read_yaml(text, name="f")
    except ScenarioError as error:
        return [str(problem) for problem in error.problems]
    return [str(problem) for problem in found]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *[
            (word, word)
            for word in ("no", "No", "on", "off", "yes", "y", "1:30", "1_000", "0o8", "2001-01-01", "-", "=")
        ],
        *[(word, word) for word in ("2001-12-14t21:59:43.10-05:00", "0b11", "+0x1F", "1e", ".", "tRUE", "1.2.3")],
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("0o17", 15),
        ("0x1F", 31),
        ("012", 12),
        ("-3", -3),
        (".5", 0.5),
        ("1.", 1.0),
        ("12e03", 12000.0),
        ("'3'", "3"),
        ('"true"', "true"),
        ("!!str 3", "3"),
        ("! 3", "3"),
    ],
)
def test_plain_words_mean_what_yaml_1_2_says(written: str, meant: object) -> None:
    """Only the core schema's words are numbers, truth or nothing; what YAML 1.1 added is text."""
    if written == "-":
        written = '"-"'
    root, flaws = read_yaml(f"key: {written}\n", name="f")
    value = plain(root)
    assert isinstance(value, dict)
    assert (value["key"], type(value["key"])) == (meant, type(meant))
    assert flaws == ()


@pytest.mark.parametrize(
    ("text", "start", "mend"),
    [
        ("a: 1\nb: 2\na: 3", "f:3:1: the key 'a' stands here a second time, first on line 1", "keep one"),
        ("<<: {a: 1}", "f:1:1: merge keys", "write the keys out"),
        ("1: a", "f:1:1: expected text as a key, found 1", "put it in quotes"),
        ("? [a]\n: b", "f:1:3: expected text as a key", "found something else"),
        ("a: !!python/object/apply:os.system [x]", "f:1:4: the tag", "remove it"),
        ("a: !!int '3'", "f:1:4: the tag '!!int' is not allowed", "remove it"),
        ("a: .inf", "f:1:4: expected a finite number", "quotes"),
        ("a: 1e999", "f:1:4: expected a finite number", "too large"),
        ("a: " + "9" * 5000, "f:1:4: a number of 5000 characters", "quotes"),
        ('a: "\\e[31m"', "f:1:4: the character U+001B is not allowed", "remove it"),
        ('a: "\\ud800"', "f:1:4: the character U+D800 is not allowed", "remove it"),
        ("a: b: c", "f:1:5: a colon and a space inside a text", "put the text in quotes"),
        ("a:\n\t- b", "f:2:1: a tab cannot stand here", "spaces"),
        ("a: @b", "f:1:4: a text cannot start with this character", "quotes"),
        ("a: 'b", "f:1:6: a quote is opened", "close it"),
        ("a: [b", "f:1:6: a bracket or brace", "close it"),
        ("a: *b", "f:1:4: no value is marked &b", "quotes"),
        ("a: &b [*b]", "f:1:8: *b stands inside", "write the value out"),
        ("a: b\n---\nc: d", "f:2:1: a second document", "keep one"),
        ("a: b\0c", "f:1:5: the character U+0000", "remove it"),
        ('a: "\\UFFFFFFFF"', "f:1:1: this is not YAML", ""),
        ("%YAML 3.0\n---\na: b", "f:1:1: this is not YAML", ""),
    ],
)
def test_each_flaw_is_named_at_its_place(text: str, start: str, mend: str) -> None:
    """A flaw is said with line, column, what was found and how to mend it."""
    found = problems(text)
    assert found[0].startswith(start)
    assert mend in found[0]


def test_several_flaws_are_found_at_once() -> None:
    """What does not end the reading is collected, in the order of the file."""
    assert [line.split(":")[1] for line in problems("a: 1\na: 2\nb: !x 3\n4: d")] == ["2", "3", "4"]


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "{" * 100_000, "- " * 50_000, "? " * 50_000, "[{" * 50_000, "a: " + "[" * (DEPTH_LIMIT + 1)],
)
def test_deep_nesting_is_refused_without_being_walked(text: str) -> None:
    """Nesting is bounded while it is read, so neither the stack nor the time is used up."""
    assert "levels deep" in problems(text)[0]


def test_deep_nesting_through_aliases_is_refused() -> None:
    """An alias counts with the depth of what it stands for."""
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 60)]
    assert "levels deep" in problems("\n".join(lines))[0]


def test_exploding_aliases_are_refused() -> None:
    """A few lines that stand for millions of values end at the bound."""
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "aliases followed" in problems("\n".join(lines))[0]


def test_an_alias_repeats_a_value() -> None:
    """Aliases within the bounds are allowed."""
    root, flaws = read_yaml("a: &x {k: v}\nb: *x", name="f")
    assert (plain(root), flaws) == ({"a": {"k": "v"}, "b": {"k": "v"}}, ())


def test_huge_files_are_refused() -> None:
    """The length is checked before anything is read."""
    with pytest.raises(ScenarioError, match="too long"):
        decode(b"#" * (BYTES_LIMIT + 1), name="f")
    with pytest.raises(ScenarioError, match="too long"):
        read_yaml("#" * (BYTES_LIMIT + 1), name="f")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: b\nc: \xff", "f:2:4: expected UTF-8, found the byte 0xff"),
        ("a: ü".encode("utf-16"), "f:1:1: expected UTF-8, found UTF-16"),
        ("ä: ü\nö: ".encode() + "é".encode("latin-1"), "f:2:4: expected UTF-8, found the byte 0xe9"),
    ],
)
def test_other_encodings_are_refused_at_their_place(data: bytes, message: str) -> None:
    """The place counts characters, not bytes."""
    with pytest.raises(ScenarioError) as caught:
        decode(data, name="f")
    assert str(caught.value).startswith(message)


def test_a_byte_order_mark_at_the_start_is_dropped() -> None:
    """Editors that write one make no difference, and columns are not moved by it."""
    text = decode(b"\xef\xbb\xbfa: @", name="f")
    assert problems(text)[0].startswith("f:1:4:")


_PIECES = st.sampled_from(
    [
        *"abc:-?[]{}&*!|>'\"%@`#,\n\t \\\0\x85\u2028\ufeff",
        "\n  ",
        "\n- ",
        ": ",
        "&a ",
        "*a",
        "<<",
        "---\n",
        "...\n",
        "%TAG ! x\n",
        "%YAML 1.1\n",
        "!!int ",
        "|2\n",
        ">-\n",
        '"\\x4',
        '"\\U0011FFFF"',
        "? ",
        "rounds: ",
        "1e5",
        "0x",
        "~",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.lists(_PIECES, max_size=60).map(lambda p: "".join(p).encode("utf-8"))))
def test_nothing_but_a_scenario_error_comes_out(data: bytes) -> None:
    """Whatever the bytes, reading ends in a scenario or in a ScenarioError with at least one problem."""
    try:
        scenario = parse_scenario(decode(data, name="f"), name="f")
    except ScenarioError as error:
        found: object = error.problems
    else:
        found = (scenario,)
    assert found


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=100))
def test_any_python_text_is_read_or_refused(text: str) -> None:
    """Lone surrogates included, which no file holds but a Python text can."""
    try:
        root, _ = read_yaml(text, name="f")
    except ScenarioError as error:
        found = str(error)
    else:
        found = str(root)
    assert found
