"""Keys: where they come from, where they go, and that nothing shows them."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from debate.errors import MissingKey, SettingsError
from debate.settings import Origin, Secret, Settings, load_settings

KEY = "tgp_v1_abcdefghijklmnop"
KEYS = {"TOGETHER_API_KEY": KEY, "OPENAI_API_KEY": "sk-openai"}


def key_of(settings: Settings, provider: str = "together") -> str | None:
    """The key that would be sent."""
    key = settings.endpoint(provider).key
    return None if key is None else key.reveal()


def test_nothing_shows_a_key() -> None:
    """Neither repr, str, format, dumps, copies nor pickles of anything that holds a key give it away."""
    settings = Settings().with_environment(KEYS | {"HTTPS_PROXY": "http://u:proxypass@proxy:1"})
    endpoint = settings.endpoint("together")
    assert endpoint.key is not None
    shown = [repr(settings), str(settings), settings.model_dump_json(), repr(endpoint), f"{endpoint.key}"]
    shown += [repr(endpoint.key), repr(settings.model_dump()), repr(copy.deepcopy(settings)), repr(vars(settings))]
    shown += [repr(settings.__pydantic_private__), endpoint.key.fingerprint]
    assert not any(KEY in text or "proxypass" in text for text in shown)
    for holder in (settings, endpoint, endpoint.key):
        with pytest.raises(TypeError, match="stays in the process"):
            pickle.dumps(holder)


def test_keys_are_compared_without_being_shown() -> None:
    """Equal keys are equal and have one fingerprint; different ones have two."""
    assert Secret("a") == Secret("a")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("a").fingerprint == Secret("a").fingerprint != Secret("b").fingerprint
    assert Secret("abc").hidden_in("x abc y") == "x [key] y"


def test_a_missing_key_says_what_to_set_and_how_to_go_on() -> None:
    """The message has the variable, a local way and a free way; another provider's key is no substitute."""
    for environ in ({}, {"OPENAI_API_KEY": "sk"}, {"TOGETHER_API_KEY": "  "}):
        with pytest.raises(MissingKey) as caught:
            load_settings(environ=environ).endpoint("together")
        assert str(caught.value) == (
            "together needs TOGETHER_API_KEY (not set). Set it · local: --model cheap=ollama:qwen3:4b · "
            "free: --model '*=simulated:debater'"
        )
        assert (caught.value.provider, caught.value.variables) == ("together", ("TOGETHER_API_KEY",))


def test_base_urls_come_from_the_environment() -> None:
    """TOGETHER_BASE_URL and its like move the provider, its key with it; what is no URL names the variable."""
    settings = Settings().with_environment(KEYS | {"TOGETHER_BASE_URL": "https://gateway.example/v1/"})
    assert settings.endpoint("together").base_url == "https://gateway.example/v1"
    assert key_of(settings) == KEY
    assert settings.endpoint("openai").base_url == "https://api.openai.com/v1"
    with pytest.raises(SettingsError, match="OPENAI_BASE_URL, the base URL of openai: expected a URL"):
        Settings().with_environment({"OPENAI_BASE_URL": "gateway"})


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://api.together.ai/v2", KEY),
        ("https://api.together.xyz/v1", KEY),
        ("https://api.together.ai:443/v1", KEY),
        ("http://api.together.ai/v1", None),
        ("https://api.together.ai:8443/v1", None),
        ("https://api.together.ai.evil.example/v1", None),
        ("https://evil.example/api.together.ai/v1", None),
        ("http://127.0.0.1:9000/v1", None),
    ],
)
def test_a_key_goes_only_to_its_origin(url: str, sent: str | None) -> None:
    """Scheme, host and port must be the provider's own, under either of Together's names."""
    settings = Settings().with_environment(KEYS).with_endpoint("together", url)
    assert key_of(settings) == sent
    assert settings.endpoint("together").base_url == url


