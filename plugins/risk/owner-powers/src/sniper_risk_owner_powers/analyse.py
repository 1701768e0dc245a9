"""From runtime bytecode alone to a report of powers. Pure, bounded, and without exceptions for any input."""

from typing import Final

from sniper.evm.surface import selectors
from sniper_risk_owner_powers.balances import changes
from sniper_risk_owner_powers.code import LARGEST, decode
from sniper_risk_owner_powers.contract import Contract
from sniper_risk_owner_powers.custody import Custody, custody, kept_roles
from sniper_risk_owner_powers.flow import Flow
from sniper_risk_owner_powers.machine import run
from sniper_risk_owner_powers.names import usual
from sniper_risk_owner_powers.report import POWERS, Power, Report
from sniper_risk_owner_powers.restrictions import Restriction, restrictions
from sniper_risk_owner_powers.supply import Found, supply_powers
from sniper_risk_owner_powers.terms import Terms

STEPS: Final = 200_000
"""Instructions that are looked at in one piece of code."""

EMPTY: Final = -1
"""Stands for the calls without calldata."""

MOST: Final = 200
"""Findings in one report."""

SETTERS: Final = 8
"""Functions that are told for one finding."""

STEPS_OF_ONE: Final = 30_000
"""Instructions that are looked at in one function."""


def analyse(codes: tuple[bytes, ...]) -> Report:
    """What somebody can do with a contract that runs these pieces of code on one storage: its own, and where it is a
    proxy what is behind it. A function that several have is that of the first."""
    if not all(codes) or not codes:
        return nothing("there is no code")
    largest = max(map(len, codes))
    if largest > LARGEST:
        return nothing(f"the code has {largest} bytes, more than the {LARGEST} of the largest contract")
    contract, steps, complete = explored(codes)
    powers = _powers(contract)
    return Report(
        powers=powers[:MOST],
        functions=len(contract.flows),
        steps=steps,
        complete=complete and len(powers) <= MOST,
        token=bool(contract.balances),
    )


def nothing(error: str) -> Report:
    """The report on what cannot be analysed, and why."""
    return Report(powers=(), functions=0, steps=0, complete=False, token=False, error=f"cannot be analysed: {error}")


def explored(codes: tuple[bytes, ...]) -> tuple[Contract, int, bool]:
    """The graphs of all functions, the steps taken, and whether all was followed to its end."""
    terms = Terms()
    flows: dict[tuple[int, int | None], Flow] = {}
    taken: set[int] = set()
    steps, complete = 0, True
    for number, raw in enumerate(codes):
        code, limit = decode(raw), steps + STEPS
        rest = run(code, terms, None, STEPS_OF_ONE)
        bare = run(code, terms, None, STEPS_OF_ONE, empty=True)
        flows[number, None], flows[number, EMPTY] = Flow(rest, number), Flow(bare, number)
        steps, complete = steps + rest.steps + bare.steps, complete and rest.complete and bare.complete
        # Both: the scan tells functions that the dispatcher hides from the machine, and the other way round.
        for selector in sorted((selectors(raw) | rest.selectors) - taken):
            if steps >= limit:
                complete = False
                break
            done = run(code, terms, selector, min(STEPS_OF_ONE, limit - steps))
            steps, complete = steps + done.steps, complete and done.complete
            flows[number, selector] = Flow(done, number)
            taken.add(selector)
    return Contract(terms, list(flows.values())), steps, complete


def _powers(contract: Contract) -> tuple[Power, ...]:
    changed = changes(contract)
    found: dict[tuple[object, ...], Power] = {}
    for shown in supply_powers(contract, changed):
        _keep(found, _of_change(contract, shown))
    for restriction in restrictions(contract, changed):
        _keep(found, _of_restriction(contract, restriction))
    for item in custody(contract, changed):
        _keep(found, _of_custody(item))
    for flow, node, place, name, guards in kept_roles(contract, [(p.power, p.guards) for p in found.values()]):
        what = f"somebody keeps a power, or the way back, when the owner in {name} is gone"
        _keep(found, _of_custody(Custody("kept-role", flow, node, place, guards, (name,), what)))
    return tuple(sorted(found.values(), key=lambda p: (POWERS.index(p.power), p.selector, p.start)))


def _keep(found: dict[tuple[object, ...], Power], power: Power) -> None:
    key = (power.power, power.selector, power.variables)
    if key not in found or (found[key].mild and not power.mild):
        found[key] = power


def _shown(selector: int | None) -> str:
    return "fallback" if selector is None else f"{selector:08x}"


def _of_change(contract: Contract, shown: Found) -> Power:
    write = shown.change.write
    node = write.flow.nodes[write.node]
    selector = _shown(write.flow.selector)
    return Power(
        power=shown.power,
        selector=selector,
        code=write.flow.code,
        name=usual(selector),
        guards=contract.guards(write.flow, write.node),
        variables=(str(write.variable),),
        start=node.start,
        end=max(node.end, write.place),
        what=shown.what,
        mild=shown.mild,
        ended_by=contract.ended_by(write.flow, write.node),
    )


def _of_restriction(contract: Contract, restriction: Restriction) -> Power:
    selector = _shown((restriction.setter or restriction).flow.selector)
    return Power(
        power=restriction.power,
        selector=selector,
        code=restriction.flow.code,
        name=usual(selector),
        guards=restriction.guards,
        variables=(str(restriction.variable),) if restriction.variable else (),
        start=restriction.start,
        end=restriction.end,
        what=restriction.what,
        mild=restriction.mild,
        until_time=restriction.until[0],
        until_block=restriction.until[1],
        ended_by=contract.ended_by(setter.flow, setter.node) if (setter := restriction.setter) else (),
        setters=_setters(contract, restriction),
    )


def _setters(contract: Contract, restriction: Restriction) -> tuple[str, ...]:
    """A switch has two sides, and the one that refuses may be another function's."""
    writes = contract.writers.get(restriction.variable, ()) if restriction.variable else ()
    return tuple(dict.fromkeys(_shown(w.flow.selector) for w in writes if w.flow.selector is not None))[:SETTERS]


def _of_custody(item: Custody) -> Power:
    node = item.flow.nodes[item.node]
    selector = _shown(item.flow.selector)
    return Power(
        power=item.power,
        selector=selector,
        code=item.flow.code,
        name=usual(selector),
        guards=item.guards,
        variables=item.depends,
        start=node.start,
        end=max(node.end, item.place),
        what=item.what,
    )
