"""The read models that stores have in common: their tables, and what each journal record does to them, as SQL.

The SQL is what SQLite and PostgreSQL share. A store brings the functions ``plus``, ``minus`` and ``native``.
"""

from sniper.readmodels.applying import ReadyRule, ready
from sniper.readmodels.models import MODELS, Model
from sniper.readmodels.rules import RULES, Rule

__all__ = ["MODELS", "RULES", "Model", "ReadyRule", "Rule", "ready"]
