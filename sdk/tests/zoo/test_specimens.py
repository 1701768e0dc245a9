"""Every specimen does to a fresh buyer, in a real pool, what the index tells of it; and the index is whole."""

import re
from collections.abc import Iterator
from importlib.resources import files

import pytest
from msgspec.structs import replace

from sniper.errors import CallReverted
from sniper_sdk import zoo
from sniper_sdk.devchain import Account, DevChain, calldata, topic
from sniper_sdk.zoo import Binds, NotAsTold, Specimen, TrapKind, UnknownLine, UnknownSpecimen, Venue, ZooToken
from sniper_sdk.zoo.compiler import built
from sniper_sdk.zoo.story import Act, read_line

ETHER = 10**18
OLD = "shanghai"
"""The last fork on which a contract can still be removed."""

names = pytest.mark.parametrize("name", [specimen.name for specimen in zoo.all()])


@pytest.fixture(scope="module")
def chains() -> Iterator[dict[str | None, DevChain]]:
    with DevChain() as present, DevChain(hardfork=OLD) as past:
        yield {None: present, OLD: past}


@pytest.fixture
def chain(chains: dict[str | None, DevChain]) -> DevChain:
    return chains[None]


# what they do


@names
def test_the_story_of_the_index_is_true(chains: dict[str | None, DevChain], name: str) -> None:
    specimen = zoo.specimen(name)
    zoo.perform(zoo.deploy(chains[specimen.hardfork], specimen))


ON_V3 = [one.name for one in zoo.all() if Venue.V3 in one.venues]


@pytest.mark.parametrize("name", ON_V3[::10])
def test_the_story_is_true_on_v3_too(chains: dict[str | None, DevChain], name: str) -> None:
    specimen = zoo.specimen(name)
    zoo.perform(zoo.deploy(chains[specimen.hardfork], specimen, venues=(Venue.V3,)))


@pytest.mark.long
@pytest.mark.parametrize("name", ON_V3)
def test_every_story_that_may_is_true_on_v3_too(chains: dict[str | None, DevChain], name: str) -> None:
    specimen = zoo.specimen(name)
    zoo.perform(zoo.deploy(chains[specimen.hardfork], specimen, venues=(Venue.V3,)))


@pytest.mark.parametrize("name", [one.name for one in zoo.all() if one.fooled])
def test_a_trap_that_looks_whether_it_is_simulated_lets_such_a_simulation_sell(chain: DevChain, name: str) -> None:
    token = zoo.deploy(chain, name)
    with pytest.raises(CallReverted):
        simulated_sale(token, replace(token.specimen, fooled=zoo.Fooled(gas_price=10**10)))
    simulated_sale(token, token.specimen)


