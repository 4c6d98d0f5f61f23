"""A template is somebody else's code: it can reach nothing, and makes no more work than a prompt needs."""

from __future__ import annotations

import pytest

from debate.briefing import sandbox
from debate.briefing.rendering import Plain, referenced, render
from debate.errors import PromptError

DATA: dict[str, Plain] = {
    "me": {"id": "ana", "persona": None},
    "context": "word " * 200_000,
    "heard": [{"label": name, "quoted": f"> {name}"} for name in ("ben", "cleo")],
}

ESCAPES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ [me]|map(attribute='__class__')|join }}",
    "{{ me.__init__.__globals__ }}",
    "{{ range.__globals__ }}",
    "{{ range.__call__ }}",
    "{{ lipsum.__globals__['os'].popen('id') }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ joiner.__init__ }}",
    "{{ namespace() }}",
    "{{ self.__init__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ config }}",
    "{{ request.application }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ '{0.__class__}'.format(me) }}",
    "{{ '%s' % me.__class__ }}",
    "{% set x = ''.__class__ %}",
    "{% import 'os' as os %}",
    "{% from 'os' import system %}",
    "{% macro f() %}{% endmacro %}",
    "{% call f() %}{% endcall %}",
    "{% for x in ().__class__.__bases__ %}{{ x }}{% endfor %}",
    "{% block a %}{{ self.a() }}{% endblock %}",
    "{{ me.update({'id': 'eve'}) }}",
    "{{ heard.append(1) }}",
    "{{ heard.clear() }}",
    "{{ loop.__class__ }}",
    "{% include context %}",
    "{% extends me.id %}",
    "{% debug %}",
    "{% do x %}",
    "{{ undefined_name }}",
    "{{ me.nothing }}",
]

BOMBS = [
    "{{ 'a' * 1000000000 }}",
    "{{ 'a'.ljust(1000000000) }}",
    "{{ '{:>1000000000}'.format('x') }}",
    "{{ context.replace(' ', context) }}",
    "{{ 9**9**9 }}",
    "{{ range(10000000000)|length }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ [" + ",".join(["context"] * 5000) + "]|join }}",
    "{{ [" + ",".join(["context"] * 5000) + "] }}",
    "{{ [" + ",".join(["context"] * 5000) + "]|upper }}",
    "{{ [" + ",".join(["context|upper"] * 4000) + "]|length }}",
    "{{ [" + ",".join(["context[1:]"] * 4000) + "]|length }}",
    "{% for x in [" + " ~ ".join(["context"] * 500) + "] %}{{ x|length }}{% endfor %}",
    "{% for a in context %}{% for b in context %}{% for c in context %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in range(9) %}{% for b in range(9) %}{% for c in range(9) %}{% for d in range(9) %}x"
    + "{% endfor %}" * 4,
    "{% for x in heard recursive %}{{ loop(heard) }}{% endfor %}",
    "{% for a in context %}{{ context }}{% endfor %}",
    "{% if context|list|sort|length %}x{% endif %}" * 1000,
    "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
    "{{ " + "not " * 10_000 + "1 }}",
    "{% include 'prompt' %}",
]


def made(source: str) -> str:
    """What a template gives, checked and rendered as the engine does."""
    referenced("prompt", source)
    return render("prompt", {"prompt": source}, DATA)


@pytest.mark.parametrize("source", ESCAPES, ids=lambda source: source[:40])
def test_nothing_can_be_reached(source: str) -> None:
    """Every way out of a template that is known ends in an error of ours."""
    with pytest.raises(PromptError):
        made(source)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up earlier than in earnest, so that the tests are quick."""
    monkeypatch.setattr(sandbox, "TIME_LIMIT", 0.3)


@pytest.mark.timeout(30)
@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("source", BOMBS, ids=lambda source: source[:40])
def test_no_template_fills_memory_or_time(source: str) -> None:
    """What would copy without end, count without end or nest without end is refused or given up."""
    with pytest.raises(PromptError):
        made(source)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ heard|map(attribute='label')|map('upper')|join(', ') }}", "BEN, CLEO"),
        (
            "{% for said in heard %}{{ loop.index }}{{ loop.cycle('a', 'b') }}{{ loop.last }} {% endfor %}",
            "1aFalse 2bTrue",
        ),
        ("{% for n in range(3) %}{{ n + 1 }}{% else %}none{% endfor %}", "123"),
        ("{% for x in [] %}{% else %}none{% endfor %}", "none"),
        ("{{ missing|default('-') }}{{ heard|length }}{{ 7 // 2 }}", "-23"),
        ("{% if 'ben' in heard|map(attribute='label') and me.persona is none %}yes{% endif %}", "yes"),
        ("{% for said in heard|selectattr('label', 'equalto', 'ben') %}{{ said.quoted }}{% endfor %}", "> ben"),
    ],
)
def test_what_a_prompt_needs_is_there(source: str, text: str) -> None:
    """Loops, conditions, and filters over what was heard work as in any template."""
    assert made(source) == text


def test_an_error_names_the_template_and_the_line() -> None:
    """A person is told where to look."""
    with pytest.raises(PromptError, match=r"mine:2: "):
        referenced("mine", "fine\n{% set x = 1 %}")
    with pytest.raises(PromptError, match=r"mine: .*nothing"):
        render("mine", {"mine": "{{ me.nothing }}"}, DATA)
