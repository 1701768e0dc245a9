"""The config of a plugin that is not imported: its values were found good in a worker, and are known here as JSON."""

from typing import Any, ClassVar, Self, cast

import msgspec
from pydantic import ConfigDict, PrivateAttr, ValidationError
from pydantic_core import PydanticCustomError, to_json

from sniper.config import Config
from sniper.isolation.describing import Section, checked_section
from sniper.isolation.place import Place


class FarConfig(Config):
    """Its keys are whatever the plugin's own model says; `far_config` makes a class of it for each."""

    model_config = ConfigDict(frozen=True, extra="allow")
    place: ClassVar[Place]
    factory: ClassVar[str]
    _given: dict[str, Any] = PrivateAttr(default_factory=dict)

    @classmethod
    def model_validate(cls, obj: Any, **_: Any) -> Self:  # Any: as pydantic has it
        """Asks a worker. Raises pydantic's `ValidationError` with what the plugin's model says, `PluginError`, and
        `IsolationError`."""
        values = obj if isinstance(obj, dict) else obj.model_dump(exclude_unset=True)
        found = checked_section(cls.place, cls.factory, values)
        if not isinstance(found, Section):
            raise ValidationError.from_exception_data(
                cls.__name__,
                [
                    {
                        "type": PydanticCustomError(each["type"], each["msg"].replace("{", "{{").replace("}", "}}")),
                        "loc": tuple(each["loc"]),
                        "input": each.get("input"),
                    }
                    for each in found
                ],
            )
        made = cast("Self", cls.model_construct(**msgspec.json.decode(found.values, type=dict)))
        made._given = values
        return made

    @property
    def given(self) -> str:
        """The keys that were set, as JSON, from which the plugin's own model makes the same again: a model may tell
        what was set from what was left out."""
        return to_json(self._given).decode()

    @property
    def section(self) -> Section:
        """What the worker said of these values."""
        found = checked_section(self.place, self.factory, self._given)
        assert isinstance(found, Section)  # they were found good
        return found


def far_config(place: Place, factory: str) -> type[FarConfig]:
    """The config model of one plugin's class."""
    return type(
        "FarConfig", (FarConfig,), {"place": place, "factory": factory, "__annotations__": {}, "__module__": __name__}
    )
