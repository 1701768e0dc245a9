"""What reaches the kernel, and so the journal, of what routers say."""

import asyncio
from types import SimpleNamespace
from typing import Any

import structlog
from structlog.testing import capture_logs

from sniper.config import Config
from sniper.kernel.market import Market
from sniper.kernel.wiring import ChainWiring
from sniper.proposal import Leg, Proposal, RouteAsk
from sniper.router import Listed, Router
from sniper.runtime.routing import Routing
from sniper.types import NATIVE

A, B = "0x" + "0a" * 20, "0x" + "0b" * 20
ASK = RouteAsk(chain_id=1, token_in=A, token_out=B, amount=10, max_legs=2)
LEG = Leg(pool="0x" + "01" * 20, token_in=A, token_out=B)


LATE = object()


class Answers(Router):
    """Gives what it was made with."""

    def changed(self, pool: Listed) -> None:
        """It keeps no mirror."""

    def removed(self, address: str) -> None:
        """As above."""

    async def propose(self, ask: RouteAsk) -> Proposal:
        answer: Any = self.config.answer
        if isinstance(answer, Exception):
            raise answer
        if answer is LATE:
            await asyncio.sleep(60)
        return answer  # type: ignore[no-any-return]  # what is no proposal is the point


def routing(*answers: Any) -> Routing:
    chain = ChainWiring(chain_id=1, wrapped_native=NATIVE, fee=Config())  # type: ignore[arg-type]  # nobody bids here
    configured: Any = [
        SimpleNamespace(name=f"r{n}", cls=Answers, config=SimpleNamespace(answer=answer))
        for n, answer in enumerate(answers)
    ]
    return Routing(Market((chain,), lambda what, error: None), configured, structlog.get_logger("sniper"))


def proposal(*legs: Leg, **more: Any) -> Proposal:
    return Proposal(legs=legs, expected=1, method="test", **more)


async def test_the_record_takes_legs_and_bound_and_leaves_out_what_was_refused() -> None:
    said = proposal(LEG, bound=7, refused=((B, "drained"),) * 1_000)
    assert await routing(said, proposal(LEG, LEG)).legs((ASK,), within_s=1) == (
        proposal(LEG, bound=7),
        proposal(LEG, LEG),
    )


async def test_a_proposal_of_more_legs_than_asked_for_is_not_put_on_record() -> None:
    assert await routing(proposal(LEG, LEG, LEG), proposal(LEG)).legs((ASK,), within_s=1) == (proposal(LEG),)


async def test_a_trade_under_several_constraints_has_the_proposals_for_each() -> None:
    asks = (ASK, RouteAsk(chain_id=1, token_in=A, token_out=B, amount=10, max_legs=1))
    both, one = proposal(LEG, LEG), proposal(LEG)
    assert await routing(both, one).legs(asks, within_s=1) == (both, one, one)


async def test_what_cannot_be_recorded_is_no_proposal() -> None:
    wrong: Any = 0.5
    nonsense = (
        "buy!",
        None,
        proposal(Leg(pool=LEG.pool, token_in=A, token_out=B, share=wrong)),
        proposal(LEG, bound=wrong),
        RuntimeError("broken"),
    )
    assert await routing(*nonsense, proposal(LEG)).legs((ASK,), within_s=1) == (proposal(LEG),)


async def test_a_router_that_is_late_does_not_take_the_others_proposals_with_it() -> None:
    with capture_logs() as logs:
        found = await asyncio.wait_for(routing(LATE, proposal(LEG), LATE).legs((ASK,), within_s=0.2), 0.2)
    assert found == (proposal(LEG),)
    assert [(log["event"], log["router"]) for log in logs] == [("a router was late", "r0"), ("a router was late", "r2")]