def simulated_sale(token: ZooToken, specimen: Specimen) -> None:
    """Sell by `eth_call` in the way that fools the trap, after a real purchase; raises `CallReverted`."""
    chain, pool, fooled = token.chain, token.pools[0], specimen.fooled
    assert fooled is not None
    payer = Account.named("zoo payer")
    seller = fooled.sender or Account.named(f"zoo simulated {fooled}").address
    for address in (payer.address, seller):
        chain.fund(address, 10 * ETHER)
    token.send(payer, pool.buy(seller, ETHER // 10))
    chain.rpc.call("anvil_impersonateAccount", seller)
    allowing = "0x" + zoo.approve(token.address, pool.spender).data.hex()
    chain.rpc.call("eth_sendTransactionSync", {"from": seller, "to": token.address, "data": allowing})
    state: dict[str, object] = {}
    if fooled.balance is not None:
        state["balance"] = hex(fooled.balance)
    if fooled.code:
        state["code"] = "0x00"
    selling = pool.sell(seller, token.holding(seller))
    call: dict[str, object] = {"from": seller, "to": selling.to, "data": "0x" + selling.data.hex()}
    call["gas"] = hex(5_000_000 if fooled.gas is None else fooled.gas)
    call["gasPrice"] = hex(10**10 if fooled.gas_price is None else fooled.gas_price)
    chain.rpc.call("eth_call", call, "latest", {seller: state}, dict(fooled.block))


def test_spring_does_the_deeds_to_the_buyer(chain: DevChain) -> None:
    token = zoo.deploy(chain, "freeze")
    victim, other = Account.named("zoo victim"), Account.named("zoo bystander")
    for person in (victim, other):
        chain.fund(person.address, 10 * ETHER)
        token.buy(person, ETHER // 10)
    token.spring(victim.address)
    with pytest.raises(CallReverted):
        token.sell(victim, token.holding(victim.address))
    assert token.sell(other, token.holding(other.address)).succeeded


def test_a_deployed_specimen_has_the_pools_and_the_owner_that_it_says(chain: DevChain) -> None:
    token = zoo.deploy(chain, "decimals-6", venues=(Venue.V2, Venue.V3), liquidity=3 * ETHER)
    assert token.supply == 1_000_000 * 10**6
    for pool in token.pools:
        assert token.holding(pool.address) == token.supply // 2
        assert chain.token_balance(chain.addresses.weth, pool.address) == pytest.approx(3 * ETHER, rel=1e-5)
    assert token.holding(token.owner.address) == 0
    assert chain.token_balance(token.pools[0].address, token.owner.address) == 0  # its liquidity is burned


def test_who_forges_a_permit_of_an_honest_token_is_refused(chain: DevChain) -> None:
    token = zoo.deploy(chain, "permit")
    with pytest.raises(CallReverted, match="bad signature"):
        token.do(zoo.trap("permit-forge").deeds[0], Account.named("zoo victim").address)


def test_a_timelocked_upgrade_happens_two_days_after_it_was_announced(chain: DevChain) -> None:
    token = zoo.deploy(chain, "upgradable-by-timelock")
    slot = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103"
    timelock = "0x" + chain.rpc.call("eth_getStorageAt", token.address, slot, "latest")[-40:]
    logic = zoo.deploy(chain, "decimals-0").address
    upgrading = calldata("upgradeTo(address)", logic)
    chain.send(token.owner, timelock, calldata("schedule(address,bytes)", token.address, upgrading))
    execution = calldata("execute(address,bytes)", token.address, upgrading)
    with pytest.raises(CallReverted, match="not ready"):
        chain.send(token.owner, timelock, execution)
    chain.rpc.call("evm_setNextBlockTimestamp", chain.timestamp() + 2 * 86_400)
    (log,) = chain.send(token.owner, timelock, execution).logs
    assert log.topics[0] == topic("Upgraded(address)")


# a story that is not so is found


@pytest.mark.parametrize(
    ("name", "story", "found"),
    [
        ("plain", ["buy", "sell fails"], "the sell did not fail"),
        ("plain", ["buy fails"], "the buy did not fail"),
        ("plain", ["buy", "sell takes 50%"], "the sell took"),
        ("plain", ["buy", "sell burns 2000000 gas"], "gas"),
        ("plain", ["buy", "holding shrinks"], "the buyer still has"),
        ("plain", ["buy", "supply grows"], "the supply was"),
        ("plain", ["buy", "owner grows"], "the owner has no more"),
        ("plain", ["buy", "pool drained"], "are left in the pool"),
        ("cannot-sell", ["buy", "sell"], "the sell reverted"),
        ("sell-tax", ["buy", "sell"], "the sell took 89%"),
        ("buy-tax", ["buy"], "the buy took 59%"),
        ("gas-eater", ["buy", "sell"], "gas"),
        ("trading-switch", ["buy", "deed fails"], "did not fail"),
        ("tax-renounced", ["buy", "deed"], "failed"),
    ],
)
def test_a_story_that_is_not_true_is_refused(chain: DevChain, name: str, story: list[str], found: str) -> None:
    told = replace(zoo.specimen(name), story=tuple(story))
    with pytest.raises(NotAsTold, match=found):
        zoo.perform(zoo.deploy(chain, told))


@pytest.mark.long
@pytest.mark.parametrize("name", [one.name for one in zoo.traps()])
def test_no_traps_story_is_true_of_a_plain_token(chain: DevChain, name: str) -> None:
    plain = replace(zoo.specimen(name), contract="PlainToken", arguments=(), opening=(), deeds=(), liquidity="burned")
    token = zoo.deploy(chain, plain)
    with pytest.raises(NotAsTold):
        zoo.perform(token)


@pytest.mark.parametrize("text", ["sells", "wait", "wait 5", "sell -1%", "buy 3 times", "others sell", "deed "])
def test_a_line_without_a_meaning_is_refused(text: str) -> None:
    with pytest.raises(UnknownLine, match="no story has a line"):
        read_line(text)


# the index


def test_there_are_forty_of_each_label_and_every_kind_of_trap() -> None:
    assert len(zoo.traps()) >= 40
    assert len(zoo.look_alikes()) >= 40
    assert {specimen.kind for specimen in zoo.traps()} == set(TrapKind)
    assert {specimen.binds for specimen in zoo.traps()} == set(Binds)


@names
def test_an_entry_agrees_with_itself(name: str) -> None:
    specimen = zoo.specimen(name)
    lines = specimen.lines
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert specimen.does.endswith(".")
    assert any(line.act is Act.DEED for line in lines) == bool(specimen.deeds)
    if specimen.trap:
        assert any(line.harms for line in lines)
        assert specimen.kind is not None
        assert specimen.reasons != ()
        assert all(re.fullmatch(r"(honeypot|owner-powers|lp-quality)/[a-z-]+", reason) for reason in specimen.reasons)
    else:
        assert not any(line.harms for line in lines)
        assert specimen.story[0] == "buy"
        assert specimen.story[-1] == "sell"
        assert specimen.reasons == ()
        assert specimen.fooled is None


def test_what_binds_later_needs_what_its_story_tells_before_the_first_harm() -> None:
    assert zoo.trap("cannot-sell").binds is Binds.AT_ONCE
    assert zoo.trap("late-blocks").binds is Binds.AFTER_BLOCKS
    assert zoo.trap("late-time").binds is Binds.AFTER_TIME
    assert zoo.trap("late-sales").binds is Binds.AFTER_TRADES
    assert zoo.trap("one-sale-each").binds is Binds.AFTER_TRADES
    assert zoo.trap("mint").binds is Binds.AFTER_DEED
    assert zoo.honest("plain").binds is None


def test_every_token_among_the_sources_is_in_the_index_under_the_label_that_it_says_itself() -> None:
    indexed = {specimen.contract: specimen.label for specimen in zoo.all()}
    tokens = ("string", "string", "uint256")
    for folder, label in (("honest", zoo.Label.HONEST), ("traps", zoo.Label.TRAP)):
        found = {name for name, made in built(folder).items() if made.constructor_types[:3] == tokens}
        assert found == {name for name in found if indexed.get(name) is label}
        for name in found:
            text = files(zoo).joinpath("contracts", folder, f"{name}.sol").read_text()
            assert f"/// {label.capitalize()}: " in text
    launched = {name for name, made in built("").items() if made.constructor_types[:3] == tokens}
    assert launched <= set(indexed)


def test_names_are_told_apart_and_an_unknown_one_is_refused_with_those_that_are_known() -> None:
    listed = [specimen.name for specimen in zoo.all()]
    assert len(set(listed)) == len(listed)
    with pytest.raises(UnknownSpecimen, match=r"no trap 'plain'.*cannot-sell"):
        zoo.trap("plain")
    with pytest.raises(UnknownSpecimen, match="no honest look-alike 'mint'"):
        zoo.honest("mint")
    with pytest.raises(UnknownSpecimen, match="no specimen 'nice'"):
        zoo.specimen("nice")
