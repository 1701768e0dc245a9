"""A config whose plugins were revoked or changed still makes a kernel, which enters nothing and lets everything go."""

import tomllib
from dataclasses import replace
from pathlib import Path

from sniper.catalogue import Catalogue, Refusal
from sniper.kernel.kernel import Kernel
from sniper.runtime.manifest import manifest
from sniper.runtime.wire import wire
from sniper.settings.load import parse
from sniper.settings.resolver import resolve
from sniper.settings.stand_in import RefusedCheck, RefusedStrategy

COIN = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
FILE = f"""
mode = "paper"
[chain.local]
id = 31337
endpoints = ["ws://127.0.0.1:8545"]
wrapped_native = "{COIN}"
local = true
pools = {{ constant-product = ["0x5fbdb2315678afecb367f032d93f642f64180aa4"], solidly = ["{COIN}"] }}
[account.main]
address = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
[strategy.launch-snipe]
exits = ["stop-loss"]
min_liquidity = 1
[sizer.fixed]
amount = 1
[risk.limits]
max_spend_per_trade = 1
max_spend_per_day = 1
[amm.constant-product]
[amm.solidly]
[feed.evm-logs]
[venue.uniswap]
chain_id = 31337
wrapped = "{COIN}"
"""
GONE = {"strategy.launch-snipe", "risk.limits", "amm.constant-product"}


def test_a_kernel_is_made_of_stand_ins_and_what_is_left() -> None:
    found = Catalogue.discover()
    refused = tuple(Refusal(each, "x 1.0 was revoked: steals keys") for each in found.extensions if each.id in GONE)
    catalogue = replace(
        found, extensions=tuple(each for each in found.extensions if each.id not in GONE), refused=refused
    )
    resolved = resolve(parse(tomllib.loads(FILE), Path("my.toml")), catalogue)
    assert len(resolved.refused) == 3
    wiring = wire(resolved, signs=False)
    assert Kernel(wiring).accounts["main"].instances["launch-snipe"].strategy == RefusedStrategy(
        config=wiring.accounts[0].strategies[0].config
    )
    (strategy,) = wiring.accounts[0].strategies
    assert [each.name for each in strategy.exits] == ["stop-loss"]
    (check,) = wiring.accounts[0].checks
    assert isinstance(check.check, RefusedCheck)
    (chain,) = wiring.chains
    assert [each.name for each in chain.amms] == ["solidly"]
    assert [section for section, _ in chain.pools] == ["solidly"]
    whole = resolve(parse(tomllib.loads(FILE), Path("my.toml")), found)
    assert manifest(resolved, catalogue) != manifest(whole, found)  # another epoch
