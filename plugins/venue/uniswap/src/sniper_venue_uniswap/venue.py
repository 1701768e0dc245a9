"""The venue: which router trades a pool, what it must be allowed to take, and the transactions of a swap."""

from typing import Annotated, ClassVar, Final

from pydantic import Field, StringConstraints

from sniper.errors import SniperError
from sniper.evm.abi import function
from sniper.evm.log import Log
from sniper.venue import (
    NATIVE,
    Config,
    LiquidityMoved,
    OnChainVenue,
    Provision,
    Removal,
    RouteLeg,
    RouteSwap,
    Step,
    Swap,
    UnsupportedLiquidity,
    UnsupportedRoute,
    approval,
)
from sniper_venue_uniswap import liquidity, universal, v2, v3
from sniper_venue_uniswap.universal import V2, V3, V4

_PERMIT2_APPROVE: Final = function("approve(address token, address spender, uint160 amount, uint48 expiration)")
_LAST_SECOND: Final = 2**48 - 1

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$", to_lower=True)]
Gas = Annotated[int, Field(ge=21_000, le=30_000_000)]


class UnsupportedSwap(SniperError, ValueError):
    """This venue cannot carry out the swap that it was asked for."""

    code = "unsupported-swap"


class UniswapConfig(Config):
    """``[venue.uniswap]``: one chain. Another chain takes another section, with ``plugin = "uniswap"``."""

    chain_id: Annotated[int, Field(ge=1, description="The chain that these addresses are on.", examples=[31_337])]
    wrapped: Annotated[
        Address,
        Field(
            description="The wrapped native coin that the routers were deployed with.",
            examples=["0x5fbdb2315678afecb367f032d93f642f64180aa3"],
        ),
    ]
    v2_router: Annotated[
        Address | None, Field(description="UniswapV2Router02, or that of a fork. Without it V2 pairs are not traded.")
    ] = None
    v2_amm: Annotated[str, Field(description="The AMM that prices the pairs which the V2 router trades.")] = V2
    v3_router: Annotated[Address | None, Field(description="SwapRouter02. Without it V3 pools are not traded.")] = None
    universal_router: Annotated[
        Address | None,
        Field(description="Universal Router 2.1. Without it routes of several pools are not carried out."),
    ] = None
    permit2: Annotated[Address, Field(description="Permit2, through which the Universal Router is paid.")] = (
        "0x000000000022d473030f116ddee9f6b43ac78ba3"
    )
    position_manager: Annotated[
        Address | None,
        Field(description="NonfungiblePositionManager of V3. Without it no liquidity is put into ranges."),
    ] = None
    gas_approve: Annotated[Gas, Field(description="Gas limit of an approval.")] = 100_000
    gas_v2: Annotated[
        Gas, Field(description="Gas limit of a V2 swap. Tokens that trade their tax themselves take most of it.")
    ] = 500_000
    gas_v3: Annotated[Gas, Field(description="Gas limit of a V3 swap; each tick that it crosses adds to it.")] = 500_000
    gas_route: Annotated[Gas, Field(description="Gas limit of a route, before its legs.")] = 200_000
    gas_leg: Annotated[Gas, Field(description="What each leg adds to it.")] = 350_000
    gas_provide: Annotated[Gas, Field(description="Gas limit of putting liquidity into a range.")] = 800_000
    gas_remove: Annotated[Gas, Field(description="Gas limit of taking it out again.")] = 600_000


