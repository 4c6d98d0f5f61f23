"""An answer that is no completion as the error that says what it means. Pure; reading a body never fails."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from debate.errors import (
    Ambiguous,
    AuthenticationFailed,
    Billed,
    ModelError,
    ModelNotAvailable,
    Overloaded,
    PaymentRequired,
    RateLimited,
    Refused,
    Spent,
    Unavailable,
)
from debate.models.delays import server_delay
from debate.models.loose import Object, as_count, as_list, as_object, as_text, decode
from debate.settings.keys import Secret

_MAX_DETAIL: Final = 300
_BLANKS: Final = re.compile(r"\s+")
_TITLE: Final = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAG: Final = re.compile(r"<[^>]{0,500}>")
_LOOKS_LIKE_A_KEY: Final = re.compile(r"\b(?:sk-|tgp_v1_|gsk_|hf_|key-)[A-Za-z0-9_*.\-]{6,}|(?<=[Bb]earer )\S+")
_REQUEST_IDS: Final = ("x-request-id", "request-id", "x-together-traceid", "x-generation-id", "cf-ray")
_NO_QUOTA: Final = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")


class Asked(NamedTuple):
    """Who was asked for what: all that a message about a failure names."""

    provider: str
    model: str
    """As ``provider:id``; the provider alone where no model is concerned."""
    key: Secret | None = None
    key_variables: tuple[str, ...] = ()
    reset_headers: tuple[str, ...] = ()


def without_key(asked: Asked, said: str | None) -> str | None:
    """What a server said, without the key if it repeats it.

    A stream can tell a key in two chunks, so that only the whole holds it.
    """
    return said if said is None or asked.key is None else asked.key.hidden_in(said)


class Details(NamedTuple):
    """What a body says about an error."""

    message: str = ""
    code: str | None = None
    type: str | None = None

    def mentions(self, *words: str) -> bool:
        """Whether any of ``words`` is in the code, the type or the message."""
        text = f"{self.code} {self.type} {self.message}".lower()
        return any(word in text for word in words)


def request_id(headers: Mapping[str, str]) -> str | None:
    """The provider's id for the request."""
    return next((headers[name] for name in _REQUEST_IDS if name in headers), None)


def details(raw: bytes) -> Details:
    """What an error's body says, whether it is JSON of any of the shapes met, HTML or plain text."""
    try:
        value = decode(raw)
    except ValueError:
        return Details(_from_text(raw.decode("utf-8", "replace")))
    return error_details(value)


def error_details(value: object) -> Details:
    """The same for a body that is JSON: ``{"error": {…}}``, ``{"error": "…"}``, ``{"detail": …}``, arrays of these."""
    elements = as_list(value)
    if elements is not None:
        return error_details(elements[0]) if elements else Details()
    body = as_object(value)
    if body is None:
        return Details(_tidy(as_text(value) or ""))
    inner = body.get("error")
    error = as_object(inner) or {}
    message = as_text(error.get("message")) or as_text(inner) or _loose_message(body)
    return Details(
        _tidy(message),
        _word(error.get("code", body.get("code"))),
        _word(error.get("type", error.get("status", body.get("error_type")))),
    )


def failure(asked: Asked, status: int, headers: Mapping[str, str], raw: bytes, *, now: float) -> ModelError:
    """The error for an answer with a status other than 200."""
    return _error(asked, status, headers, details(raw), now=now, billed=None)


def failure_inside(
    asked: Asked, body: Object, headers: Mapping[str, str], *, now: float, spent: Spent | None = None
) -> ModelError:
    """The error for an ``error`` that stands inside an answer or a stream with status 200."""
    found = error_details(body)
    status = as_count(int(found.code)) if found.code is not None and found.code.isdecimal() else None
    if status is None or not 400 <= status < 600:  # noqa: PLR2004 - the range of HTTP errors
        status = _status_by_name(found)
    return _error(asked, status, headers, found, now=now, billed="possibly", spent=spent)


def _error(
    asked: Asked,
    status: int,
    headers: Mapping[str, str],
    found: Details,
    *,
    now: float,
    billed: Billed | None,
    spent: Spent | None = None,
) -> ModelError:
    verdict = _classify(asked, status, found, headers)
    said = "" if verdict.complete else _quoted(asked, found.message)
    message = f"{asked.model}: {verdict.what} ({status}){said}"
    should_retry = headers.get("x-should-retry")
    return verdict.error(
        message,
        status=status,
        code=found.code,
        error_type=found.type,
        request_id=request_id(headers),
        retry_after=server_delay(headers, asked.reset_headers, found.message, now=now),
        should_retry={"true": True, "false": False}.get(should_retry or ""),
        billed=billed or ("possibly" if verdict.error is Ambiguous else "no"),
        model=asked.model,
        spent=spent,
    )


class _Verdict(NamedTuple):
    error: type[ModelError]
    what: str
    complete: bool = False
    """The sentence says all; what the provider wrote is left out."""


