"""What a risk check and a risk probe must hold."""

import asyncio
import json
import typing
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any, ClassVar, NoReturn, ParamSpec, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.codec import decode, encode, to_json
from sniper.config import Config
from sniper.errors import CodecError, RpcError
from sniper.io import Chain, Fetched, Fork
from sniper.risk import Entry, Evidence, Finding, RiskCheck, RiskProbe, Roundtrip
from sniper_sdk import strategies
from sniper_sdk.builders import BuiltView
from sniper_sdk.conformance.budget import step_budget
from sniper_sdk.conformance.drawing import for_all, some
from sniper_sdk.conformance.purity import pure

P = ParamSpec("P")
T = TypeVar("T")


class NoIo:
    """`sniper.io.Io` where no endpoint answers."""

    async def chain(self, chain_id: int) -> Chain:
        self._fail(chain_id)

    async def fork(self, chain_id: int) -> Fork:
        self._fail(chain_id)

    async def simulate(
        self, chain_id: int, scenario: Callable[P, Generator[Any, Any, T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        self._fail(chain_id)

    async def fetch(
        self, url: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Fetched:
        raise RpcError(f"{url} does not answer; nothing does here")

    async def compute(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Computes here: what needs no endpoint works without one."""
        return function(*args, **kwargs)

    def _fail(self, chain_id: int) -> NoReturn:
        raise RpcError(f"no endpoint of chain {chain_id} answers; this one never does")


class RiskConformance:
    """At least one finding always, one per rule, the same for the same facts; never raises; findings are plain data; a
    probe that cannot look never lets an intent pass.

        class TestLimits(RiskConformance):
            check = Limits
            config = LimitsConfig(max_spend_per_trade=10**18, max_spend_per_day=10**19)

    `evidence` draws what a probe may have found from the fields of its `Evidence`; override it to draw likelier facts.
    """

    kind: ClassVar[str] = "risk"
    check: ClassVar[type[RiskCheck] | type[RiskProbe[Any]]]
    config: ClassVar[Config]
    examples: ClassVar[int] = 60
    max_steps: ClassVar[int] = 20_000

    def entries(self) -> SearchStrategy[Entry]:
        """What is judged."""
        return strategies.entries()

    def views(self) -> SearchStrategy[BuiltView]:
        """What it sees."""
        return strategies.views()

    def evidence(self) -> SearchStrategy[Evidence | None]:
        """What a probe found; None for checks without one."""
        kind = self._evidence()
        return st.none() if kind is None else strategies.structs(kind)

    def calls(self) -> list[Callable[[], object]]:
        """What is timed for the plugin's level: judgements."""
        drawn = some(st.tuples(self.entries(), self.views(), self.evidence()), self.examples)
        made = self._made()
        return [partial(self._judged, *each, made) for each in drawn]

    def test_there_is_a_finding_always_and_one_for_each_rule(self) -> None:
        def check(intent: Entry, view: BuiltView, found: Evidence | None) -> None:
            findings = self._judged(intent, view, found)
            assert findings, (
                "no finding at all, which the kernel takes as a Deny without a reason: yield one for each rule"
            )
            for finding in findings:
                assert type(finding) is Finding, f"yielded {finding!r}; a check yields Finding"
                assert finding.rule, f"{finding!r} has no rule: people look for it in `sniper why`"
            rules = [finding.rule for finding in findings]
            assert len(set(rules)) == len(rules), f"one rule yields several findings: {sorted(rules)}"

        self._for_all(check)

    def test_findings_are_plain_data(self) -> None:
        def check(intent: Entry, view: BuiltView, found: Evidence | None) -> None:
            for finding in self._judged(intent, view, found):
                try:
                    again = decode(encode(finding), Finding)
                    json.dumps(to_json(finding))
                except CodecError as error:
                    raise AssertionError(f"{finding!r} cannot be journaled: {error}") from error
                assert again == finding, f"{finding!r} is another one after it was journaled: {again!r}"

        self._for_all(check)

    def test_the_same_facts_give_the_same_findings(self) -> None:
        def check(intent: Entry, view: BuiltView, found: Evidence | None, between: Entry) -> None:
            made = self._made()
            first = self._judged(intent, view, found, made)
            self._judged(between, view, found, made)
            assert self._judged(intent, view, found, made) == first == self._judged(intent, view, found), (
                "the findings depend on what was judged before: a check keeps nothing"
            )

        self._for_all(check, between=self.entries())

    def test_judging_is_pure_and_within_its_steps(self) -> None:
        def check(intent: Entry, view: BuiltView, found: Evidence | None) -> None:
            with pure():
                self._judged(intent, view, found)
            with step_budget(self.max_steps):
                self._judged(intent, view, found)

        self._for_all(check, examples=min(self.examples, 15))

    def test_an_arbitrage_is_judged_alike_each_time_with_a_finding_for_each_rule(self) -> None:
        made = self._made()
        if not isinstance(made, RiskCheck):
            return

        def check(intent: Roundtrip, view: BuiltView) -> None:
            with pure(), step_budget(self.max_steps):
                findings = list(made.judge_roundtrip(intent, view))
            assert findings, "no finding at all about an arbitrage: yield one for each rule"
            assert [decode(encode(finding), Finding) for finding in findings] == findings
            rules = [finding.rule for finding in findings]
            assert len(set(rules)) == len(rules), f"one rule yields several findings: {sorted(rules)}"
            assert list(made.judge_roundtrip(intent, view)) == findings, "the findings about an arbitrage changed"

        intents = strategies.structs(Roundtrip)
        for_all(check, shrinks=False, examples=min(self.examples, 15), intent=intents, view=self.views())

    def test_it_cannot_be_changed(self) -> None:
        made: Any = self._made()  # Any: it may have any attribute
        for name in ("config", "not_a_declared_field"):
            try:
                setattr(made, name, None)
            except AttributeError:
                continue
            raise AssertionError(f"{self.check.__name__}.{name} can be set: a check is frozen and keeps nothing")

    def test_evidence_is_judged_alike_after_it_was_journaled(self) -> None:
        kind = self._evidence()
        if kind is None:
            return

        def check(intent: Entry, view: BuiltView, found: Evidence | None) -> None:
            assert found is not None
            try:
                again = decode(encode(found), kind)
            except CodecError as error:
                raise AssertionError(f"{kind.__name__} cannot be journaled: {error}") from error
            assert self._judged(intent, view, again) == self._judged(intent, view, found)

        self._for_all(check)

    def test_a_probe_that_cannot_look_lets_nothing_pass(self) -> None:
        made = self._made()
        if not isinstance(made, RiskProbe):
            return

        def check(intent: Entry, view: BuiltView, found: Evidence | None) -> None:
            try:
                seen = asyncio.run(made.probe(intent, NoIo()))
            except Exception:  # whatever it raises, the kernel denies
                return
            assert any(not finding.ok and finding.severity == "deny" for finding in self._judged(intent, view, seen)), (
                "no endpoint answers, and yet the probe brings evidence that passes: let the error out"
            )

        self._for_all(check, examples=5)

    # Any: a check's signature names what it wants.
    def _for_all(self, check: Any, *, examples: int | None = None, **more: SearchStrategy[Any]) -> None:
        drawn = {"intent": self.entries(), "view": self.views(), "found": self.evidence(), **more}
        for_all(check, shrinks=False, examples=examples or self.examples, **drawn)

    def _made(self) -> RiskCheck | RiskProbe[Any]:
        return self.check(config=self.config)  # type: ignore[call-arg]  # every check declares it

    def _evidence(self) -> type[Evidence] | None:
        if not issubclass(self.check, RiskProbe):
            return None
        kind = typing.get_type_hints(self.check.judge).get("found")
        assert isinstance(kind, type), f"judge(…, found) is annotated with {kind!r}: name an Evidence type"
        assert issubclass(kind, Evidence), f"judge(…, found) is annotated with {kind!r}: name an Evidence type"
        return kind

    def _judged(
        self, intent: Entry, view: BuiltView, found: Evidence | None, made: RiskCheck | RiskProbe[Any] | None = None
    ) -> list[Finding]:
        judge = made or self._made()
        if isinstance(judge, RiskCheck):
            return list(judge.judge(intent, view))
        return list(judge.judge(intent, view, found))
