"""The suite of on-chain venues finds what it is for: a sound one passes, and each fault fails one behaviour by name."""

import inspect
from collections import Counter
from typing import Any

import msgspec
import pytest

from sniper.config import Config
from sniper.errors import CallReverted, SniperError
from sniper.evm.abi import event, function
from sniper.evm.log import Log
from sniper.types import NATIVE, LiquidityMoved, Step
from sniper.venue import (
    OnChainVenue,
    Provision,
    Removal,
    RouteLeg,
    RouteSwap,
    Swap,
    UnsupportedLiquidity,
    UnsupportedRoute,
    approval,
)
from sniper_sdk import VenueConformance
from sniper_sdk.conformance.venue_on_chain import VenueOnChain
from sniper_sdk.devchain import DevChain, KnownChain

AMM = "constant-product"
MANAGER = "0x" + "4d" * 20
BUY = function("swapExactETHForTokensSupportingFeeOnTransferTokens(uint256,address[],address,uint256)")
BUY_BEFORE_TAX = function("swapExactETHForTokens(uint256,address[],address,uint256)")
SELL = function("swapExactTokensForETHSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)")
CHANGE = function("swapExactTokensForTokensSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)")
ROUTE = function("route(address[],uint256[],uint256,uint256,address,uint256)")
MINT = function("mint(address[2],uint256[2],uint256[2],address,uint256)")
TAKE = function("take(uint256,uint256,uint256[2],address,uint256)")
MOVED = event("Moved(uint256 indexed position, int256 liquidity, uint256 amount0, uint256 amount1)")
plans: Counter[str] = Counter()
"""What a venue must not have: a memory outside of itself."""


class At(Config):
    chain_id: int = 1
    router: str = "0x" + "ab" * 20
    wrapped: str = "0x" + "ee" * 20


