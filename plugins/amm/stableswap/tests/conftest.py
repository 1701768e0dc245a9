from sniper_sdk.amm_fixtures import ask, chain, feed, reader, send

__all__ = ["ask", "chain", "feed", "reader", "send"]
