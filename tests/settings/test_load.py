"""Reading settings: where from, laid over what, and what is said when they are wrong."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from debate.errors import SettingsError
from debate.settings import Settings, load_settings
from debate.settings import load as load_module

EVERYTHING = """\
concurrency = 7
embedder = "/models/minilm"
nli = "cross-encoder/nli-small"
calibrations = "maps"
transcripts = "runs"

[providers.together]
retries = 0
ca_file = "/etc/ca.pem"
limits = {concurrency = 3, requests_per_second = 2, requests_per_minute = 0.3, tokens_per_minute = 1000}

[providers.together.account_limits]
requests_per_minute = 90

[providers.together.timeouts]
connect = 1
read = 2
idle = 3

[providers.mine]
dialect = "vllm"
base_url = "http://10.0.0.5:8000/v1/"
key_env = ["MINE_KEY"]
key_required = false
local = false

[prices."mine:m"]
input = "0.10"
output = "0.20"
cached_input = "0.01"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A settings file with every kind of key."""
    path = tmp_path / "settings.toml"
    path.write_text(EVERYTHING)
    return path


@pytest.fixture(autouse=True)
def _no_file_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_module, "user_config_path", lambda _name: tmp_path / "config" / "debate")


def refused(tmp_path: Path, text: str) -> str:
    """The message for a file that is wrong."""
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(path, environ={})
    return str(caught.value).replace(str(path), "wrong.toml")


def test_every_key_has_its_effect(file: Path) -> None:
    """What a file says is what an endpoint and the settings show."""
    settings = load_settings(file, environ={"TOGETHER_API_KEY": "k", "MINE_KEY": "m"})
    together = settings.endpoint("together")
    assert together.base_url == "https://api.together.ai/v1"
    assert (together.retries, together.ca_file) == (0, "/etc/ca.pem")
    assert (together.limits.concurrency, together.limits.requests_per_second) == (3, 2.0)
    assert (together.limits.requests_per_minute, together.limits.tokens_per_minute) == (0.3, 1000)
    assert (together.timeouts.connect, together.timeouts.read, together.timeouts.idle) == (1.0, 2.0, 3.0)
    mine = settings.endpoint("mine")
    assert (mine.base_url, mine.dialect, mine.limits.concurrency) == ("http://10.0.0.5:8000/v1", "vllm", 7)
    assert mine.key is not None
    assert mine.key.reveal() == "m"
    price = settings.price_of("mine", "m")
    assert price is not None
    assert (price.input, price.output, price.cached_input) == (Decimal("0.10"), Decimal("0.20"), Decimal("0.01"))
    assert settings.embedder == "/models/minilm"
    assert settings.nli == "cross-encoder/nli-small"
    assert settings.calibrations == file.parent / "maps"
    assert settings.provider("together").account_limits.requests_per_minute == 90
    assert settings.transcripts == file.parent / "runs"


def test_without_a_file_the_built_in_settings_hold() -> None:
    """Known servers, ten requests at once, five attempts, patience for models that think, transcripts beside you."""
    settings = load_settings(environ={})
    assert set(settings.providers) >= {
        *("together", "openai", "openrouter", "groq", "deepseek", "mistral", "gemini", "anthropic"),
        *("ollama", "vllm", "llamacpp", "lmstudio"),
    }
    ollama = settings.endpoint("ollama")
    assert (ollama.key, ollama.limits.concurrency, ollama.retries) == (None, 10, 4)
    assert ollama.timeouts.read >= 600
    assert settings.transcripts == Path("transcripts")


def test_a_tier_is_the_variable_s_else_the_file_s(tmp_path: Path) -> None:
    """``TOGETHER_TIER`` comes before ``tier`` in the file, and an empty one counts for nothing."""
    path = tmp_path / "tier.toml"
    path.write_text('[providers.together]\ntier = "build1"\n')
    tiers = [
        load_settings(path, environ=environ).provider("together").tier
        for environ in ({}, {"TOGETHER_TIER": " "}, {"TOGETHER_TIER": "free"})
    ]
    assert tiers == ["build1", "build1", "free"]


def test_weights_are_looked_for_where_the_environment_says() -> None:
    """The hub's variables are handed on, and no other; offline means that nothing is fetched."""
    settings = load_settings(environ={"HF_HOME": "/models", "HF_HUB_OFFLINE": "1", "TOGETHER_API_KEY": "k"})
    assert settings.hub == {"HF_HOME": "/models", "HF_HUB_OFFLINE": "1"}
    assert not settings.may_download
    assert load_settings(environ={}).may_download
    assert Settings().calibrations is None
    assert load_settings(environ={}).calibrations is not None


