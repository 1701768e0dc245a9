from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from sniper.events import (
    EntryDenied,
    EntryDue,
    Event,
    LiquidityAdded,
    LiquidityRemoved,
    PoolCreated,
    PositionOpened,
    Retracted,
    TimerFired,
    TokenDescribed,
    TradingEnabled,
)
from sniper.retry import Retry
from sniper.strategy import Open, SetTimer, handlers_of
from sniper.types import NATIVE, SECOND, split_asset
from sniper_sdk.builders import CHAIN, POOL, QUOTE, TOKEN, BuiltPool, BuiltView, address, pool, position, token, view
from sniper_strategy_launch_snipe.config import LaunchSnipeConfig
from sniper_strategy_launch_snipe.strategy import REMEMBERED, LaunchSnipe

ETHER = 10**18
START = 1000 * SECOND
COIN, PAID = split_asset(TOKEN)[1], split_asset(QUOTE)[1]
LAUNCH = pool(reserves=(10**24, 10 * ETHER), created_at=START, created_block=100)
ALICE, MALLORY = address(0xA11CE), address(0xBAD)


class Desk:
    """A strategy, the time and what it sees; timers fire when time goes by."""

    def __init__(self, *pools: BuiltPool, **section: Any) -> None:
        config = LaunchSnipeConfig(**{"min_liquidity": "5 ether", **section})
        self.strategy = LaunchSnipe(config=config)
        self.handlers = handlers_of(LaunchSnipe)
        self.timers: dict[str, int] = {}
        self.view: BuiltView = view(now=START, pools=pools or (LAUNCH,), block=100, tokens={TOKEN: token()})

    def sees(self, *pools: BuiltPool, **known: Any) -> None:
        """What the view holds from now on."""
        self.view = replace(self.view, pools={each.id: each for each in pools} or self.view.pools, **known)

    def send(self, event: Event) -> list[str]:
        """The tokens that it wants after this event."""
        actions = list(getattr(self.strategy, self.handlers[type(event)])(event, self.view))
        for action in actions:
            if isinstance(action, SetTimer):
                self.timers[action.key] = action.at
        return [action.token for action in actions if isinstance(action, Open)]

    def sleep(self, seconds: int) -> list[str]:
        """The tokens that it wants while time goes by."""
        until, wanted = self.view.now + seconds * SECOND, []
        while due := min(((at, key) for key, at in self.timers.items() if at <= until), default=None):
            at, key = due
            del self.timers[key]
            self.view = replace(self.view, now=max(at, self.view.now))
            wanted += self.send(TimerFired(time=self.view.now, key=key))
        self.view = replace(self.view, now=until)
        return wanted

    def deny(self, *, retry_in: int | None = None, token: str = TOKEN) -> None:
        at = None if retry_in is None else self.view.now + retry_in * SECOND
        assert self.send(EntryDenied(time=self.view.now, token=token, intent="i", rule="x", retry_at=at)) == []

    def wait(self, retry: Retry) -> None:
        denied = EntryDenied(time=self.view.now, token=TOKEN, intent="i", rule="x", retry_at=None, retry=retry)
        assert self.send(denied) == []


def added(launch: BuiltPool = LAUNCH, token: str = TOKEN, block: int = 100) -> LiquidityAdded:
    return LiquidityAdded(time=START, pool=launch.id, token=token, quote_reserve=launch.reserves[1], block=block)


def enabled(block: int = 100) -> TradingEnabled:
    return TradingEnabled(time=START, token=TOKEN, block=block)


def born(coins: tuple[str, ...] = LAUNCH.coins) -> PoolCreated:
    address = split_asset(POOL)[1]
    return PoolCreated(time=START, chain_id=CHAIN, block=100, pool=address, amm="curve", coins=coins, tx_hash="")


def other(n: int, **changes: Any) -> tuple[str, BuiltPool]:
    """Another token and its launch."""
    coin = address(0x100 + n)
    return f"1:{coin}", replace(LAUNCH, id=f"1:{address(0x9100 + n)}", coins=(coin, PAID), **changes)


# ---- what a denial waits for ----


