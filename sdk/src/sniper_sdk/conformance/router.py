"""What a router must hold: legs that are a route, within the constraints, and a bound that is one."""

import asyncio
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.amm import Amm, Chain, Found, NoLiquidity, Segment
from sniper.config import Config
from sniper.router import Listed, NoRoute, Proposal, RouteAsk, Router
from sniper.routing import Route, confirmed, direct_routes, quoted
from sniper_sdk.conformance.drawing import for_all

_KEPT: Final = Fraction(997, 1000)
_COINS: Final = tuple("0x" + digit * 40 for digit in "abcde")


class Product(Amm):
    """x·y = k, three in a thousand taken from the amount in.

    plain  Whether it says its segments; else it has to be sampled.
    """

    config: Config
    reserves: tuple[int, ...]
    plain: bool = True

    @classmethod
    async def load(cls, address: str, chain: Chain, config: Any) -> Found["Product"]:
        raise NotImplementedError

    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        paid = amount_in * 997
        out = paid * self.reserves[j] // (self.reserves[i] * 1000 + paid) if self.reserves[i] and amount_in > 0 else 0
        if not out:
            raise NoLiquidity(f"{amount_in} buys nothing from {self.reserves}")
        return out

    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        if not 0 < amount_out < self.reserves[j]:
            raise NoLiquidity(f"{amount_out} wanted from {self.reserves}")
        return self.reserves[i] * amount_out * 1000 // ((self.reserves[j] - amount_out) * 997) + 1

    def price(self, i: int, j: int) -> Fraction:
        if not all(self.reserves):
            raise NoLiquidity(f"no price between {self.reserves}")
        return Fraction(self.reserves[j], self.reserves[i]) * _KEPT

    def reserve(self, i: int) -> int:
        return self.reserves[i]

    def segments(self, i: int, j: int) -> Sequence[Segment] | None:
        if not self.plain:
            return None
        return (Segment(float(self.reserves[i]), float(self.reserves[j]), 0.997, 1e60),) if all(self.reserves) else ()


class Faulty(Product):
    """An AMM with a defect: whatever it is asked, it raises."""

    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        raise ZeroDivisionError("a defect")

    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        raise ZeroDivisionError("a defect")

    def price(self, i: int, j: int) -> Fraction:
        raise ZeroDivisionError("a defect")

    def reserve(self, i: int) -> int:
        raise ZeroDivisionError("a defect")

    def segments(self, i: int, j: int) -> Sequence[Segment] | None:
        raise ZeroDivisionError("a defect")


class Pool:
    """A pool of a `Market`."""

    def __init__(self, address: str, coins: tuple[str, ...], impl: Amm) -> None:
        self.address = address
        self.coins = coins
        self.impl = impl


class Market:
    """A graph of pools that are made for a test."""

    def __init__(self, pools: Sequence[Pool] = ()) -> None:
        self.pools = {pool.address: pool for pool in pools}

    def find(self, address: str) -> Pool | None:
        return self.pools.get(address)

    def trading(self, coin: str) -> list[Listed]:
        return [pool for pool in self.pools.values() if coin in pool.coins]


def markets() -> SearchStrategy[list[Pool]]:
    """Small markets of five coins: pools of two coins that say their curve and that do not, empty ones, broken ones."""

    @st.composite
    def drawn(draw: st.DrawFn) -> list[Pool]:
        pools = []
        for n in range(draw(st.integers(1, 9))):
            pair = draw(st.permutations(_COINS))[:2]
            depth = draw(st.sampled_from((10**12, 10**18, 10**24)))
            reserves = tuple(draw(st.integers(depth, 4 * depth)) for _ in pair)
            kind = draw(st.sampled_from(("plain",) * 6 + ("sampled",) * 2 + ("empty", "faulty")))
            cls, reserves = (Faulty if kind == "faulty" else Product), ((0, 0) if kind == "empty" else reserves)
            impl = cls(config=Config(), reserves=reserves, plain=kind != "sampled")
            pools.append(Pool(f"0x{n + 1:040x}", tuple(pair), impl))
        return pools

    return drawn()


def asks() -> SearchStrategy[RouteAsk]:
    """What may be wanted of `markets`."""
    names = st.sampled_from([f"0x{n + 1:040x}" for n in range(9)])
    return st.builds(
        RouteAsk,
        chain_id=st.just(1),
        token_in=st.just(_COINS[0]),
        token_out=st.just(_COINS[1]),
        amount=st.integers(10**6, 10**18),
        exact_out=st.booleans(),
        max_hops=st.integers(1, 4),
        max_legs=st.integers(1, 9),
        without_coins=st.lists(st.sampled_from(_COINS[2:]), max_size=1).map(tuple),
        only_coins=st.none() | st.just(_COINS[2:4]),
        split_between=st.booleans(),
        without_pools=st.lists(names, max_size=2).map(tuple),
        caps=st.lists(st.tuples(names, st.sampled_from(_COINS), st.integers(10**6, 10**18)), max_size=2).map(tuple),
    )


