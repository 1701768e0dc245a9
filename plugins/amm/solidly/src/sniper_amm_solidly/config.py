"""``[amm.solidly]``"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from sniper.amm import Config

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$", to_lower=True)]


class SolidlyConfig(Config):
    """What the factories of one generation have in common."""

    factories: Annotated[
        tuple[Address, ...], Field(description="Factories whose pairs are watched, all of one generation.")
    ] = ()
    generation: Annotated[
        Literal["velodrome-v2", "solidly"],
        Field(
            description="How the stable curve is solved: `velodrome-v2` (Aerodrome too), or `solidly` as the first of"
            " its kind did (Velodrome V1, Thena, Equalizer)."
        ),
    ] = "velodrome-v2"
    fee_from: Annotated[
        Literal["pool", "curve", "config"],
        Field(
            description="Who says the fee: the factory for each pool (`getFee(address,bool)`), the factory for each"
            " curve (`getFee(bool)`), or `fee_bps` here."
        ),
    ] = "pool"
    fee_bps: Annotated[
        int,
        Field(ge=0, lt=10_000, description='With `fee_from = "config"`: basis points of the amount in; Solidly\'s 1.'),
    ] = 1
