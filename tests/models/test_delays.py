"""How long a server asks to wait, from every place it may say so."""

from __future__ import annotations

import math
from email.utils import formatdate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from debate.models.delays import reset_delay, server_delay

NOW = 1_795_000_000.0
RESETS = ("x-ratelimit-reset", "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens")


def delay(text: str = "", **headers: str) -> float | None:
    """The delay for headers written with underscores."""
    return server_delay({name.replace("_", "-"): value for name, value in headers.items()}, RESETS, text, now=NOW)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("2.5", 2.5),
        (" 3 ", 3.0),
        ("86400", 86400.0),
        (formatdate(NOW + 90, usegmt=True), 90.0),
        (formatdate(NOW - 90, usegmt=True), None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 - NOW),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("1e3", None),
        ("1_0", None),
        ("9" * 400, None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    """A long wait is kept as said; what is past, negative, infinite or no number is passed over."""
    assert delay(retry_after=value) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("12.5", 12.5),
        ("1m30s", 90.0),
        ("12ms", 0.012),
        ("6m0s", 360.0),
        ("1h2m3.5s", 3723.5),
        ("2d", 172800.0),
        (str(NOW + 30), 30.0),
        (str(int((NOW + 30) * 1000)), 30.0),
        (str(NOW - 30), None),
        ("-5", None),
        ("NaN", None),
        ("Infinity", None),
        ("5 parsecs", None),
    ],
)
def test_a_reset_is_seconds_a_duration_or_a_date(value: str, seconds: float | None) -> None:
    """A small number is a time to wait and never a date in 1970, which would mean no wait at all."""
    assert delay(x_ratelimit_reset=value) == pytest.approx(seconds)


def test_the_first_source_that_says_something_counts() -> None:
    """Milliseconds, then Retry-After, then resets, then the text; an unusable one gives way to the next."""
    said = {"retry_after_ms": "1500", "retry_after": "2", "x_ratelimit_reset": "3"}
    text = "Please try again in 4s."
    found = []
    for name in (*said, None):
        found.append(delay(text, **said))
        if name is not None:
            said[name] = "nan"
    assert found == [1.5, 2.0, 3.0, 4.0]


def test_of_two_resets_the_exhausted_one_counts() -> None:
    """Where requests or tokens remain, their reset is of no interest; where nothing is known, the longer one counts."""
    both = {"x_ratelimit_reset_requests": "2m", "x_ratelimit_reset_tokens": "7s"}
    assert delay(**both) == 120.0
    assert delay(**both, x_ratelimit_remaining_requests="14", x_ratelimit_remaining_tokens="0") == 7.0
    assert delay(**both, x_ratelimit_remaining_requests="0", x_ratelimit_remaining_tokens="0") == 120.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Rate limit reached. Please try again in 5.289s. Visit x.", 5.289),
        ("Please retry after 20 seconds.", 20.0),
        ("try again in 1m30.5s", 90.5),
        ("Please wait for 2 minutes and come back", 120.0),
        ("try again in 250ms", 0.25),
        ("try again in 300 milliseconds", 0.3),
        ("Try again later.", None),
        ("limit 600 RPM, used 601", None),
        ("wait 5 apples", None),
    ],
)
def test_a_sentence_may_say_it(text: str, seconds: float | None) -> None:
    """Seconds are read out of the usual sentences, and out of no other number."""
    assert delay(text) == pytest.approx(seconds)


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.floats(0, 4e9))
def test_no_text_can_break_it(value: str, text: str, now: float) -> None:
    """Whatever stands in a header or a body, the delay is None or a finite number from 0."""
    headers = {"retry-after": value, "retry-after-ms": value, "x-ratelimit-reset": value}
    found = server_delay(headers, RESETS, text, now=now)
    assert found is None or (math.isfinite(found) and found >= 0)


@settings(deadline=None)
@given(st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_durations_add_up(minutes: int, seconds: int, milliseconds: int) -> None:
    """Any duration of minutes, seconds and milliseconds is the sum of its steps."""
    written = f"{minutes}m{seconds}s{milliseconds}ms"
    assert reset_delay(written, now=NOW) == pytest.approx(minutes * 60 + seconds + milliseconds / 1000)