class RouterConformance:
    """What it proposes is a route within the constraints, its bound is never beaten, and pools that are empty or raise
    keep nothing else from being routed.

        class TestDual(RouterConformance):
            router = Dual
            config = DualConfig()

    loss  The part of the best direct route that a proposal may stay behind it. The kernel takes the better of the two.
    """

    router: ClassVar[type[Router]]
    config: ClassVar[Config]
    loss: ClassVar[float] = 0.0
    examples: ClassVar[int] = 60

    def test_what_it_proposes_is_a_route_and_its_bound_holds(self) -> None:
        def check(pools: list[Pool], ask: RouteAsk) -> None:
            market = Market(pools)
            proposal, direct = self._proposed(self._made(pools), ask), direct_routes(market, ask)[0]
            if proposal is None:
                assert not direct, f"NoRoute, but {direct[0].legs} is one"
                return
            route = quoted(
                market, ask, proposal.legs, method=proposal.method, bound=proposal.bound, near=proposal.expected
            )
            for other in (route, *direct):
                self._is_bounded(other, proposal.bound)
            if direct:
                least = direct[0].net - abs(direct[0].net) * Fraction(self.loss)
                assert route.net >= least, f"{route.legs} net {route.net}, but {direct[0].legs} {direct[0].net}"

        for_all(check, shrinks=False, examples=self.examples, pools=markets(), ask=asks())

    def test_the_same_question_has_the_same_answer(self) -> None:
        def check(pools: list[Pool], ask: RouteAsk) -> None:
            first = self._proposed(self._made(pools), ask)
            again = self._proposed(self._made(pools), ask)
            assert first == again, f"the same pools and the same ask: {first} and {again}"

        for_all(check, shrinks=False, examples=self.examples // 3, pools=markets(), ask=asks())

    def test_it_follows_the_pools(self) -> None:
        def check(pools: list[Pool], later: list[Pool], ask: RouteAsk) -> None:
            router, market = self._made(pools), Market(later)
            self._proposed(router, ask)
            for pool in pools:
                if pool.address not in market.pools:
                    router.removed(pool.address)
            for pool in later:
                router.changed(pool)
            router.removed("0x" + "f" * 40)
            proposal = self._proposed(router, ask)
            assert (proposal is None) == (self._proposed(self._made(later), ask) is None)
            if proposal is not None:
                route = quoted(market, ask, proposal.legs, method="", bound=None, near=proposal.expected)
                self._is_bounded(route, proposal.bound)

        for_all(check, shrinks=False, examples=self.examples // 3, pools=markets(), later=markets(), ask=asks())

    def test_a_cycle_that_it_names_is_one(self) -> None:
        def check(pools: list[Pool], max_hops: int, through: str | None) -> None:
            router, market = self._made(pools), Market(pools)
            for pool in pools:
                if isinstance(pool.impl, Faulty):
                    continue
                legs = router.cycle(pool, max_hops, through)
                if legs:
                    assert legs[0].pool == pool.address, f"the cycle {legs} does not begin with pool {pool.address}"
                    assert len(legs) <= max_hops, f"the cycle {legs} has more than {max_hops} hops"
                    confirmed(market, legs, through or legs[0].token_in)

        for_all(
            check,
            shrinks=False,
            examples=self.examples // 3,
            pools=markets(),
            max_hops=st.integers(2, 6),
            through=st.none() | st.sampled_from(_COINS),
        )

    def test_questions_without_sense_have_no_route(self) -> None:
        router = self._made([])
        for token_out, amount in ((_COINS[1], 1), (_COINS[1], 0), (_COINS[1], -1), (_COINS[0], 1), ("0x", 1)):
            ask = RouteAsk(chain_id=1, token_in=_COINS[0], token_out=token_out, amount=amount)
            assert self._proposed(router, ask) is None, f"a proposal for {ask}"

    def _made(self, pools: Sequence[Pool]) -> Router:
        router = self.router(self.config)
        router.warm()
        for pool in pools:
            router.changed(pool)
        return router

    @staticmethod
    def _proposed(router: Router, ask: RouteAsk) -> Proposal | None:
        try:
            proposal = asyncio.run(router.propose(ask))
        except NoRoute:
            return None
        assert type(proposal) is Proposal, f"propose returned {proposal!r}; return a Proposal"
        return proposal

    @staticmethod
    def _is_bounded(route: Route, bound: int | None) -> None:
        if bound is None:
            return
        if route.ask.exact_out:
            assert route.amount_in >= bound, f"{route.legs} costs {route.amount_in}, the bound says at least {bound}"
        else:
            assert route.amount_out <= bound, f"{route.legs} gives {route.amount_out}, the bound says at most {bound}"
