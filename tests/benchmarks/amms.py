"""AMM quotes beside those of degenbot, curvesim and Uniswap's own SDKs, on the same states in one run.

The peers live in environments of their own, made on first use; their packages are pinned here.
"""

import json
import subprocess
import sys
import venv
from functools import partial
from pathlib import Path
from typing import Any

from figures import Figure
from quotes import micros, v3_pool
from world import ETHER

from sniper_amm_constant_product.pool import ConstantProduct, ConstantProductConfig
from sniper_amm_stableswap.config import StableswapConfig
from sniper_amm_stableswap.curve import Curve, Ramp
from sniper_amm_stableswap.pool import Stableswap
from sniper_amm_uniswap_v3.tick import sqrt_ratio_at_tick
from sniper_sdk.npm import executable

HERE = Path(__file__).parent / "peers"
CACHE = Path(__file__).parents[2] / ".cache" / "peers"
PYTHON = ("degenbot==0.3.0", "curvesim==0.5.0")
NODE = ("@uniswap/sdk-core@7.19.4", "@uniswap/v2-sdk@4.21.4", "@uniswap/v3-sdk@3.31.5")
TICKS = 80
A = 900  # the contract's: the paper's, times n**(n-1)
STABLES = {
    "3 coins": (10**24, 11 * 10**23, 9 * 10**23),
    "3 coins at 1:10": (10**24, 10**23, 10**24),
    "8 coins": (10**24, 11 * 10**23, 9 * 10**23, 10**24) * 2,
}
"""What stable pools hold; the second coin is bought with the first."""


def python_peers(given: dict[str, Any]) -> dict[str, Any]:
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


def stable_pool(held: tuple[int, ...]) -> Stableswap:
    """A plain pool of coins of 18 decimals."""
    curve = Curve(
        balances=held,
        rates=(10**18,) * len(held),
        amplifier=A,
        ramp=Ramp(begin=A, end=A),
        precision=1,
        divide_last=False,
        fee=4_000_000,
        admin_fee=5 * 10**9,
        offpeg=0,
        supply=sum(held),
    ).at_rest()
    return Stableswap(config=StableswapConfig(), curve=curve)


def figures(quick: bool = False) -> list[Figure]:
    number = 2_000 if quick else 20_000
    v2 = ConstantProduct(config=ConstantProductConfig(), reserves=(10**19, 10**24))
    v3, stables = v3_pool(TICKS), [stable_pool(held) for held in STABLES.values()]
    far = v3.most_in(0, 1) - 10**16  # over all ticks but the last
    given = {
        "v2": [str(10**19), str(10**24), str(ETHER)],
        "v3": {
            "sqrt_price": str(v3.sqrt_price_x96),
            "liquidity": str(v3.liquidity),
            "tick": v3.tick,
            "ticks": [[tick, str(gross), str(net)] for tick, gross, net in v3.ticks],
            "far": str(far),
        },
        "v3_step": [str(v3.sqrt_price_x96), str(sqrt_ratio_at_tick(-60)), str(v3.liquidity)],
        "stables": [[str(balance) for balance in held] for held in STABLES.values()],
        "stable_a": str(A),
        "stable_in": str(1_000 * ETHER),
    }
    uniswap, peers = node_peers(given), python_peers(given)
    quoted = [v2.amount_out(0, 1, ETHER), v3.amount_out(0, 1, far)]
    quoted += [stable.amount_out(0, 1, 1_000 * ETHER) for stable in stables]
    theirs = [int(out) for out in (uniswap["v2_out"], uniswap["v3_out"], *peers["curvesim"]["outs"])]
    if quoted != theirs:
        raise AssertionError(f"we quote {quoted}, the SDKs and curvesim {theirs}")
    return [
        Figure(
            "V2 quote beside peers",
            micros(lambda: v2.amount_out(0, 1, ETHER), number),
            "µs",
            beside={"degenbot (unchecked formula)": peers["degenbot"]["v2"], "Uniswap v2-sdk": uniswap["v2"]},
        ),
        Figure(
            f"V3 quote over {TICKS} ticks beside peers",
            micros(lambda: v3.amount_out(0, 1, far), number),
            "µs",
            beside={
                f"degenbot, {TICKS} of its steps": TICKS * peers["degenbot"]["v3_step"],
                "Uniswap v3-sdk": uniswap["v3"],
            },
        ),
        *(
            figure
            for name, stable, theirs_us in zip(STABLES, stables, peers["curvesim"]["stables"], strict=True)
            for figure in stable_figures(
                name, micros(partial(stable.amount_out, 0, 1, 1_000 * ETHER), number), theirs_us
            )
        ),
    ]


def stable_figures(name: str, ours: float, theirs: float) -> list[Figure]:
    """µs of ours and of curvesim."""
    return [
        Figure(f"stableswap quote, {name}", ours, "µs", beside={"curvesim": theirs}),
        Figure(f"stableswap quote, {name}, against curvesim's", ours / theirs, "times", 1 / 3),
    ]
