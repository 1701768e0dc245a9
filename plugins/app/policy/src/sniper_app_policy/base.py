"""What geo, venue, kyc and sanctions have in common: a law in the config, a question for each intent, findings."""

import hashlib
import json
from abc import abstractmethod
from typing import Any, ClassVar, Final, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from sniper.risk import Config, Entry, Finding, Findings, RiskCheck, Roundtrip, View, must
from sniper_app_policy.files import PolicyFile, packaged
from sniper_app_policy.law import FAULTY, NO_PERMIT, REDUCES, Law, Question, Text, law

SHIPPED: Final = "shipped"
"""In a list of policy files: those of the package itself."""


class PolicyConfig(Config):
    """The keys of every policy. A subclass names its texts: ``schema_file`` and ``shipped``, as ``"package:file"``."""

    schema_file: ClassVar[str]
    shipped: ClassVar[str]

    policies: tuple[PolicyFile, ...] = Field(
        (),
        description='files of Cedar policies that take the place of the shipped ones; "shipped" among them keeps those',
    )
    _schema: str = PrivateAttr("")
    _version: str = PrivateAttr("")

    @model_validator(mode="before")
    @classmethod
    def _shipped(cls, values: Any) -> Any:  # Any: what stands in the config
        if not isinstance(values, dict):
            return values
        named = values.get("policies") or [SHIPPED]
        if not isinstance(named, list | tuple):
            return values
        return {**values, "policies": [cls.shipped if each == SHIPPED else each for each in named]}

    @model_validator(mode="after")
    def _lawful(self) -> Self:
        """Raises `ConfigError` for policies that cannot be used."""
        self._schema = packaged(self.schema_file)
        law(self._schema, self._texts())
        content = {"schema": self._schema, "config": self.model_dump(mode="json")}
        self._version = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return self

    @property
    def law(self) -> Law:
        """The policies. Parsed once a process."""
        return law(self._schema, self._texts())

    @property
    def version(self) -> str:
        """SHA-256 over schema, policies and data: the hashes of the files are fields."""
        return self._version

    def _texts(self) -> tuple[Text, ...]:
        return tuple(Text(file.name, file.text) for file in self.policies)


class CedarPolicy(RiskCheck):
    """A risk check whose rules are Cedar policies. A subclass says what is asked; the policies decide.

    Reductions pass unasked: what may not be bought must still be sold.
    """

    config: PolicyConfig

    @abstractmethod
    def question(self, intent: Entry, view: View) -> Question:
        """What is asked about an intent. Pure."""

    @abstractmethod
    def question_roundtrip(self, intent: Roundtrip, view: View) -> Question:
        """What is asked about an arbitrage. Pure."""

    def judge(self, intent: Entry, view: View) -> Findings:
        if intent.side == "reduce":
            yield must(REDUCES, True, note="this policy never stands in the way of a sale")
        else:
            yield from self.decided(self.question(intent, view))

    def judge_roundtrip(self, intent: Roundtrip, view: View) -> Findings:
        yield from self.decided(self.question_roundtrip(intent, view))

    def decided(self, question: Question, *, forbidden: Literal["warn", "deny"] = "deny") -> Findings:
        """A finding for each policy that decided. All have its place and the version as evidence, the first the facts.

        forbidden  Severity where a policy forbids. Without a permit, or where a policy cannot be evaluated, that is
                   ``deny``, too, but for reductions, which then only warn.
        """
        config = self.config
        answer = config.law.ask(question)
        version = f"policy version {config.version}"
        facts = (*question.facts, version)
        unclear: Literal["warn", "deny"] = "warn" if question.action == "reduce" else "deny"
        if answer.errors:
            note = f"a policy could not be evaluated: {'; '.join(answer.errors)}"
            yield Finding(rule=FAULTY, ok=False, found=False, note=note, severity=unclear, evidence=facts)
        for number, policy in enumerate(answer.reasons):
            place = f"{'permit' if policy.permits else 'forbid'} at {policy.place}"
            evidence = (place, version) if number or answer.errors else (place, *facts)
            yield Finding(
                rule=policy.id,
                ok=policy.permits,
                found=policy.permits,
                note=policy.because,
                severity="deny" if policy.permits else forbidden,
                retry_after_s=None if policy.permits else policy.retry_after_s,
                evidence=evidence,
            )
        if not (answer.reasons or answer.errors):
            note = "no policy permits it, and what is not permitted is forbidden"
            yield Finding(rule=NO_PERMIT, ok=False, found=False, note=note, severity=unclear, evidence=facts)
