from sniper_sdk.amm_fixtures import ask, chain, reader, send

__all__ = ["ask", "chain", "reader", "send"]