def due() -> EntryDue:
    return EntryDue(time=START, token=TOKEN, intent="i")


def test_a_launch_that_waits_for_a_block_or_an_event_is_tried_again_when_that_is_there() -> None:
    desk = Desk(max_tries=2)
    assert desk.send(due()) == []
    assert desk.send(added()) == [TOKEN]
    desk.wait(Retry.event("liquidity-added/1", POOL))
    assert desk.sleep(300) == []
    assert desk.send(due()) == [TOKEN]
    assert desk.send(due()) == [], "it is asked for already"
    desk.wait(Retry.next_block())
    assert desk.send(due()) == [], "that was the last try"


def test_what_it_waits_for_may_come_too_late_or_find_another_pool() -> None:
    desk = Desk()
    desk.send(added())
    desk.wait(Retry.next_block())
    desk.sees(replace(LAUNCH, reserves=(1, 1)))
    assert desk.send(due()) == []
    desk.sees(LAUNCH)
    assert desk.sleep(601) == desk.send(due()) == []


# ---- what is a launch ----


def test_buys_a_fresh_pool_that_is_deep_enough_and_says_why() -> None:
    desk = Desk()
    actions = list(desk.strategy.liquidity_added(added(), desk.view))
    assert actions == [
        SetTimer(key=TOKEN, at=START + 600 * SECOND),
        Open(token=TOKEN, pool=POOL, reason=f"a launch 0 s ago, with {10 * ETHER} base units in the pool"),
    ]


def test_insists_on_no_pool_where_any_may_be_bought_from() -> None:
    desk = Desk(any_pool=True)
    *_, wanted = desk.strategy.liquidity_added(added(), desk.view)
    assert isinstance(wanted, Open)
    assert wanted.pool is None
    assert desk.strategy.launches[TOKEN].pool == POOL, "it is still what the launch is judged by"


def test_one_launch_is_asked_for_once() -> None:
    desk = Desk()
    assert desk.send(added()) == [TOKEN]
    assert desk.send(added()) == desk.send(enabled()) == desk.sleep(60) == []


@pytest.mark.parametrize(("reserve", "wanted"), [(5 * ETHER - 1, []), (5 * ETHER, [TOKEN]), (8 * ETHER, [TOKEN]),
                                                 (8 * ETHER + 1, [])])  # fmt: skip
def test_wants_neither_shallow_nor_deep_pools(reserve: int, wanted: list[str]) -> None:
    launch = replace(LAUNCH, reserves=(10**24, reserve))
    assert Desk(launch, max_liquidity="8 ether").send(added(launch)) == wanted


def test_liquidity_may_come_later() -> None:
    desk = Desk(replace(LAUNCH, reserves=(0, 0)))
    assert desk.send(born()) == desk.send(added(replace(LAUNCH, reserves=(1, 1)))) == []
    desk.sees(LAUNCH)
    assert desk.send(added()) == [TOKEN]


def test_a_pool_that_is_born_with_liquidity_is_bought_at_its_creation() -> None:
    assert Desk().send(born()) == [TOKEN]
    assert Desk(replace(LAUNCH, coins=(PAID, COIN), reserves=(10 * ETHER, 1))).send(born((PAID, COIN))) == [TOKEN]


def test_a_new_pool_of_coins_that_all_or_none_count_as_money_is_no_launch() -> None:
    desk = Desk()
    desk.sees(tokens={})
    assert desk.send(born()) == []
    desk.sees(tokens={TOKEN: token(), QUOTE: token()})
    assert desk.send(born()) == []


def test_a_pool_from_before_the_watch_or_one_of_the_past_is_no_launch() -> None:
    old = replace(LAUNCH, created_at=0)
    assert Desk(old).send(added(old)) == []
    late = Desk(max_age_s=60)
    late.sleep(60)
    assert late.send(added()) == [TOKEN]
    later = Desk(max_age_s=60)
    later.sleep(61)
    assert later.send(added()) == []


def test_a_further_pool_of_a_token_that_trades_elsewhere_is_no_launch() -> None:
    elsewhere = replace(LAUNCH, id=f"1:{address(1)}", created_at=0)
    assert Desk(LAUNCH, elsewhere).send(added()) == []
    in_another_coin = replace(elsewhere, coins=(COIN, address(0xDA1)), reserves=(10**24, 1))
    assert Desk(LAUNCH, in_another_coin).send(added()) == []