class Uniswap(OnChainVenue):
    """Uniswap V2 pairs through Router02 and V3 pools through SwapRouter02, routes over V2, V3 and V4 through the
    Universal Router, and liquidity in ranges of V3 through the position manager, on one chain.

    The routers find a pool by its coins (V3: and its fee), not by its address: it is one of the router's own factory.
    """

    splits_between: ClassVar[bool] = False

    config: UniswapConfig

    def serves(self, chain_id: int, amm: str) -> bool:
        return chain_id == self.config.chain_id and self._router(amm) is not None

    def spender(self, chain_id: int, amm: str) -> str:
        """Raises `UnsupportedSwap`."""
        router = self._router(amm)
        if chain_id != self.config.chain_id or router is None:
            raise UnsupportedSwap(
                f"{amm} pools on chain {chain_id} are not traded here: this section is for chain "
                f"{self.config.chain_id}; set its v2_router or v3_router, or add a section for the other chain"
            )
        return router

    def plan(self, swap: Swap) -> tuple[Step, ...]:
        """Raises `UnsupportedSwap`."""
        router = self.spender(swap.chain_id, swap.amm)
        path = self._coin(swap.token_in), self._coin(swap.token_out)
        if path[0] == path[1]:
            raise UnsupportedSwap(f"{swap.token_in} for {swap.token_out} is no trade: no pool stands between them")
        if swap.amount_in <= 0:  # to SwapRouter02 zero means all that it holds
            raise UnsupportedSwap(f"an amount of {swap.amount_in} cannot be swapped; it must be above 0")
        if swap.amm == self.config.v2_amm:
            data, gas = v2.calldata(swap, path), self.config.gas_v2
        else:
            data, gas = v3.calldata(swap, path), self.config.gas_v3
        trade = Step(
            purpose="entry" if swap.opens else "exit",
            to=router,
            data=data,
            value=swap.amount_in if swap.token_in == NATIVE else 0,
            gas=gas,
        )
        return (*self.approve(swap.chain_id, swap.amm, swap.token_in, swap.amount_in, swap.allowance), trade)

    def approve(self, chain_id: int, amm: str, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        """Raises `UnsupportedSwap`."""
        return approval(token, self.spender(chain_id, amm), amount, allowance, self.config.gas_approve)

    def serves_route(self, chain_id: int, legs: tuple[RouteLeg, ...]) -> bool:
        """Not every split can be carried out: see `universal`."""
        if chain_id != self.config.chain_id or self.config.universal_router is None or not legs:
            return False
        if not all(leg.amm in (V3, V4) or (leg.amm == V2 and leg.pool_data == universal.V2_FEE_BPS) for leg in legs):
            return False
        try:
            universal.sold(legs, legs[0].coin_in, 0)
        except UnsupportedRoute:
            return False
        return True

    def route_spender(self, chain_id: int) -> str:
        """Permit2. Raises `UnsupportedRoute`."""
        if chain_id != self.config.chain_id or self.config.universal_router is None:
            raise UnsupportedRoute(
                f"routes on chain {chain_id} are not carried out here: this section is for chain "
                f"{self.config.chain_id}; set its universal_router, or add a section for the other chain"
            )
        return self.config.permit2

    def plan_route(self, route: RouteSwap) -> tuple[Step, ...]:
        """Permit2 is allowed to take the token, then the router to be paid by it, until the deadline; then the route.

        Raises `UnsupportedRoute`.
        """
        config = self.config
        spender = self.route_spender(route.chain_id)
        if not self.serves_route(route.chain_id, route.legs):
            used = ", ".join(dict.fromkeys(leg.amm for leg in route.legs))
            raise UnsupportedRoute(
                f"the Universal Router cannot carry out {len(route.legs)} legs over {used or 'nothing'}: it trades V3, "
                f"V4 and pairs of its own factory ({universal.V2_FEE_BPS} bps), and splits only the coin that is paid"
            )
        router = str(config.universal_router)
        data = universal.calldata(route, config.wrapped)
        steps = list(approval(route.token_in, spender, route.amount_in, route.allowance, config.gas_approve))
        if route.token_in != NATIVE:
            until = min(route.deadline, _LAST_SECOND)
            allow = _PERMIT2_APPROVE.encode(route.token_in, router, route.amount_in, until)
            steps.append(Step(purpose="approve", to=spender, data=allow, value=0, gas=config.gas_approve))
        trade = Step(
            purpose="entry" if route.opens else "exit",
            to=router,
            data=data,
            value=route.amount_in if route.token_in == NATIVE else 0,
            gas=config.gas_route + config.gas_leg * len(route.legs),
        )
        return (*steps, trade)

    def approve_route(self, chain_id: int, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        """Of Permit2; it is told whom to pay right before the route. Raises `UnsupportedRoute`."""
        return approval(token, self.route_spender(chain_id), amount, allowance, self.config.gas_approve)

    def serves_liquidity(self, chain_id: int, amm: str) -> bool:
        return chain_id == self.config.chain_id and amm == V3 and self.config.position_manager is not None

    def liquidity_spender(self, chain_id: int) -> str:
        """The position manager. Raises `UnsupportedLiquidity`."""
        if chain_id != self.config.chain_id or self.config.position_manager is None:
            raise UnsupportedLiquidity(
                f"no liquidity is put into ranges on chain {chain_id} here: this section is for chain "
                f"{self.config.chain_id}; set its position_manager, or add a section for the other chain"
            )
        return self.config.position_manager

    def provide(self, provision: Provision) -> tuple[Step, ...]:
        """Raises `UnsupportedLiquidity`."""
        config, manager = self.config, self.liquidity_spender(provision.chain_id)
        steps: list[Step] = []
        value = 0
        for coin, amount, allowance in zip(provision.coins, provision.amounts, provision.allowances, strict=True):
            if provision.native and coin == config.wrapped:
                value = amount
            elif amount:
                steps += approval(coin, manager, amount, allowance, config.gas_approve)
        data = liquidity.mint(provision)
        return (*steps, Step(purpose="entry", to=manager, data=data, value=value, gas=config.gas_provide))

    def remove(self, removal: Removal) -> tuple[Step, ...]:
        """Raises `UnsupportedLiquidity`."""
        manager = self.liquidity_spender(removal.chain_id)
        data = liquidity.take_out(removal, self.config.wrapped)
        return (Step(purpose="exit", to=manager, data=data, value=0, gas=self.config.gas_remove),)

    def liquidity_moved(self, logs: tuple[Log, ...]) -> LiquidityMoved | None:
        manager = self.config.position_manager
        return None if manager is None else liquidity.moved(logs, manager)

    def _router(self, amm: str) -> str | None:
        return {self.config.v2_amm: self.config.v2_router, V3: self.config.v3_router}.get(amm)

    def _coin(self, token: str) -> str:
        return self.config.wrapped if token == NATIVE else token
