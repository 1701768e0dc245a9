"""The trap zoo: tokens of our own, traps and honest look-alikes, on the dev chain.

Each is described by the index (``index.toml``; a table of all is docs/zoo.md) and can be deployed with its pools:

```python
with DevChain() as chain:
    for specimen in zoo.all():
        token = zoo.deploy(chain, specimen)
        assert refused(token) == specimen.trap
```

A seeded scenario of launches is played by a director, as in the demo:

```python
with DevChain(automine=False) as chain:
    director = Director(chain, Scenario(seed=7))
    await director.prepare()
    await director.play(block_time=0.5)
```
"""

from sniper_sdk.zoo.compiler import contract
from sniper_sdk.zoo.director import Act, Director, NotPrepared, PlayedBlock
from sniper_sdk.zoo.performance import NotAsTold, perform
from sniper_sdk.zoo.pools import Call, Pool, V2Pool, V3Pool, approve
from sniper_sdk.zoo.scenario import Kind, Launch, Outcome, Scenario, Step, Venue
from sniper_sdk.zoo.specimen import (
    Binds,
    Deed,
    Fooled,
    Label,
    Specimen,
    TrapKind,
    UnknownSpecimen,
    all,
    honest,
    look_alikes,
    specimen,
    trap,
    traps,
)
from sniper_sdk.zoo.story import UnknownLine
from sniper_sdk.zoo.token import ZooToken, deploy

__all__ = [
    "Act",
    "Binds",
    "Call",
    "Deed",
    "Director",
    "Fooled",
    "Kind",
    "Label",
    "Launch",
    "NotAsTold",
    "NotPrepared",
    "Outcome",
    "PlayedBlock",
    "Pool",
    "Scenario",
    "Specimen",
    "Step",
    "TrapKind",
    "UnknownLine",
    "UnknownSpecimen",
    "V2Pool",
    "V3Pool",
    "Venue",
    "ZooToken",
    "all",
    "approve",
    "contract",
    "deploy",
    "honest",
    "look_alikes",
    "perform",
    "specimen",
    "trap",
    "traps",
]
