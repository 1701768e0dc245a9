"""What stands between a client and its node when a test wants to know what the client does about a bad one.

    async with FaultProxy(chain.rpc_url, Schedule(seed=7, log=Path("faults.jsonl"))) as proxy:
        proxy.schedule.add(Fault(FaultKind.NEVER, methods={"eth_sendRawTransaction"}, percent=20))
        ...  # the client uses proxy.url, or proxy.ws_url

What went wrong is written as JSON Lines; ``Schedule.again(path)`` does exactly that again, and nothing else.
"""

from sniper_sdk.faults.fault import EVENT, Fault, FaultKind, FaultScheduleError, Fired
from sniper_sdk.faults.proxy import FaultProxy
from sniper_sdk.faults.schedule import Schedule

__all__ = ["EVENT", "Fault", "FaultKind", "FaultProxy", "FaultScheduleError", "Fired", "Schedule"]