def test_the_file_is_the_one_given_else_the_one_named_else_the_user_s(tmp_path: Path, file: Path) -> None:
    """A path wins over DEBATE_SETTINGS, which wins over the configuration folder."""
    own = tmp_path / "config" / "debate" / "settings.toml"
    own.parent.mkdir(parents=True)
    own.write_text("concurrency = 1")
    named = tmp_path / "named.toml"
    named.write_text("concurrency = 2")
    assert load_settings(environ={}).concurrency == 1
    assert load_settings(environ={"DEBATE_SETTINGS": str(named)}).concurrency == 2
    assert load_settings(file, environ={"DEBATE_SETTINGS": str(named)}).concurrency == 7


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    """A misspelt path is an error, not the built-in settings; so is a file that is no text."""
    with pytest.raises(SettingsError, match=r"nowhere\.toml: cannot be read: No such file"):
        load_settings(environ={"DEBATE_SETTINGS": str(tmp_path / "nowhere.toml")})
    (tmp_path / "latin.toml").write_bytes(b"a = '\xe9'")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_settings(tmp_path / "latin.toml", environ={})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("concurrency = \n", "wrong.toml:1:15: Invalid value"),
        ("a = 1\na = 2\n", "wrong.toml:2:6: Cannot overwrite a value"),
        ("[providers.together", "wrong.toml:1:20: Expected ']' at the end of a table declaration"),
        ('embedder = "x\n', "wrong.toml:1:14: Illegal character"),
        ("concurency = 3\n", "wrong.toml:1:1: concurency: unknown key (did you mean 'concurrency'?)"),
        (
            "\n[providers.together]\n  base_ulr = 'x'\n",
            "wrong.toml:3:3: providers.together.base_ulr: unknown key (did you mean 'base_url'?)",
        ),
        (
            "[providers.together.limits]\nrpm = 3\n",
            "wrong.toml:2:1: providers.together.limits.rpm: unknown key",
        ),
        (
            "[providers.together]\nlimits = {concurrency = 0}\n",
            "wrong.toml:2:1: providers.together.limits.concurrency: Input should be greater than or equal to 1",
        ),
        (
            "[providers.together]\nbase_url = 'api.together.ai'\n",
            ":2:1: providers.together.base_url: expected a URL such as https://host/v1, found 'api.together.ai'",
        ),
        (
            "[providers.together]\nbase_url = 'https://me:secret@host/v1'\n",
            "wrong.toml:2:1: providers.together.base_url: a URL may not hold a user name or password",
        ),
        ("[providers.mine]\ndialect = 'vllm'\n", "wrong.toml:1:1: providers.mine.base_url: Field required"),
        ("[providers.simulated]\ndialect = 'vllm'\nbase_url = 'http://x'\n", "'simulated' is built in"),
        (
            '[prices."together:m"]\ninput = 0.1\noutput = "1"\n',
            'wrong.toml:2:1: prices.together:m.input: money is written in quotes, as "0.1"',
        ),
        ("concurrency = 0\nretries = 1\n", "wrong.toml:2:1: retries: unknown key"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(tmp_path: Path, text: str, message: str) -> None:
    """Syntax and meaning alike: file, line, column, what was found, and what it may have meant."""
    assert message in refused(tmp_path, text)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Two mistakes are two lines."""
    assert len(refused(tmp_path, "concurrency = 0\nretries = 1\n").splitlines()) == 2


def test_a_password_in_a_url_is_not_repeated(tmp_path: Path) -> None:
    """The message about a URL with a password does not show it."""
    assert "secret" not in refused(tmp_path, "[providers.together]\nbase_url = 'https://me:secret@host/v1'\n")


def test_settings_can_be_made_in_python() -> None:
    """A provider given in part is laid over the known one, as in a file."""
    settings = Settings.model_validate({"providers": {"together": {"retries": 1}}})
    assert settings.provider("together").retries == 1
    assert settings.provider("together").dialect == "together"
    assert settings.provider("openai").retries == 4