class Sound(OnChainVenue):
    """Swaps through the router of Uniswap V2; routes and ranges through contracts that nobody has written."""

    config: At

    def serves(self, chain_id: int, amm: str) -> bool:
        return (chain_id, amm) == (self.config.chain_id, AMM)

    def spender(self, chain_id: int, amm: str) -> str:
        return self.config.router

    def plan(self, swap: Swap) -> tuple[Step, ...]:
        trade = Step(
            purpose="entry" if swap.opens else "exit",
            to=self.config.router,
            data=self.data(swap),
            value=self.value(swap),
            gas=500_000,
        )
        return (*self.approve(swap.chain_id, swap.amm, swap.token_in, swap.amount_in, swap.allowance), trade)

    def value(self, swap: Swap) -> int:
        return swap.amount_in if swap.token_in == NATIVE else 0

    def data(self, swap: Swap) -> bytes:
        path = [self.config.wrapped if coin == NATIVE else coin for coin in (swap.token_in, swap.token_out)]
        end = (swap.min_out, path, swap.owner, swap.deadline)
        if swap.token_in == NATIVE:
            return self.buy(*end)
        return (SELL if swap.token_out == NATIVE else CHANGE).encode(swap.amount_in, *end)

    def buy(self, *end: Any) -> bytes:
        return BUY.encode(*end)

    def approve(self, chain_id: int, amm: str, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        return approval(token, self.config.router, amount, allowance, gas=100_000)

    def serves_route(self, chain_id: int, legs: tuple[RouteLeg, ...]) -> bool:
        return chain_id == self.config.chain_id and bool(legs) and all(leg.amm == AMM for leg in legs)

    def route_spender(self, chain_id: int) -> str:
        if chain_id != self.config.chain_id:
            raise UnsupportedRoute("another chain")
        return self.config.router

    def plan_route(self, route: RouteSwap) -> tuple[Step, ...]:
        if not self.serves_route(route.chain_id, route.legs):
            raise UnsupportedRoute("not served")
        trade = Step(
            purpose="entry" if route.opens else "exit",
            to=self.config.router,
            data=self.route_data(route),
            value=route.amount_in if route.token_in == NATIVE else 0,
            gas=500_000,
        )
        return (*self.approve_route(route.chain_id, route.token_in, route.amount_in, route.allowance), trade)

    def route_data(self, route: RouteSwap) -> bytes:
        coins = [coin for leg in route.legs for coin in (leg.coin_in, leg.coin_out)]
        shares = [leg.share for leg in route.legs]
        return ROUTE.encode(coins, shares, route.amount_in, route.min_out, route.owner, route.deadline)

    def approve_route(self, chain_id: int, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        return approval(token, self.route_spender(chain_id), amount, allowance, gas=100_000)

    def serves_liquidity(self, chain_id: int, amm: str) -> bool:
        return (chain_id, amm) == (self.config.chain_id, AMM)

    def liquidity_spender(self, chain_id: int) -> str:
        if chain_id != self.config.chain_id:
            raise UnsupportedLiquidity("another chain")
        return MANAGER

    def provide(self, provision: Provision) -> tuple[Step, ...]:
        given = zip(provision.coins, provision.amounts, provision.allowances, strict=True)
        steps = [
            step for coin, amount, allowed in given for step in approval(coin, MANAGER, amount, allowed, gas=100_000)
        ]
        what = (list(provision.coins), list(provision.amounts), list(provision.least))
        data = MINT.encode(*what, provision.owner, provision.deadline)
        return (*steps, Step(purpose="entry", to=MANAGER, data=data, value=0, gas=500_000))

    def remove(self, removal: Removal) -> tuple[Step, ...]:
        data = TAKE.encode(
            removal.position, removal.liquidity, list(removal.least), self.paid(removal), removal.deadline
        )
        return (Step(purpose="exit", to=MANAGER, data=data, value=0, gas=500_000),)

    def paid(self, removal: Removal) -> str:
        return removal.owner

    def liquidity_moved(self, logs: tuple[Log, ...]) -> LiquidityMoved | None:
        for log in logs:
            if self.hears(log):
                position, liquidity, *amounts = MOVED.decode(log.topics, log.data)
                return LiquidityMoved(position=position, liquidity=liquidity, amounts=(amounts[0], amounts[1]))
        return None

    def hears(self, log: Log) -> bool:
        return log.address == MANAGER and log.topics[:1] == (MOVED.topic,)


class Made(VenueConformance):
    """``venue`` is put in by each test."""

    config = At()
    amm = AMM
    route_amms = {AMM: 30}
    examples = 30

    def settle(self, chain: DevChain) -> OnChainVenue:
        at = chain.addresses
        config = At(chain_id=chain.chain_id, router=at.v2_router.lower(), wrapped=at.weth.lower())
        return self.venue(config=config)  # type: ignore[call-arg]  # each of them declares it

    def moved_logs(self, moved: LiquidityMoved) -> tuple[Log, ...]:
        words = (moved.liquidity % 2**256, *moved.amounts)
        data = b"".join(word.to_bytes(32, "big") for word in words)
        return (self._log(MANAGER, (MOVED.topic, f"0x{moved.position:064x}"), data),)


# ---- faults of swaps ----


class ServesAll(Sound):
    def serves(self, chain_id: int, amm: str) -> bool:
        return True


class SaysPerhaps(Sound):
    def serves(self, chain_id: int, amm: str) -> bool:
        return super().serves(chain_id, amm) and "yes"  # type: ignore[return-value]


class Forgets(Sound):
    """Sells without approving."""

    def plan(self, swap: Swap) -> tuple[Step, ...]:
        return super().plan(swap)[-1:]


class PaysItself(Sound):
    def data(self, swap: Swap) -> bytes:
        return super().data(swap).replace(bytes.fromhex(swap.owner[2:]), bytes.fromhex(self.config.router[2:]))


class TakesAnything(Sound):
    def data(self, swap: Swap) -> bytes:
        return super().data(changed(swap, min_out=0))


class Rounds(Sound):
    """Amounts go through floats."""

    def data(self, swap: Swap) -> bytes:
        return super().data(changed(swap, amount_in=int(float(swap.amount_in)), min_out=int(float(swap.min_out))))


class OneToken(Sound):
    """Sells whatever it is told, and buys always the same."""

    def data(self, swap: Swap) -> bytes:
        return super().data(swap if swap.token_out == NATIVE else changed(swap, token_out="0x" + "dd" * 20))


class AlwaysUnwraps(Sound):
    def data(self, swap: Swap) -> bytes:
        return super().data(changed(swap, token_out=NATIVE) if swap.token_out == self.config.wrapped else swap)


class WrapsWhatIsWrapped(Sound):
    def plan(self, swap: Swap) -> tuple[Step, ...]:
        return super().plan(changed(swap, token_in=NATIVE) if swap.token_in == self.config.wrapped else swap)


class Patient(Sound):
    def data(self, swap: Swap) -> bytes:
        return super().data(changed(swap, deadline=2**41))


class HurriesExits(Sound):
    """Takes any price where a position is closed."""

    def data(self, swap: Swap) -> bytes:
        return super().data(swap if swap.opens else changed(swap, min_out=swap.min_out * 9 // 10))


class SellsWhatIsAllowed(Sound):
    def data(self, swap: Swap) -> bytes:
        return super().data(changed(swap, amount_in=max(1, min(swap.amount_in, swap.allowance or swap.amount_in))))


class ReadsLegs(Sound):
    def data(self, swap: Swap) -> bytes:
        return super().data(changed(swap, token_out=swap.legs[-1].coin_out) if swap.legs else swap)


class ApprovesNative(Sound):
    def approve(self, chain_id: int, amm: str, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        return super().approve(chain_id, amm, self.config.wrapped if token == NATIVE else token, amount, allowance)


class ApprovesAnother(Sound):
    def approve(self, chain_id: int, amm: str, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        return approval(token, "0x" + "bb" * 20, amount, allowance, gas=100_000)


class ApprovesAlways(Sound):
    def approve(self, chain_id: int, amm: str, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        return super().approve(chain_id, amm, token, amount, 0)


class ApprovesWithoutEnd(Sound):
    def approve(self, chain_id: int, amm: str, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        return () if allowance >= amount else super().approve(chain_id, amm, token, 2**256 - 1, 0)


class ApprovesALittleMore(Sound):
    def approve(self, chain_id: int, amm: str, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        return super().approve(chain_id, amm, token, amount + 5, allowance)


class NeverResets(Sound):
    def approve(self, chain_id: int, amm: str, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        return super().approve(chain_id, amm, token, amount, allowance if allowance >= amount else 0)


class OneTooFew(Sound):
    """Takes an allowance that is a unit short for enough."""

    def approve(self, chain_id: int, amm: str, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        return super().approve(chain_id, amm, token, amount, allowance + (allowance == amount - 1))


class PlansOtherwise(Sound):
    def plan(self, swap: Swap) -> tuple[Step, ...]:
        *approvals, trade = super().plan(swap)
        return (*(changed(step, gas=60_000) for step in approvals), trade)


class TooMuchGas(Sound):
    def plan(self, swap: Swap) -> tuple[Step, ...]:
        return tuple(changed(step, gas=10**9) for step in super().plan(swap))


class Counts(Sound):
    def data(self, swap: Swap) -> bytes:
        plans["all"] += 1
        return super().data(swap) + plans["all"].to_bytes(32, "big")


class Open(Sound, frozen=False):  # type: ignore[call-arg, misc]  # what the types forbid
    """Its fields can be set."""


# ---- faults of routes ----


class ServesNothingAtAll(Sound):
    def serves_route(self, chain_id: int, legs: tuple[RouteLeg, ...]) -> bool:
        return chain_id == self.config.chain_id and all(leg.amm == AMM for leg in legs)


class RoutesAnywhere(Sound):
    def route_spender(self, chain_id: int) -> str:
        return self.config.router


class TriesUnknown(Sound):
    def serves_route(self, chain_id: int, legs: tuple[RouteLeg, ...]) -> bool:
        return chain_id == self.config.chain_id and bool(legs)


class RouteForLess(Sound):
    def route_data(self, route: RouteSwap) -> bytes:
        return super().route_data(changed(route, min_out=route.min_out * 99 // 100))


class CycleForNothing(Sound):
    def route_data(self, route: RouteSwap) -> bytes:
        return super().route_data(changed(route, min_out=0) if route.token_in == route.token_out else route)


class RouteWithoutEnd(Sound):
    def route_data(self, route: RouteSwap) -> bytes:
        return super().route_data(changed(route, deadline=2**41))


class RouteOfHalves(Sound):
    def route_data(self, route: RouteSwap) -> bytes:
        return super().route_data(changed(route, legs=tuple(changed(leg, share=2**31) for leg in route.legs)))


class RouteOfOneCoin(Sound):
    def route_data(self, route: RouteSwap) -> bytes:
        legs = tuple(changed(leg, coin_out="0x" + "dd" * 20) for leg in route.legs)
        return super().route_data(changed(route, legs=legs))


class RouteReadsAllowance(Sound):
    def route_data(self, route: RouteSwap) -> bytes:
        return super().route_data(route) + route.allowance.to_bytes(32, "big")


class RouteApprovesAll(Sound):
    def approve_route(self, chain_id: int, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        return approval(token, self.route_spender(chain_id), 2**256 - 1, allowance, gas=100_000)


class RouteCounts(Sound):
    def route_data(self, route: RouteSwap) -> bytes:
        plans["all"] += 1
        return super().route_data(route) + plans["all"].to_bytes(32, "big")


# ---- faults of ranges ----


class RangesAnywhere(Sound):
    def serves_liquidity(self, chain_id: int, amm: str) -> bool:
        return True


class ProvidesForItself(Sound):
    def provide(self, provision: Provision) -> tuple[Step, ...]:
        return super().provide(changed(provision, owner=MANAGER))


class ProvidesAtAnyPrice(Sound):
    def provide(self, provision: Provision) -> tuple[Step, ...]:
        return super().provide(changed(provision, least=(0, 0)))


class ProvidesUnapproved(Sound):
    def provide(self, provision: Provision) -> tuple[Step, ...]:
        return super().provide(provision)[-1:]


class KeepsWhatItTakesOut(Sound):
    def paid(self, removal: Removal) -> str:
        return MANAGER


class BelievesStrangers(Sound):
    def hears(self, log: Log) -> bool:
        return log.topics[:1] == (MOVED.topic,)


class ChokesOnLogs(Sound):
    def hears(self, log: Log) -> bool:
        return log.topics[0] == MOVED.topic and log.address == MANAGER


class HearsMoreAlone(Sound):
    """Reads what is taken out as if it were put in."""

    def liquidity_moved(self, logs: tuple[Log, ...]) -> LiquidityMoved | None:
        moved = super().liquidity_moved(logs)
        return None if moved is None else changed(moved, liquidity=abs(moved.liquidity))


# ---- faults that a chain shows ----


class PaysHalf(Sound):
    def value(self, swap: Swap) -> int:
        return super().value(swap) // 2


class SellsLess(Sound):
    def data(self, swap: Swap) -> bytes:
        return super().data(changed(swap, amount_in=max(1, swap.amount_in - 1)))


class InWholeCoins(Sound):
    """Thinks of 18 decimals."""

    def data(self, swap: Swap) -> bytes:
        return super().data(changed(swap, min_out=max(swap.min_out, 10**10)))


class NoDust(Sound):
    def plan(self, swap: Swap) -> tuple[Step, ...]:
        return super().plan(changed(swap, amount_in=max(1_000, swap.amount_in)))


class BeforeTax(Sound):
    def buy(self, *end: Any) -> bytes:
        return BUY_BEFORE_TAX.encode(*end)


def changed(message: Any, **fields: Any) -> Any:
    """The same with other fields. Any: messages of several kinds."""
    return msgspec.structs.replace(message, **fields)


def suite(venue: type[OnChainVenue]) -> Any:
    """Any: its class is made here."""
    return type("Of", (Made,), {"venue": venue})()


FAULTS = [
    (ServesAll, "it_serves_what_it_says_and_nothing_unknown", "does not exist"),
    (SaysPerhaps, "what_it_says_of_its_chain_is_the_same_each_time", "give True or False"),
    (Forgets, "a_plan_ends_with_the_swap_and_holds_only_approvals_before_it", "nothing approves"),
    (PaysItself, "proceeds_go_to_the_owner_and_the_minimum_is_insisted_on", "who is paid"),
    (TakesAnything, "proceeds_go_to_the_owner_and_the_minimum_is_insisted_on", "min_out"),
    (OneToken, "both_coins_matter", "another token_out"),
    (OneToken, "every_part_of_a_swap_that_matters_changes_the_plan", "another token_out"),
    (Rounds, "amounts_of_every_size_are_exact", "does not stand"),
    (WrapsWhatIsWrapped, "the_wrapped_coin_is_a_token", "native coin for who pays with the wrapped"),
    (AlwaysUnwraps, "the_wrapped_coin_is_a_token", "same transaction as who wants the native"),
    (Patient, "the_deadline_is_insisted_on", "is not in the calldata"),
    (HurriesExits, "the_purpose_changes_nothing_but_the_purpose", "different transactions"),
    (SellsWhatIsAllowed, "what_is_allowed_changes_approvals_alone", "changes the swap itself"),
    (ReadsLegs, "legs_are_for_executors_alone", "reads swap.legs"),
    (ApprovesNative, "the_native_coin_needs_no_approval", "approves the native coin"),
    (ApprovesAnother, "who_may_take_it_is_the_spender_alone", "but the spender is"),
    (ApprovesAlways, "approvals_are_exact_and_only_where_needed", "may be taken already"),
    (ApprovesWithoutEnd, "approvals_are_exact_and_only_where_needed", "does not approve exactly"),
    (NeverResets, "an_allowance_that_is_too_small_is_reset_first", "it must be 0, 1000"),
    (OneTooFew, "one_unit_decides_whether_it_approves", "nothing approves"),
    (PlansOtherwise, "a_plan_approves_as_it_says_it_would", "do not agree"),
    (TooMuchGas, "steps_are_whole_and_can_be_sent", "which no block has"),
    (Counts, "planning_is_deterministic_pure_and_within_its_steps", "another plan the second time"),
    (Open, "it_cannot_be_changed", "can be set"),
    (ServesNothingAtAll, "an_empty_route_is_none", "without a leg"),
    (RoutesAnywhere, "another_chain_has_no_routes_here", "must raise UnsupportedRoute"),
    (TriesUnknown, "routes_are_served_as_said_and_the_others_refused", "unknown AMM"),
    (RouteForLess, "a_routes_plan_ends_with_one_transaction_that_pays_the_owner_enough", "min_out"),
    (CycleForNothing, "a_cycle_insists_on_more_than_its_beginning", "min_out"),
    (RouteWithoutEnd, "a_routes_deadline_is_insisted_on", "is not in the calldata"),
    (RouteOfHalves, "how_a_route_is_split_changes_it", "another share, the same transaction"),
    (RouteOfOneCoin, "every_part_of_a_route_that_matters_changes_the_plan", "another coin of leg"),
    (RouteReadsAllowance, "what_is_allowed_changes_a_routes_approvals_alone", "changes the route itself"),
    (RouteApprovesAll, "a_routes_approvals_are_exact_and_for_its_spender", "it must set"),
    (RouteCounts, "planning_routes_is_deterministic_pure_and_within_its_steps", "another plan the second time"),
    (RangesAnywhere, "liquidity_is_served_as_said_and_else_refused", "an AMM that is none"),
    (ProvidesForItself, "liquidity_is_put_with_exact_approvals_and_belongs_to_the_owner", "the owner"),
    (ProvidesAtAnyPrice, "liquidity_is_put_with_exact_approvals_and_belongs_to_the_owner", "does not stand"),
    (ProvidesUnapproved, "liquidity_is_put_with_exact_approvals_and_belongs_to_the_owner", "it must set"),
    (KeepsWhatItTakesOut, "liquidity_is_taken_out_to_the_owner_in_one_step", "the owner"),
    (BelievesStrangers, "logs_of_strangers_move_nothing", "logs of strangers say"),
    (HearsMoreAlone, "what_logs_say_is_told_exactly", "is told as"),
]
ON_CHAIN = [
    (PaysHalf, "a_purchase_pays_its_amount_and_brings_tokens_to_the_owner", "were to be paid"),
    (SellsLess, "a_sale_sells_its_amount_and_pays_native_coin", "were to be sold"),
    (WrapsWhatIsWrapped, "the_wrapped_coin_buys_and_is_paid_as_a_token", "of the wrapped coin bought"),
    (TakesAnything, "the_minimum_decides_to_the_last_unit", "a unit too little"),
    (Patient, "it_reverts_after_its_deadline", "a deadline that is over"),
    (InWholeCoins, "tokens_of_any_decimals_are_traded", "INSUFFICIENT_OUTPUT"),
    (NoDust, "dust_is_traded_or_refused", "and 1000 were"),
    (BeforeTax, "a_fee_on_transfer_is_no_excuse_for_less_than_the_minimum", "less than its minimum"),
    (NeverResets, "a_token_that_answers_nothing_is_approved_and_sold", "reset the allowance first"),
    (ApprovesALittleMore, "nothing_is_left_with_the_spender", "may still take 5"),
    (Counts, "a_plan_needs_no_chain", "changed with the chain"),
]


@pytest.mark.parametrize(("venue", "test", "words"), FAULTS)
def test_a_fault_is_found_and_named(venue: type[OnChainVenue], test: str, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        getattr(suite(venue), f"test_{test}")()


def test_a_venue_that_chokes_on_logs_is_let_out() -> None:
    with pytest.raises(IndexError):
        suite(ChokesOnLogs).test_logs_of_strangers_move_nothing()


@pytest.mark.parametrize(("venue", "test", "words"), ON_CHAIN)
def test_a_fault_is_found_on_a_chain(venue: type[OnChainVenue], test: str, words: str, known_chain: KnownChain) -> None:
    with pytest.raises((AssertionError, CallReverted), match=words):
        called(suite(venue), f"test_{test}", known_chain)


def called(made: Any, test: str, known_chain: KnownChain) -> None:
    """With a chain in its known state, where it takes one. Any: see `suite`."""
    takes = inspect.signature(getattr(made, test)).parameters
    for decimals in (0, 27) if "decimals" in takes else (None,):
        given = {"on_chain": known_chain.chain()} if "on_chain" in takes else {}
        getattr(made, test)(**given, **({} if decimals is None else {"decimals": decimals}))


def test_a_sound_venue_passes_all(known_chain: KnownChain) -> None:
    made = suite(Sound)
    for name in sorted(dir(made)):
        if name.startswith("test_"):
            called(made, name, known_chain)


def test_each_behaviour_has_a_fault_that_it_finds() -> None:
    held = {name.removeprefix("test_") for name in dir(VenueConformance) if name.startswith("test_")}
    assert {test for _, test, _ in (*FAULTS, *ON_CHAIN)} == held
    assert len(held) >= 45


class Elsewhere(VenueConformance):
    """Without routes, ranges and a chain."""

    config = At()
    amm = AMM


class Refuses(Sound):
    serves_route = OnChainVenue.serves_route
    route_spender = OnChainVenue.route_spender
    plan_route = OnChainVenue.plan_route
    approve_route = OnChainVenue.approve_route
    serves_liquidity = OnChainVenue.serves_liquidity
    liquidity_spender = OnChainVenue.liquidity_spender
    provide = OnChainVenue.provide
    remove = OnChainVenue.remove
    liquidity_moved = OnChainVenue.liquidity_moved


def test_a_venue_of_swaps_alone_passes_what_is_no_matter_of_a_chain() -> None:
    made: Any = type("Of", (Elsewhere,), {"venue": Refuses})()
    for name in sorted(set(dir(made)) - set(dir(VenueOnChain)) | {"test_a_plan_approves_as_it_says_it_would"}):
        if name.startswith("test_"):
            getattr(made, name)()


def test_what_refuses_nothing_that_it_cannot_do_is_found() -> None:
    class Shrugs(Refuses):
        def provide(self, provision: Provision) -> tuple[Step, ...]:
            return ()

    made: Any = type("Of", (Elsewhere,), {"venue": Shrugs})()
    with pytest.raises((AssertionError, SniperError), match="must raise UnsupportedLiquidity"):
        made.test_liquidity_is_served_as_said_and_else_refused()
