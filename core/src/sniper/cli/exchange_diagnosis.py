"""What ``sniper doctor`` checks of exchanges: markets, clock and keys. Nothing is changed there, no secret is shown."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, Literal

from sniper.cli.diagnosis import Diagnosis
from sniper.errors import SniperError
from sniper.exchange import Exchange
from sniper.exchange_orders import CONDITIONAL
from sniper.instrument import Instrument
from sniper.settings.resolved import Configured, Resolved
from sniper.types import SECOND

PATIENCE_S: Final = 30.0
NEAR: Final = SECOND
"""ns that a clock may be off without a word; five times that, requests are refused."""
NAMED: Final = 3
MS: Final = SECOND // 1000


async def exchanges(resolved: Resolved) -> list[Diagnosis]:
    """Each exchange of the config, then each desk whose keys it names."""
    found = []
    for configured in resolved.exchanges:
        found += await _looked(f"venue.{configured.name}", configured, None, _market)
    by_name = {each.name: each for each in resolved.exchanges}
    for account in resolved.accounts:
        for venue, desk in sorted(account.desks.items()):
            check = f"account.{account.name}.desk.{venue}"
            if desk.keys is not None:
                found += await _looked(check, by_name[venue], desk.keys, _desk)
            else:
                found.append(Diagnosis(check, "ok", "no keys: orders are only played"))
    return found


async def _looked(
    check: str, configured: Configured, keys: Path | None, look: Callable[[str, Exchange], Awaitable[list[Diagnosis]]]
) -> list[Diagnosis]:
    exchange: Exchange | None = None
    try:
        async with asyncio.timeout(PATIENCE_S):
            exchange = configured.cls(configured.name, configured.config, keys)
            exchange.read_only = True
            return await look(check, exchange)
    except TimeoutError:
        remedy = "see that the exchange can be reached from here"
        return [Diagnosis(check, "fail", f"no answer within {PATIENCE_S:g} s", remedy)]
    except SniperError as error:
        return [Diagnosis(check, "fail", str(error), "correct the section of the config, or the file of the keys")]
    except Exception as error:  # a plugin's own: what it says may hold a key
        return [Diagnosis(check, "fail", f"its plugin failed: {type(error).__name__}", "see sniper plugins doctor")]
    finally:
        if exchange is not None:
            await exchange.close()


async def _market(check: str, exchange: Exchange) -> list[Diagnosis]:
    listed = await exchange.instruments()
    found = [Diagnosis(check, "ok" if listed else "fail", f"{len(listed)} instruments can be traded exactly")]
    if exchange.left_out:
        first = [f"{symbol}: {reason}" for symbol, reason in sorted(exchange.left_out.items())[:NAMED]]
        what = f"{len(exchange.left_out)} markets are left out ({'; '.join(first)})"
        found.append(Diagnosis(check, "warn", what, "name the symbols that you want, so that no others are looked at"))
    found.append(Diagnosis(f"{check}.stops", "ok", _stops(listed)))
    asked = time.time_ns()
    there = await exchange.time()
    if there is None:
        return [*found, Diagnosis(f"{check}.clock", "warn", "the exchange does not tell its time")]
    answered = time.time_ns()
    # whatever part of the way was there and whatever part back
    off = max(0, asked - there, there - answered)
    status: Literal["ok", "warn", "fail"] = "ok" if off <= NEAR else "warn" if off <= 5 * NEAR else "fail"
    remedy = "" if off <= NEAR else "synchronise this machine's clock, by systemd-timesyncd or chrony"
    return [*found, Diagnosis(f"{check}.clock", status, f"{off // MS} ms apart", remedy)]


def _stops(listed: Sequence[Instrument]) -> str:
    """Which stops and targets the exchange can hold itself."""
    every = [each for each in CONDITIONAL if listed and all(each in instrument.types for instrument in listed)]
    lacking = [each for each in CONDITIONAL if each not in every]
    text = f"it can hold itself: {', '.join(every)}" if every else "it holds none that are known"
    return text if not lacking else f"{text}; sniper watches alone: {', '.join(lacking)}"


async def _desk(check: str, exchange: Exchange) -> list[Diagnosis]:
    state = await exchange.read("")
    what = f"the keys work; {len(state.balances)} balances, {len(state.orders)} open orders"
    return [Diagnosis(check, "ok", what)]
