"""What holds for every pool."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.amm import NoLiquidity
from sniper.codec import encode_state, restore_state
from sniper_amm_uniswap_v3.pool import UniswapV3, UniswapV3Config
from sniper_amm_uniswap_v3.tick import MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK, sqrt_ratio_at_tick


@st.composite
def pools(draw: st.DrawFn) -> UniswapV3:
    """Positions beside and over one another, and a price anywhere among them."""
    spacing, fee = draw(st.sampled_from([(1, 100), (10, 500), (60, 3000), (200, 10_000)]))
    tick = draw(st.integers(-3000, 3000))
    pool = UniswapV3(config=UniswapV3Config(), fee=fee, tick_spacing=spacing)
    pool.initialize(sqrt_ratio_at_tick(tick), tick)
    ends = st.integers(-3000 // spacing, 3000 // spacing)
    for lower, width, liquidity in draw(
        st.lists(st.tuples(ends, st.integers(1, 20), st.integers(1, 10**24)), min_size=1, max_size=6)
    ):
        pool.mint("", "", lower * spacing, (lower + width) * spacing, liquidity, 0, 0)
    return pool


amounts = st.integers(0, 80).flatmap(lambda bits: st.integers(1, 2**bits))


@given(pool=pools(), wanted=amounts, i=st.integers(0, 1))
def test_the_amount_in_suffices_for_the_amount_out(pool: UniswapV3, wanted: int, i: int) -> None:
    try:
        needed = pool.amount_in(i, 1 - i, wanted)
    except NoLiquidity:
        assert wanted > pool.reserve(1 - i) - 200  # a step rounds down by one unit at most, and there are few
        return
    assert pool.amount_out(i, 1 - i, needed) >= wanted
    if needed > 1:
        assert pool.amount_out(i, 1 - i, needed - 1) <= pool.amount_out(i, 1 - i, needed)


@given(pool=pools(), amount=amounts, i=st.integers(0, 1))
def test_no_swap_beats_the_marginal_price_or_the_reserve(pool: UniswapV3, amount: int, i: int) -> None:
    try:
        out = pool.amount_out(i, 1 - i, amount)
    except NoLiquidity:
        return
    assert out <= amount * pool.price(i, 1 - i)
    assert out <= pool.reserve(1 - i)


@given(pool=pools(), amount=amounts, i=st.integers(0, 1))
def test_liquidity_that_comes_and_goes_leaves_no_trace(pool: UniswapV3, amount: int, i: int) -> None:
    kept = pool.checkpoint()
    spacing = pool.tick_spacing
    assert pool.mint("", "", -7 * spacing, 9 * spacing, amount, 5, 7) == (5, 7)
    assert pool != kept
    assert pool.burn("", -7 * spacing, 9 * spacing, amount, 5, 7) == (-5, -7)
    assert pool.burn("", -7 * spacing, 9 * spacing, 0, 0, 0) is None
    assert pool == kept


@given(pool=pools())
def test_the_state_survives_a_snapshot(pool: UniswapV3) -> None:
    assert restore_state(UniswapV3, encode_state(pool), config=pool.config) == pool


def test_later_logs_do_not_change_a_checkpoint() -> None:
    pool = UniswapV3(config=UniswapV3Config(), fee=3000, tick_spacing=60)
    pool.initialize(1 << 96, 0)
    pool.mint("", "", -60, 60, 10**18, 0, 0)
    kept = pool.checkpoint()
    quoted = kept.amount_out(0, 1, 10**12)
    pool.mint("", "", -120, 120, 10**18, 0, 0)
    pool.swapped("", "", 0, 0, (1 << 96) + 5, 10**19, 0)
    assert kept.ticks == ((-60, 10**18, 10**18), (60, 10**18, -(10**18)))
    assert kept.amount_out(0, 1, 10**12) == quoted
    assert kept.sqrt_price_x96 == 1 << 96


def test_prices_of_ticks_are_those_of_the_contract_at_its_bounds() -> None:
    assert sqrt_ratio_at_tick(MIN_TICK) == MIN_SQRT_RATIO
    assert sqrt_ratio_at_tick(MAX_TICK) == MAX_SQRT_RATIO
    assert sqrt_ratio_at_tick(0) == 1 << 96


def test_a_pool_that_is_not_initialised_or_is_empty_quotes_nothing() -> None:
    pool = UniswapV3(config=UniswapV3Config(), fee=3000, tick_spacing=60)
    for _ in range(2):
        for i in (0, 1):
            for ask in (pool.amount_out, pool.amount_in):
                with pytest.raises(NoLiquidity):
                    ask(i, 1 - i, 1000)
            with pytest.raises(NoLiquidity):
                pool.price(i, 1 - i)
            assert pool.reserve(i) == 0
        pool.initialize(1 << 96, 0)


@pytest.mark.parametrize("amount", [0, -1, 2**255])
def test_amounts_that_no_int256_holds_are_refused(amount: int) -> None:
    pool = UniswapV3(config=UniswapV3Config(), fee=3000, tick_spacing=60)
    pool.initialize(1 << 96, 0)
    pool.mint("", "", -60, 60, 10**18, 0, 0)
    for ask in (pool.amount_out, pool.amount_in):
        with pytest.raises(NoLiquidity):
            ask(0, 1, amount)


def test_factories_are_lower_cased_and_anything_but_an_address_is_refused() -> None:
    config = UniswapV3Config(factories=("0x1F98431c8aD98523631AE4a59f267346ea31F984",))
    assert config.factories == ("0x1f98431c8ad98523631ae4a59f267346ea31f984",)
    with pytest.raises(ValidationError):
        UniswapV3Config(factories=("uniswap",))
