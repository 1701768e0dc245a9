"""``[amm.stableswap]``"""

from typing import Annotated

from pydantic import Field, StringConstraints

from sniper.amm import Config

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$", to_lower=True)]


class StableswapConfig(Config):
    factories: Annotated[
        tuple[Address, ...],
        Field(
            description="Factories of NG pools: they alone know which of a pool's coins rebase or have a moving rate."
        ),
    ] = ()
    shares: Annotated[
        dict[Address, Address],
        Field(description="Share tokens of old pools that do not name theirs, by pool, such as 3pool's."),
    ] = {}
    rate_seconds: Annotated[
        int,
        Field(
            gt=0,
            description="How long a rate that moves without a log (of a rate oracle or an ERC-4626 coin) is believed"
            " after it was read. After half of that it is read anew.",
        ),
    ] = 60
