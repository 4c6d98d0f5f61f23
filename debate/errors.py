"""Every error the engine raises on purpose, in one tree.

Each carries data beside its text, so that a caller can act on it without reading the message.
A wrong argument from Python code is a built-in ``TypeError`` or ``ValueError``, not one of these.

::

    DebateError
    ├── ScenarioError            the scenario cannot be run as written; every problem at its place
    ├── SettingsError            the user's own settings are wrong or incomplete
    │   └── MissingKey           a provider needs a key that is not set
    ├── PromptError              a template is missing, wrong, or leaves its bounds
    ├── ScenarioChanged          a run is to go on with another scenario than it began with
    ├── TranscriptError          a transcript cannot be read or written
    │   ├── TranscriptDamaged    a line does not follow from the one before
    │   ├── TranscriptLocked     another process is writing it
    │   ├── TranscriptNotFound   no such path, run id or prefix
    │   └── TranscriptUnwritten  a line could not be written; the error keeps it
    ├── EmbedderError            no embedding could be computed
    ├── BudgetExceeded           the next request does not fit what is left to spend
    ├── DeadlineExceeded         the run's time is over
    └── ModelError               a model did not give a usable completion
        ├── RateLimited          429: above the allowed rate
        ├── Overloaded           503, 529: the provider is out of capacity
        ├── Unavailable          408, 409, 425, 5xx, connection lost before an answer
        ├── Ambiguous            timed out after sending; the work may have been billed
        ├── Refused              400, 403, 404, 413, 415, 422: this request will never succeed
        │   ├── ModelNotAvailable   the provider does not serve the model
        │   └── ContextExceeded     not sent: more than the model holds
        ├── AuthenticationFailed    401
        ├── PaymentRequired      402, or a 429 that says the quota is used up
        ├── CircuitOpen          not sent: the scope's key or credit was refused before
        ├── Malformed            a 200 whose body is not a completion
        ├── StreamCut            a stream that ended before it was finished
        ├── EmptyCompletion      no text, with the reason why
        └── NotRecorded          a recorded model holds no completion for this turn and try
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Billed = Literal["no", "yes", "possibly"]
"""Whether a failed attempt was charged for, as far as can be known."""


class Spent(NamedTuple):
    """Tokens that a failed attempt used, as the provider reported them. What was not reported is None."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None


class DebateError(Exception):
    """Any error of this package."""


class Location(NamedTuple):
    """A place in a file a person wrote; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Problem(NamedTuple):
    """One thing that is wrong in a file, where it is and how to mend it."""

    location: Location | None
    """Where; None for a scenario built in Python."""

    message: str
    """What, what was found, how to mend it."""

    path: str = ""
    """The key path, as ``rounds[1].hears``."""

    def __str__(self) -> str:
        place = str(self.location) if self.location is not None else self.path
        return f"{place}: {self.message}" if place else self.message


class ScenarioError(DebateError):
    """A scenario that cannot be run as written, with every problem found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class SettingsError(DebateError):
    """The user's own settings are wrong or incomplete."""


class MissingKey(SettingsError):
    """A provider needs a key, and none of its environment variables is set."""

    def __init__(self, message: str, *, provider: str, variables: tuple[str, ...]) -> None:
        self.provider = provider
        self.variables = variables
        super().__init__(message)


class PromptError(DebateError):
    """A prompt template is missing, wrong, or leaves its bounds."""


class ScenarioChanged(DebateError):
    """A run is to go on with another scenario than it began with."""

    def __init__(self, message: str, *, differences: tuple[str, ...]) -> None:
        self.differences = differences
        """What differs, path by path."""
        super().__init__(message)


class TranscriptError(DebateError):
    """A transcript cannot be read or written."""


class TranscriptDamaged(TranscriptError):
    """A line of a transcript is not what the lines before it say it must be."""

    def __init__(self, message: str, *, path: str, line: int) -> None:
        self.path = path
        self.line = line
        super().__init__(f"{path}:{line}: {message}")


