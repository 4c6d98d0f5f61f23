"""Errors out of bodies that may hold anything."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from debate.errors import ModelError, RateLimited
from debate.models.failures import Asked, details, failure, failure_inside
from debate.settings import Secret

KEY = "tgp_v1_0123456789abcdef0123456789"
ASKED = Asked("together", "together:m", Secret(KEY), ("TOGETHER_API_KEY",), ("x-ratelimit-reset",))

json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["error", "message", "code", "type", "detail", "msg", "status", "x"]), inner)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.integers(300, 599), st.binary(max_size=200), st.dictionaries(st.text(max_size=20), st.text(max_size=20)))
def test_no_bytes_can_break_the_reading(status: int, raw: bytes, headers: dict[str, str]) -> None:
    """Any status with any bytes is an error of the tree, in one line."""
    error = failure(ASKED, status, headers, raw, now=0.0)
    assert isinstance(error, ModelError)
    assert len(str(error).splitlines()) == 1


@settings(deadline=None)
@given(json_values)
def test_no_json_can_break_the_reading(value: object) -> None:
    """An error object of any shape inside a 200 is an error of the tree, in one line."""
    error = failure_inside(ASKED, {"error": value}, {}, now=0.0)
    assert isinstance(error, ModelError)
    assert len(str(error).splitlines()) == 1


@settings(deadline=None)
@given(json_values, st.sampled_from([400, 401, 403, 429, 500]))
def test_the_key_is_never_in_the_message(value: object, status: int) -> None:
    """Wherever a provider puts the key into an error's text, the message does not have it, nor any other key."""
    for text in (f"{KEY}", f"Incorrect API key provided: {KEY}.", "Bearer abcdef0123 and sk-abc123def456***"):
        body = b'{"error":{"message":"%s","type":"t"}}' % text.encode()
        message = str(failure(ASKED, status, {}, body, now=0.0))
        assert KEY not in message
        assert "abcdef0123" not in message
        assert "abc123" not in message


def test_what_a_body_says_is_found_in_each_of_its_shapes() -> None:
    """Objects, strings, arrays, `detail` lists, HTML and plain text each give their sentence."""
    shapes = {
        b'{"error":{"message":"m","code":"c","type":"t"}}': ("m", "c", "t"),
        b'{"error":"m"}': ("m", None, None),
        b'{"error":"m","error_type":"t"}': ("m", None, "t"),
        b'[{"error":{"message":"m","code":400,"status":"INVALID"}}]': ("m", "400", "INVALID"),
        b'{"detail":[{"msg":"m"}]}': ("m", None, None),
        b'{"message":"m"}': ("m", None, None),
        b"<html><head><title>502 Bad\nGateway</title></head>": ("502 Bad Gateway", None, None),
        b"<p>plain <b>words</b></p>": ("plain words", None, None),
        b"plain\ttext\r\nin two lines": ("plain text in two lines", None, None),
        b"": ("", None, None),
    }
    assert {raw: tuple(details(raw)) for raw in shapes} == shapes


def test_a_long_sentence_is_cut() -> None:
    """A page of prose does not fill the terminal."""
    assert len(str(failure(ASKED, 400, {}, b"word " * 5000, now=0.0))) < 400


def test_billing_is_what_is_known() -> None:
    """A refusal before any work was not billed; an error after the work began may have been."""
    assert failure(ASKED, 429, {}, b"", now=0.0).billed == "no"
    assert failure(ASKED, 524, {}, b"", now=0.0).billed == "possibly"
    inside = failure_inside(ASKED, {"error": {"code": 429}}, {}, now=0.0)
    assert type(inside) is RateLimited
    assert inside.billed == "possibly"