def test_a_pool_that_somebody_prepared_with_next_to_nothing_in_it_does_not_spoil_a_launch() -> None:
    bait = replace(LAUNCH, id=f"1:{address(1)}", created_at=0, reserves=(10**6, 10**6))
    assert Desk(LAUNCH, bait).send(added()) == [TOKEN]


def test_the_other_coin_must_be_what_the_account_pays_with() -> None:
    stable = replace(LAUNCH, coins=(COIN, address(0xDA1)))
    assert Desk(stable).send(added(stable)) == []
    assert Desk(stable, pair_tokens=[address(0xDA1).upper().replace("X", "x")]).send(added(stable)) == [TOKEN]
    assert Desk(LAUNCH, pair_tokens=[address(0xDA1)]).send(added()) == []


def test_who_pays_in_the_native_coin_may_buy_from_a_pool_of_the_wrapped_one() -> None:
    desk = Desk()
    desk.sees(quote=f"1:{NATIVE}")
    actions = list(desk.strategy.liquidity_added(added(), desk.view))
    assert isinstance(actions[-1], Open)
    assert actions[-1].reason == "a launch 0 s ago, with 10 coins in the pool"


# ---- deployers ----


@pytest.mark.parametrize(("section", "deployer", "wanted"), [
    ({"denied_deployers": [MALLORY]}, MALLORY, []), ({"denied_deployers": [MALLORY]}, ALICE, [TOKEN]),
    ({"allowed_deployers": [ALICE]}, MALLORY, []), ({"allowed_deployers": [ALICE]}, ALICE, [TOKEN]),
    ({"allowed_deployers": [ALICE], "unknown_deployer": "allow"}, "", [TOKEN]),
    ({"denied_deployers": [MALLORY], "unknown_deployer": "deny"}, "", []),
    ({"denied_deployers": [MALLORY]}, "", []), ({}, MALLORY, [TOKEN]),
])  # fmt: skip
def test_looks_at_the_deployer(section: dict[str, Any], deployer: str, wanted: list[str]) -> None:
    desk = Desk(**section)
    desk.sees(tokens={TOKEN: token(deployer=deployer)})
    assert desk.send(added()) == wanted


@pytest.mark.parametrize(("deployer", "wanted"), [(ALICE, [TOKEN]), (MALLORY, [])])
def test_waits_for_a_deployer_that_is_not_known_yet(deployer: str, wanted: list[str]) -> None:
    desk = Desk(denied_deployers=[MALLORY])
    assert desk.send(added()) == []
    desk.sees(tokens={TOKEN: token(deployer=deployer)})
    described = TokenDescribed(time=START, chain_id=1, token=COIN, symbol="T", decimals=18, deployer=deployer)
    assert desk.send(described) == wanted


# ---- when ----


def test_waits_until_the_pool_is_old_enough() -> None:
    desk = Desk(min_age_s=5)
    assert desk.send(added()) == desk.sleep(4) == []
    assert desk.sleep(1) == [TOKEN]


def test_waits_for_trading_where_it_is_told_to() -> None:
    desk = Desk(wait_for_trading=True)
    assert desk.send(added()) == desk.sleep(100) == []
    assert desk.send(enabled()) == [TOKEN]


def test_trading_may_be_enabled_before_there_is_liquidity() -> None:
    desk = Desk(replace(LAUNCH, reserves=(0, 0)), wait_for_trading=True)
    assert desk.send(enabled()) == []
    desk.sees(LAUNCH)
    assert desk.send(added()) == [TOKEN]


def test_trading_that_is_enabled_makes_a_launch_of_a_deep_pool() -> None:
    assert Desk(replace(LAUNCH, id=f"1:{address(1)}", reserves=(1, 1)), LAUNCH).send(enabled()) == [TOKEN]


def test_a_token_without_a_known_pool_is_not_followed() -> None:
    desk = Desk()
    desk.view = replace(desk.view, pools={})
    assert desk.send(enabled()) == []
    assert desk.strategy.launches == {}


