"""What a sizer must hold."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.config import Config
from sniper.instrument import Instrument
from sniper.sizer import Sizer
from sniper.types import Open
from sniper_sdk import strategies
from sniper_sdk.builders import QUOTE, BuiltView
from sniper_sdk.conformance.budget import step_budget
from sniper_sdk.conformance.drawing import for_all, some
from sniper_sdk.conformance.purity import pure


class SizerConformance:
    """Whole amounts, never above the intent's bound nor the cash; the same question has the same answer; pure.

        class TestFixed(SizerConformance):
            sizer = Fixed
            config = FixedConfig(amount=10**16)

    listed       Instruments of an exchange: then their assets are what is bought, with bars where the sizer asks for
                 some. None: tokens of a chain.
    within_cash  False for a sizer that would rather be denied for lack of cash than spend less. The kernel never spends
                 more than there is either way.
    """

    kind: ClassVar[str] = "sizer"
    sizer: ClassVar[type[Sizer]]
    config: ClassVar[Config]
    listed: ClassVar[tuple[Instrument, ...]] = ()
    within_cash: ClassVar[bool] = True
    examples: ClassVar[int] = 60
    max_steps: ClassVar[int] = 20_000

    def intents(self) -> SearchStrategy[Open]:
        """What is to be sized."""
        bound = st.none() | strategies.amounts()
        assets = st.sampled_from([each.base for each in self.listed]) if self.listed else strategies.assets()
        return st.builds(Open, token=assets, reason=st.just("a test"), pool=st.none(), max_spend=bound)

    def views(self) -> SearchStrategy[BuiltView]:
        """What it sees."""
        if not self.listed:
            return strategies.views()
        asked = self._made().bars(tuple(each.id for each in self.listed))
        return strategies.exchange_views(self.listed, 6_000_000, strategies.INSTANCE, asked)

    @property
    def quote(self) -> str:
        """Asset id of what is paid."""
        return self.listed[0].quote if self.listed else QUOTE

    def calls(self) -> list[Callable[[], object]]:
        """What is timed for the plugin's level: sizes."""
        made = self._made()
        drawn = some(st.tuples(self.intents(), self.views()), self.examples)
        return [partial(made.size, intent, self.quote, view) for intent, view in drawn]

    def test_the_amount_is_whole_and_within_its_bounds(self) -> None:
        def check(intent: Open, view: BuiltView) -> None:
            amount = self._made().size(intent, self.quote, view)
            assert type(amount) is int, f"sized {amount!r}; amounts are integers in base units"
            if intent.max_spend is not None:
                assert amount <= intent.max_spend, f"sized {amount}, above the intent's max_spend {intent.max_spend}"
            if self.within_cash:
                cash = view.cash(self.quote)
                assert amount <= max(cash, 0), f"sized {amount}, above the free cash {cash}; or set within_cash = False"

        for_all(check, shrinks=False, examples=self.examples, intent=self.intents(), view=self.views())

    def test_the_same_question_has_the_same_answer(self) -> None:
        def check(intent: Open, view: BuiltView, between: Open) -> None:
            sizer = self._made()
            first = sizer.size(intent, self.quote, view)
            sizer.size(between, self.quote, view)
            assert sizer.size(intent, self.quote, view) == first == self._made().size(intent, self.quote, view), (
                "the answer depends on what was asked before: a sizer keeps nothing"
            )

        for_all(
            check,
            shrinks=False,
            examples=self.examples,
            intent=self.intents(),
            view=self.views(),
            between=self.intents(),
        )

    def test_it_is_pure_and_within_its_steps(self) -> None:
        def check(intent: Open, view: BuiltView) -> None:
            sizer = self._made()
            with pure():
                sizer.size(intent, self.quote, view)
            with step_budget(self.max_steps):
                sizer.size(intent, self.quote, view)

        for_all(check, shrinks=False, examples=min(self.examples, 15), intent=self.intents(), view=self.views())

    def test_it_cannot_be_changed(self) -> None:
        sizer: Any = self._made()  # Any: it may have any attribute
        for name in ("config", "not_a_declared_field"):
            try:
                setattr(sizer, name, None)
            except AttributeError:
                continue
            raise AssertionError(f"{self.sizer.__name__}.{name} can be set: a sizer is frozen and keeps nothing")

    def _made(self) -> Sizer:
        return self.sizer(config=self.config)  # type: ignore[call-arg]  # every sizer declares it
