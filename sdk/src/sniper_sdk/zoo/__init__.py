"""The trap zoo: tokens of our own that launch on the dev chain, and a seeded scenario of launches played on it.

```python
with DevChain(automine=False) as chain:
    director = Director(chain, Scenario(seed=7))
    await director.prepare()
    await director.play(block_time=0.5)
```
"""

from sniper_sdk.zoo.compiler import contract
from sniper_sdk.zoo.director import Act, Director, NotPrepared, PlayedBlock
from sniper_sdk.zoo.pools import Call, Pool, V2Pool, V3Pool, approve
from sniper_sdk.zoo.scenario import Kind, Launch, Outcome, Scenario, Step, Venue

__all__ = [
    "Act",
    "Call",
    "Director",
    "Kind",
    "Launch",
    "NotPrepared",
    "Outcome",
    "PlayedBlock",
    "Pool",
    "Scenario",
    "Step",
    "V2Pool",
    "V3Pool",
    "Venue",
    "approve",
    "contract",
]
