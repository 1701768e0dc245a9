"""What a section of an exchange may not ask for."""

import pytest
from pydantic import ValidationError

from sniper_venue_ccxt.config import CcxtConfig


@pytest.mark.parametrize("market", ["margin", "cross", "isolated"])
def test_spot_margin_is_refused_by_name_with_what_to_take_instead(market: str) -> None:
    with pytest.raises(ValidationError, match=r"spot margin is not traded.*take 'spot', or 'swap'"):
        CcxtConfig(exchange="binance", market=market)  # type: ignore[arg-type]  # that is what is refused


@pytest.mark.parametrize("setting", [{"leverage": 3}, {"margin": "cross"}])
def test_leverage_of_spot_markets_is_refused(setting: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="of contracts alone"):
        CcxtConfig(exchange="binance", **setting)  # type: ignore[arg-type]  # either of two types
