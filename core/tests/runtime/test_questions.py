"""Questions about the market of a real run, which goes on while routers think about them."""

import asyncio
from pathlib import Path
from typing import Any, ClassVar

import pytest
from recorded_world import ETHER, SYNC, WETH, word
from running import POOL, TOKEN, Stage, running

from sniper.proposal import Proposal, RouteAsk
from sniper.router import Listed, NoRoute, Router
from sniper.runtime import quoting
from sniper.runtime.commands import CommandRefused
from sniper.runtime.control import MOST_ASKING, ask


class Thinks(Router):
    """Answers when it is let; ``asked`` are the instances of which something was wanted."""

    deadline_s = 60
    let: ClassVar[asyncio.Event]
    asked: ClassVar[list[Router]]

    def changed(self, pool: Listed) -> None:
        """It keeps no mirror."""

    def removed(self, address: str) -> None:
        """As above."""

    async def propose(self, ask: RouteAsk) -> Proposal:
        self.asked.append(self)
        await self.let.wait()
        raise NoRoute("it only thought")


@pytest.fixture(autouse=True)
def _thinking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A router that waits, and tokens that no node need describe."""
    Thinks.let, Thinks.asked = asyncio.Event(), []

    async def coin(run: Any, chain: Any, address: str) -> quoting.Coin:
        return quoting.Coin(address, "COIN", 18)

    monkeypatch.setattr(quoting, "_coin", coin)


def asking(stage: Stage) -> "asyncio.Task[dict[str, Any]]":
    question = {"command": "route", "in": WETH, "out": TOKEN, "amount": "1", "gas": False}
    return asyncio.create_task(asyncio.to_thread(ask, stage.run.directory, question))


async def test_events_are_handled_while_a_question_is_under_way_and_it_is_answered_on_what_is_then(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, router=Thinks) as stage:
        await stage.launch()
        question = asking(stage)
        await stage.reaches(lambda: Thinks.asked)
        await stage.block(stage.log(POOL, (SYNC,), word(10**24) + word(1_000 * ETHER)))
        await stage.block()
        assert not question.done()
        Thinks.let.set()
        found = await question
    out = 997 * 10**24 * ETHER // (1_000 * 1_000 * ETHER + 997 * ETHER)
    assert found["route"]["amount_out"] == str(out)


async def test_what_trades_ask_is_asked_of_another_router_than_what_people_ask(tmp_path: Path) -> None:
    async with running(tmp_path, router=Thinks) as stage:
        await stage.launch()
        question = asking(stage)
        await stage.reaches(lambda: Thinks.asked)
        entry = RouteAsk(
            chain_id=stage.run.kernel.accounts["main"].wiring.chain_id, token_in=WETH, token_out=TOKEN, amount=1
        )
        trade = asyncio.create_task(stage.run.routing.legs((entry,), within_s=60))
        await stage.reaches(lambda: len(Thinks.asked) == 2)
        assert Thinks.asked[0] is not Thinks.asked[1]
        Thinks.let.set()
        await question
        assert await trade == ()


async def test_questions_at_a_time_are_bounded_and_those_after_them_are_answered_again(tmp_path: Path) -> None:
    async with running(tmp_path, router=Thinks) as stage:
        await stage.launch()
        questions = [asking(stage) for _ in range(MOST_ASKING)]
        await stage.reaches(lambda: len(Thinks.asked) == MOST_ASKING)
        with pytest.raises(CommandRefused, match="4 questions about the market are being answered"):
            await asking(stage)
        Thinks.let.set()
        for question in (*questions, asking(stage)):
            assert (await question)["route"]["legs"]
