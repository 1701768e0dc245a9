"""What the suites of an on-chain venue have in common: drawn swaps and routes, and how plans are read."""

import re
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.config import Config
from sniper.evm.abi import function
from sniper.types import NATIVE, SECOND, Step
from sniper.venue import WHOLE, OnChainVenue, RouteLeg, RouteSwap, Swap, UnsupportedRoute
from sniper_sdk import strategies

ADDRESS = re.compile(r"0x[0-9a-f]{40}")
APPROVE = function("approve(address spender, uint256 amount)")
MOST_GAS = 30_000_000
"""What no transaction of a plan may ask for: a block of Ethereum, for long, and twice what EIP-7825 lets one use."""


T = TypeVar("T")


def changed(message: T, **fields: Any) -> T:  # Any: of the message's own fields
    """The same message with other fields."""
    return msgspec.structs.replace(message, **fields)  # type: ignore[type-var]  # messages are structs


class VenueWorld:
    """What `VenueConformance` tells its parts about the venue; see there."""

    kind: ClassVar[str] = "venue"
    venue: ClassVar[type[OnChainVenue]]
    config: ClassVar[Config]
    chain_id: ClassVar[int] = strategies.CHAIN
    amm: ClassVar[str]
    pool_data: ClassVar[int] = 0
    route_amms: ClassVar[dict[str, int]] = {}
    pays_sender: ClassVar[bool] = False
    before_tax: ClassVar[bool] = False
    examples: ClassVar[int] = 60
    max_steps: ClassVar[int] = 20_000

    def swaps(self) -> SearchStrategy[Swap]:
        """Purchases with the native coin or a token, and sales; with any allowance."""
        coin = st.integers(0x10000, 2**160 - 1).map(lambda n: f"0x{n:040x}")
        coins = st.lists(coin, min_size=4, max_size=4, unique=True)
        return st.builds(
            self._swap, coins, st.sampled_from(("buy", "sell", "between")),
            strategies.amounts().map(lambda amount: amount + 1), strategies.amounts(), strategies.times,
            st.just(0) | strategies.amounts(2**256 - 1),
        )  # fmt: skip

    def _swap(self, coins: list[str], way: str, amount_in: int, min_out: int, time: int, allowance: int) -> Swap:
        owner, token, other, pool = coins
        token_in, token_out = {"buy": (NATIVE, token), "sell": (token, NATIVE), "between": (other, token)}[way]
        return Swap(
            chain_id=self.chain_id,
            owner=owner,
            token_in=token_in,
            token_out=token_out,
            pool=pool,
            amm=self.amm,
            pool_data=self.pool_data,
            amount_in=amount_in,
            min_out=min_out,
            deadline=time // SECOND,
            allowance=0 if token_in == NATIVE else allowance,
            opens=way != "sell",
        )

    def routes(self) -> SearchStrategy[RouteSwap]:
        """Splits over up to four pools, some of them behind a middle coin that one pool sells; as `swaps` otherwise."""
        parts = st.lists(
            st.tuples(st.sampled_from(sorted(self.route_amms)), st.integers(1, WHOLE), st.booleans()),
            min_size=1,
            max_size=4,
        )
        return st.builds(self._route, self.swaps(), parts, st.sampled_from(sorted(self.route_amms)))

    def _route(self, swap: Swap, parts: list[tuple[str, int, bool]], last: str) -> RouteSwap:
        wrapped = self.wrapped()
        pay, get = (wrapped if token == NATIVE else token for token in (swap.token_in, swap.token_out))
        middle = "0x" + "ab" * 20

        def leg(number: int, amm: str, coin_in: str, coin_out: str, share: int) -> RouteLeg:
            pool, data = f"0x{number + 1:040x}", self.route_amms[amm]
            return RouteLeg(pool=pool, amm=amm, pool_data=data, coin_in=coin_in, coin_out=coin_out, share=share)

        legs = [
            leg(number, amm, pay, middle if indirect else get, share if number < len(parts) - 1 else WHOLE)
            for number, (amm, share, indirect) in enumerate(parts)
        ]
        if any(indirect for _, _, indirect in parts):
            legs.append(leg(len(parts), last, middle, get, WHOLE))
        return RouteSwap(
            chain_id=swap.chain_id,
            owner=swap.owner,
            token_in=swap.token_in,
            token_out=swap.token_out,
            amount_in=swap.amount_in,
            min_out=swap.min_out,
            deadline=swap.deadline,
            allowance=swap.allowance,
            opens=swap.opens,
            legs=tuple(legs),
        )

    def wrapped(self) -> str:
        """The wrapped coin of ``chain_id``: ``config.wrapped``, unless this is overridden."""
        return str(getattr(self.config, "wrapped", "0x" + "ee" * 20))

    def _fixed(self, way: str, **changes: Any) -> Swap:  # Any: of the fields of a swap
        """A swap of the same four addresses each time: ``buy``, ``sell`` or ``between``."""
        coins = [f"0x{digits * 20}" for digits in ("c1", "c2", "c3", "c4")]
        swap = self._swap(coins, way, 10**18, 10**6, 1_700_000_000 * SECOND, 0)
        return changed(swap, **changes)

    def _made(self) -> OnChainVenue:
        return self.venue(config=self.config)  # type: ignore[call-arg]  # every venue declares it

    @property
    def _parts(self) -> tuple[str, ...]:
        return ("amount_in", "min_out") if self.pays_sender else ("owner", "amount_in", "min_out")

    def _pays_the_owner_enough(self, trade: Swap | RouteSwap, last: Step) -> None:
        paid = self.pays_sender or bytes.fromhex(trade.owner[2:]) in last.data
        assert paid, "the owner does not stand in the swap's calldata: who is paid?"
        enough = trade.min_out.to_bytes(32, "big") in last.data
        assert enough, f"min_out {trade.min_out} does not stand in the calldata"
        amount = trade.token_in == NATIVE or trade.amount_in.to_bytes(32, "big") in last.data
        assert amount, f"amount_in {trade.amount_in} does not stand in the calldata"

    def _refuses(self, asked: Callable[[], object]) -> None:
        try:
            asked()
        except UnsupportedRoute:
            return
        raise AssertionError("what is not served must raise UnsupportedRoute")

    def _plan(self, trade: Swap | RouteSwap) -> tuple[Step, ...]:
        venue = self._made()
        plan = venue.plan(trade) if isinstance(trade, Swap) else venue.plan_route(trade)
        assert plan, "an empty plan trades nothing"
        for step in plan:
            assert ADDRESS.fullmatch(step.to), f"a step goes to {step.to!r}; addresses are 0x and 40 lower-case digits"
            assert step.gas > 0, "a step has no gas"
            assert type(step.data) is bytes, f"calldata is {step.data!r}; give bytes"
        return plan

    def _are_approvals(self, steps: Any) -> None:  # Any: what the plugin gives
        for step in steps:
            assert step.purpose == "approve", f"a step before the swap has the purpose {step.purpose!r}; give 'approve'"
            assert step.value == 0, f"an approval sends {step.value} wei along"

    def _approved(self, step: Step) -> int:
        """How much an approval allows."""
        assert step.data[:4] == APPROVE.selector, f"an approval calls {step.data[:4].hex()}, which is no approve()"
        assert len(step.data) == 68, f"an approval has {len(step.data)} bytes of calldata; approve() has 68"
        return int.from_bytes(step.data[36:], "big")

    def _are_of(self, steps: tuple[Step, ...], token: str, spender: str) -> None:
        self._are_approvals(steps)
        for step in steps:
            self._approved(step)
            assert step.to == token, f"an approval of {token} goes to {step.to}"
            named = "0x" + step.data[16:36].hex()
            assert named == spender, f"approves {named}, but the spender is {spender}"
