"""The config file of the demo's bot: what a trader would write for this chain."""

import json
import os
from pathlib import Path

from eth_keyfile.keyfile import create_keyfile_json

from sniper_sdk.devchain import Account, DevChain
from sniper_sdk.protocols import PERMIT2

BOT = Account.named("sniper")
FUNDS = 10 * 10**18
AMM = "constant-product"
SCRYPT_WORK = 2**13
"""Far below what a real key file wants: this key is made for one demo on one chain."""

TEMPLATE = """\
# The bot of `sniper demo`. It trades on a development chain, in live mode: real signatures, real transactions.
mode = "live"
data_dir = "data"

[chain.dev]
id = {chain_id}
endpoints = ["{endpoint}"]
wrapped_native = "{weth}"
local = true
rate = 100000

[account.main]
address = "{owner}"
chain = "dev"

[account.main.execution]
slippage_bps = 1500
exit_slippage_bps = 1000
max_exit_slippage_bps = 5000
deadline_s = 600
routes = true

[runtime.deadlines]
route = 3

[strategy.launch-snipe]
sizer = "fixed"
exits = ["take-profit", "trailing-stop", "stop-loss", "max-age", "event-exit"]
venue = "uniswap"
min_liquidity = "1 ether"
max_per_block = 5
any_pool = true

[sizer.fixed]
amount = "0.05 ether"

[exit.take-profit]
rungs = [{{ gain_bps = 5000, share_bps = 5000 }}, {{ gain_bps = 12000, share_bps = 5000 }}]

[exit.trailing-stop]
trail_bps = 1500
activation_gain_bps = 1000

[exit.stop-loss]
loss_bps = 1800

[exit.max-age]
max_age_s = {max_age_s}

[exit.event-exit]

[risk.limits]
max_spend_per_trade = "0.1 ether"
max_spend_per_day = "5 ether"
max_positions = 20
max_daily_loss = "2 ether"

[risk.liquidity]
min_quote_reserve = "1 ether"
max_impact_bps = 300

[risk.honeypot]
retry_after_s = 1

[risk.owner-powers]

[amm.{amm}]
factories = ["{v2_factory}"]

[amm.uniswap-v3]
factories = ["{v3_factory}"]

[venue.uniswap]
chain_id = {chain_id}
wrapped = "{weth}"
v2_router = "{v2_router}"
v2_amm = "{amm}"
v3_router = "{v3_router}"
universal_router = "{universal_router}"

[router.dual]

[feed.evm-logs]
poll_s = 0.05

[fee.percentile]

[signer.keystore]
socket = "{socket}"
keystores = ["{keystore}"]
password_fd = 0
kill_switch = "{kill_switch}"

[signer.keystore.rules.accounts]
main = ["{owner}"]

[signer.keystore.rules.chains.{chain_id}]
max_fee = 100000000000000000
max_value = 100000000000000000
max_value_per_hour = 5000000000000000000
max_value_per_day = 5000000000000000000
spenders = ["{v2_router}", "{v3_router}", "{permit2}", "{universal_router}"]

[signer.keystore.rules.chains.{chain_id}.contracts."{v2_router}"]
"swapExactETHForTokensSupportingFeeOnTransferTokens(uint256,address[],address,uint256)" = {{ recipient = 2 }}
"swapExactTokensForETHSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)" = {{ recipient = 3 }}

[signer.keystore.rules.chains.{chain_id}.contracts."{v3_router}"]
"multicall(uint256,bytes[])" = {{}}

[signer.keystore.rules.chains.{chain_id}.contracts."{permit2}"]
"approve(address,address,uint160,uint48)" = {{}}

[signer.keystore.rules.chains.{chain_id}.contracts."{universal_router}"]
"execute(bytes,bytes[],uint256)" = {{ commands = true }}
"""


def write(
    directory: Path, chain: DevChain, universal_router: str, password: bytes, *, max_age_s: int, amm: str = AMM
) -> Path:
    """Write config and key file for the demo's account, which is given its funds. Returns the config's path.

    amm  What prices the pools of Uniswap V2.
    """
    directory.mkdir(parents=True, exist_ok=True)
    keystore = directory / "key.json"
    if not keystore.exists():
        content = create_keyfile_json(BOT.key, password, iterations=SCRYPT_WORK, kdf="scrypt")
        descriptor = os.open(keystore, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(content, file)
    addresses = chain.addresses
    path = directory / "sniper.toml"
    path.write_text(
        TEMPLATE.format(
            chain_id=chain.chain_id,
            endpoint=chain.ws_url,
            weth=addresses.weth.lower(),
            owner=BOT.address.lower(),
            v2_factory=addresses.v2_factory.lower(),
            v2_router=addresses.v2_router.lower(),
            v3_factory=addresses.v3_factory.lower(),
            v3_router=addresses.v3_router.lower(),
            universal_router=universal_router.lower(),
            permit2=PERMIT2,
            socket=(directory / "signer" / "socket").as_posix(),
            keystore=keystore.as_posix(),
            kill_switch=(directory / "data" / "kill-switch").as_posix(),
            max_age_s=max_age_s,
            amm=amm,
        )
    )
    return path
