from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import ValidationError

from sniper.amm import NoLiquidity
from sniper.executor import Submission, Swap
from sniper.types import BPS, NATIVE
from sniper_executor_paper.executor import Paper, PaperConfig

TOKEN = "0xaa"


class Market:
    """The kernel's state, as the executor may see it."""

    def __init__(self) -> None:
        self.number = 100
        self.fee = 10
        self.price = 2
        self.dry = False

    def endpoints(self, chain_id: int) -> Any:
        raise AssertionError("paper needs no endpoint")

    def block(self, chain_id: int) -> int:
        return self.number

    def base_fee(self, chain_id: int) -> int:
        return self.fee

    def quote(self, swap: Swap) -> int:
        if self.dry:
            raise NoLiquidity("empty pool")
        return swap.amount_in * self.price


def swap(amount: int = 1000, min_out: int = 0, sells: bool = False) -> Swap:
    return Swap(
        chain_id=1,
        owner="0xee",
        token_in=TOKEN if sells else NATIVE,
        token_out=NATIVE if sells else TOKEN,
        pool="0xbb",
        amm="constant-product",
        pool_data=0,
        amount_in=amount,
        min_out=min_out,
        deadline=0,
        allowance=0,
        opens=not sells,
    )


def submission(
    traded: Swap | None, *, attempt: str = "a#1", nonce: int = 0, held: int = 0, max_fee: int = 50
) -> Submission:
    return Submission(
        account="a",
        attempt=attempt,
        chain_id=1,
        owner="0xee",
        purpose="entry",
        nonce=nonce,
        gas=100,
        max_fee=max_fee,
        max_priority_fee=3,
        tx_hash="",
        raw=b"",
        swap=traded,
        held=((TOKEN, held),),
    )


@pytest.fixture
def market() -> Market:
    return Market()


async def test_a_purchase_fills_at_the_price_of_its_block_and_pays_gas(market: Market) -> None:
    paper = Paper(PaperConfig(), market)
    bought = submission(swap(), held=5)
    assert (await paper.send(bought)).outcome == "accepted"
    assert await paper.settle(bought) is None
    market.number, market.price = 101, 3
    settled = await paper.settle(bought)
    assert settled is not None
    assert settled.ok
    assert (settled.block, settled.gas_used, settled.gas_price) == (101, 70, 13)
    assert settled.native_delta == -1000 - 70 * 13
    assert settled.balances == ((TOKEN, 3005),)


async def test_asking_again_gives_the_same_answer_whatever_the_market_does(market: Market) -> None:
    paper = Paper(PaperConfig(), market)
    bought = submission(swap())
    await paper.send(bought)
    market.number = 101
    first = await paper.settle(bought)
    market.number, market.price, market.fee = 150, 9, 1000
    assert await paper.settle(bought) == first
    assert (await paper.send(bought)).outcome == "known"


async def test_a_sale_pays_out_the_native_coin(market: Market) -> None:
    paper = Paper(PaperConfig(gas_used_bps=BPS, slippage_bps=100), market)
    sold = submission(swap(sells=True), held=1000)
    await paper.send(sold)
    market.number = 101
    settled = await paper.settle(sold)
    assert settled is not None
    assert settled.native_delta == 1980 - 100 * 13
    assert settled.balances == ((TOKEN, 0),)


@pytest.mark.parametrize(
    ("traded", "dry", "held", "reason"),
    [
        (swap(min_out=2001), False, 0, "too little received: 2000 of at least 2001"),
        (swap(), True, 0, "no liquidity: empty pool"),
        (swap(sells=True), False, 999, "holds 999 of 0xaa, 1000 are to be sold"),
    ],
)
async def test_a_swap_that_reverts_costs_its_gas_and_nothing_else(
    market: Market, traded: Swap, dry: bool, held: int, reason: str
) -> None:
    paper = Paper(PaperConfig(), market)
    market.dry = dry
    failed = submission(traded, held=held)
    await paper.send(failed)
    market.number = 101
    settled = await paper.settle(failed)
    assert settled is not None
    assert not settled.ok
    assert settled.revert_reason == reason
    assert settled.native_delta == -70 * 13
    assert settled.balances == ((TOKEN, held),)