class TranscriptLocked(TranscriptError):
    """Another process is writing this transcript."""


class TranscriptNotFound(TranscriptError):
    """No transcript has this path, run id or prefix."""


class TranscriptUnwritten(TranscriptError):
    """A line could not be written, as on a full disk. What it says may be paid for, so the error keeps it."""

    def __init__(self, message: str, *, line: str) -> None:
        self.line = line
        """The whole line, as it should stand in the transcript."""
        super().__init__(message)


class EmbedderError(DebateError):
    """No embedding could be computed."""


class BudgetExceeded(DebateError):
    """The next request does not fit what is left to spend."""

    def __init__(self, message: str, *, dimension: str) -> None:
        self.dimension = dimension
        """``usd``, ``requests``, ``tokens`` or ``seconds``."""
        super().__init__(message)


class DeadlineExceeded(DebateError):
    """The run's time is over."""


class ModelError(DebateError):
    """A model did not give a usable completion."""

    kind: str = "model"
    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        error_type: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        should_retry: bool | None = None,
        billed: Billed = "no",
        model: str | None = None,
        spent: Spent | None = None,
    ) -> None:
        self.status = status
        """HTTP status, when there was an answer."""
        self.code = code
        """``error.code`` of the provider's body."""
        self.error_type = error_type
        """``error.type`` of the provider's body."""
        self.request_id = request_id
        """The provider's id for the request, for its support."""
        self.retry_after = retry_after
        """Seconds the server asked to wait, when it said so."""
        self.should_retry = should_retry
        """What an ``x-should-retry`` header said, when there was one."""
        self.billed = billed
        """Whether this attempt was charged for."""
        self.model = model
        """The model that was asked, as ``provider:id``."""
        self.spent = spent
        """Tokens the attempt used, when the provider said so."""
        super().__init__(message)


class RateLimited(ModelError):
    """429: above the allowed rate."""

    kind = "rate_limited"
    retryable = True


class Overloaded(ModelError):
    """503 or 529: the provider is out of capacity, through no fault of the caller."""

    kind = "overloaded"
    retryable = True


class Unavailable(ModelError):
    """The server failed or the connection was lost before an answer."""

    kind = "unavailable"
    retryable = True


class Ambiguous(ModelError):
    """Timed out after the request was sent: it may have been answered and billed."""

    kind = "ambiguous"
    retryable = True


class Refused(ModelError):
    """This request will not succeed however often it is sent."""

    kind = "refused"


class ModelNotAvailable(Refused):
    """The provider does not serve this model."""

    kind = "model_not_available"


class ContextExceeded(Refused):
    """Not sent: the prompt and what may be written are more than the model holds."""

    kind = "context"


class AuthenticationFailed(ModelError):
    """401: the provider refused the key."""

    kind = "authentication"


class PaymentRequired(ModelError):
    """402, or a 429 that says the quota is used up: no credit is left."""

    kind = "payment"


class CircuitOpen(ModelError):
    """Not sent: this key was refused, or its credit used up, on an earlier request."""

    kind = "circuit_open"


class Malformed(ModelError):
    """A 200 whose body is not a completion."""

    kind = "malformed"
    retryable = True


class StreamCut(ModelError):
    """A stream that ended before the completion was finished."""

    kind = "stream_cut"
    retryable = True


class EmptyCompletion(ModelError):
    """A completion without text, with the reason why."""

    kind = "empty"


class NotRecorded(ModelError):
    """A recorded model holds no completion for this turn and try."""

    kind = "not_recorded"


EXIT_CODES: Final[dict[str, int]] = {
    "done": 0,
    "failed": 1,
    "usage": 2,
    "authentication": 3,
    "budget": 4,
    "unavailable": 5,
    "interrupted": 130,
}
"""What the command line's exit codes mean."""
