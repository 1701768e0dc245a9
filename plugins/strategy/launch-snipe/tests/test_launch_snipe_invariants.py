"""Whatever happens in whatever order: bounds hold, and the declared fields are all that is remembered."""

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sniper import codec
from sniper.events import (
    EntryDenied,
    Event,
    LiquidityAdded,
    LiquidityRemoved,
    PoolCreated,
    PositionOpened,
    Retracted,
    TimerFired,
    TradingEnabled,
)
from sniper.strategy import Open, SetTimer, handlers_of
from sniper.types import SECOND, split_asset
from sniper_sdk.builders import QUOTE, BuiltView, address, pool, position, token, view
from sniper_strategy_launch_snipe.config import LaunchSnipeConfig
from sniper_strategy_launch_snipe.strategy import LaunchSnipe

START = 1000 * SECOND
TOKENS = [f"1:{address(0x100 + n)}" for n in range(6)]
CONFIG = LaunchSnipeConfig(
    min_liquidity=100, max_tries=3, max_per_block=2, max_followed=3, patience_s=30, max_age_s=120
)
HANDLERS = handlers_of(LaunchSnipe)
tokens = st.sampled_from(TOKENS)
reserves = st.sampled_from([0, 99, 100, 10**6])


def pool_of(token: str) -> str:
    return f"1:{address(int(token[4:], 16) + 0x9000)}"


class Launches(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.strategy, self.untouched = LaunchSnipe(config=CONFIG), LaunchSnipe(config=CONFIG)
        self.timers: dict[str, int] = {}
        self.under_way: set[str] = set()
        self.bought: set[str] = set()
        self.in_block: Counter[int] = Counter()
        self.view: BuiltView = view(now=START, block=10, tokens={each: token() for each in TOKENS})

    def send(self, event: Event) -> None:
        handler = HANDLERS[type(event)]
        actions = list(getattr(self.strategy, handler)(event, self.view))
        assert actions == list(getattr(self.untouched, handler)(event, self.view))
        for action in actions:
            if isinstance(action, SetTimer):
                self.timers[action.key] = action.at
            if isinstance(action, Open):
                self.opens(action)

    def opens(self, action: Open) -> None:
        known = self.view.pools[action.pool or ""]
        assert known.reserve(split_asset(QUOTE)[1]) >= CONFIG.min_liquidity
        assert self.view.now - known.created_at <= CONFIG.max_age_s * SECOND
        assert action.token not in self.under_way | self.bought | set(self.view.positions)
        self.under_way.add(action.token)
        self.in_block[self.view.blocks[1]] += self.strategy.launches[action.token].tries == 1
        assert self.in_block[self.view.blocks[1]] <= CONFIG.max_per_block

    def answer(self, token: str, wait: int | None) -> None:
        self.under_way.remove(token)
        at = None if wait is None else self.view.now + wait * SECOND
        self.send(EntryDenied(time=self.view.now, token=token, intent="", rule="", retry_at=at))

    def sees(self, **known: Any) -> None:
        self.view = replace(self.view, **known)

    @rule(token=tokens, reserve=reserves)
    def pool_changes(self, token: str, reserve: int) -> None:
        before = self.view.pools.get(pool_of(token))
        since = before.created_at if before else self.view.now
        coins = split_asset(token)[1], split_asset(QUOTE)[1]
        made = pool(pool_of(token), coins=coins, reserves=(reserve, reserve), created_at=since)
        self.sees(pools={**self.view.pools, made.id: made})
        block, chain = self.view.blocks[1], split_asset(made.id)
        if before is None:
            self.send(
                PoolCreated(time=self.view.now, chain_id=1, block=block, pool=chain[1], amm="", coins=coins, tx_hash="")
            )
        happened: dict[str, Any] = {"time": self.view.now, "pool": made.id, "token": token, "block": block}
        if before is None or reserve >= before.reserve(coins[1]):
            self.send(LiquidityAdded(quote_reserve=reserve, **happened))
        else:
            self.send(LiquidityRemoved(quote_reserve=reserve, share_bps=1, **happened))

    @rule(token=tokens)
    def trading_is_enabled(self, token: str) -> None:
        self.send(TradingEnabled(time=self.view.now, token=token, block=self.view.blocks[1]))

    @rule(seconds=st.integers(1, 40), blocks=st.integers(0, 2))
    def time_goes_by(self, seconds: int, blocks: int) -> None:
        self.sees(blocks={1: self.view.blocks[1] + blocks})
        until = self.view.now + seconds * SECOND
        while due := min(((at, key) for key, at in self.timers.items() if at <= until), default=None):
            at, key = due
            del self.timers[key]
            if key in self.under_way and self.strategy.launches[key].until <= at:
                # What is still unanswered when the patience ends may be asked for again; the kernel refuses it then.
                self.answer(key, None)
            self.sees(now=max(at, self.view.now))
            self.send(TimerFired(time=self.view.now, key=key))
        self.sees(now=until)

    @rule(data=st.data(), wait=st.one_of(st.none(), st.integers(0, 10)))
    def an_intent_is_denied(self, data: st.DataObject, wait: int | None) -> None:
        if self.under_way:
            self.answer(data.draw(st.sampled_from(sorted(self.under_way))), wait)

    @rule(data=st.data())
    def an_intent_is_filled(self, data: st.DataObject) -> None:
        if self.under_way:
            token = data.draw(st.sampled_from(sorted(self.under_way)))
            self.under_way.remove(token)
            self.bought.add(token)
            self.sees(positions={**self.view.positions, token: position(token)})
            self.send(PositionOpened(time=self.view.now, token=token))

    @rule(data=st.data())
    def a_position_is_closed(self, data: st.DataObject) -> None:
        if self.view.positions:
            token = data.draw(st.sampled_from(sorted(self.view.positions)))
            self.sees(positions={key: held for key, held in self.view.positions.items() if key != token})

    @rule(depth=st.integers(1, 3))
    def a_reorg_comes(self, depth: int) -> None:
        ancestor = self.view.blocks[1] - depth
        self.in_block.clear()
        self.sees(blocks={1: ancestor})
        self.send(Retracted(time=self.view.now, chain_id=1, ancestor=ancestor))

    @rule()
    def it_is_restored_from_its_snapshot(self) -> None:
        self.strategy = codec.restore_state(LaunchSnipe, codec.encode_state(self.strategy), config=CONFIG)

    @invariant()
    def memory_is_bounded(self) -> None:
        launches = self.strategy.launches
        assert len(launches) <= CONFIG.max_followed
        assert all(launch.tries <= CONFIG.max_tries for launch in launches.values())

    @invariant()
    def what_is_followed_will_be_forgotten(self) -> None:
        for key, launch in self.strategy.launches.items():
            assert self.timers[key] <= launch.until


TestLaunches = Launches.TestCase
TestLaunches.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
