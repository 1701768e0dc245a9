"""Whether keys may withdraw, where an exchange tells."""

from typing import Any

from sniper_venue_ccxt.errors import BadKeys


async def demand_no_withdrawals(client: Any, place: str) -> None:
    """Raises `BadKeys` where the exchange says that these keys may withdraw. Of most exchanges, nobody can ask it.

    Binance: "Get API Key Permission"; Bybit: "Get API Key Information"; OKX: "Get account configuration".
    """
    if await _may_withdraw(client):
        raise BadKeys(
            f"{place}: these keys may withdraw, so whoever gets hold of them has everything; make some that may not, "
            "or set withdrawals = true"
        )


async def _may_withdraw(client: Any) -> bool:
    if client.id in ("binance", "binanceusdm"):
        told = await client.sapiGetAccountApiRestrictions()
        return told.get("enableWithdrawals") is not False
    if client.id in ("bybit", "bybiteu"):
        told = await client.privateGetV5UserQueryApi()
        return "Withdraw" in told["result"]["permissions"].get("Wallet", ())
    if client.id in ("okx", "myokx", "okxus"):
        told = await client.privateGetAccountConfig()
        return any("withdraw" in each.get("perm", "") for each in told["data"])
    return False
