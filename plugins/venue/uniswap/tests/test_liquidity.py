"""Liquidity, really put into a range and taken out: every step with its own gas limit on the dev chain."""

from typing import Any

import pytest
from msgspec.structs import replace

from sniper.errors import CallReverted
from sniper.evm.log import Log
from sniper.types import LiquidityMoved
from sniper.venue import NATIVE, Provision, Removal, UnsupportedLiquidity
from sniper_venue_uniswap.venue import V2, V3, Uniswap

ETHER = 10**18
FOREVER = 2**63
FEE = 3000


def logs(receipt: Any) -> tuple[Log, ...]:
    return tuple(
        Log(
            address=log.address.lower(),
            topics=tuple(log.topics),
            data=bytes.fromhex(log.data[2:]),
            block=receipt.block,
            block_hash="",
            transaction="",
            transaction_index=0,
            index=n,
        )
        for n, log in enumerate(receipt.logs)
    )


@pytest.fixture
def providing(market: Any) -> Any:
    manager = market.chain.addresses.v3_positions.lower()
    market.venue = Uniswap(config=market.venue.config.model_copy(update={"position_manager": manager}))
    return market


def provision(market: Any, quote: str, **changes: Any) -> Provision:
    """Of 60 ticks on both sides of the price, which is one to one."""
    other = market.weth if quote == NATIVE else quote
    low, high = sorted((market.tokens["plain"], other))
    whole = Provision(
        range="r",
        chain_id=market.chain.chain_id,
        owner=market.owner,
        pool="0x" + "11" * 20,
        amm=V3,
        pool_data=FEE,
        quote=quote,
        coins=(low, high),
        amounts=(ETHER, ETHER),
        least=(ETHER * 99 // 100, ETHER * 99 // 100),
        lower=-60,
        upper=60,
        native=quote == NATIVE,
        allowances=(0, 0),
        deadline=FOREVER,
    )
    return replace(whole, **changes)  # type: ignore[type-var]  # a struct


def removal(of: Provision, made: LiquidityMoved, **changes: Any) -> Removal:
    whole = Removal(
        range="r",
        chain_id=of.chain_id,
        owner=of.owner,
        pool=of.pool,
        amm=V3,
        quote=of.quote,
        coins=of.coins,
        position=made.position,
        liquidity=made.liquidity,
        lower=of.lower,
        upper=of.upper,
        least=tuple(amount - 1 for amount in made.amounts),
        native=of.native,
        ends=True,
        deadline=FOREVER,
    )
    return replace(whole, **changes)  # type: ignore[type-var]  # a struct


@pytest.mark.parametrize("kind", ["native", "other"])
def test_what_is_put_in_comes_out_again_to_the_owner_and_nothing_stays_at_the_manager(
    providing: Any, kind: str
) -> None:
    market, quote = providing, NATIVE if kind == "native" else providing.tokens["other"]
    coins, manager = (quote, market.tokens["plain"]), market.chain.addresses.v3_positions
    asked = provision(market, quote)
    before = [market.balance(coin) for coin in coins]
    steps = market.venue.provide(asked)
    assert [step.purpose for step in steps] == ["approve"] * (1 if quote == NATIVE else 2) + ["entry"]
    receipts = market.carry_out(steps)
    made = market.venue.liquidity_moved(logs(receipts[-1]))
    gas = sum(receipt.fee for receipt in receipts)
    paid = [
        was - market.balance(coin) - (gas if coin == NATIVE else 0) for was, coin in zip(before, coins, strict=True)
    ]
    i = asked.coins.index(market.tokens["plain"])
    assert (made.amounts[1 - i], made.amounts[i]) == tuple(paid)
    assert made.liquidity > 0

    half = removal(asked, made, liquidity=made.liquidity // 2, least=(0, 0), ends=False)
    fees_alone = removal(asked, made, liquidity=0, least=(0, 0), ends=False)
    rest = removal(asked, made, liquidity=made.liquidity - made.liquidity // 2, least=(0, 0))
    moved = []
    for each in (half, fees_alone, rest):
        (receipt,) = market.carry_out(market.venue.remove(each))
        gas += receipt.fee
        moved.append(market.venue.liquidity_moved(logs(receipt)))
    assert [each.liquidity for each in moved] == [-half.liquidity, 0, -rest.liquidity]
    assert {each.position for each in moved} == {made.position}
    after = [market.balance(coin) + (gas if coin == NATIVE else 0) for coin in coins]
    assert all(0 <= was - now <= 4 for was, now in zip(before, after, strict=True)), "the contract rounds for itself"
    assert market.chain.balance(manager) == 0
    assert [market.balance(coin, of=manager) for coin in (*asked.coins, market.weth)] == [0, 0, 0]
    with pytest.raises(CallReverted):
        market.carry_out(market.venue.remove(fees_alone))


def test_less_than_the_least_and_after_the_deadline_it_reverts(providing: Any) -> None:
    market, quote = providing, providing.tokens["other"]
    too_much = provision(market, quote, least=(ETHER + 1, 0))
    with pytest.raises(CallReverted, match="Price slippage check"):
        market.carry_out(market.venue.provide(too_much))
    late = provision(market, quote, deadline=market.chain.timestamp() - 1)
    with pytest.raises(CallReverted, match="Transaction too old"):
        market.carry_out(market.venue.provide(late))
    asked = provision(market, quote)
    made = market.venue.liquidity_moved(logs(market.carry_out(market.venue.provide(asked))[-1]))
    for wrong, why in (
        ({"least": (made.amounts[0] + 1, 0)}, "Price slippage check"),
        ({"deadline": market.chain.timestamp() - 1}, "Transaction too old"),
    ):
        with pytest.raises(CallReverted, match=why):
            market.carry_out(market.venue.remove(removal(asked, made, **wrong)))


def test_without_a_manager_and_on_other_pools_nothing_is_provided(market: Any, providing: Any) -> None:
    chain_id = providing.chain.chain_id
    assert providing.venue.serves_liquidity(chain_id, V3)
    assert not providing.venue.serves_liquidity(chain_id, V2)
    assert not providing.venue.serves_liquidity(chain_id + 1, V3)
    bare = Uniswap(config=providing.venue.config.model_copy(update={"position_manager": None}))
    assert not bare.serves_liquidity(chain_id, V3)
    with pytest.raises(UnsupportedLiquidity, match="position_manager"):
        bare.provide(provision(providing, NATIVE))
    assert bare.liquidity_moved(()) is None
