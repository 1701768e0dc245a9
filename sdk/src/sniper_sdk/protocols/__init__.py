"""Protocols beyond those that every dev chain has, from their real bytecode: each is deployed when it is asked for.

```python
with DevChain() as chain:
    v4 = UniswapV4.deployed(chain)
    key = v4.create(chain, coin, other, fee=500, tick_spacing=10, liquidity=10**20)
    v4.quote(chain, key, coin, 10**18)
```

`Protocols` deploys all of them at once, which takes less than a tenth of a second.

`set_prices` puts a rollup's own contracts at their places.

Each class says where its contracts stand, makes pools with liquidity from the chain's first account (which must hold
and gets approved what goes in), and asks the protocol's own contracts for quotes.
"""

from dataclasses import dataclass
from typing import Self

from sniper_sdk.devchain import DevChain
from sniper_sdk.protocols.balancer import Balancer
from sniper_sdk.protocols.curve import Curve
from sniper_sdk.protocols.rollup import set_prices
from sniper_sdk.protocols.uniswap_v4 import PoolKey, UniswapV4
from sniper_sdk.protocols.universal_router import PERMIT2, UniversalRouter

__all__ = ["PERMIT2", "Balancer", "Curve", "PoolKey", "Protocols", "UniswapV4", "UniversalRouter", "set_prices"]


@dataclass(frozen=True)
class Protocols:
    """All of them on one chain, beside Uniswap V2 and V3 (`DevChain.addresses`)."""

    v4: UniswapV4
    universal_router: UniversalRouter
    curve: Curve
    balancer: Balancer

    @classmethod
    def deployed(cls, chain: DevChain) -> Self:
        """Deploy them."""
        v4 = UniswapV4.deployed(chain)
        return cls(v4, UniversalRouter.deployed(chain, v4), Curve.deployed(chain), Balancer.deployed(chain))
