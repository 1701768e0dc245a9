"""What an on-chain venue must hold."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.config import Config
from sniper.types import NATIVE, SECOND, Step
from sniper.venue import WHOLE, OnChainVenue, RouteLeg, RouteSwap, Swap, UnsupportedRoute
from sniper_sdk import strategies
from sniper_sdk.conformance.budget import step_budget
from sniper_sdk.conformance.drawing import for_all, some
from sniper_sdk.conformance.purity import pure

_ADDRESS = re.compile(r"0x[0-9a-f]{40}")


class VenueConformance:
    """Plans hold every step that a swap needs and no other; proceeds go to the owner; minimum and amount stand in the
    calldata; approvals are exact; pure and deterministic.

        class TestUniswap(VenueConformance):
            venue = Uniswap
            config = UniswapConfig(...)
            chain_id = 1
            amm = "constant-product"

    amm          Name of an AMM that the venue serves on ``chain_id``. One class for each AMM.
    pool_data    What its pools answer to ``venue_data``.
    route_amms   AMMs that one route may use, each with what its pools answer to ``venue_data``. Empty for a venue that
                 carries out no routes.
    pays_sender  Whether the contract pays whoever sends the transaction, so that no recipient stands in the calldata.
    """

    kind: ClassVar[str] = "venue"
    venue: ClassVar[type[OnChainVenue]]
    config: ClassVar[Config]
    chain_id: ClassVar[int] = strategies.CHAIN
    amm: ClassVar[str]
    pool_data: ClassVar[int] = 0
    route_amms: ClassVar[dict[str, int]] = {}
    pays_sender: ClassVar[bool] = False
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

    def calls(self) -> list[Callable[[], object]]:
        """What is timed for the plugin's level: plans."""
        made = self._made()
        return [partial(made.plan, swap) for swap in some(self.swaps(), self.examples)]

    def test_it_serves_what_it_says_and_nothing_unknown(self) -> None:
        venue = self._made()
        assert venue.serves(self.chain_id, self.amm), f"does not serve {self.amm} on chain {self.chain_id}"
        assert not venue.serves(self.chain_id, "no-such-amm"), "claims to serve an AMM that does not exist"
        assert not venue.serves(2**40, self.amm), "claims to serve a chain that does not exist"
        spender = venue.spender(self.chain_id, self.amm)
        assert _ADDRESS.fullmatch(spender), f"spender is {spender!r}; addresses are 0x and 40 lower-case digits"

    def test_a_plan_ends_with_the_swap_and_holds_only_approvals_before_it(self) -> None:
        def check(swap: Swap) -> None:
            *approvals, last = self._plan(swap)
            expected = "entry" if swap.opens else "exit"
            assert last.purpose == expected, f"the swap's purpose is {last.purpose!r}, which must be {expected!r}"
            value = swap.amount_in if swap.token_in == NATIVE else 0
            assert last.value == value, f"the swap sends {last.value} wei along; it must send {value}"
            self._are_approvals(approvals)
            enough = swap.token_in == NATIVE or swap.allowance >= swap.amount_in
            assert not (enough and approvals), f"approves {len(approvals)} time(s), though the allowance is enough"
            assert enough or approvals, "the allowance is too small, and nothing approves"

        for_all(check, examples=self.examples, swap=self.swaps())

    def test_proceeds_go_to_the_owner_and_the_minimum_is_insisted_on(self) -> None:
        def check(swap: Swap) -> None:
            self._pays_the_owner_enough(swap, self._plan(swap)[-1])

        for_all(check, examples=self.examples, swap=self.swaps())

    def test_every_part_of_a_swap_that_matters_changes_the_plan(self) -> None:
        def check(swap: Swap) -> None:
            plan = self._plan(swap)
            other = "0x" + "77" * 20
            for name in (*self._parts, "token_in" if swap.token_out == NATIVE else "token_out"):
                value = other if name in ("owner", "token_in", "token_out") else getattr(swap, name) + 1
                changed = msgspec.structs.replace(swap, **{name: value})  # type: ignore[type-var]
                assert self._plan(changed)[-1] != plan[-1], f"another {name} gives the same transaction"

        for_all(check, examples=self.examples, swap=self.swaps())

    def test_approvals_are_exact_and_only_where_needed(self) -> None:
        def check(token: str, amount: int, allowance: int) -> None:
            venue = self._made()
            steps = venue.approve(self.chain_id, self.amm, token, amount, allowance)
            if allowance >= amount:
                assert steps == (), f"approves, though {allowance} may be taken already and {amount} is needed"
                return
            assert steps, f"only {allowance} may be taken, {amount} is needed, and nothing approves"
            self._are_approvals(steps)
            assert amount.to_bytes(32, "big") in steps[-1].data, f"does not approve exactly {amount}"

        tokens = st.integers(0x10000, 2**160 - 1).map(lambda n: f"0x{n:040x}")
        amounts = strategies.amounts().map(lambda amount: amount + 1)
        for_all(
            check, examples=self.examples, token=tokens, amount=amounts, allowance=st.just(0) | strategies.amounts()
        )

    def test_planning_is_deterministic_pure_and_within_its_steps(self) -> None:
        def check(swap: Swap, between: Swap) -> None:
            venue = self._made()
            with pure():
                first = venue.plan(swap)
            venue.plan(between)
            with step_budget(self.max_steps):
                again = venue.plan(swap)
            assert first == again == self._made().plan(swap), "the same swap has another plan the second time"

        for_all(check, examples=min(self.examples, 15), swap=self.swaps(), between=self.swaps())

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

    def test_routes_are_served_as_said_and_the_others_refused(self) -> None:
        venue = self._made()
        if not self.route_amms:
            assert not venue.serves_route(self.chain_id, ()), "serves routes; name their AMMs in route_amms"
            self._refuses(lambda: venue.route_spender(self.chain_id))
            return
        spender = venue.route_spender(self.chain_id)
        assert _ADDRESS.fullmatch(spender), f"route_spender is {spender!r}; give 0x and 40 lower-case digits"

        def check(route: RouteSwap) -> None:
            assert venue.serves_route(self.chain_id, route.legs), f"does not serve {route.legs}"
            for leg in route.legs:
                alone = msgspec.structs.replace(leg, share=WHOLE)  # type: ignore[type-var]
                assert venue.serves_route(self.chain_id, (alone,)), f"serves {route.legs}, but not {leg} alone"
            assert not venue.serves_route(2**40, route.legs), "claims to serve a chain that does not exist"
            unknown = msgspec.structs.replace(route.legs[0], amm="no-such-amm")  # type: ignore[type-var]
            assert not venue.serves_route(self.chain_id, (*route.legs[1:], unknown)), "serves an unknown AMM"
            refused = msgspec.structs.replace(route, legs=(*route.legs[1:], unknown))  # type: ignore[type-var]
            self._refuses(lambda: venue.plan_route(refused))

        for_all(check, examples=15, route=self.routes())

    def test_a_routes_plan_ends_with_one_transaction_that_pays_the_owner_enough(self) -> None:
        if not self.route_amms:
            return

        def check(route: RouteSwap) -> None:
            *approvals, last = self._plan(route)
            assert last.purpose == ("entry" if route.opens else "exit"), f"the route's purpose is {last.purpose!r}"
            value = route.amount_in if route.token_in == NATIVE else 0
            assert last.value == value, f"the route sends {last.value} wei along; it must send {value}"
            self._are_approvals(approvals)
            enough = route.token_in == NATIVE or route.allowance >= route.amount_in
            of_token = [step for step in approvals if step.to == route.token_in]
            assert bool(of_token) != enough, f"approves the token {len(of_token)} time(s); enough is allowed: {enough}"
            self._pays_the_owner_enough(route, last)

        for_all(check, examples=self.examples, route=self.routes())

    def test_every_part_of_a_route_that_matters_changes_the_plan(self) -> None:
        if not self.route_amms:
            return

        def check(route: RouteSwap) -> None:
            plan = self._plan(route)
            for name in self._parts:
                value = "0x" + "77" * 20 if name == "owner" else getattr(route, name) + 1
                changed = msgspec.structs.replace(route, **{name: value})  # type: ignore[type-var]
                assert self._plan(changed)[-1] != plan[-1], f"another {name} gives the same transaction"
            for number, leg in enumerate(route.legs):
                if leg.coin_out != route.legs[-1].coin_out:
                    continue  # what it brings is sold by a later leg
                coin = {"coin_out": "0x" + "77" * 20}
                other = msgspec.structs.replace(leg, **coin)  # type: ignore[type-var]
                legs = (*route.legs[:number], other, *route.legs[number + 1 :])
                changed = msgspec.structs.replace(route, legs=legs)  # type: ignore[type-var]
                assert self._plan(changed)[-1] != plan[-1], f"another coin of leg {number} gives the same transaction"

        for_all(check, examples=min(self.examples, 20), route=self.routes())

    def test_planning_routes_is_deterministic_pure_and_within_its_steps(self) -> None:
        if not self.route_amms:
            return

        def check(route: RouteSwap, between: RouteSwap) -> None:
            venue = self._made()
            with pure():
                first = venue.plan_route(route)
            venue.plan_route(between)
            with step_budget(self.max_steps):
                again = venue.plan_route(route)
            assert first == again == self._made().plan_route(route), "the same route has another plan the second time"

        for_all(check, examples=min(self.examples, 15), route=self.routes(), between=self.routes())

    def test_it_cannot_be_changed(self) -> None:
        venue: Any = self._made()  # Any: it may have any attribute
        for name in ("config", "not_a_declared_field"):
            try:
                setattr(venue, name, None)
            except AttributeError:
                continue
            raise AssertionError(f"{self.venue.__name__}.{name} can be set: a venue is frozen and keeps nothing")

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
            assert _ADDRESS.fullmatch(step.to), f"a step goes to {step.to!r}; addresses are 0x and 40 lower-case digits"
            assert step.gas > 0, "a step has no gas"
            assert type(step.data) is bytes, f"calldata is {step.data!r}; give bytes"
        return plan

    def _are_approvals(self, steps: Any) -> None:  # Any: what the plugin gives
        for step in steps:
            assert step.purpose == "approve", f"a step before the swap has the purpose {step.purpose!r}; give 'approve'"
            assert step.value == 0, f"an approval sends {step.value} wei along"