def test_a_new_origin_gets_the_key_that_is_named_for_it() -> None:
    """--key-env names a variable for the new origin; if that is not set it is missing, whatever else is set."""
    settings = Settings().with_environment(KEYS | {"GATEWAY_KEY": "g"})
    assert key_of(settings.with_endpoint("together", "https://gateway.example/v1", "GATEWAY_KEY")) == "g"
    with pytest.raises(MissingKey, match="together needs NOT_SET"):
        settings.with_endpoint("together", "https://gateway.example/v1", "NOT_SET").endpoint("together")
    assert key_of(settings.with_endpoint("ollama", "http://127.0.0.1:1/v1"), "ollama") is None


def test_an_endpoint_must_be_a_url_of_a_known_provider() -> None:
    """A misspelt provider is named with its neighbour; a path is no URL."""
    with pytest.raises(SettingsError, match=r"'olama' \(did you mean 'ollama'\?\); known: .*ollama, openai"):
        Settings().with_endpoint("olama", "http://x/v1")
    with pytest.raises(SettingsError, match="ollama: expected a URL"):
        Settings().with_endpoint("ollama", "localhost:11434")


@hypothesis_settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_is_an_origin_by_accident(text: str) -> None:
    """Any text is an origin with scheme, host and port, or a ValueError."""
    try:
        origin = Origin.of(text)
    except ValueError:
        return
    assert origin.scheme in {"http", "https"}
    assert origin.host


def test_origins_are_written_as_urls() -> None:
    """The usual port is left out, IPv6 addresses are bracketed."""
    written = ["https://h", "http://h:443", "http://[::1]:8000", "https://h:80"]
    assert [str(Origin.of(f"{url}/v1")) for url in written] == written
    assert Origin.of("http://[::1]:8000").is_loopback
    assert Origin.of("http://a.localhost").is_loopback
    assert Origin.of("http://192.168.0.2").is_private
    assert not Origin.of("http://192.168.0.2").is_loopback
    assert not Origin.of("http://8.8.8.8").is_private


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ({"https_proxy": "p:1"}, "http://p:1"),
        ({"ALL_PROXY": "http://p:1", "HTTPS_PROXY": "http://q:1"}, "http://q:1"),
        ({"HTTP_PROXY": "http://p:1"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "x.example, together.ai"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".together.ai"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "api.together.ai:443"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "api.together.ai:80,gether.ai"}, "http://p:1"),
    ],
)
def test_proxies_come_from_the_usual_variables(environ: dict[str, str], proxy: str | None) -> None:
    """By scheme, either case, with the exceptions of NO_PROXY; this machine is never reached through one."""
    settings = Settings().with_environment(KEYS | environ)
    assert settings.endpoint("together").proxy == proxy
    assert settings.endpoint("ollama").proxy is None


def test_a_socks_proxy_is_refused_by_name() -> None:
    """What cannot be used is said, instead of going round it."""
    with pytest.raises(SettingsError, match="ALL_PROXY: only http and https proxies can be used, found socks5://"):
        Settings().with_environment(KEYS | {"ALL_PROXY": "socks5://u:p@h:1"}).endpoint("together")


def test_the_authorities_of_the_environment_are_trusted() -> None:
    """SSL_CERT_FILE is what a provider trusts unless it names its own."""
    settings = Settings().with_environment(KEYS | {"SSL_CERT_FILE": "/etc/own.pem"})
    assert settings.endpoint("together").ca_file == "/etc/own.pem"


@pytest.mark.parametrize("key", ["two words", "line\nend", "schlüssel"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(key: str) -> None:
    """A header takes no blanks, line ends or other alphabets: a slip in copying is said before anything is sent."""
    with pytest.raises(SettingsError, match="TOGETHER_API_KEY cannot be a key") as caught:
        Settings().with_environment({"TOGETHER_API_KEY": key}).endpoint("together")
    assert key not in str(caught.value)
