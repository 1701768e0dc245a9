from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.amm import NoLiquidity
from sniper_amm_cryptoswap import three, two
from sniper_amm_cryptoswap.pool import Cryptoswap, CryptoswapConfig
from sniper_sdk import AmmConformance, PackageConformance

ONE = 10**18


class TestPackage(PackageConformance):
    distribution = "sniper-amm-cryptoswap"


@st.composite
def drawn_pools(draw: st.DrawFn, count: int) -> Cryptoswap:
    """Pools whose D is that of their balances; or empty ones."""
    ann, gamma = (draw(st.integers(10**5, 10**8)), draw(st.integers(10**12, 10**16)))
    if count == 2:
        ann, gamma = min(ann, 4 * 10**7), min(gamma, 2 * 10**15)
    scales = [10 ** draw(st.sampled_from([0, 0, 10, 12])) for _ in range(count)]
    prices = [draw(st.integers(10**15, 10**22)) for _ in range(count - 1)]
    worth = draw(st.integers(10**21, 10**27))
    balances = [
        worth * draw(st.integers(50, 200)) // 100 * ONE // price // scale
        for price, scale in zip([ONE, *prices], scales, strict=True)
    ]
    if draw(st.integers(0, 9)) == 0:
        balances = [0] * count
    mid, out = sorted((draw(st.integers(5 * 10**5, 10**8)), draw(st.integers(5 * 10**5, 10**9))))
    pool = Cryptoswap(
        config=CryptoswapConfig(),
        scales=tuple(scales),
        balances=tuple(balances),
        prices=tuple(prices),
        d=0,
        virtual_price=0,
        supply=0,
        fees=(mid, out, draw(st.integers(10**12, ONE))),
        ramp=((ann, gamma), (ann, gamma), 0, 0),
    )
    if any(balances):
        math = three if count == 3 else two
        scaled = [
            balance * scale * price // ONE
            for balance, scale, price in zip(balances, scales, [ONE, *prices], strict=True)
        ]
        pool.d = math.size(ann, gamma, scaled, 0)
        pool.supply = math.mean([pool.d // count, *(pool.d * ONE // (count * price) for price in prices)])
        pool.virtual_price = ONE
    return pool


class CryptoswapConformance(AmmConformance[Cryptoswap]):
    amm = Cryptoswap
    # held by test_against_contract.py, through whole histories
    test_it_is_exact_against_the_real_contract = None  # type: ignore[assignment]
    max_steps: ClassVar[int] = 60_000  # an exact output is searched for

    def logs(self, pool: Cryptoswap) -> SearchStrategy[tuple[str, tuple[Any, ...]]] | None:
        """Exchanges after which the price scale stays, or grows by a thousandth; or new fees."""
        return st.one_of(
            st.integers(1, 2**60).map(lambda part: exchange(pool, part)),
            st.integers(1, 10**8).map(lambda fee: ("parameters_changed", (fee, 2 * fee, ONE // 100, 0, 0, 0, 0))),
        )

    # The contract's cubic has some 18 digits of D, and its D 14 of itself. Below that its answers, and which amounts it
    # refuses because the pool would not gain by them, swing; the AMM swings with it.

    def test_more_in_is_never_less_out(self) -> None:
        def check(pool: Cryptoswap, i: int, j: int, amount: int, more: int) -> None:
            less, greater = quoted(pool.amount_out, i, j, amount), quoted(pool.amount_out, i, j, amount + more)
            if less is not None and greater is not None:
                assert less <= greater + swing(pool, j)
            need, needs = quoted(pool.amount_in, i, j, amount), quoted(pool.amount_in, i, j, amount + more)
            if need is not None and needs is not None:
                assert need <= needs + swing(pool, i)

        self._law(check, more=self.amounts())

    def test_no_amount_trades_better_than_the_marginal_price(self) -> None:
        def check(pool: Cryptoswap, i: int, j: int, amount: int) -> None:
            try:
                price = pool.price(i, j)
            except NoLiquidity:
                return
            out = quoted(pool.amount_out, i, j, amount)
            assert price * pool.price(j, i) <= 1
            assert out is None or out <= amount * price + swing(pool, j)

        self._law(check)

    def test_the_amount_in_buys_what_was_wanted_and_hardly_less_would(self) -> None:
        def check(pool: Cryptoswap, i: int, j: int, amount: int) -> None:
            wanted = amount % (pool.reserve(j) or amount + 1) + 1
            need = quoted(pool.amount_in, i, j, wanted)
            if need is None:
                return
            bought = quoted(pool.amount_out, i, j, need)
            assert bought is not None
            assert bought >= wanted
            cheaper = quoted(pool.amount_out, i, j, need - 1 - swing(pool, i))
            assert cheaper is None or cheaper < wanted

        self._law(check)


def quoted(quote: Callable[[int, int, int], int], i: int, j: int, amount: int) -> int | None:
    try:
        return quote(i, j, amount)
    except NoLiquidity:
        return None


def swing(pool: Cryptoswap, i: int) -> int:
    """A 10**-12 part of the pool, in coin i."""
    return pool.d * ONE // (pool.scales[i] * (ONE, *pool.prices)[i]) // 10**12 + 2


def exchange(pool: Cryptoswap, part: int) -> tuple[str, tuple[Any, ...]]:
    amount = pool.balances[0] * part >> 62
    try:
        bought = pool.amount_out(0, 1, amount)
    except NoLiquidity:
        return ("ramped", (*pool.ramp[0], *pool.ramp[0], 0, 0))
    prices = [price + price // 1000 * (part & 1) for price in pool.prices]
    packed = sum(price << 128 * k for k, price in enumerate(prices))
    return ("exchanged", ("0x", 0, amount, 1, bought, 0, packed))


class TestTwoCoins(CryptoswapConformance):
    coins: ClassVar[int] = 2
    pools = drawn_pools(2)


class TestThreeCoins(CryptoswapConformance):
    coins: ClassVar[int] = 3
    pools = drawn_pools(3)
