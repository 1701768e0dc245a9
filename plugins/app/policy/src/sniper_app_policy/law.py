"""Policies in Cedar (https://docs.cedarpolicy.com): checked against a schema, then asked. Nothing else knows cedarpy.

Every policy has an ``@id``, which is the rule that a finding names. It may say ``@because("…")``, its note, and
``@retry_after_s("1")``, where what it forbids may be allowed some seconds later.
"""

import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

import cedarpy

from sniper.errors import ConfigError

NO_PERMIT: Final = "permitted"
"""The rule that denies where no policy permits: Cedar's own default."""
FAULTY: Final = "evaluates"
"""The rule that denies where a policy cannot be evaluated: Cedar leaves such a policy out, a forbidding one too."""
REDUCES: Final = "reduces"
"""The rule that passes where a reduction is not judged."""
_RESERVED: Final = (NO_PERMIT, FAULTY, REDUCES)
_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SECONDS = re.compile(r"[1-9][0-9]{0,8}")
_MARKS = re.compile(r'//[^\n]*|"(?:[^"\\]|\\.)*"|;', re.DOTALL)
_BLANK = re.compile(r"(?:\s|//[^\n]*)*")
_QUOTED = re.compile(r"`([^`]+)`")


class Text(NamedTuple):
    """Policies as a file holds them. ``name``: of the file, for messages."""

    name: str
    text: str


class Policy(NamedTuple):
    """One policy. ``place``: file and line where it begins."""

    id: str
    permits: bool
    because: str
    retry_after_s: int | None
    place: str


class Question(NamedTuple):
    """What is asked: may the account (principal) do this (action) at the venue (resource)?

    account, venue  Their names; ``account_is`` and ``venue_is``: their attributes, as JSON.
    action          ``enter``, ``arbitrage`` or ``reduce``.
    facts           The same in words, one a line: the evidence of the decision.
    """

    account: str
    account_is: dict[str, Any]  # Any: JSON
    action: str
    venue: str
    venue_is: dict[str, Any]
    context: dict[str, Any]
    facts: tuple[str, ...]


class Answer(NamedTuple):
    """``reasons``: the policies that decided; none where nothing permits. ``errors``: what could not be evaluated."""

    allowed: bool
    reasons: tuple[Policy, ...]
    errors: tuple[str, ...]


class Law:
    """A set of policies under one schema. Made by `law`; stays as it is."""

    def __init__(self, schema: str, policies: Sequence[tuple[Policy, Any]]) -> None:
        self.policies = {policy.id: policy for policy, _ in policies}
        self._schema = cedarpy.Schema.from_str(schema)
        static = {policy.id: body for policy, body in policies}
        self._set = cedarpy.PolicySet.from_json_str(
            json.dumps({"staticPolicies": static, "templates": {}, "templateLinks": []})
        )

    def ask(self, question: Question) -> Answer:
        """Pure, and the same answer each time. What Cedar refuses to judge is denied with an error."""
        account = {"type": "Account", "id": question.account}
        venue = {"type": "Venue", "id": question.venue}
        request = {
            "principal": account,
            "action": {"type": "Action", "id": question.action},
            "resource": venue,
            "context": question.context,
        }
        entities = [
            {"uid": account, "attrs": question.account_is, "parents": []},
            {"uid": venue, "attrs": question.venue_is, "parents": []},
        ]
        result = cedarpy.is_authorized(request, self._set, entities, self._schema)
        said = result.diagnostics
        # What lasts comes first: it is told as the reason before what may be over in a second.
        decided = [self.policies[each] for each in said.reasons]
        reasons = tuple(sorted(decided, key=lambda policy: (policy.retry_after_s is not None, policy.id)))
        errors = tuple(sorted(said.errors))
        if not errors and result.decision is cedarpy.Decision.NoDecision:
            errors = ("Cedar came to no decision",)
        return Answer(result.allowed, reasons, errors)


@lru_cache(maxsize=64)
def law(schema: str, texts: tuple[Text, ...]) -> Law:
    """The law that these texts are. Raises `ConfigError`, one line for each mistake, each with its file and line."""
    mistakes: list[str] = []
    found: list[tuple[Policy, Any]] = []
    for text in texts:
        before = len(found) + len(mistakes)
        for line, statement in _statements(text.text):
            try:
                found.append(_policy(text.name, line, statement, schema))
            except ConfigError as error:
                mistakes.append(str(error))
        if len(found) + len(mistakes) == before:
            mistakes.append(f"{text.name}:1: holds no policy; write one, or leave the file out")
    places: dict[str, str] = {}
    for policy, _ in found:
        first = places.setdefault(policy.id, policy.place)
        if first != policy.place:
            mistakes.append(f'{policy.place}: @id("{policy.id}") is that of {first}, too; give each its own')
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return Law(schema, found)


def _policy(name: str, line: int, statement: str, schema: str) -> tuple[Policy, Any]:
    """One statement, parsed alone: so that a message can say where it is, which Cedar's own do not."""
    place = f"{name}:{line}"
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(statement))
    except ValueError as error:
        raise ConfigError(f"{name}:{_line(line, statement, str(error))}: {error}") from None
    if parsed["templates"]:
        raise ConfigError(f"{place}: is a template; write the policy itself, without ?principal and ?resource")
    (body,) = parsed["staticPolicies"].values()
    annotations = body.get("annotations", {})
    rule = annotations.get("id") or ""
    if not _KEBAB.fullmatch(rule) or rule in _RESERVED:
        raise ConfigError(
            f'{place}: @id("{rule}") is no name for a rule; put @id("some-name") above each policy, in kebab-case, '
            f"and none of {', '.join(_RESERVED)}"
        )
    retry = annotations.get("retry_after_s")
    if retry is not None and not _SECONDS.fullmatch(retry):
        raise ConfigError(f'{place}: {rule}: @retry_after_s("{retry}") is no whole number of seconds above 0')
    wrong = cedarpy.validate_policies(statement, schema)
    if not wrong.validation_passed:
        said = [each.error.removeprefix("for policy `policy0`, ") for each in wrong.errors]
        raise ConfigError("\n".join(f"{name}:{_line(line, statement, text)}: {rule}: {text}" for text in said))
    because, permits = annotations.get("because") or "", body["effect"] == "permit"
    return Policy(rule, permits, because, int(retry) if retry else None, place), body


def _line(first: int, statement: str, message: str) -> int:
    """Where a message most likely points: the first line that holds what it quotes, else the statement's first."""
    for quoted in _QUOTED.findall(message):
        for number, line in enumerate(statement.splitlines()):
            if re.search(rf"(?<!\w){re.escape(quoted)}(?!\w)", line):
                return first + number
    return first


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each policy of a text, without the comments before it, and the line that it begins in. One ends with a semicolon
    outside of strings and comments."""
    ends = [match.end() for match in _MARKS.finditer(text) if match[0] == ";"]
    for begin, end in pairwise([0, *ends, len(text)]):
        before = _BLANK.match(text, begin, end)
        start = before.end() if before else begin
        if start < end:
            yield text.count("\n", 0, start) + 1, text[start:end]