def test_tries_again_when_a_denial_says_when() -> None:
    desk = Desk()
    desk.send(added())
    desk.deny(retry_in=3)
    assert desk.sleep(2) == []
    assert desk.send(added()) == []
    assert desk.sleep(1) == [TOKEN]
    assert desk.strategy.launches[TOKEN].tries == 2


def test_a_token_that_says_it_trades_is_tried_again_at_once() -> None:
    desk = Desk()
    desk.send(added())
    desk.deny(retry_in=30)
    assert desk.send(enabled()) == [TOKEN]


def test_gives_up_after_a_number_of_tries() -> None:
    desk = Desk(max_tries=3)
    tries = len(desk.send(added()))
    for _ in range(10):
        desk.deny(retry_in=1)
        tries += len(desk.sleep(1))
    assert tries == 3


def test_gives_up_when_its_patience_is_over() -> None:
    desk = Desk(patience_s=10, max_tries=1000)
    desk.send(added())
    tries = 0
    for _ in range(20):
        desk.deny(retry_in=1)
        tries += len(desk.sleep(1))
    assert tries == 9
    assert desk.strategy.launches == {}


def test_a_launch_that_may_be_tried_only_after_its_patience_is_not_kept_for_that() -> None:
    desk = Desk(patience_s=10)
    desk.send(added())
    desk.deny(retry_in=11)
    assert desk.sleep(10) == []
    assert desk.strategy.launches == {}


def test_a_final_denial_is_final_even_when_more_liquidity_comes() -> None:
    desk = Desk()
    desk.send(added())
    desk.deny()
    assert desk.send(added()) == desk.send(enabled()) == desk.sleep(500) == []


def test_liquidity_that_left_before_the_purchase_ends_it() -> None:
    desk = Desk()
    desk.send(added())
    desk.deny(retry_in=5)
    desk.send(LiquidityRemoved(time=START, pool=POOL, token=TOKEN, quote_reserve=1, share_bps=9999, block=101))
    assert desk.sleep(10) == desk.send(added()) == []


def test_filters_are_asked_again_before_each_try() -> None:
    desk = Desk()
    desk.send(added())
    desk.deny(retry_in=5)
    desk.sees(replace(LAUNCH, reserves=(1, 1)))
    assert desk.sleep(10) == []
    desk.sees(LAUNCH)
    assert desk.send(added()) == [TOKEN]


def test_moves_to_the_pool_where_liquidity_is_added_next() -> None:
    second = replace(LAUNCH, id=f"1:{address(1)}")
    desk = Desk(LAUNCH, second)
    desk.send(added())
    desk.deny(retry_in=5)
    desk.send(added(second))
    desk.sleep(10)
    assert desk.strategy.launches[TOKEN].pool == second.id


def test_at_most_so_many_launches_are_tried_in_one_block_and_the_others_in_the_next() -> None:
    launches = [other(n) for n in range(3)]
    desk = Desk(*(each for _, each in launches), max_per_block=2)
    wanted = [token for name, each in launches for token in desk.send(added(each, name))]
    assert wanted == [launches[0][0], launches[1][0]]
    assert desk.sleep(2) == []
    desk.sees(blocks={1: 101})
    assert desk.sleep(1) == [launches[2][0]]


def test_another_try_takes_no_new_launch_its_place_in_a_block() -> None:
    (first, launch), (second, later) = other(0), other(1)
    desk = Desk(launch, later, max_per_block=1)
    desk.send(added(launch, first))
    for _ in range(3):
        desk.deny(retry_in=1, token=first)
        assert desk.sleep(1) == [first]
    desk.sees(blocks={1: 101})
    desk.deny(retry_in=1, token=first)
    assert desk.sleep(1) == [first]
    assert desk.send(added(later, second)) == [second]


# ---- entries ----


def test_a_token_is_bought_once_ever() -> None:
    desk = Desk()
    desk.send(added())
    desk.send(PositionOpened(time=START, token=TOKEN))
    desk.sleep(700)
    assert desk.send(added()) == desk.send(enabled()) == []