@pytest.mark.parametrize("coin", [NATIVE, TOKEN])
async def test_a_cycle_pays_and_receives_the_same_coin(market: Market, coin: str) -> None:
    paper = Paper(PaperConfig(), market)
    round_trip = submission(replace(swap(), token_in=coin, token_out=coin), held=1000)  # type: ignore[type-var]  # a struct at run time
    await paper.send(round_trip)
    market.number = 101
    settled = await paper.settle(round_trip)
    assert settled is not None
    gas = settled.gas_used * settled.gas_price
    if coin == NATIVE:
        assert (settled.native_delta, settled.quote_delta, settled.balances) == (1000 - gas, None, ((TOKEN, 1000),))
    else:
        assert (settled.native_delta, settled.quote_delta, settled.balances) == (-gas, 1000, ((TOKEN, 2000),))


async def test_a_bid_below_the_base_fee_waits(market: Market) -> None:
    paper = Paper(PaperConfig(), market)
    bought = submission(swap(), max_fee=12)
    await paper.send(bought)
    market.number, market.fee = 101, 13
    assert await paper.settle(bought) is None
    market.number, market.fee = 102, 12
    settled = await paper.settle(bought)
    assert settled is not None
    assert (settled.block, settled.gas_price) == (102, 12)


async def test_of_two_attempts_with_one_nonce_only_one_is_included(market: Market) -> None:
    paper = Paper(PaperConfig(), market)
    slow, fast = submission(swap(), attempt="a#1", max_fee=12), submission(swap(), attempt="a#2", max_fee=50)
    await paper.send(slow)
    await paper.send(fast)
    market.number, market.fee = 101, 20
    assert await paper.settle(slow) is None
    assert await paper.settle(fast) is not None
    market.number, market.fee = 102, 1
    assert await paper.settle(slow) is None
    assert (await paper.send(slow)).outcome == "nonce-too-low"


async def test_after_a_restart_a_waiting_attempt_fills_in_the_next_block(market: Market) -> None:
    paper = Paper(PaperConfig(), market)
    bought = submission(swap())
    assert await paper.settle(bought) is None
    market.number = 101
    assert await paper.settle(bought) is not None


async def test_latency_is_counted_in_blocks(market: Market) -> None:
    paper = Paper(PaperConfig(latency_blocks=3), market)
    bought = submission(swap())
    await paper.send(bought)
    included = []
    for market.number in range(100, 105):
        included.append(await paper.settle(bought) is not None)
    assert included == [False, False, False, True, True]


async def test_an_approval_succeeds_and_costs_gas(market: Market) -> None:
    paper = Paper(PaperConfig(), market)
    approval = submission(None, held=7)
    await paper.send(approval)
    market.number = 101
    settled = await paper.settle(approval)
    assert settled is not None
    assert settled.ok
    assert (settled.native_delta, settled.balances) == (-70 * 13, ((TOKEN, 7),))


@given(
    st.integers(1, 10**40),
    st.integers(0, 10**40),
    st.integers(0, 10**40),
    st.integers(0, BPS),
    st.integers(1, BPS),
    st.booleans(),
)
async def test_nothing_is_made_or_lost_but_the_swap_and_the_gas(
    amount: int, held: int, min_out: int, slippage: int, gas_used: int, sells: bool
) -> None:
    market = Market()
    paper = Paper(PaperConfig(slippage_bps=slippage, gas_used_bps=gas_used), market)
    traded = submission(swap(amount, min_out, sells), held=held)
    await paper.send(traded)
    market.number = 101
    settled = await paper.settle(traded)
    assert settled is not None
    gas = settled.gas_used * settled.gas_price
    token = settled.balances[0][1] - held
    native = settled.native_delta + gas
    out = amount * 2 * (BPS - slippage) // BPS
    assert 0 <= settled.gas_used <= 100
    if settled.ok:
        assert (native, token) == ((out, -amount) if sells else (-amount, out))
        assert out >= min_out
    else:
        assert (native, token) == (0, 0)
    assert settled.balances[0][1] >= 0


@pytest.mark.parametrize("wrong", [{"latency_blocks": 0}, {"gas_used_bps": 0}, {"slippage_bps": 10_001}, {"speed": 1}])
def test_senseless_settings_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        PaperConfig(**wrong)
