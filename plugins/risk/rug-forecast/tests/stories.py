"""Generated launches as what a node and an archive would have of them: logs, and event files."""

import csv
from collections.abc import Sequence
from pathlib import Path

from sniper_risk_rug_forecast.actions import Action
from sniper_risk_rug_forecast.chainlogs import TOPICS, BlockTime, PairLog
from sniper_risk_rug_forecast.launches import launches

TOPIC = {kind: topic for topic, kind in TOPICS.items()}
FIELDS = {
    "mint": ["block_number", "sender", "amount0", "amount1", "timestamps"],
    "burn": ["timestamps", "block_number", "sender", "to", "amount0", "amount1"],
    "swap": ["block_number", "sender", "to", "amount0In", "amount1In", "amount0Out", "amount1Out", "timestamps"],
    "sync": ["block_number", "reseve0", "reserve1", "timestamps"],
}


def story(number: int = 3) -> Sequence[Action]:
    """Of one launch with trades in it."""
    return [case for case in launches(30, 7) if len(case.actions) > 20][number].actions


def word(amount: int) -> bytes:
    return amount.to_bytes(32, "big")


def topic_of(address: str) -> str:
    return "0x" + "0" * 24 + address[2:]


def logs_of(actions: Sequence[Action], *, token: int) -> list[PairLog]:
    """As the pair would have written them, with the traded coin as coin ``token``."""
    logs = []
    for action in actions:
        sides = (action.quote_reserve, action.token_reserve), (action.quote_in, action.token_in)
        reserves, given, taken = (
            pair if token == 1 else pair[::-1] for pair in (*sides, (action.quote_out, action.token_out))
        )
        logs.append(PairLog(block=action.block, topics=(TOPIC["sync"],), data=b"".join(map(word, reserves))))
        parties = (topic_of(action.sender), topic_of(action.to)) if action.kind != "sync" else ()
        if action.kind == "mint":
            logs.append(log(action, parties[:1], given))
        elif action.kind == "burn":
            logs.append(log(action, parties, taken))
        elif action.kind == "swap":
            logs.append(log(action, parties, (*given, *taken)))
    return logs


def log(action: Action, parties: Sequence[str], amounts: Sequence[int]) -> PairLog:
    return PairLog(
        block=action.block, topics=(TOPIC[action.kind], *parties), data=b"".join(word(each) for each in amounts)
    )


def times_of(actions: Sequence[Action]) -> tuple[BlockTime, ...]:
    return tuple(
        BlockTime(block=each.block, time=each.time) for each in {each.block: each for each in actions}.values()
    )


def write_files(folder: Path, pool: str, actions: Sequence[Action], *, token: int) -> None:
    """Files of the four kinds, with the names of addresses as an archive spells them."""
    found: dict[str, list[dict[str, object]]] = {kind: [] for kind in FIELDS}
    for action in actions:
        at = {"block_number": action.block, "timestamps": action.time}
        who = {"sender": action.sender.upper().replace("0X", "0x"), "to": action.to}
        q, t = (0, 1) if token == 1 else (1, 0)
        reserves = {q: action.quote_reserve, t: action.token_reserve}
        given, taken = {q: action.quote_in, t: action.token_in}, {q: action.quote_out, t: action.token_out}
        found["sync"].append({**at, "reseve0": reserves[0], "reserve1": reserves[1]})
        if action.kind == "swap":
            amounts = {"amount0In": given[0], "amount1In": given[1], "amount0Out": taken[0], "amount1Out": taken[1]}
            found["swap"].append({**at, **who, **amounts})
        elif action.kind != "sync":
            moved = given if action.kind == "mint" else taken
            found[action.kind].append({**at, **who, "amount0": moved[0], "amount1": moved[1]})
    for kind, rows in found.items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        with (folder / kind / f"{pool}.csv").open("w", newline="") as text:
            writer = csv.DictWriter(text, FIELDS[kind], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
