"""Hooks, fees and keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.amm import NoLiquidity
from sniper_amm_uniswap_v3.step import ONE
from sniper_amm_uniswap_v4.fees import DYNAMIC, lp_fee, swap_fee
from sniper_amm_uniswap_v4.hooks import NONE
from sniper_amm_uniswap_v4.pool import UniswapV4, UniswapV4Config

ID = bytes(32)


def pool(hooks: str = NONE, fee: int = 3000, known: tuple[str, ...] = (), liquidity: int = 10**18) -> UniswapV4:
    config = UniswapV4Config(harmless_hooks=known)
    found = UniswapV4.created(config, ID, NONE, "0x" + "01" * 20, fee, 60, hooks, 2**96, 0)
    assert found is not None
    assert found.amm is not None
    found.amm.liquidity_modified(ID, "", -600, 600, liquidity, bytes(32))
    return found.amm


def hooks(flags: int) -> str:
    return f"0x{'77' * 18}{flags:04x}"


@pytest.mark.parametrize("bit", range(14))
def test_only_hooks_that_are_called_around_swaps_are_refused(bit: int) -> None:
    found = pool(hooks(1 << bit))
    refused = bit in (7, 6, 3, 2)
    if not refused:
        assert found.amount_out(0, 1, 10**6) == pool().amount_out(0, 1, 10**6)
        return
    for ask in (found.amount_out, found.amount_in):
        with pytest.raises(NoLiquidity, match=r"beforeSwap|afterSwap.*harmless_hooks"):
            ask(0, 1, 10**6)
    with pytest.raises(NoLiquidity):
        found.price(0, 1)
    assert (found.most_in(0, 1), found.reserve(0)) == (0, 0)


def test_hooks_that_are_known_to_be_harmless_are_quoted() -> None:
    flags = hooks(1 << 7 | 1 << 6)
    assert pool(flags, known=(flags,)).amount_out(0, 1, 10**6) == pool().amount_out(0, 1, 10**6)


def test_a_dynamic_fee_of_unknown_hooks_is_refused_and_of_known_ones_read_from_the_first_swap() -> None:
    with pytest.raises(NoLiquidity, match="another fee at any time"):
        pool(hooks(0), fee=DYNAMIC).amount_out(0, 1, 1)
    found = pool(hooks(0), fee=DYNAMIC, known=(hooks(0),))
    with pytest.raises(NoLiquidity, match="not known before the first swap"):
        found.amount_out(0, 1, 1)
    found.protocol_fee_updated(ID, 1000 | 200 << 12)
    found.swapped(ID, "", -1000, 990, 2**96, 10**18, 0, swap_fee(1000 | 200 << 12, 4000, True))
    assert found.lp_fee == 4000
    assert found.swap_fee(False) == swap_fee(200 << 12, 4000, False)


@given(part=st.integers(0, 1000), fee=st.integers(0, ONE), downwards=st.booleans())
def test_a_fee_that_was_paid_tells_the_fee_that_was_set(part: int, fee: int, downwards: bool) -> None:
    packed = part if downwards else part << 12
    paid = swap_fee(packed, fee, downwards)
    found = lp_fee(packed, paid, downwards)
    assert swap_fee(packed, found, downwards) == paid
    assert 0 <= found - fee <= 1


@given(
    native=st.booleans(),
    fee=st.integers(0, 2**24 - 1),
    spacing=st.integers(1, 32_767),
    address=st.integers(0, 2**160 - 1),
)
def test_the_key_of_a_pool_is_packed_into_venue_data(native: bool, fee: int, spacing: int, address: int) -> None:
    packed = UniswapV4(
        config=UniswapV4Config(), fee=fee, hooks=f"0x{address:040x}", lp_fee=0, tick_spacing=spacing, native=native
    ).venue_data(0, 1)
    assert packed >> 208 == native
    assert (packed >> 184 & 0xFFFFFF, packed >> 160 & 0xFFFFFF, packed & 2**160 - 1) == (fee, spacing, address)


def test_a_pool_that_takes_everything_as_a_fee_gives_nothing_for_anything() -> None:
    found = pool(fee=ONE)
    assert found.amount_out(0, 1, 10**12) == 0
    assert found.price(0, 1) == 0
    with pytest.raises(NoLiquidity):
        found.amount_in(0, 1, 1)
    with pytest.raises(NoLiquidity):
        found.amount_out(0, 1, 2**127)
    empty = pool(fee=ONE)
    empty.liquidity_modified(ID, "", -600, 600, -(10**18), bytes(32))
    with pytest.raises(NoLiquidity):
        empty.amount_out(0, 1, 1)


def test_no_more_is_moved_than_an_int128_holds() -> None:
    found = pool(liquidity=2**127 - 1)
    found.liquidity_modified(ID, "", -887220, 887220, 2**126, bytes(32))
    most = found.most_in(0, 1)
    assert found.amount_out(0, 1, most) <= 2**127 - 1
    with pytest.raises(NoLiquidity):
        found.amount_out(0, 1, most + 1)
