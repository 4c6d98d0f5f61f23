"""Together's own OpenAPI document, as something that requests are checked with."""

from __future__ import annotations

import os
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent.parent


def document() -> Path:
    """Where the document is, if it is there."""
    data = os.environ.get("DEBATE_TEST_DATA")
    shared = Path(data).parent if data else ROOT / ".." / "shared"
    return shared / "research" / "together-openapi.yaml"


@cache
def together_api() -> Any:
    """The part of the document that is about chat completions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # openapi-core's own imports
        from openapi_core import Config, OpenAPI  # noqa: PLC0415 - slow, and needed by few tests

        whole = YAML(typ="safe").load(document())
        # The document as such is not valid: elsewhere a boolean's default is 'auto', and here a discriminator without
        # a mapping points to schemas by names they do not have. The alternatives themselves are checked.
        del whole["components"]["schemas"]["ChatCompletionRequest"]["properties"]["response_format"]["discriminator"]
        part = whole | {"paths": {"/chat/completions": whole["paths"]["/chat/completions"]}}
        return OpenAPI.from_dict(part, config=Config(spec_validator_cls=None))


def validate(body: bytes) -> None:
    """Check the body of one request.

    Raises:
        Exception: Whatever openapi-core says of it.
    """
    from openapi_core.testing import MockRequest  # noqa: PLC0415 - slow, and needed by few tests

    together_api().validate_request(
        MockRequest(
            "https://api.together.ai",
            "post",
            "/v1/chat/completions",
            headers={"Authorization": "Bearer key"},
            data=body,
            content_type="application/json",
        )
    )


def known_fields() -> set[str]:
    """The fields a request may have."""
    schema = together_api().spec / "components" / "schemas" / "ChatCompletionRequest" / "properties"
    return set(schema.keys())
