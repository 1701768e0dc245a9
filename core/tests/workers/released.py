"""A release of a plugin in an environment of its own, made of the source of its one module."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from textwrap import dedent

import pytest

import sniper_strategy_ema_cross
from sniper.isolation.host import Worker
from sniper.kernel.elsewhere import Elsewhere
from sniper.specs import AmmSpec, RiskCheckSpec, StrategySpec


@dataclass(frozen=True)
class Released:
    """See `sniper.isolation.describing.Housed`."""

    distribution: str
    paths: tuple[str, ...]
    modules: tuple[str, ...]
    permissions: tuple[str, ...] = ()
    version: str = "1.0"
    sha256: str = field(default="")


def released(directory: Path, source: str, hooks: Mapping[str, str] | None = None, **fields: object) -> Released:
    """``source`` is the module ``acme.code``. ``hooks``: by their names, the expressions that they return."""
    text = dedent(source)
    package = directory / sha256(text.encode()).hexdigest()[:12] / "acme"
    package.mkdir(parents=True)
    lines = ["import sniper", "from sniper.specs import *"]
    for name, returned in (hooks or {}).items():
        lines += ["@sniper.hookimpl", f"def {name}():", f"    return {returned}"]
    (package / "__init__.py").write_text("\n".join(lines))
    (package / "code.py").write_text(text)
    return Released(
        distribution="sniper-strategy-acme",
        paths=(str(package.parent),),
        modules=("acme",),
        sha256=package.parent.name,
        **fields,  # type: ignore[arg-type]  # its own
    )


def strategy(directory: Path, source: str) -> tuple[Released, StrategySpec]:
    """A strategy ``Acme``."""
    spec = StrategySpec(name="acme", summary="as told", factory="acme.code:Acme")
    hooks = {"sniper_strategies": "[StrategySpec(name='acme', summary='as told', factory='acme.code:Acme')]"}
    return released(directory, source, hooks), spec


def risk(directory: Path, source: str) -> tuple[Released, RiskCheckSpec]:
    """A risk check, probe or watch ``Acme``."""
    spec = RiskCheckSpec(name="acme", summary="as told", factory="acme.code:Acme")
    hooks = {"sniper_risk_checks": "[RiskCheckSpec(name='acme', summary='as told', factory='acme.code:Acme')]"}
    return released(directory, source, hooks), spec


def amm(directory: Path, source: str) -> tuple[Released, AmmSpec]:
    """An AMM ``Acme``."""
    spec = AmmSpec(name="acme", summary="as told", factory="acme.code:Acme")
    hooks = {"sniper_amms": "[AmmSpec(name='acme', summary='as told', factory='acme.code:Acme')]"}
    return released(directory, source, hooks), spec


EMA_CROSS = Released(
    distribution="sniper-strategy-ema-cross",
    paths=(str(Path(sniper_strategy_ema_cross.__path__[0]).parent),),
    modules=("sniper_strategy_ema_cross",),
    sha256="its-source",
)
EMA_CROSS_SPEC = StrategySpec(
    name="ema-cross", summary="as it says", factory="sniper_strategy_ema_cross.strategy:EmaCross"
)


@contextmanager
def nobody_asked() -> Iterator[None]:
    """No worker is asked anything meanwhile, and none is started."""

    def asked(*_: object, **__: object) -> None:
        raise AssertionError("a worker was asked")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Worker, "__init__", asked)
        patch.setattr(Worker, "call", asked)
        patch.setattr(Elsewhere, "asks", property(lambda _: False, lambda *_: None), raising=False)
        yield
