"""The venue: routes of any shape through the contract, and single pools that no router of their own trades."""

from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from sniper.venue import (
    NATIVE,
    WHOLE,
    Config,
    OnChainVenue,
    RouteLeg,
    RouteSwap,
    Step,
    Swap,
    UnsupportedRoute,
    approval,
)
from sniper_venue_aggregator.route import KINDS, calldata

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$", to_lower=True)]
Gas = Annotated[int, Field(ge=21_000, le=30_000_000)]
Amms = tuple[str, ...]


class AggregatorConfig(Config):
    """``[venue.aggregator]``: one chain. Another chain takes another section, with ``plugin = "aggregator"``."""

    chain_id: Annotated[int, Field(ge=1, description="The chain that the contract is on.", examples=[31_337])]
    contract: Annotated[
        Address,
        Field(
            description="The Aggregator that you deployed; the README says how.",
            examples=["0x5fbdb2315678afecb367f032d93f642f64180aa3"],
        ),
    ]
    wrapped: Annotated[
        Address,
        Field(
            description="The wrapped native coin that it was deployed with.",
            examples=["0x5fbdb2315678afecb367f032d93f642f64180aa3"],
        ),
    ]
    amms: Annotated[
        Amms,
        Field(
            description="AMMs that routes may use. Leave out uniswap-v4, or balancer-weighted and balancer-stable, "
            "where the contract was deployed without the manager or the vault."
        ),
    ] = tuple(KINDS)
    singles: Annotated[
        Amms,
        Field(description="AMMs whose pools are traded alone here, too; the others are left to routers of their own."),
    ] = tuple(name for name in KINDS if name not in ("constant-product", "uniswap-v3"))
    gas_approve: Annotated[Gas, Field(description="Gas limit of an approval.")] = 100_000
    gas_route: Annotated[Gas, Field(description="Gas limit of a route, before its legs.")] = 200_000
    gas_leg: Annotated[Gas, Field(description="What each leg adds to it.")] = 350_000

    @field_validator("amms", "singles")
    @classmethod
    def _known(cls, names: Amms) -> Amms:
        for name in names:
            if name not in KINDS:
                raise ValueError(f"the contract cannot trade {name!r}; it can {', '.join(KINDS)}")
        return names


class Aggregator(OnChainVenue):
    """Legs over all AMMs of `KINDS`, on one chain, in one transaction. The contract pays whoever sends, nobody else."""

    config: AggregatorConfig

    def serves(self, chain_id: int, amm: str) -> bool:
        return chain_id == self.config.chain_id and amm in self.config.singles

    def spender(self, chain_id: int, amm: str) -> str:
        """Raises `UnsupportedRoute`."""
        if not self.serves(chain_id, amm):
            raise UnsupportedRoute(f"{amm} pools on chain {chain_id} are not traded alone here; {self._scope}")
        return self.config.contract

    def plan(self, swap: Swap) -> tuple[Step, ...]:
        """A route of one leg. Raises `UnsupportedRoute`."""
        self.spender(swap.chain_id, swap.amm)
        leg = RouteLeg(
            pool=swap.pool,
            amm=swap.amm,
            pool_data=swap.pool_data,
            coin_in=swap.token_in,
            coin_out=swap.token_out,
            share=WHOLE,
        )
        return self._plan(
            RouteSwap(
                chain_id=swap.chain_id,
                owner=swap.owner,
                token_in=swap.token_in,
                token_out=swap.token_out,
                amount_in=swap.amount_in,
                min_out=swap.min_out,
                deadline=swap.deadline,
                allowance=swap.allowance,
                opens=swap.opens,
                legs=(leg,),
            )
        )

    def approve(self, chain_id: int, amm: str, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        """Raises `UnsupportedRoute`."""
        return approval(token, self.spender(chain_id, amm), amount, allowance, self.config.gas_approve)

    def serves_route(self, chain_id: int, legs: tuple[RouteLeg, ...]) -> bool:
        return chain_id == self.config.chain_id and bool(legs) and all(leg.amm in self.config.amms for leg in legs)

    def route_spender(self, chain_id: int) -> str:
        """Raises `UnsupportedRoute`."""
        if chain_id != self.config.chain_id:
            raise UnsupportedRoute(f"routes on chain {chain_id} are not carried out here; {self._scope}")
        return self.config.contract

    def plan_route(self, route: RouteSwap) -> tuple[Step, ...]:
        """Raises `UnsupportedRoute`."""
        if not self.serves_route(route.chain_id, route.legs):
            used = ", ".join(dict.fromkeys(leg.amm for leg in route.legs))
            raise UnsupportedRoute(
                f"a route through {used or 'no pool'} on chain {route.chain_id} is not served; {self._scope}"
            )
        return self._plan(route)

    def approve_route(self, chain_id: int, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        """Raises `UnsupportedRoute`."""
        return approval(token, self.route_spender(chain_id), amount, allowance, self.config.gas_approve)

    def _plan(self, route: RouteSwap) -> tuple[Step, ...]:
        if route.amount_in <= 0 or not route.legs:
            raise UnsupportedRoute(
                f"{route.amount_in} through {len(route.legs)} legs is no trade; both must be above 0"
            )
        for leg in route.legs:
            if not 0 < leg.share <= WHOLE:
                raise UnsupportedRoute(f"a share of {leg.share} for {leg.pool} is none; give 1 to {WHOLE}")
        config = self.config
        trade = Step(
            purpose="entry" if route.opens else "exit",
            to=config.contract,
            data=calldata(route, config.wrapped),
            value=route.amount_in if route.token_in == NATIVE else 0,
            gas=config.gas_route + config.gas_leg * len(route.legs),
        )
        approvals = approval(route.token_in, config.contract, route.amount_in, route.allowance, config.gas_approve)
        return (*approvals, trade)

    @property
    def _scope(self) -> str:
        return f"this section is for chain {self.config.chain_id} and routes through {', '.join(self.config.amms)}"
