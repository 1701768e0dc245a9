"""What a trade moves: base, quote and fees."""

from collections.abc import Mapping

from sniper_sdk.exchange.accounts import Account, Ledger
from sniper_sdk.exchange.amounts import UNIT, cost
from sniper_sdk.exchange.market import Market
from sniper_sdk.exchange.order import Order, Side

DISCOUNT = UNIT // 4
"""Off a fee that is paid in the asset of ``Account.pays_fees_in``."""


def settle(
    ledger: Ledger, markets: Mapping[str, Market], market: Market, order: Order, price: int, quantity: int, maker: bool
) -> tuple[int, str]:
    """Book one side of a trade; the fee and its asset. What it pays was locked for it before."""
    symbol, buys = market.symbol, order.asked.side is Side.BUY
    quote = cost(price, quantity)
    got, got_asset = (quantity, symbol.base) if buys else (quote, symbol.quote)
    paid, paid_asset = (quote, symbol.quote) if buys else (quantity, symbol.base)
    if not order.account:
        ledger.market[got_asset] += got
        ledger.market[paid_asset] -= paid
        return 0, got_asset
    account, hold = ledger.accounts[order.account], order.hold
    assert hold is not None
    hold.amount -= paid
    account.balance(paid_asset).locked -= paid
    if buys and order.asked.price > price:
        ledger.unlock(account, hold, cost(order.asked.price, quantity) - paid)
    account.balance(got_asset).free += got
    fee, fee_asset = _fee(markets, market, account, got, got_asset, maker)
    account.balance(fee_asset).free -= fee
    ledger.fees[fee_asset] += fee
    return fee, fee_asset


def _fee(
    markets: Mapping[str, Market], market: Market, account: Account, got: int, asset: str, maker: bool
) -> tuple[int, str]:
    """Rounded down. In what came in, or in the asset that the account pays fees in, at the price of its last trade."""
    fee, other = got * (account.maker if maker else account.taker) // UNIT, account.pays_fees_in
    if not other:
        return fee, asset
    cheaper = fee * (UNIT - DISCOUNT) // UNIT
    if asset == market.symbol.base and other != asset:
        cheaper, asset_of_price = cost(market.last, cheaper), market.symbol.quote
    else:
        asset_of_price = asset
    if other not in (asset_of_price, asset):
        priced = markets.get(other + asset_of_price)
        if priced is None or not priced.last:
            return fee, asset
        cheaper = cheaper * UNIT // priced.last
    return (cheaper, other) if account.balance(other).free >= cheaper else (fee, asset)