class _Rule(NamedTuple):
    """What statuses mean, or what they mean when the body mentions one of some words."""

    statuses: range | tuple[int, ...]
    words: tuple[str, ...]
    verdict: _Verdict


_CLIENT = range(400, 500)

_RULES: Final = (
    _Rule((402,), (), _Verdict(PaymentRequired, "no credit is left, or a spending limit is reached")),
    _Rule((429,), _NO_QUOTA, _Verdict(PaymentRequired, "the quota is used up")),
    _Rule((429,), (), _Verdict(RateLimited, "above the allowed rate")),
    _Rule((503, 529), (), _Verdict(Overloaded, "the provider is out of capacity")),
    _Rule((408, 409, 425), (), _Verdict(Unavailable, "the server did not take the request now")),
    _Rule((504, 524), (), _Verdict(Ambiguous, "the server gave up waiting for the model; the work may be billed")),
    _Rule((501, 505), (), _Verdict(Refused, "the server does not know this kind of request")),
    _Rule(range(500, 1000), (), _Verdict(Unavailable, "the server failed")),
    _Rule(
        _CLIENT,
        ("third_party_data_sharing",),
        _Verdict(Refused, "the model asks your organisation to allow sharing data with a third party"),
    ),
    _Rule(
        _CLIENT,
        ("context_length", "context length", "context window", "context size", "exceed_context", "maximum context"),
        _Verdict(Refused, "prompt and max_tokens do not fit the model's context"),
    ),
    _Rule(
        _CLIENT,
        ("model_not_available", "model_not_found", "non-serverless"),
        _Verdict(ModelNotAvailable, "the provider does not serve this model"),
    ),
    _Rule((404,), ("model",), _Verdict(ModelNotAvailable, "the provider does not serve this model")),
    _Rule((404,), (), _Verdict(Refused, "no such address; check the provider's base URL")),
    _Rule((403,), (), _Verdict(Refused, "not allowed")),
    _Rule((413,), (), _Verdict(Refused, "the request is too large")),
)
"""By status first, then by what code, type and message mention; the first that fits counts."""

_BAD_KEY: Final = ("invalid_api_key", "api key not valid", "invalid api key", "authentication_error")


def _classify(asked: Asked, status: int, found: Details, headers: Mapping[str, str]) -> _Verdict:
    if status == 401 or (status in {400, 403} and found.mentions(*_BAD_KEY)):  # noqa: PLR2004 - unauthorised
        return _refused_key(asked)
    if status in range(300, 400):
        return _redirected(headers)
    for rule in _RULES:
        if status in rule.statuses and (not rule.words or found.mentions(*rule.words)):
            return rule.verdict
    return _Verdict(Refused, "the request was refused")


def _refused_key(asked: Asked) -> _Verdict:
    named = " or ".join(asked.key_variables)
    if asked.key is None:
        mend = f"set {named}" if named else "name its variable with --key-env"
        return _Verdict(AuthenticationFailed, f"the server wants a key and none was sent; {mend}", complete=True)
    return _Verdict(AuthenticationFailed, f"the key in {named} was refused", complete=True)


def _redirected(headers: Mapping[str, str]) -> _Verdict:
    target = _tidy(headers.get("location", "").split("?")[0])[:120]
    what = f"the server points to {target}" if target else "the server points elsewhere"
    return _Verdict(Refused, f"{what}, and redirects are not followed; set the base URL", complete=True)


def _status_by_name(found: Details) -> int:
    """The HTTP status that an error without one would have had."""
    for words, status in (
        (_NO_QUOTA, 402),
        (("rate_limit", "rate limit", "too_many_requests", "dynamic_request_limited", "dynamic_token_limited"), 429),
        (("overloaded", "unavailable", "capacity"), 503),
        (("invalid_api_key", "authentication"), 401),
        (("invalid_request", "context_length", "not_found", "model_not_available"), 400),
    ):
        if found.mentions(*words):
            return status
    return 500


def _loose_message(body: Object) -> str:
    for name in ("message", "detail", "error_description", "msg"):
        value = body.get(name)
        text = as_text(value)
        if text is not None:
            return text
        listed = as_list(value)
        if listed:
            first = as_object(listed[0])
            return (as_text(first.get("msg")) if first is not None else as_text(listed[0])) or ""
    return ""


def _from_text(text: str) -> str:
    title = _TITLE.search(text)
    return _tidy(_TAG.sub(" ", title[1] if title is not None else text))


def _tidy(text: str) -> str:
    """One line of visible characters."""
    visible = "".join(character if character.isprintable() else " " for character in text[:4000])
    return _BLANKS.sub(" ", visible).strip()


def _word(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = as_text(value)
    return _tidy(text)[:100] or None if text is not None else None


def _quoted(asked: Asked, message: str) -> str:
    hidden = _LOOKS_LIKE_A_KEY.sub("[key]", message if asked.key is None else asked.key.hidden_in(message))
    if not hidden:
        return ""
    return f": {hidden}" if len(hidden) <= _MAX_DETAIL else f": {hidden[:_MAX_DETAIL]}…"
