import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from played_binance import KEY, SECRET, Binance, serve
from recording_server import Recorder, recording

from sniper.exchange_orders import NewOrder
from sniper_venue_ccxt.config import CcxtConfig
from sniper_venue_ccxt.exchange import CcxtExchange


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys.toml"
    path.write_text(f'apiKey = "{KEY}"\nsecret = "{SECRET}"\n')
    path.chmod(0o600)
    return path


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    async with recording() as running:
        yield running


@pytest.fixture
def binance(recorder: Recorder) -> Binance:
    return serve(recorder)


@pytest.fixture
async def exchange(recorder: Recorder, binance: Binance, keys: Path) -> AsyncIterator[CcxtExchange]:
    config = CcxtConfig(exchange="binance", symbols=("BTC/USDT",), url=recorder.url)
    made = CcxtExchange("here", config, keys)
    yield made
    await made.close()


@pytest.fixture
def order() -> Callable[..., NewOrder]:
    def build(**changes: object) -> NewOrder:
        values = {"client_id": "o" * 32, "instrument": "here:BTC/USDT", "side": "buy", "size": 123, "price": 4_200_001}
        return NewOrder(**{**values, **changes})

    return build
