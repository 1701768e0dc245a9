import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.errors import ConfigError
from sniper_app_policy.law import Answer, Law, Question, Text, law

SCHEMA = """
entity Account = { "n"?: Long };
entity Venue;
action enter appliesTo { principal: Account, resource: Venue, context: { "n": Long } };
"""
PERMIT = '@id("yes")\npermit (principal, action, resource);\n'


def asked(found: Law, n: int = 1, account: str = "main") -> Answer:
    question = Question(
        account=account,
        account_is={"n": n},
        action="enter",
        venue="a venue",
        venue_is={},
        context={"n": n},
        facts=(),
    )
    return found.ask(question)


def made(text: str) -> Law:
    return law(SCHEMA, (Text("house.cedar", text),))


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigError) as refusal:
        made(text)
    return str(refusal.value).splitlines()


def test_what_nothing_permits_is_denied_without_a_reason() -> None:
    answer = asked(made('@id("big")\npermit (principal, action, resource) when { context.n > 5 };'))
    assert answer == Answer(allowed=False, reasons=(), errors=())


def test_one_that_forbids_wins_over_all_that_permit_and_is_named_with_its_place() -> None:
    why = '\n// why\n@id("no")\n@because("ones are bad")\n'
    text = PERMIT + why + "forbid (principal, action, resource)\nwhen { context.n == 1 };"
    allowed, reasons, errors = asked(made(text))
    assert (allowed, [(each.id, each.because, each.place) for each in reasons], errors) == (
        False,
        [("no", "ones are bad", "house.cedar:5")],
        (),
    )
    assert asked(made(text), 2).allowed


def test_a_policy_that_cannot_be_evaluated_is_an_error_even_where_another_permits() -> None:
    text = PERMIT + '@id("over")\nforbid (principal, action, resource) when { context.n + 9223372036854775807 > 0 };'
    answer = asked(made(text))
    assert answer.allowed
    assert "over" in answer.errors[0]
    assert "overflow" in answer.errors[0]


def test_a_question_that_the_schema_does_not_know_is_denied_with_an_error() -> None:
    allowed, reasons, errors = made(PERMIT).ask(Question("main", {}, "enter", "v", {}, {"n": "text"}, ()))
    assert (allowed, reasons) == (False, ())
    assert errors


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            PERMIT + '@id("b")\nforbid (principal, action, resource)\nwhen { principal haz n };',
            "house.cedar:5: unexpected",
        ),
        (
            PERMIT + '@id("b")\nforbid (principal, action, resource)\nwhen { principal.m == 1 };',
            "house.cedar:5: b: attri",
        ),
        (PERMIT + '\n@id("b")\nforbid (principal, action, resource)', "house.cedar:4: unexpected end"),
        (PERMIT + PERMIT, 'house.cedar:3: @id("yes") is that of house.cedar:1, too'),
        ("permit (principal, action, resource);", 'house.cedar:1: @id("") is no name'),
        ('@id("permitted")\npermit (principal, action, resource);', "is no name for a rule"),
        ('@id("t")\npermit (principal == ?principal, action, resource);', "house.cedar:1: is a template"),
        ('@id("a")\n@retry_after_s("soon")\npermit (principal, action, resource);', '"soon") is no whole number'),
        ("// nothing\n", "house.cedar:1: holds no policy"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(text: str, told: str) -> None:
    (line,) = mistakes(text)
    assert told in line


def test_all_mistakes_are_told_at_once() -> None:
    assert len(mistakes("permit (principal, action, resource);\n" * 3 + "nonsense;")) == 4


def test_semicolons_and_comment_marks_inside_of_strings_end_nothing() -> None:
    text = '@id("a")\n@because("; // \\" ;")\npermit (principal, action, resource); // ; "\n' + PERMIT
    assert [(each.because, each.place) for each in made(text).policies.values()] == [
        ('; // " ;', "house.cedar:1"),
        ("", "house.cedar:4"),
    ]


@given(st.text(max_size=60))
def test_any_text_is_law_or_a_mistake(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert made(text).policies


@given(st.text(max_size=20), st.integers(-(2**63), 2**63 - 1))
def test_any_name_and_number_is_judged_alike_each_time(account: str, n: int) -> None:
    found = made(PERMIT + '@id("no")\nforbid (principal == Account::"x", action, resource);')
    assert asked(found, n, account) == asked(found, n, account)
    assert asked(found, n, account).allowed == (account != "x")
