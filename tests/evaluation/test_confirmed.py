"""The powers that owner-powers finds in the zoo's traps are carried out, and none that nobody has."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for `zoo`, which the importlib mode does not find

from zoo import assessing, open_pool

from sniper.risk import Finding
from sniper.runtime.assess import Asked
from sniper_sdk import zoo as specimens
from sniper_sdk.devchain import DevChain

SHOWN = (
    ("mint", "mint", "the total supply goes from"),
    ("silent-mint", "mint", "and the total supply does not"),
    ("burn-others", "burn", "the balance of a holder goes from"),
    ("rebase-to-zero", "burn", "the balance of a holder goes from"),
    ("move-others", "leak", "the balance of a holder goes from"),
    ("permit-forge", "leak", "who allowed nothing"),
    ("freeze", "freeze", "a holder's transfer reverts"),
    ("blacklist-later", "freeze", "a holder's transfer reverts"),
    ("router-blacklist", "freeze", "a spender's transfer reverts"),
    ("pause", "pause", "a holder's transfer reverts"),
    ("trading-switch", "pause", "reverts"),
    ("max-transaction-lowered", "limit", "reverts"),
    ("cooldown-raised", "limit", "reverts"),
    ("sell-tax-raised", "tax", "a holder's sale loses"),
    ("fee-to-hundred", "tax", "loses"),
    ("proxy-uups", "upgrade", "which was put in"),
    ("proxy-transparent", "upgrade", "which was put in"),
    ("proxy-beacon", "upgrade", "which was put in"),
    ("proxy-diamond", "upgrade", "which was put in"),
    ("liquidity-rescue", "take-liquidity", "the pool's"),
    ("ownership-backdoor", "kept-role", "owner() names"),
    ("delegatecall-out", "delegatecall", "wrote into the token's storage"),
    ("arbitrary-delegatecall", "delegatecall", "wrote into the token's storage"),
)
"""Trap, power, and what is seen of it."""
RENOUNCED = ("plain", "tax-renounced", "blacklist-renounced", "capped-mint-renounced", "roles-renounced", "fixed-proxy")
HARMLESS = ("balance-lie", "slow-start", "one-way-switch", "max-transaction-with-floor")
"""The pool of ``balance-lie`` moves what is its own."""


@pytest.fixture(scope="module")
def judged() -> dict[str, dict[str, Finding]]:
    """The findings of owner-powers, by specimen and rule. The time that it may take is not what is tested here."""

    async def all_of_them() -> dict[str, dict[str, Finding]]:
        found = {}
        sections: dict[str, Any] = {"owner-powers": {"confirm_ms": 20_000}}
        with DevChain(hardfork="cancun") as chain:
            async with assessing(chain, checks=("owner-powers",), **sections) as assessor:
                for name in (*(name for name, _, _ in SHOWN), *RENOUNCED, *HARMLESS):
                    token = open_pool(chain, specimens.specimen(name))
                    since = max(0, chain.block_number() - 500)
                    (check,) = (await assessor.assess(Asked(token.address, since=since))).judged
                    found[name] = {finding.rule: finding for finding in check.findings}
        return found

    return asyncio.run(all_of_them())


@pytest.mark.parametrize(("name", "rule", "effect"), SHOWN)
def test_a_trap_s_power_is_carried_out(
    judged: dict[str, dict[str, Finding]], name: str, rule: str, effect: str
) -> None:
    finding = judged[name][rule]
    assert (finding.ok, finding.sure) == (False, "confirmed")
    assert effect in finding.evidence[0]
    assert "confirmed: 0x" in finding.evidence[0]


@pytest.mark.parametrize("name", [*RENOUNCED, *HARMLESS])
def test_what_nobody_can_do_or_hurts_nobody_is_not_confirmed(judged: dict[str, dict[str, Finding]], name: str) -> None:
    assert [rule for rule, finding in judged[name].items() if finding.sure == "confirmed"] == []
