"""Every specimen of the trap zoo, judged by the checks that look at a token.

    .venv/bin/python tests/evaluation/zoo.py [--profile balanced] [--json] [NAME ...]

A trap is caught where the verdict is a denial, and rightly so where one of the rules that deny is among the reasons of
its index entry. A look-alike is a false alarm where it is denied for good.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, Final, NamedTuple

from sniper.catalogue import Catalogue
from sniper.runtime.assess import Asked, Assessment, Assessor
from sniper.settings.load import parse
from sniper.settings.resolver import resolve
from sniper_sdk import zoo
from sniper_sdk.devchain import DevChain
from sniper_sdk.zoo import Specimen, ZooToken
from sniper_sdk.zoo.story import Act

CHECKS: Final = ("honeypot", "liquidity", "lp-quality", "owner-powers")
OWNER: Final = "0x" + "a1" * 20


class Case(NamedTuple):
    """``rules``: those that denied, as ``check/rule``; ``seen``: those of them that were carried out in a simulation;
    ``took``: seconds, from nothing known to the verdict."""

    name: str
    trap: bool
    rules: tuple[str, ...]
    right: bool
    took: float
    seen: tuple[str, ...] = ()

    @property
    def denied(self) -> bool:
        return bool(self.rules)


def config(
    chain: DevChain, profile: str, checks: Iterable[str], sections: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """A config file with V2 and V3 pools of a dev chain. Any: TOML."""
    addresses = chain.addresses
    keys: dict[str, dict[str, Any]] = {"liquidity": {"min_quote_reserve": "1 ether"}, **sections}
    return {
        "mode": "paper",
        "risk_profile": profile,
        "chain": {
            "dev": {
                "id": chain.chain_id,
                "endpoints": [chain.rpc_url],
                "wrapped_native": addresses.weth,
                "local": True,
                "rate": 1_000_000,
            }
        },
        "runtime": {"deadlines": {"probe": 30.0}},
        "account": {"main": {"address": OWNER, "strategies": []}},
        "amm": {
            "constant-product": {"factories": [addresses.v2_factory]},
            "uniswap-v3": {"factories": [addresses.v3_factory]},
        },
        "venue": {
            "uniswap": {
                "chain_id": chain.chain_id,
                "wrapped": addresses.weth,
                "v2_router": addresses.v2_router,
                "v3_router": addresses.v3_router,
            }
        },
        "risk": {name: keys.get(name, {}) for name in checks},
        "feed": {"evm-logs": {}},
    }


@asynccontextmanager
async def assessing(
    chain: DevChain, profile: str = "balanced", checks: Iterable[str] = CHECKS, **sections: dict[str, Any]
) -> AsyncIterator[Assessor]:
    """The checks, on a dev chain. ``sections``: what else is asked of one, by its name. Any: TOML."""
    settings = parse(config(chain, profile, checks, sections), Path("evaluation.toml"))
    async with Assessor(resolve(settings, Catalogue.discover())) as assessor:
        yield assessor


def open_pool(chain: DevChain, specimen: Specimen) -> ZooToken:
    """Deploy it, and let pass what passes in its story before anybody buys."""
    token = zoo.deploy(chain, specimen)
    for line in specimen.lines:
        if line.act not in (Act.WAIT_BLOCKS, Act.WAIT_SECONDS):
            break
        if line.act is Act.WAIT_SECONDS:
            chain.rpc.call("evm_setNextBlockTimestamp", chain.timestamp() + line.amount)
        chain.mine(line.amount if line.act is Act.WAIT_BLOCKS else 1)
    return token


def rules_of(found: Assessment, *, confirmed: bool = False) -> tuple[str, ...]:
    """Those that deny for good; only those that were confirmed, where that is asked for."""
    return tuple(
        f"{judged.check}/{finding.rule}"
        for judged in found.judged
        for finding in judged.findings
        if not finding.ok
        and finding.severity == "deny"
        and finding.retry_after_s is None
        and (finding.sure == "confirmed" or not confirmed)
    )


async def judge(chain: DevChain, assessor: Assessor, specimen: Specimen) -> Case:
    """Deploy one specimen and have it judged."""
    token = open_pool(chain, specimen)
    begin = perf_counter()
    found = await assessor.assess(Asked(token.address, since=max(0, chain.block_number() - 500)))
    took = perf_counter() - begin
    if found.entry is None:
        raise AssertionError(
            f"{specimen.name} was not judged: {found.unread or 'it has no pool that can be bought from'}"
        )
    rules = rules_of(found)
    right = bool(set(rules) & set(specimen.reasons)) if specimen.trap else not rules
    return Case(specimen.name, specimen.trap, rules, right, took, rules_of(found, confirmed=True))


async def judged(specimens: Iterable[Specimen], profile: str) -> list[Case]:
    """All of them, each hard fork's on a chain of its own."""
    found = []
    by_fork: dict[str, list[Specimen]] = {}
    for specimen in specimens:
        by_fork.setdefault(specimen.hardfork or "cancun", []).append(specimen)
    for hardfork, some in by_fork.items():
        with DevChain(hardfork=hardfork) as chain:
            async with assessing(chain, profile) as assessor:
                for specimen in some:
                    found.append(await judge(chain, assessor, specimen))  # noqa: PERF401
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Judges the trap zoo.")
    parser.add_argument("names", nargs="*", help="specimens; all where none is named")
    parser.add_argument("--profile", default="balanced", choices=("cautious", "balanced", "degen"))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    chosen = [zoo.specimen(name) for name in asked.names] or list(zoo.all())
    cases = asyncio.run(judged(chosen, asked.profile))
    if asked.json:
        print(json.dumps([case._asdict() for case in cases]))
        return 0
    traps, honest = [case for case in cases if case.trap], [case for case in cases if not case.trap]
    for case in cases:
        if not case.right:
            print(f"{'trap' if case.trap else 'honest'} {case.name}: {', '.join(case.rules) or 'passes'}")
    caught, right = sum(case.denied for case in traps), sum(case.right for case in traps)
    print(f"{asked.profile}: {caught} of {len(traps)} traps caught, {right} for the right reason; "
          f"{sum(case.denied for case in honest)} false alarms among {len(honest)} look-alikes")  # fmt: skip
    reasons = {each.name: {reason for reason in each.reasons if reason.startswith("owner-powers/")} for each in chosen}
    found = [case for case in traps if reasons[case.name] & set(case.rules)]
    seen = sum(bool(reasons[case.name] & set(case.seen)) for case in found)
    print(f"owner-powers: {len(found)} traps denied by a power that is a right reason, {seen} of them confirmed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
