"""The probe follows proxies and looks up who has the roles; the judgement weighs what was found."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sniper.errors import CallReverted, ComputeError, RpcError
from sniper.risk import Finding
from sniper.runtime.workers import Workers
from sniper.types import SECOND
from sniper_risk_owner_powers.analyse import analyse, nothing
from sniper_risk_owner_powers.check import OwnerPowers, OwnerPowersCheck, OwnerPowersConfig
from sniper_risk_owner_powers.claims import MOST_CLAIMS, claims
from sniper_risk_owner_powers.deeds import Case, Outcome
from sniper_risk_owner_powers.delegates import Delegate, delegates
from sniper_risk_owner_powers.holders import Holder, located
from sniper_sdk.builders import TOKEN, entry, view
from sniper_sdk.solidity import compiled

CONTRACTS = Path(__file__).parent / "contracts"
HERE = TOKEN.partition(":")[2]
WHERE = 0x360894A13BA1A3210667C828492DB98DCA3E2076CC3735A920A3CA505D382BBC
"""Of an implementation, EIP-1967."""


def address(number: int) -> str:
    return f"0x{number:040x}"


OWNER, BEHIND, BEACON = address(0xA11CE), address(0xC0DE), address(0xBEAC)


def code(name: str) -> bytes:
    creation = compiled(CONTRACTS)[name].bytecode
    return creation[creation.index(b"\xf3\xfe") + 2 :]


@dataclass
class World:
    """An `Io` and its chain, with code, storage and answers that are written down."""

    codes: dict[str, bytes]
    words: dict[tuple[str, int], int] = field(default_factory=dict)
    answers: dict[tuple[str, str], tuple[Any, ...]] = field(default_factory=dict)
    outcomes: Callable[[Case], tuple[Outcome, ...]] | None = None
    cases: list[Case] = field(default_factory=list)
    block: int = 9

    async def chain(self, chain_id: int) -> "World":
        return self

    async def fork(self, chain_id: int) -> "World":
        raise AssertionError("the probe reads, it need not trade")

    async def simulate(self, chain_id: int, scenario: Callable[..., Any], case: Case) -> tuple[Outcome, ...]:
        self.cases.append(case)
        if self.outcomes is None:
            raise ComputeError("nothing is simulated here")
        return self.outcomes(case)

    async def compute(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    async def buy(self, pool: str, amount: int) -> Any:
        raise AssertionError("the probe reads, it need not trade")

    async def sell(self, pool: str, amount: int) -> Any:
        raise AssertionError("the probe reads, it need not trade")

    async def nonce(self, address: str) -> Any:
        raise AssertionError("the probe reads code and storage alone")

    async def mined(self, number: int) -> Any:
        raise AssertionError("the probe reads code and storage alone")

    async def logs(self, **asked: Any) -> Any:
        return []

    async def code(self, address: str) -> bytes:
        return self.codes.get(address, b"")

    async def storage(self, address: str, slot: int) -> int:
        return self.words.get((address, slot), 0)

    async def read(self, address: str, signature: str, *args: object) -> tuple[Any, ...]:
        if (address, signature) not in self.answers:
            raise CallReverted(f"{signature} at {address} reverted; ask another contract")
        return self.answers[address, signature]


async def looked(world: World, **config: Any) -> tuple[OwnerPowers, dict[str, Finding]]:
    check = OwnerPowersCheck(config=OwnerPowersConfig(**config))
    found = await check.probe(entry(10**18), world)
    return found, {finding.rule: finding for finding in check.judge(entry(10**18), view(), found)}


def token(name: str, owner: str = OWNER, **more: bytes) -> World:
    return World({HERE: code(name), **more}, {(HERE, 3): int(owner, 16)})


async def test_a_plain_token_passes_each_rule() -> None:
    _, findings = await looked(token("Plain"))
    assert all(finding.ok for finding in findings.values())


async def test_a_power_of_an_account_is_denied_and_told_with_function_and_holder() -> None:
    found, findings = await looked(token("MintOpenly"))
    assert found.holders == (Holder(variable="3", address=OWNER, kind="wallet"),)
    mint = findings["mint"]
    assert (mint.ok, mint.severity) == (False, "deny")
    assert OWNER in mint.note
    assert found.report.powers[0].selector in mint.note


@pytest.mark.parametrize(("asked", "ok", "severity"), [("allow", True, "deny"), ("warn", False, "warn")])
async def test_the_config_says_how_bad_a_power_is(asked: str, ok: bool, severity: str) -> None:
    _, findings = await looked(token("MintOpenly"), mint=asked)
    assert (findings["mint"].ok, findings["mint"].severity) == (ok, severity)


async def test_a_power_is_gone_when_its_owner_renounced() -> None:
    _, findings = await looked(token("Renounced", address(0)))
    assert findings["mint"].ok


async def test_a_power_is_not_gone_while_somebody_can_come_back() -> None:
    world = token("KeepsARole", address(0))
    world.words[HERE, 4] = int(OWNER, 16)
    _, findings = await looked(world)
    assert not findings["mint"].ok
    assert not findings["kept-role"].ok

    world.words[HERE, 4] = 0
    _, findings = await looked(world)
    assert findings["mint"].ok
    assert findings["kept-role"].ok


async def test_a_power_in_a_mapping_of_callers_is_never_gone() -> None:
    _, findings = await looked(token("ManyCallers", address(0)))
    assert not findings["mint"].ok


@pytest.mark.parametrize(
    ("name", "question", "number", "kind"),
    [
        ("Wallet", "getThreshold()(uint256)", 3, "multisig"),
        ("Waits", "getMinDelay()(uint256)", 172_800, "timelock"),
    ],
)
async def test_a_multisig_or_a_timelock_counts_one_step_less(name: str, question: str, number: int, kind: str) -> None:
    world = token("MintOpenly")
    world.codes[OWNER] = code(name)
    world.answers[OWNER, question] = (number,)
    world.answers[OWNER, "getOwners()(address[])"] = (tuple(address(0xA1100000 + n) for n in range(3)),)
    found, findings = await looked(world)
    assert [(holder.kind, holder.number) for holder in found.holders] == [(kind, number)]
    assert (findings["mint"].ok, findings["mint"].severity) == (False, "warn")

    world.answers[OWNER, question] = (1,)
    _, findings = await looked(world)
    assert findings["mint"].severity == "deny"


async def test_a_contract_that_has_the_functions_of_a_multisig_and_does_not_answer_is_a_contract() -> None:
    world = token("MintOpenly")
    world.codes[OWNER] = code("Wallet")
    found, findings = await looked(world)
    assert [holder.kind for holder in found.holders] == ["contract"]
    assert findings["mint"].severity == "deny"


def minimal(to: str) -> bytes:
    """EIP-1167."""
    return bytes.fromhex(f"363d3d373d3d3d363d73{to[2:]}5af43d82803e903d91602b57fd5bf3")


async def test_a_contract_that_says_it_waits_and_does_not_is_a_contract() -> None:
    world = token("MintOpenly")
    world.codes[OWNER] = code("WaitsNot")
    world.answers[OWNER, "getMinDelay()(uint256)"] = (172_800,)
    found, findings = await looked(world)
    assert [holder.kind for holder in found.holders] == ["contract"]
    assert findings["mint"].severity == "deny"


@pytest.mark.parametrize(("now", "ok"), [(1_899_999_999, False), (1_900_000_000, True)])
async def test_a_switch_whose_time_is_over_is_no_power(now: int, ok: bool) -> None:
    check = OwnerPowersCheck(config=OwnerPowersConfig())
    found = await check.probe(entry(10**18), token("SwitchedForAWhile"))
    findings = {each.rule: each for each in check.judge(entry(10**18), view(now=now * SECOND), found)}
    assert findings["pause"].ok == ok


@pytest.mark.parametrize("given", [False, True])
async def test_a_power_that_was_given_up_for_good_is_none(given: bool) -> None:
    world = token("GivesItUp")
    # owner, switch and what ends it share a slot
    world.words[HERE, 3] |= given << 168
    found, findings = await looked(world)
    assert found.report.powers[0].ended_by == ("3@168",)
    assert findings["pause"].ok == given


@pytest.mark.parametrize(("name", "ok"), [("Sells", True), ("MintOpenly", False)])
async def test_what_anybody_gets_for_a_payment_is_no_power(name: str, ok: bool) -> None:
    _, findings = await looked(token(name))
    assert findings["mint"].ok == ok


async def test_a_limit_above_a_floor_counts_one_step_less() -> None:
    _, findings = await looked(token("LimitedAboveAFloor"))
    assert (findings["limit"].ok, findings["limit"].severity) == (False, "warn")


async def test_a_minimal_proxy_is_judged_by_the_code_behind_it_and_its_own_storage() -> None:
    world = World({HERE: minimal(BEHIND), BEHIND: code("MintOpenly")}, {(HERE, 3): int(OWNER, 16), (BEHIND, 3): 0})
    found, findings = await looked(world)
    assert found.addresses == (HERE, BEHIND)
    assert found.report.token
    assert found.holders[0].address == OWNER
    assert not findings["mint"].ok


async def test_an_upgradable_proxy_shows_who_upgrades_it_and_what_its_code_can_do() -> None:
    world = World(
        {HERE: code("Proxy"), BEHIND: code("Frozen")},
        {(HERE, WHERE): int(BEHIND, 16), (HERE, 0): 0xAD0000, (HERE, 3): int(OWNER, 16)},
    )
    _, findings = await looked(world)
    assert not findings["freeze"].ok
    assert not findings["upgrade"].ok
    assert address(0xAD0000) in findings["upgrade"].note


async def test_a_beacon_is_asked_for_the_code() -> None:
    world = World(
        {HERE: code("BeaconProxy"), BEACON: code("Beacon"), BEHIND: code("Switched")},
        {(BEACON, 1): int(OWNER, 16), (HERE, 0): int(BEACON, 16), (HERE, 3): int(OWNER, 16)},
        {(BEACON, "implementation()(address)"): (BEHIND,)},
    )
    found, findings = await looked(world)
    assert found.addresses == (HERE, BEHIND)
    assert not findings["pause"].ok
    assert not findings["upgrade"].ok
    assert OWNER in findings["upgrade"].note

    world.words[BEACON, 1] = 0
    _, findings = await looked(world)
    assert findings["upgrade"].ok


async def test_a_contract_that_is_asked_who_may_is_nobody_s_beacon_whatever_else_it_names() -> None:
    """What its ``implementation()`` gives is fixed, and tells nothing of whom it lets mint."""
    world = token("MintByRegistry", BEACON, **{BEACON: code("PosesAsBeacon")})
    found, findings = await looked(world)
    assert [holder.kind for holder in found.holders] == ["contract"]
    assert (findings["mint"].ok, findings["mint"].severity) == (False, "deny")


async def test_the_facets_of_a_diamond_are_judged_together() -> None:
    world = World(
        {HERE: code("Diamond"), BEHIND: code("Plain"), address(0xFACE): code("MintOpenly")},
        {(HERE, 3): int(OWNER, 16)},
        answers={(HERE, "facetAddresses()(address[])"): ((BEHIND, address(0xFACE)),)},
    )
    found, findings = await looked(world)
    assert found.addresses == (HERE, BEHIND, address(0xFACE))
    assert not findings["mint"].ok


async def test_an_account_that_runs_the_code_of_another_is_followed() -> None:
    assert delegates(bytes.fromhex("ef0100") + bytes.fromhex(BEHIND[2:])).found == (
        Delegate(kind="constant", address=int(BEHIND, 16)),
    )


@pytest.mark.parametrize(
    "world",
    [
        World({}),
        World({HERE: minimal(BEHIND)}),
        World({HERE: code("Diamond")}),
        World({HERE: b"\x5b" * 24_576}),
        World({HERE: minimal(HERE)}),
    ],
    ids=["no code", "nothing behind the proxy", "a diamond that is silent", "only jumps", "a proxy of itself"],
)
async def test_what_cannot_be_read_or_analysed_is_denied(world: World) -> None:
    _, findings = await looked(world)
    refused = [f for f in findings.values() if not f.ok and f.severity == "deny"]
    assert refused
    assert refused[0].note


async def test_a_chain_of_proxies_without_an_end_is_denied() -> None:
    codes = {address(0x1000 + i): minimal(address(0x1001 + i)) for i in range(40)}
    _, findings = await looked(World({HERE: minimal(address(0x1000)), **codes}))
    assert not findings["analysed"].ok
    assert "more than" in findings["analysed"].note


async def test_an_endpoint_that_does_not_answer_is_an_error_and_not_a_pass() -> None:
    class Silent(World):
        async def code(self, address: str) -> bytes:
            raise RpcError("no endpoint answers; name another one")

    with pytest.raises(RpcError):
        await looked(Silent({}))


@pytest.mark.parametrize(
    ("variable", "place"),
    [("3", (3, 0)), ("5@8", (5, 8)), ("0x10+2@160", (18, 160)), ("4[]", None), ("?", None), ("", None)],
)
def test_where_a_variable_is(variable: str, place: tuple[int, int] | None) -> None:
    assert located(variable) == place


def test_findings_are_the_same_rules_whatever_was_found() -> None:
    def rules(found: Sequence[Finding]) -> list[str]:
        return [finding.rule for finding in found]

    check = OwnerPowersCheck(config=OwnerPowersConfig())
    reports = [nothing("a test"), analyse((code("KeepsARole"),))]
    seen = [
        rules(list(check.judge(entry(1), view(), OwnerPowers(block=1, addresses=(), report=r, holders=()))))
        for r in reports
    ]
    assert seen[0] == seen[1]


async def test_all_that_is_computed_can_be_computed_in_a_worker_process() -> None:
    workers = Workers(1, within_s=30.0)

    class Apart(World):
        async def compute(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            return await workers.compute(function, args, kwargs)

    codes = {HERE: code("BeaconProxy"), BEACON: code("Beacon"), BEHIND: code("MintOpenly"), OWNER: code("Waits")}
    words = {(BEACON, 1): int(OWNER, 16), (HERE, 0): int(BEACON, 16), (HERE, 3): int(OWNER, 16)}
    answers = {(BEACON, "implementation()(address)"): (BEHIND,), (OWNER, "getMinDelay()(uint256)"): (172_800,)}
    try:
        apart = await looked(Apart(codes, words, answers))
    finally:
        await workers.close()
    assert apart == await looked(World(codes, words, answers))
    assert {holder.kind for holder in apart[0].holders} == {"timelock"}


def seen(effect: str) -> Callable[[Case], tuple[Outcome, ...]]:
    def outcomes(case: Case) -> tuple[Outcome, ...]:
        return tuple(
            Outcome(number=claim.number, tried=3, left_out=2, caller=claim.callers[0], to=claim.to, effect=effect)
            for claim in case.claims
        )

    return outcomes


async def test_a_power_that_was_carried_out_is_confirmed_with_who_called_what() -> None:
    world = token("MintOpenly")
    world.outcomes = seen("the total supply goes from 1 to 2")
    _, findings = await looked(world)
    mint = findings["mint"]
    assert (mint.sure, mint.ok, mint.severity) == ("confirmed", False, "deny")
    assert f"confirmed: {OWNER} calls" in mint.evidence[0]
    assert "the total supply goes from 1 to 2" in mint.evidence[0]
    (claim,) = world.cases[0].claims
    assert (claim.power, claim.to, claim.callers, claim.guarded) == ("mint", HERE, (OWNER,), True)


async def test_a_power_that_was_not_seen_stays_inferred_and_says_what_was_tried() -> None:
    world = token("MintOpenly")
    world.outcomes = seen("")
    _, findings = await looked(world)
    assert (findings["mint"].sure, findings["mint"].severity) == ("inferred", "deny")
    assert "not confirmed: none of 3 calls did it, and 2 more were not tried" in findings["mint"].evidence[0]


async def test_a_simulation_that_fails_changes_nothing_but_the_note() -> None:
    _, findings = await looked(token("MintOpenly"))
    mint = findings["mint"]
    assert (mint.sure, mint.ok, mint.severity) == ("inferred", False, "deny")
    assert "could not be carried out: nothing is simulated here" in mint.note


async def test_a_simulation_that_is_late_changes_nothing_but_the_note() -> None:
    class Slow(World):
        async def simulate(self, chain_id: int, scenario: Callable[..., Any], case: Case) -> tuple[Outcome, ...]:
            await asyncio.Event().wait()
            return ()

    world = Slow({HERE: code("MintOpenly")}, {(HERE, 3): int(OWNER, 16)})
    _, findings = await looked(world, confirm_ms=1)
    assert (findings["mint"].sure, findings["mint"].severity) == ("inferred", "deny")
    assert "not carried out within 1 ms" in findings["mint"].note


async def test_nothing_is_carried_out_where_nobody_can_call_it_and_the_finding_says_so() -> None:
    world = token("Renounced", address(0))
    world.outcomes = seen("never")
    _, findings = await looked(world)
    assert world.cases == []
    assert (findings["mint"].ok, findings["mint"].sure) == (True, "inferred")
    assert "nobody has the key" in findings["mint"].note


async def test_nothing_is_carried_out_where_the_config_says_so() -> None:
    world = token("MintOpenly")
    world.outcomes = seen("never")
    _, findings = await looked(world, confirm_ms=0)
    assert world.cases == []
    assert findings["mint"].sure == "inferred"


async def test_powers_without_room_are_told_and_each_kind_has_its_turn() -> None:
    world = token("MintOpenly")
    world.outcomes = seen("")
    found, _ = await looked(world)
    power = found.report.powers[0]
    many = tuple(replace(power, power=name) for name in ("mint", "burn") for _ in range(MOST_CLAIMS))
    tried = await claims(world, world, HERE, (code("MintOpenly"),), many, found.holders)
    assert [claim.power for claim in tried.found] == ["mint", "burn"] * (MOST_CLAIMS // 2)
    assert tried.left_out == MOST_CLAIMS
    check = OwnerPowersCheck(config=OwnerPowersConfig())
    findings = {each.rule: each for each in check.judge(entry(1), view(), replace(found, left_out=tried.left_out))}
    assert (findings["powers-tried"].ok, findings["powers-tried"].severity) == (False, "warn")
    assert f"{MOST_CLAIMS} powers" in findings["powers-tried"].note
