"""Protocols beyond those that every dev chain has, from their real bytecode: each is deployed when it is asked for.

```python
with DevChain() as chain:
    v4 = UniswapV4.deployed(chain)
    key = v4.create(chain, coin, other, fee=500, tick_spacing=10, liquidity=10**20)
    v4.quote(chain, key, coin, 10**18)
```

Each class says where its contracts stand, makes pools with liquidity from the chain's first account (which must hold
and gets approved what goes in), and asks the protocol's own contracts for quotes.
"""

from sniper_sdk.protocols.balancer import Balancer
from sniper_sdk.protocols.curve import Curve
from sniper_sdk.protocols.uniswap_v4 import PoolKey, UniswapV4
from sniper_sdk.protocols.universal_router import PERMIT2, UniversalRouter

__all__ = ["PERMIT2", "Balancer", "Curve", "PoolKey", "UniswapV4", "UniversalRouter"]