def test_a_token_may_be_bought_again_after_its_position_was_closed() -> None:
    desk = Desk(reenter=True)
    desk.send(added())
    desk.send(PositionOpened(time=START, token=TOKEN))
    desk.sees(positions={TOKEN: position()})
    assert desk.send(added()) == []
    desk.sees(positions={})
    assert desk.send(added()) == [TOKEN]


def test_what_is_held_already_is_left_alone() -> None:
    desk = Desk(wait_for_trading=True)
    desk.send(added())
    desk.sees(positions={TOKEN: position(state="opening")})
    assert desk.send(enabled()) == []
    fresh = Desk()
    fresh.sees(positions={TOKEN: position()})
    assert fresh.send(added()) == fresh.send(enabled()) == []
    assert fresh.strategy.launches == {}


def test_answers_about_tokens_that_it_does_not_follow_are_no_news() -> None:
    desk = Desk()
    desk.deny(retry_in=1)
    assert desk.send(TimerFired(time=START, key=TOKEN)) == []
    assert desk.timers == {}


# ---- reorgs ----


def test_forgets_what_a_reorg_took_back_and_buys_it_when_it_comes_again() -> None:
    desk = Desk()
    desk.send(added(block=101))
    desk.deny()
    desk.send(Retracted(time=START, chain_id=1, ancestor=101))
    assert desk.send(added(block=101)) == []
    desk.send(Retracted(time=START, chain_id=2, ancestor=100))
    assert desk.send(added(block=101)) == []
    desk.send(Retracted(time=START, chain_id=1, ancestor=100))
    assert desk.send(added(block=101)) == [TOKEN]


def test_does_not_ask_twice_when_a_reorg_comes_while_an_intent_is_under_way() -> None:
    desk = Desk()
    desk.send(added(block=101))
    desk.send(Retracted(time=START, chain_id=1, ancestor=100))
    assert desk.send(added(block=101)) == []


def test_trading_that_a_reorg_took_back_is_waited_for_again() -> None:
    desk = Desk(wait_for_trading=True, min_age_s=5)
    desk.send(added())
    desk.send(enabled(block=101))
    desk.send(Retracted(time=START, chain_id=1, ancestor=100))
    assert desk.sleep(10) == []
    assert desk.send(enabled(block=102)) == [TOKEN]


# ---- memory and config ----


def test_a_flood_of_launches_drops_the_oldest_and_what_is_over_first() -> None:
    launches = [other(n) for n in range(4)]
    desk = Desk(*(each for _, each in launches), max_followed=2, wait_for_trading=True)
    for name, each in launches[:2]:
        desk.send(added(each, name))
        desk.sleep(1)
    desk.strategy.launches[launches[1][0]].stage = "over"
    desk.send(added(launches[2][1], launches[2][0]))
    assert set(desk.strategy.launches) == {launches[0][0], launches[2][0]}
    desk.send(added(launches[3][1], launches[3][0]))
    assert set(desk.strategy.launches) == {launches[2][0], launches[3][0]}


def test_a_flood_does_not_push_out_what_is_asked_for() -> None:
    launches = [other(n) for n in range(3)]
    desk = Desk(*(each for _, each in launches), max_followed=2)
    wanted = [token for name, each in launches for token in desk.send(added(each, name))]
    assert wanted == [launches[0][0], launches[1][0]]


def test_remembers_a_bounded_number_of_entries() -> None:
    desk = Desk()
    for n in range(REMEMBERED + 5):
        desk.send(PositionOpened(time=START + n, token=f"1:{n}"))
    assert len(desk.strategy.entered) == REMEMBERED
    assert "1:4" not in desk.strategy.entered
    assert "1:5" in desk.strategy.entered


@pytest.mark.parametrize("section", [
    {"min_liquidity": 0}, {"max_liquidity": 1}, {"min_age_s": 3601}, {"pair_tokens": ["weth"]},
    {"denied_deployers": ["0x" + "g" * 40]}, {"unknown_deployer": "perhaps"}, {"minimum": 1},
])  # fmt: skip
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LaunchSnipeConfig(**{"min_liquidity": "5 ether", **section})
