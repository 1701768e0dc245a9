"""The read models: one table each.

Amounts are text, because base units pass 64 bits (9.3 ether in wei does); rows give them as ``int``. Times are ns UTC.
``position`` is the number of the journal record that a row comes from.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Model:
    """Columns by kind, ``key`` (the primary key) and ``indexes`` (one column each), all as words."""

    name: str
    key: str
    texts: str = ""
    integers: str = ""
    amounts: str = ""
    flags: str = ""
    values: str = ""
    indexes: str = ""

    @property
    def columns(self) -> dict[str, str]:
        """Each column's kind: ``text``, ``integer``, ``amount``, ``flag`` or ``value`` (JSON of a scalar)."""
        kinds = {
            "text": self.texts,
            "integer": self.integers,
            "amount": self.amounts,
            "flag": self.flags,
            "value": self.values,
        }
        return {name: kind for kind, names in kinds.items() for name in names.split()}

    def statements(self) -> list[str]:
        """What creates it."""
        key = self.key.split()
        types = {"text": "TEXT", "integer": "INTEGER", "amount": "TEXT", "flag": "INTEGER", "value": "TEXT"}
        lines = [
            f'"{name}" {types[kind]}' + (" NOT NULL" if name in key else " DEFAULT '0'" if kind == "amount" else "")
            for name, kind in self.columns.items()
        ]
        lines.append("PRIMARY KEY (" + ", ".join(f'"{name}"' for name in key) + ")")
        return [
            f'CREATE TABLE "{self.name}" ({", ".join(lines)}) STRICT',
            *(f'CREATE INDEX "{self.name}_{name}" ON "{self.name}" ("{name}")' for name in self.indexes.split()),
        ]


MODELS = (
    Model(
        "chains",
        key="chain_id",
        integers="chain_id number timestamp time",
        texts="hash",
    ),
    Model(
        "tokens",
        key="chain_id token",
        integers="chain_id decimals",
        texts="token symbol deployer",
    ),
    # what was wanted, how it was sized and routed, and what came of it
    Model(
        "intents",
        key="account intent",
        texts="account intent instance side token reason cause pool venue quote rule",
        integers="chain_id share_bps formed_at judged_at retry_at",
        amounts="amount expected_out",
        flags="urgent allowed",
        indexes="token instance",
    ),
    Model(
        "findings",
        key="position n",
        texts="account intent check rule unit note severity",
        integers="position n time retry_after_s",
        flags="ok",
        values="found limit",
        indexes="intent",
    ),
    Model(
        "orders",
        key="account order",
        texts="account order intent instance side owner token quote pool venue state reason plan leg",
        integers="chain_id placed_at ended_at",
        amounts="amount_in expected_out min_out cash gas exit_gas filled_token filled_quote gas_paid lots",
        flags="urgent",
        indexes="intent token state",
    ),
    Model(
        "attempts",
        key="account attempt",
        texts="account attempt order replaces state note tx_hash",
        flags="cancel",
        integers="step nonce made_at made_block moved_at block",
        amounts="max_fee max_priority_fee",
        indexes="order tx_hash",
    ),
    Model(
        "receipts",
        key="account ask",
        texts="account ask attempt tx_hash block_hash revert_reason",
        integers="block gas_used",
        amounts="gas_price native_delta",
        flags="ok",
        indexes="attempt",
    ),
    # every change of money; ``undo`` takes back an earlier one
    Model(
        "fills",
        key="position",
        texts="account order attempt token",
        integers="position time block",
        amounts="amount cash gas cost realised",
        flags="undo",
        indexes="order token",
    ),
    Model(
        "adjustments",
        key="position",
        texts="account asset reason",
        integers="position time",
        amounts="delta",
    ),
    Model(
        "cash",
        key="account asset",
        texts="account asset",
        amounts="amount",
    ),
    # one row per token that was ever held; ``realised`` adds up over all times it was held
    Model(
        "positions",
        key="account token",
        texts="account token pool quote venue instance state unguarded",
        integers="chain_id opened_at changed_at failures",
        amounts="amount cost realised",
        indexes="state",
    ),
    # sizes in lots, prices in ticks; ``reserved``: when it was placed; ``token``: what is held of it
    Model(
        "exchange_orders",
        key="account order",
        texts="account order intent instance key instrument venue token quote side type lives client_id venue_id state"
        " note plan leg",
        integers="size price filled placed_at moved_at",
        amounts="reserved filled_amount filled_cash realised",
        flags="opens cancelling",
        indexes="intent instrument state plan client_id",
    ),
    # ``forced``: why the exchange closed it itself, which is of no order
    Model(
        "exchange_fills",
        key="position",
        texts="account order fill instrument side fee_asset forced",
        integers="position time size price",
        amounts="value fee amount cash cost realised",
        flags="maker",
        indexes="order instrument",
    ),
    # ``narrowed``: why it only reduces any more; ``retry_at``: when a leg that was refused is tried again
    Model(
        "plans",
        key="account plan",
        texts="account plan instance key instrument type state note narrowed",
        integers="started_at ended_at retry_at",
        amounts="filled",
        indexes="instrument state",
    ),
    # what the exchange says of a contract, liquidation price in ticks; the position in it is one of ``positions``
    Model(
        "contracts",
        key="account instrument",
        texts="account instrument venue",
        integers="leverage liquidation time",
        amounts="isolated",
    ),
    Model(
        "funding",
        key="position",
        texts="account venue instrument asset",
        integers="position time paid_at",
        amounts="amount",
        indexes="instrument",
    ),
    # whether a sub-account was read since its stream was there
    Model(
        "desks",
        key="account venue",
        texts="account venue",
        integers="time",
        flags="known",
    ),
    Model(
        "taxes",
        key="account token",
        texts="account token",
        integers="buy_tax_bps sell_tax_bps time",
    ),
    Model(
        "allowances",
        key="account token spender",
        texts="account token spender",
        integers="time",
        amounts="amount",
    ),
    # the next nonce when the wallet was last read
    Model(
        "senders",
        key="account chain_id owner",
        texts="account owner",
        integers="chain_id nonce time",
    ),
    Model(
        "instances",
        key="account instance",
        texts="account instance state parameters reason",
        integers="changed_at",
    ),
    Model(
        "accounts",
        key="account",
        texts="account kill_level kill_reason halted",
        integers="changed_at",
    ),
    # where in the journal the story of an intent stands
    Model(
        "trail",
        key="position",
        texts="account intent tag",
        integers="position time",
        indexes="intent",
    ),
)
