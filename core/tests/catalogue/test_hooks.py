"""The gate of every hook: documented with an example that runs, implemented, and named by a test."""

import inspect
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sniper
from sniper import hooks
from sniper.specs import Spec

ROOT = Path(__file__).resolve().parents[3]
HOOKS: dict[str, Callable[[], Any]] = {name: hook for name, hook in vars(hooks).items() if name.startswith("sniper_")}


def sources(pattern: str) -> list[str]:
    own = Path(__file__).resolve()
    return [path.read_text() for path in ROOT.glob(pattern) if path.resolve() != own and ".venv" not in path.parts]


@pytest.fixture(scope="module")
def plugins() -> str:
    return "\n".join(
        [*sources("plugins/*/*/src/*/__init__.py"), *sources("sdk/src/**/*.py"), *sources("registry/src/**/*.py")]
    )


@pytest.fixture(scope="module")
def tests() -> str:
    found = [*sources("*/tests/**/*.py"), *sources("plugins/*/*/tests/**/*.py"), *sources("tests/**/*.py")]
    return "\n".join(found)


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_says_who_uses_it_by_which_contract_and_how_it_is_tried(name: str) -> None:
    text = inspect.getdoc(HOOKS[name]) or ""
    assert re.search(r"^Used by: \S", text, re.MULTILINE)
    assert re.search(r"^Contract: \S", text, re.MULTILINE)
    assert re.search(r"Conformance: ``sniper_sdk\.\w+Conformance``", text)


@pytest.mark.parametrize("name", HOOKS)
def test_the_example_of_a_hook_runs_and_returns_its_specs(name: str) -> None:
    text = inspect.getdoc(HOOKS[name]) or ""
    example = textwrap.dedent("    " + text.partition("\n\n    ")[2])
    space = {**vars(sniper)}
    exec(example, space)
    returned = space[name]()
    spec_type = HOOKS[name].__annotations__["return"].removeprefix("Sequence[").removesuffix("]")
    assert returned
    for spec in returned:
        assert isinstance(spec, Spec)
        assert type(spec).__name__ == spec_type


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_has_an_implementation(name: str, plugins: str) -> None:
    assert re.search(rf"@hookimpl\ndef {name}\(", plugins), f"no plugin implements {name}; add one, or remove the hook"


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_is_named_by_a_test(name: str, tests: str) -> None:
    assert re.search(rf"\b{name}\b", tests), f"no test names {name}; test that what it returns is used"
