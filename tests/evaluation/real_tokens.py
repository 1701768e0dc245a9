"""Real, benign tokens on a dev chain with a pool: how often a check says that they cannot be sold, which is wrong.

    .venv/bin/python tests/evaluation/real_tokens.py [--profile balanced] [--json]

The cases are in ``$SNIPER_DATA/token-risk/real_tokens.jsonl.zst`` (default: ``../shared/data`` beside the repository);
where they are absent this says so and measures nothing. Each is deployed by its own creation code. A case counts where
it gets a Uniswap V2 pool: NFTs do not, nor tokens whose transfers are not open yet.
"""

import argparse
import asyncio
import json
import subprocess
import sys
from collections import Counter
from typing import Any, Final, NamedTuple

from owner_powers import DATA, wilson
from zoo import assessing, rules_of

from sniper.errors import SniperError
from sniper.runtime.assess import Asked, Assessor
from sniper_sdk.devchain import Account, DevChain
from sniper_sdk.zoo import V2Pool

CASES: Final = DATA / "token-risk" / "real_tokens.jsonl.zst"
WEI: Final = 10 * 10**18
CANNOT_SELL: Final = {
    "honeypot/can-sell",
    "honeypot/keeps-selling",
    "honeypot/sells-in-parts",
    "honeypot/sells-again",
    "honeypot/sells-in-a-crowd",
    "honeypot/sells-for-the-rich",
    "honeypot/sells-after-a-transfer",
    "honeypot/can-buy",
}


class Case(NamedTuple):
    """``left_out``: why it has no pool; ``rules``: those that denied."""

    name: str
    left_out: str
    rules: tuple[str, ...] = ()


def cases() -> list[dict[str, Any]]:
    """Raises `FileNotFoundError` where the data is not there. Any: JSON."""
    if not CASES.is_file():
        raise FileNotFoundError(f"{CASES} is not there; set SNIPER_DATA to the folder of the evaluation data")
    text = subprocess.run(["zstd", "-dc", str(CASES)], check=True, capture_output=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def with_pool(chain: DevChain, case: dict[str, Any], owner: Account) -> str:
    """Deploy it and open a pool; the token's address. Raises `SniperError` where that is impossible."""
    code = bytes.fromhex((case["creation_bytecode"] + (case["constructor_argument"] or "")).removeprefix("0x"))
    token = chain.deploy(code, sender=owner)
    supply = chain.token_balance(token, owner.address)
    if not supply:
        supply = 10**24
        chain.rpc.call("anvil_dealERC20", owner.address, token, hex(supply))
    pool = V2Pool(token, chain.addresses)
    tokens = min(supply // 2, 10**30)
    create = pool.create(tokens, WEI)
    chain.send(owner, create.to, create.data, create.value, gas=create.gas)
    for call in pool.add(owner.address, tokens, WEI):
        chain.send(owner, call.to, call.data, call.value, gas=call.gas)
    return token


async def judge(chain: DevChain, assessor: Assessor, case: dict[str, Any], owner: Account) -> Case:
    name = f"{case['name']} {case['address'][:10]}"
    if case["data_type"] != "ERC20":
        return Case(name, case["data_type"])
    try:
        token = with_pool(chain, case, owner)
    except (SniperError, ValueError) as error:
        return Case(name, f"no pool: {error}"[:100])
    found = await assessor.assess(Asked(token, amount="0.05", since=max(0, chain.block_number() - 50)))
    return Case(name, "", rules_of(found) if found.entry else ("none/no-route",))


async def judged(profile: str) -> list[Case]:
    """All of them, on one chain."""
    wanted = cases()
    found = []
    with DevChain(hardfork="cancun") as chain:
        async with assessing(chain, profile, ("honeypot", "owner-powers")) as assessor:
            for number, case in enumerate(wanted):
                owner = Account.named(f"owner of real token {number}")
                chain.fund(owner.address, 100 * 10**18)
                found.append(await judge(chain, assessor, case, owner))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Judges real, benign tokens.")
    parser.add_argument("--profile", default="balanced", choices=("cautious", "balanced", "degen"))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    try:
        found = asyncio.run(judged(asked.profile))
    except FileNotFoundError as absent:
        print(f"skipped: {absent}")
        return 0
    if asked.json:
        print(json.dumps([case._asdict() for case in found]))
        return 0
    pooled = [case for case in found if not case.left_out]
    wrong = [case for case in pooled if CANNOT_SELL & set(case.rules)]
    for case in found:
        print(f"{case.name}: {case.left_out or ', '.join(case.rules) or 'passes'}")
    low, high = wilson(len(wrong), len(pooled))
    print(
        f'{asked.profile}: {len(wrong)} of {len(pooled)} with a pool "cannot be sold" ({low:.1%} to {high:.1%}); '
        f"denied by rule: {dict(Counter(rule for case in pooled for rule in case.rules))}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
