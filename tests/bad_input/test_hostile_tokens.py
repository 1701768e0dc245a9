"""Tokens that revert, answer with garbage or burn all gas, and pools without reserves: refused, and no harm done."""

from stand import Stand

from sniper.kernel import facts as f
from sniper.risk import Finding
from sniper_sdk.devchain import calldata

HOSTILE = {
    "GasBurnerToken": "can-sell",
    "GarbageToken": "can-sell",
    "LongRevertToken": "can-sell",
    "CannotSellToken": "can-sell",
    "LyingToken": "can-sell",
    "BlacklistOnBuyToken": "can-sell",
}


def findings(stand: Stand, asset: str) -> list[tuple[str, Finding]]:
    """(check, finding) of all that was found to be wrong with a token."""
    stand.record.read()
    intents = {fact.intent for fact in stand.record.all(f.IntentFormed) if fact.token == asset}
    return [
        (fact.check, finding)
        for fact in stand.record.all(f.Judged)
        if fact.intent in intents
        for finding in fact.findings
        if not finding.ok
    ]


async def test_tokens_that_misbehave_are_refused_and_an_honest_one_beside_them_is_bought(stand: Stand) -> None:
    await stand.start()
    launches = {kind: stand.market.launch(kind) for kind in HOSTILE}
    honest = await stand.hold_a_launch()
    for kind, launch in launches.items():
        asset = launch.asset(stand.chain)
        await stand.until(lambda _, asset=asset: findings(stand, asset))
        found = findings(stand, asset)
        assert [(check, finding.rule) for check, finding in found][:1] == [("honeypot", HOSTILE[kind])], (kind, found)
        assert all(len(finding.note) <= 200 and finding.note.isprintable() for _, finding in found)
    assert stand.record.entries_of() == {honest.asset(stand.chain): 1}
    await stand.sell(honest)
    assert stand.differences() == []


async def test_a_pool_without_reserves_is_never_quoted(stand: Stand) -> None:
    """Ether was put into the pair, and not one token: as deep as a launch looks, and nothing to buy."""
    chain, addresses = stand.chain, stand.chain.addresses
    await stand.start()
    empty = stand.market.prepared("SlowStartToken")
    chain.submit(
        empty.deployer, addresses.v2_factory, calldata("createPair(address,address)", empty.token, empty.quote)
    )
    await stand.mine()
    chain.submit(empty.deployer, addresses.weth, calldata("deposit()"), 10**19)
    chain.submit(empty.deployer, addresses.weth, calldata("transfer(address,uint256)", empty.pool, 10**19))
    chain.submit(empty.deployer, empty.pool, calldata("sync()"))
    chain.submit(empty.deployer, empty.token, calldata("enableTrading()"))
    await stand.mine()
    asset = empty.asset(chain)
    await stand.until(lambda _: findings(stand, asset))
    ((check, finding), *_) = findings(stand, asset)
    assert (check, finding.rule) == ("kernel", "route")
    assert "no known pool" in finding.note
    honest = await stand.hold_a_launch()
    await stand.sell(honest)
    assert stand.record.entries_of() == {honest.asset(chain): 1}
    assert stand.differences() == []
