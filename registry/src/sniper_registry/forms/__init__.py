"""Parameter schemas as forms, and filled forms as sections of a config.

A schema is the JSON schema of a plugin's config model, as its release carries it: data of a stranger. Nothing in it is
run, and what it says is text for whoever renders it to escape.
"""

from sniper_registry.forms.fields import Field, FieldKind, fields
from sniper_registry.forms.section import Written, written

__all__ = ["Field", "FieldKind", "Written", "fields", "written"]
