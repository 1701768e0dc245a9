"""A record for commands to read: a real kernel decides, the answers are scripted, the journal is a real one."""

import json
from pathlib import Path

from world import ACCOUNT, CHAIN, FACTORY, World, address

from sniper.events import TokenDescribed
from sniper.journal.writer import Writer
from sniper.runtime.records import fact_record, input_record


def describe(world: World, symbol: str, token: int = 1) -> None:
    """Let a token say its name."""
    world.tell(
        TokenDescribed(
            time=world.tick(), chain_id=CHAIN, token=address(token), symbol=symbol, decimals=18, deployer=address(0xDE)
        )
    )


def write(world: World, data_dir: Path) -> None:
    """Journal all that happened in a world, as a run would have."""
    manifest = {"config": {"mode": "live", "amm": {"pairs": {"factories": [FACTORY]}}}}
    with Writer(data_dir / "journal", segment_size=2**16) as writer:
        writer.begin_epoch(json.dumps(manifest).encode())
        for event, facts in zip(world.inputs, world.facts, strict=True):
            writer.append([input_record(event), *(fact_record(ACCOUNT, fact) for fact in facts)])
