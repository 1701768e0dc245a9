"""``[amm.balancer-stable]``"""

from typing import Annotated

from pydantic import Field, StringConstraints

from sniper.amm import Config

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$", to_lower=True)]


class BalancerStableConfig(Config):
    factories: Annotated[tuple[Address, ...], Field(description="Vaults whose pools are watched.")] = ()
    pool_factories: Annotated[
        tuple[Address, ...],
        Field(
            description="Factories of composable stable pools. Anyone can register a pool of any behaviour at a Vault: "
            "one that none of these made is refused."
        ),
    ] = ()
    rate_seconds: Annotated[
        int,
        Field(
            gt=0,
            description="How long something that moves without a log is believed after it was seen: the rate that a"
            " provider will say when the pool's cache of it ends, and an amplification whose ramp began before the pool"
            " was read. After half of that it is read anew.",
        ),
    ] = 60
