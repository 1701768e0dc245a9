"""What a router is asked, and what it proposes. Plain data, which the journal holds as it is."""

from typing import Final

from sniper.plugin import Frozen

WHOLE: Final = 2**32
"""A share of everything: what `Leg.share` counts in."""


class RouteAsk(Frozen, kw_only=True):
    """What is to be routed, on one chain, and under which constraints. Coins and pools are addresses.

    amount         Of ``token_in``; of ``token_out`` where ``exact_out``. Base units.
    max_hops       Most pools on any way from ``token_in`` to ``token_out``; ``max_legs``: most pools altogether.
    only_coins     Coins that may stand in between; None: any. ``without_coins``: coins that may not.
    only_pools     Pools that may be used; None: any. ``without_pools``: pools that may not.
    caps           (pool, coin, most of that coin that may be sold there).
    gas_price      Wei per gas.
    wei_worth      (units, wei): that many base units of ``token_out`` are worth that many wei; of ``token_in`` where
                   ``exact_out``. What gas costs is counted in it.
    split_between  Whether a coin that stands in between may be sold in several legs; else ``token_in`` alone may.
    """

    chain_id: int
    token_in: str
    token_out: str
    amount: int
    exact_out: bool = False
    max_hops: int = 3
    max_legs: int = 8
    only_coins: tuple[str, ...] | None = None
    without_coins: tuple[str, ...] = ()
    only_pools: tuple[str, ...] | None = None
    without_pools: tuple[str, ...] = ()
    caps: tuple[tuple[str, str, int], ...] = ()
    gas_price: int = 0
    wei_worth: tuple[int, int] = (0, 1)
    split_between: bool = True

    def cost(self, gas: int) -> int:
        """What so much gas costs, base units of the coin that ``wei_worth`` is about, rounded up."""
        return self.units(gas * self.gas_price)

    def units(self, amount: int) -> int:
        """What so many wei are worth in that coin, base units, rounded up."""
        units, wei = self.wei_worth
        return -(-amount * units // wei)

    def allows_pool(self, address: str) -> bool:
        """Whether the lists let a pool be used."""
        return address not in self.without_pools and (self.only_pools is None or address in self.only_pools)

    def allows_coin(self, coin: str) -> bool:
        """Whether the lists let a coin be part of the route."""
        if coin in (self.token_in, self.token_out):
            return True
        return coin not in self.without_coins and (self.only_coins is None or coin in self.only_coins)


class Leg(Frozen):
    """One swap of a route. Legs are carried out in their order, and each pool at most once: so every leg is quoted on
    the pool as it is now, and no AMM needs to know what a swap would make of it.

    share  How much of what there is of ``token_in`` at that point is sold, in parts of `WHOLE`, rounded down. The last
           leg that sells a coin sells all of it: `WHOLE`.
    """

    pool: str
    token_in: str
    token_out: str
    share: int = WHOLE


class Proposal(Frozen, kw_only=True):
    """Legs, and what the router knows of them. The kernel believes none of it: it quotes the legs again, exactly.

    expected  What the legs give, base units; what they cost, where the ask is ``exact_out``.
    bound     The most that any route under the same constraints could give; the least that any could cost where the
              ask is ``exact_out``. None: not known.
    method    How they were found, for people.
    refused   (pool, reason) of pools that were left out because they cannot be quoted.
    """

    legs: tuple[Leg, ...]
    expected: int
    method: str
    bound: int | None = None
    refused: tuple[tuple[str, str], ...] = ()
