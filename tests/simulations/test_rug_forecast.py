"""The forecast of drained pools on a real node and in a real worker process."""

from ground import ETHER, Ground

from sniper.risk import Finding
from sniper_risk_rug_forecast.check import RULE, SEEN, RugForecast, RugForecastConfig
from sniper_sdk.builders import entry, view
from sniper_sdk.zoo import V2Pool, V3Pool


async def judged(ground: Ground, pool: str, **section: int) -> dict[str, Finding]:
    check = RugForecast(config=RugForecastConfig(**section))
    intent = entry(ETHER // 10, pool=pool, token=f"{ground.chain.chain_id}:{ground.token}")
    found = await check.probe(intent, ground.io())
    return {finding.rule: finding for finding in check.judge(intent, view(), found)}


def traded(ground: Ground, buys: int) -> V2Pool:
    """The pool of the newest token, after strangers bought there at intervals."""
    pool = V2Pool(ground.token, ground.chain.addresses)
    for number in range(buys):
        call = pool.buy(ground.chain.accounts[2 + number % 4].address, ETHER // 5)
        ground.chain.send(ground.chain.accounts[2 + number % 4], call.to, call.data, call.value, gas=call.gas)
        ground.chain.mine(20)
    return pool


async def test_a_pair_is_forecast_from_its_first_liquidity_on(ground: Ground) -> None:
    pool = ground.launch("PlainToken")
    traded(ground, 6)
    findings = await judged(ground, pool)
    forecast = findings[RULE]
    assert isinstance(forecast.found, int)
    assert 0 <= forecast.found <= 10_000
    assert forecast.sure == "inferred"
    assert "trained on generated launches" in forecast.note
    assert any(line.startswith("7 actions") for line in forecast.evidence)
    assert findings[SEEN].ok
    assert not (await judged(ground, pool, max_blocks=30))[SEEN].ok


async def test_a_pulled_pair_is_denied_as_a_fact(ground: Ground) -> None:
    pool = ground.launch("PlainToken")
    owner = ground.chain.accounts[0]
    for call in traded(ground, 2).remove(ground.chain, owner.address, 10_000):
        ground.chain.send(owner, call.to, call.data, call.value, gas=call.gas)
    finding = (await judged(ground, pool))[RULE]
    assert (finding.ok, finding.severity, finding.sure) == (False, "deny", "measured")


async def test_a_v3_pool_is_no_pass(ground: Ground) -> None:
    pool = ground.launch("PlainToken", kind=V3Pool)
    (finding,) = (await judged(ground, pool)).values()
    assert (finding.ok, finding.severity, finding.found) == (False, "warn", "unknown")
