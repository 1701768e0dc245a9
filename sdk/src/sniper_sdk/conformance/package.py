"""What a distribution with plugins must hold, whatever they do."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any, ClassVar, Final

import importlib_metadata
import msgspec
import pytest
from pydantic import BaseModel, ValidationError

from sniper.catalogue import GROUP, Catalogue, Extension, Origin, config_model
from sniper.specs import AppSpec, RiskCheckSpec
from sniper_sdk.conformance.examples import example_config, readme
from sniper_sdk.installing import install_command

_PERMISSION: Final = re.compile(r"[a-z][a-z-]*(:\S+)?")
_LONGEST_SUMMARY: Final = 100

_FRESH: Final = """
import json, sys
import sniper
before = set(sys.modules)
__import__(sys.argv[1])
print(json.dumps(sorted(set(sys.modules) - before)))
"""


class PackageConformance:
    """Names, specs, config models, README and types of one installed distribution.

    class TestPackage(PackageConformance):
        distribution = "sniper-strategy-launch-snipe"
    """

    distribution: ClassVar[str]

    def test_it_is_found_and_in_order(self) -> None:
        found = Catalogue.survey()
        broken = [problem.message for problem in found.problems if problem.distribution == self.distribution]
        assert not broken, "\n".join(broken)
        assert self._origin(), (
            f"{self.distribution} is not installed, or has no entry point in {GROUP}; "
            f"in its directory: {install_command('.')}"
        )
        assert self._extensions(), f"{self.distribution} offers nothing: no hook returned a spec"

    def test_names_follow_the_convention(self) -> None:
        origin, extensions = self._origin(), self._extensions()
        assert self.distribution.startswith("sniper-"), "call the distribution sniper-<kind>-<name>"
        short = self.distribution.removeprefix("sniper-")
        package = self.distribution.replace("-", "_")
        module = origin.module.partition(".")[0]
        assert module == package, f"the package of {self.distribution} is {package}, not {module}"
        if len(extensions) == 1:
            kind, name = extensions[0].key
            assert short == f"{kind}-{name}", f"it offers {kind} {name!r}: call the distribution sniper-{kind}-{name}"
        entries = [entry for entry in importlib_metadata.entry_points(group=GROUP) if entry.value == origin.module]
        assert [entry.name for entry in entries] == [short], f"call its one entry point in {GROUP} {short!r}"

    def test_its_module_imports_nothing_but_sniper(self) -> None:
        """In a fresh interpreter: the module is imported for every `sniper plugins list`."""
        module = self._origin().module
        done = subprocess.run([sys.executable, "-c", _FRESH, module], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        allowed = {module.partition(".")[0], "sniper", *sys.stdlib_module_names}
        heavy = sorted({name.partition(".")[0] for name in json.loads(done.stdout)} - allowed)
        assert not heavy, (
            f"{module} imports {', '.join(heavy)}; import them in the module that the spec's factory names"
        )

    def test_specs_are_plain_data_that_people_can_read(self) -> None:
        for extension in self._extensions():
            spec: Any = extension.spec  # Any: specs of several kinds
            again = msgspec.convert(json.loads(json.dumps(msgspec.to_builtins(spec))), type(spec))
            assert again == spec, f"{extension.id} is another one after it went through JSON"
            summary = spec.summary.strip()
            assert summary, f"{extension.id} has no summary for `sniper plugins list`"
            assert "\n" not in summary, f"the summary of {extension.id} is one line"
            assert len(summary) <= _LONGEST_SUMMARY, f"the summary of {extension.id} is longer than {_LONGEST_SUMMARY}"
            for permission in spec.permissions:
                assert _PERMISSION.fullmatch(permission), (
                    f"{permission!r} is no permission, such as 'network:api.acme.com'"
                )

    def test_what_the_specs_name_fulfils_its_contract(self) -> None:
        for extension in self._extensions():
            found = Catalogue.survey()
            spec: Any = extension.spec  # Any: as above
            if isinstance(spec, AppSpec):
                found.command(spec)
            else:
                found.load(spec)

    def test_config_is_frozen_and_explains_each_key(self) -> None:
        for extension, cls in self._classes():
            for model in _models(config_model(cls)):
                name = f"{extension.id}: {model.__name__}"
                assert model.model_config.get("frozen"), f"{name} is not frozen; derive it from sniper.config.Config"
                assert model.model_config.get("extra") == "forbid", (
                    f"{name} takes unknown keys; leave extra at 'forbid'"
                )
                for key, field in model.model_fields.items():
                    assert field.description, f"{name}.{key} has no description, which is its help"

    def test_config_refuses_unknown_keys(self) -> None:
        for extension, cls in self._classes():
            with pytest.raises(ValidationError) as refusal:
                config_model(cls).model_validate({"no-such-key": 1})
            kinds = [error["type"] for error in refusal.value.errors() if error["loc"] == ("no-such-key",)]
            assert kinds == ["extra_forbidden"], f"{extension.id} takes the key no-such-key"

    def test_the_risk_profiles_set_keys_that_there_are(self) -> None:
        for extension, cls in self._classes():
            spec = extension.spec
            for profile, values in spec.profiles.items() if isinstance(spec, RiskCheckSpec) else ():
                assert profile in ("cautious", "degen"), (
                    f"{extension.id} has a profile {profile!r}; name it cautious or degen: balanced is the defaults"
                )
                example = example_config(extension, cls)
                known = example.model_dump(exclude_unset=True) if example else {}
                config_model(cls).model_validate({**known, **values})

    def test_it_requires_the_core_within_bounds(self) -> None:
        requires = importlib_metadata.requires(self.distribution) or []
        core = [line for line in requires if re.match(r"sniper[-_.]core\b", line)]
        assert core, "it does not require sniper-core: give its versions, such as sniper-core>=0.1,<0.2"
        assert any("<" in line or "~=" in line or "==" in line for line in core), f"{core[0]} has no upper bound"

    def test_its_readme_shows_config_that_works(self) -> None:
        assert readme(self._origin()).strip(), "the README is missing or empty; name it under readme in pyproject.toml"
        for extension, cls in self._classes():
            kind, name = extension.key
            assert example_config(extension, cls) is not None, (
                f"some key has no default: show a [{kind}.{name}] section in a toml block of the README"
            )

    def test_its_types_are_marked(self) -> None:
        package = import_module(self._origin().module.partition(".")[0])
        assert files(package).joinpath("py.typed").is_file(), f"put an empty file py.typed into {package.__name__}"

    def _extensions(self) -> tuple[Extension, ...]:
        return extensions_of(self.distribution)

    def _classes(self) -> Iterator[tuple[Extension, type]]:
        for extension in self._extensions():
            if not isinstance(extension.spec, AppSpec):
                yield extension, Catalogue.survey().load(extension.spec)

    def _origin(self) -> Origin:
        for extension in self._extensions():
            return extension.origin
        raise AssertionError(
            f"{self.distribution} is not installed, or offers nothing; in its directory: {install_command('.')}"
        )


@cache
def extensions_of(distribution: str) -> tuple[Extension, ...]:
    """What an installed distribution offers, by kind and name."""
    return tuple(each for each in Catalogue.survey().extensions if each.origin.distribution == distribution)


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and those that its fields hold."""
    yield model
    for field in model.model_fields.values():
        for inner in _inner(field.annotation):
            yield from _models(inner)


def _inner(declared: Any) -> Iterator[type[BaseModel]]:  # Any: a type, or what typing makes of several
    if isinstance(declared, type) and issubclass(declared, BaseModel):
        yield declared
    for argument in getattr(declared, "__args__", ()):
        yield from _inner(argument)
