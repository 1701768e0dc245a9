"""AMM quotes beside those of degenbot, curvesim and Uniswap's own SDKs, on the same states in one run.

The peers live in environments of their own, made on first use; their packages are pinned here.
"""

import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

from figures import Figure
from quotes import micros, v3_pool
from world import ETHER

from sniper_amm_constant_product.pool import ConstantProduct, ConstantProductConfig
from sniper_amm_uniswap_v3.tick import sqrt_ratio_at_tick
from sniper_sdk.npm import executable

HERE = Path(__file__).parent / "peers"
CACHE = Path(__file__).parents[2] / ".cache" / "peers"
PYTHON = ("degenbot==0.3.0", "curvesim==0.5.0")
NODE = ("@uniswap/sdk-core@7.19.4", "@uniswap/v2-sdk@4.21.4", "@uniswap/v3-sdk@3.31.5")
FAR = 3 * 10**20


def python_peers(given: dict[str, Any]) -> dict[str, dict[str, float]]:
    environment = CACHE / "python"
    binary = environment / "bin" / "python"
    if not (environment / ".ready").exists():
        venv.create(environment)
        uv = str(Path(sys.executable).with_name("uv"))
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(binary), *PYTHON], check=True)
        (environment / ".ready").touch()
    return _ask([str(binary), str(HERE / "amms.py")], given, CACHE)


def node_peers(given: dict[str, Any]) -> dict[str, Any]:
    directory = CACHE / "node"
    if not (directory / ".ready").exists():
        directory.mkdir(parents=True, exist_ok=True)
        flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run([executable("npm"), "install", *flags, *NODE], cwd=directory, check=True, stdout=sys.stderr)
        (directory / ".ready").touch()
    return _ask([executable("node"), str(HERE / "uniswap.mjs")], given, directory)


def _ask(command: list[str], given: dict[str, Any], directory: Path) -> Any:
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, cwd=directory, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[-1]} failed: {done.stderr[-500:]}")
    return json.loads(done.stdout)


def figures(quick: bool = False) -> list[Figure]:
    number = 2_000 if quick else 20_000
    v2 = ConstantProduct(config=ConstantProductConfig(), reserves=(10**19, 10**24))
    v3 = v3_pool()
    given = {
        "v2": [str(10**19), str(10**24), str(ETHER)],
        "v3": {
            "sqrt_price": str(v3.sqrt_price_x96),
            "liquidity": str(v3.liquidity),
            "tick": v3.tick,
            "ticks": [[tick, str(gross), str(net)] for tick, gross, net in v3.ticks],
            "far": str(FAR),
        },
        "v3_step": [str(v3.sqrt_price_x96), str(sqrt_ratio_at_tick(-60)), str(v3.liquidity)],
        "stable": [str(10**24), str(11 * 10**23), str(9 * 10**23)],
        "stable_a": "100",
        "stable_in": str(10**21),
    }
    uniswap, peers = node_peers(given), python_peers(given)
    quoted = v2.amount_out(0, 1, ETHER), v3.amount_out(0, 1, FAR)
    if quoted != (int(uniswap["v2_out"]), int(uniswap["v3_out"])):
        raise AssertionError(f"we quote {quoted}, Uniswap's SDKs {uniswap}")
    return [
        Figure(
            "V2 quote beside peers",
            micros(lambda: v2.amount_out(0, 1, ETHER), number),
            "µs",
            beside={"degenbot (unchecked formula)": peers["degenbot"]["v2"], "Uniswap v2-sdk": uniswap["v2"]},
        ),
        Figure(
            "V3 quote over 80 ticks beside peers",
            micros(lambda: v3.amount_out(0, 1, FAR), number // 10),
            "µs",
            beside={"degenbot, 80 of its steps": 80 * peers["degenbot"]["v3_step"], "Uniswap v3-sdk": uniswap["v3"]},
        ),
    ]
