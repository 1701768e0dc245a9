"""What each journal record does to the read models: SQL by the tag of the record's struct.

A parameter is a field of the struct, with ``__`` for a dot (``:entry__intent``). Besides, ``:account`` is the record's
stream, ``:position`` its number, ``:json_NAME`` the JSON of a field, ``:tag_NAME`` the tag of the struct in a field,
and in a rule for ``each`` item of a field ``:n`` counts and the item's fields come before the struct's. ``plus(a, b)``
adds amounts. Tags that are not listed change nothing. `portable` writes out ``INSERT OR REPLACE`` and ``ON CONFLICT``,
which name no key here.
"""

import re
from dataclasses import dataclass

from sniper.readmodels.models import MODELS


@dataclass(frozen=True)
class Rule:
    """``where``: a field, and the tag that its value must have."""

    sql: str
    each: str = ""
    where: tuple[str, str] | None = None


_HELD = 'SELECT token FROM orders WHERE account = :account AND "order" = :order'

_OF_PLAN = 'FROM orders WHERE account = :account AND "order" = :order'


def _trail(intent: str, tag: str) -> Rule:
    values = f":position, :account, {intent}, '{tag}', :time"
    return Rule(f"INSERT INTO trail (position, account, intent, tag, time) VALUES ({values})")  # noqa: S608


def _trail_of_order(tag: str) -> Rule:
    return _trail('(SELECT intent FROM orders WHERE account = :account AND "order" = :order)', tag)


_AT_DESK = 'exchange_orders WHERE account = :account AND "order" = :order'


def _trail_at_desk(tag: str) -> Rule:
    return _trail(f"(SELECT intent FROM {_AT_DESK})", tag)  # noqa: S608


def _cash(asset: str, amount: str, source: str) -> Rule:
    """Money comes in, or goes out. ``source``: what follows ``SELECT …``, and must end in a condition."""
    return Rule(
        f"""INSERT INTO cash (account, asset, amount) SELECT :account, {asset}, {amount} {source}
            ON CONFLICT DO UPDATE SET amount = plus(cash.amount, excluded.amount)"""
    )


def _position(values: str) -> Rule:
    """More or less is held at an exchange. ``values``: see the columns, and must end in a condition."""
    return Rule(
        f"""INSERT INTO positions (account, token, pool, quote, venue, instance, amount, cost, realised, state,
                unguarded, chain_id, opened_at, changed_at, failures)
            SELECT :account, {values}
            ON CONFLICT DO UPDATE SET
                opened_at = CASE
                    WHEN positions.state = 'closed' OR {_NEGATIVE.format("positions.amount")}
                        != {_NEGATIVE.format("plus(positions.amount, excluded.amount)")}
                    THEN excluded.opened_at ELSE positions.opened_at END,
                instance = CASE WHEN positions.state = 'closed' THEN excluded.instance ELSE positions.instance END,
                pool = excluded.pool, state = 'open', changed_at = excluded.changed_at,
                amount = plus(positions.amount, excluded.amount), cost = plus(positions.cost, excluded.cost),
                realised = plus(positions.realised, excluded.realised)"""
    )


_NEGATIVE = "(substr(CAST({} AS TEXT), 1, 1) = '-')"
_OPEN = "'open', '', 0, :time, :time, 0"


def _flat(token: str) -> Rule:
    """Nothing of it is held any more."""
    return Rule(
        f"UPDATE positions SET state = 'closed' WHERE account = :account AND token = {token} AND amount = '0'"  # noqa: S608
    )


_INTO = re.compile(r"INSERT (OR REPLACE )?INTO (\w+) \(([^)]*)\)")


def portable(sql: str) -> str:
    """The same for every store: with the key of the table in each ``ON CONFLICT``, and with every column in what takes
    the place of a row."""
    found = _INTO.match(sql)
    if found is None:
        return sql
    model = next(each for each in MODELS if each.name == found[2])
    key = ", ".join(f'"{name}"' for name in model.key.split())
    sql = sql.replace("INSERT OR REPLACE INTO", "INSERT INTO", 1)
    if found[1]:
        others = [name for name in model.columns if name not in model.key.split()]
        changes = ", ".join(f'"{name}" = excluded."{name}"' for name in others)
        return f"{sql} ON CONFLICT ({key}) DO UPDATE SET {changes}"
    return sql.replace("ON CONFLICT DO UPDATE", f"ON CONFLICT ({key}) DO UPDATE", 1)


RULES: dict[str, tuple[Rule, ...]] = {
    "block/1": (
        Rule(
            """INSERT INTO chains (chain_id, number, hash, timestamp, time)
               VALUES (:chain_id, :number, :hash, :timestamp, :time)
               ON CONFLICT DO UPDATE SET number = excluded.number, hash = excluded.hash,
                   timestamp = excluded.timestamp, time = excluded.time"""
        ),
    ),
    "token-described/1": (
        Rule(
            """INSERT OR REPLACE INTO tokens (chain_id, token, symbol, decimals, deployer)
               VALUES (:chain_id, :token, :symbol, :decimals, :deployer)"""
        ),
    ),
    "intent-formed/1": (
        Rule(
            """INSERT OR REPLACE INTO intents (account, intent, instance, side, token, reason, cause, share_bps, urgent,
                   formed_at)
               VALUES (:account, :intent, :instance, :side, :token, :reason, :cause, :share_bps, :urgent, :time)"""
        ),
        _trail(":intent", "intent-formed/1"),
    ),
    "entry-sized/1": (
        Rule(
            """UPDATE intents SET chain_id = :entry__chain_id, pool = :entry__pool, venue = :entry__venue,
                   quote = :entry__quote, amount = :entry__amount, expected_out = :entry__expected_out
               WHERE account = :account AND intent = :entry__intent"""
        ),
        _trail(":entry__intent", "entry-sized/1"),
    ),
    "judged/1": (
        Rule(
            """INSERT INTO findings (position, n, account, time, intent, "check", rule, ok, found, "limit", unit, note,
                   severity, retry_after_s)
               VALUES (:position, :n, :account, :time, :intent, :check, :rule, :ok, :json_found, :json_limit, :unit,
                   :note, :severity, :retry_after_s)""",
            each="findings",
        ),
        _trail(":intent", "judged/1"),
    ),
    "verdict/1": (
        Rule(
            """UPDATE intents SET allowed = :allowed, rule = :rule, retry_at = :retry_at, judged_at = :time
               WHERE account = :account AND intent = :intent"""
        ),
        _trail(":intent", "verdict/1"),
    ),
    "asked/1": (
        Rule(
            """INSERT OR REPLACE INTO receipts (account, ask, attempt, tx_hash)
               VALUES (:account, :ask__id, :ask__body__submission__attempt, :ask__body__submission__tx_hash)""",
            where=("ask.body", "settle"),
        ),
    ),
    "settled/1": (
        Rule("DELETE FROM receipts WHERE account = :account AND ask = :ask AND NOT :included"),
        Rule(
            """UPDATE receipts SET ok = :ok, block = :block, block_hash = :block_hash, gas_used = :gas_used,
                   gas_price = :gas_price, native_delta = :native_delta, revert_reason = :revert_reason
               WHERE account = :account AND ask = :ask AND ok IS NULL"""
        ),
    ),
    "ask-closed/1": (Rule("DELETE FROM receipts WHERE account = :account AND ask = :ask AND ok IS NULL"),),
    "order-placed/1": (
        Rule(
            """INSERT OR REPLACE INTO orders (account, "order", intent, instance, side, chain_id, owner, token, quote,
                   pool, venue, amount_in, expected_out, min_out, cash, gas, exit_gas, urgent, placed_at, state, reason,
                   plan, leg, lots)
               VALUES (:account, :order, :intent, :instance, :side, :chain_id, :owner, :token, :quote, :pool, :venue,
                   :amount_in, :expected_out, :min_out, :cash, :gas, :exit_gas, :urgent, :time, 'working', '', :plan,
                   :leg, :lots)"""
        ),
        Rule(
            """INSERT INTO positions (account, token, pool, quote, venue, instance, state, chain_id, opened_at,
                   changed_at, failures, unguarded)
               SELECT :account, :token, :pool, :quote, :venue, :instance, 'opening', :chain_id, :time, :time, 0, ''
               WHERE :side IN ('increase', 'withdraw')
               ON CONFLICT DO UPDATE SET pool = excluded.pool, quote = excluded.quote, venue = excluded.venue,
                   instance = excluded.instance, state = 'opening', opened_at = excluded.opened_at,
                   changed_at = excluded.changed_at, failures = 0, unguarded = ''
               WHERE positions.state IN ('closed', 'written-off')"""
        ),
        Rule(
            """UPDATE positions SET state = 'closing', changed_at = :time
               WHERE account = :account AND token = :token AND :side = 'reduce'"""
        ),
        _trail(":intent", "order-placed/1"),
    ),
    "steps-added/1": (
        Rule('UPDATE orders SET gas = plus(gas, :gas) WHERE account = :account AND "order" = :order'),
        _trail_of_order("steps-added/1"),
    ),
    "attempt-made/1": (
        Rule(
            """INSERT OR REPLACE INTO attempts (account, attempt, "order", replaces, state, note, tx_hash, step, nonce,
                   made_at, made_block, moved_at, max_fee, max_priority_fee, cancel)
               VALUES (:account, :attempt, :order, :replaces, 'signing', '', '', :step, :nonce, :time, :block, :time,
                   :bid__max_fee, :bid__max_priority_fee, :cancel)"""
        ),
        _trail_of_order("attempt-made/1"),
    ),
    "attempt-moved/1": (
        Rule(
            """UPDATE attempts SET state = :state, note = :note, moved_at = :time, block = :block,
                   tx_hash = CASE WHEN :tx_hash = '' THEN tx_hash ELSE :tx_hash END
               WHERE account = :account AND attempt = :attempt"""
        ),
        _trail_of_order("attempt-moved/1"),
    ),
    "booked/1": (
        Rule(
            f"""INSERT INTO fills (position, account, time, "order", attempt, token, block, amount, cash, gas, cost,
                   realised, undo)
               VALUES (:position, :account, :time, :order, :attempt, ({_HELD}), :block, :amount, :cash, :gas, :cost,
                   :realised, :undo)"""  # noqa: S608
        ),
        Rule(
            """UPDATE orders SET filled_token = plus(filled_token, :amount), filled_quote = plus(filled_quote, :cash),
                   gas_paid = plus(gas_paid, :gas)
               WHERE account = :account AND "order" = :order"""
        ),
        Rule(
            f"""UPDATE positions SET amount = plus(amount, :amount), cost = plus(cost, :cost), changed_at = :time
               WHERE account = :account AND token = ({_HELD})"""  # noqa: S608
        ),
        Rule(
            f"""UPDATE positions SET realised = plus(realised, :realised)
               WHERE account = :account AND token = ({_HELD} AND side NOT IN ('provide', 'withdraw'))"""  # noqa: S608
        ),
        Rule(
            """INSERT INTO cash (account, asset, amount)
               SELECT :account, quote, :cash FROM orders WHERE account = :account AND "order" = :order
               ON CONFLICT DO UPDATE SET amount = plus(cash.amount, excluded.amount)"""
        ),
        Rule(
            """INSERT INTO cash (account, asset, amount)
               SELECT :account, native(chain_id), minus('0', :gas) FROM orders
               WHERE account = :account AND "order" = :order
               ON CONFLICT DO UPDATE SET amount = plus(cash.amount, excluded.amount)"""
        ),
        # a purchase fills all of its lots or none, a sale what it sold
        Rule(
            f"""UPDATE plans SET filled = plus(filled, (SELECT CASE WHEN side = 'reduce' THEN minus('0', :amount)
                    WHEN minus(:cash, '0') = '0' THEN '0' WHEN :undo THEN minus('0', lots) ELSE lots END {_OF_PLAN}))
                WHERE account = :account AND plan = (SELECT plan {_OF_PLAN})"""  # noqa: S608
        ),
        _trail_of_order("booked/1"),
    ),
    "allowed/1": (
        Rule(
            """INSERT OR REPLACE INTO allowances (account, token, spender, amount, time)
               VALUES (:account, :token, :spender, :amount, :time)"""
        ),
    ),
    "order-ended/1": (
        Rule(
            """UPDATE orders SET state = :state, reason = :reason, ended_at = :time
               WHERE account = :account AND "order" = :order"""
        ),
        _trail_of_order("order-ended/1"),
    ),
    "order-reopened/1": (
        Rule(
            """UPDATE orders SET state = 'working', reason = '', ended_at = NULL
               WHERE account = :account AND "order" = :order"""
        ),
        Rule(
            f"""UPDATE plans SET state = 'working', ended_at = NULL
                WHERE account = :account AND plan = (SELECT plan {_OF_PLAN}) AND ended_at IS NOT NULL"""  # noqa: S608
        ),
        _trail_of_order("order-reopened/1"),
    ),
    "exchange-order-placed/1": (
        Rule(
            """INSERT OR REPLACE INTO exchange_orders (account, "order", intent, instance, "key", instrument, venue,
                   token, quote, side, type, lives, client_id, venue_id, state, note, plan, leg, size, price, filled,
                   placed_at, moved_at, reserved, filled_amount, filled_cash, realised, opens, cancelling)
               VALUES (:account, :order, :intent, :instance, :key, :instrument__id, :instrument__venue,
                   :instrument__held, :instrument__quote, :new__side, :new__type, :new__lives, :new__client_id, '',
                   'new', '', :plan, :leg, :new__size, :new__price, 0, :time, :time, :reserved, 0, 0, 0, :opens,
                   FALSE)"""
        ),
        Rule(
            """UPDATE intents SET allowed = TRUE, rule = '', retry_at = NULL, judged_at = :time
               WHERE account = :account AND intent = :intent"""
        ),
        _trail(":intent", "exchange-order-placed/1"),
    ),
    "exchange-cancelled/1": (
        Rule('UPDATE exchange_orders SET cancelling = TRUE WHERE account = :account AND "order" = :order'),
        _trail_at_desk("exchange-cancelled/1"),
    ),
    "exchange-order-moved/1": (
        Rule(
            """UPDATE exchange_orders SET state = :state, note = :note, moved_at = :time,
                   venue_id = CASE WHEN :venue_id = '' THEN venue_id ELSE :venue_id END
               WHERE account = :account AND "order" = :order"""
        ),
        _trail_at_desk("exchange-order-moved/1"),
    ),
    "exchange-filled/1": (
        Rule(
            """INSERT INTO exchange_fills (position, account, time, "order", fill, instrument, side, fee_asset, forced,
                   size, price, value, fee, amount, cash, cost, realised, maker)
               VALUES (:position, :account, :time, :order, :fill__id, :fill__instrument, :fill__side, :fill__fee_asset,
                   '', :fill__size, :fill__price, :fill__value, :fill__fee, :amount, :cash, :cost, :realised,
                   :fill__maker)"""
        ),
        _position(f"token, instrument, quote, venue, instance, :amount, :cost, :realised, {_OPEN} FROM {_AT_DESK}"),
        _flat(f"(SELECT token FROM {_AT_DESK})"),  # noqa: S608
        _cash("quote", ":cash", f"FROM {_AT_DESK}"),
        _cash(
            ":fill__fee_asset", "minus('0', :fill__fee)", f"FROM {_AT_DESK} AND :fill__fee_asset NOT IN (token, quote)"
        ),
        Rule(
            """UPDATE exchange_orders SET filled = filled + :fill__size, filled_amount = plus(filled_amount, :amount),
                   filled_cash = plus(filled_cash, :cash), realised = plus(realised, :realised)
               WHERE account = :account AND "order" = :order"""
        ),
        Rule(
            """UPDATE exchange_orders SET state = 'filled', note = '', moved_at = :time,
                   venue_id = CASE WHEN :fill__venue_id = '' THEN venue_id ELSE :fill__venue_id END
               WHERE account = :account AND "order" = :order AND :ends"""
        ),
        Rule(
            f"""UPDATE plans SET filled = plus(filled, :fill__size)
                WHERE account = :account AND plan = (SELECT plan FROM {_AT_DESK})"""  # noqa: S608
        ),
        _trail_at_desk("exchange-filled/1"),
    ),
    "exchange-forced/1": (
        Rule(
            """INSERT INTO exchange_fills (position, account, time, "order", fill, instrument, side, fee_asset, forced,
                   size, price, value, fee, amount, cash, cost, realised, maker)
               VALUES (:position, :account, :time, '', :fill__id, :fill__instrument, :fill__side, :fill__fee_asset,
                   :fill__forced, :fill__size, :fill__price, :fill__value, :fill__fee, :amount, :cash, :cost,
                   :realised, :fill__maker)"""
        ),
        Rule(
            """UPDATE positions SET amount = plus(amount, :amount), cost = plus(cost, :cost),
                   realised = plus(realised, :realised), changed_at = :time
               WHERE account = :account AND token = :instrument__held"""
        ),
        _flat(":instrument__held"),
        _cash(":instrument__quote", ":cash", "WHERE TRUE"),
        _cash(
            ":fill__fee_asset",
            "minus('0', :fill__fee)",
            "WHERE :fill__fee_asset NOT IN (:instrument__held, :instrument__quote)",
        ),
    ),
    "dust-left/1": (
        _cash("token", "amount", "FROM positions WHERE account = :account AND token = :token AND state != 'closed'"),
        Rule(
            """UPDATE positions SET realised = minus(realised, cost), amount = '0', cost = '0', state = 'closed',
                   changed_at = :time
               WHERE account = :account AND token = :token AND state != 'closed'"""
        ),
    ),
    "funded/1": (
        Rule(
            """INSERT INTO funding (position, account, time, venue, instrument, asset, amount, paid_at)
               VALUES (:position, :account, :time, :venue, :funding__instrument, :funding__asset, :funding__amount,
                   :funding__time)"""
        ),
        Rule(
            """UPDATE positions SET realised = plus(realised, :funding__amount), changed_at = :time
               WHERE account = :account AND token = :funding__instrument"""
        ),
        _cash(":funding__asset", ":funding__amount", "WHERE TRUE"),
    ),
    "contract-read/1": (
        Rule(
            """INSERT OR REPLACE INTO contracts (account, instrument, venue, leverage, liquidation, isolated, time)
               VALUES (:account, :state__instrument__id, :state__instrument__venue, :state__leverage,
                   :state__liquidation, :state__isolated, :time)"""
        ),
    ),
    "contract-adjusted/1": (
        _position(
            ":instrument__id, :instrument__id, :instrument__quote, :instrument__venue, '', :amount, :cost, 0, "
            f"{_OPEN} WHERE TRUE"
        ),
        _flat(":instrument__id"),
    ),
    "plan-started/1": (
        Rule(
            """INSERT OR REPLACE INTO plans (account, plan, instance, "key", instrument, type, state, note, narrowed,
                   filled, started_at)
               VALUES (:account, :plan, :instance, :key, :instrument__id, :tag_spec, 'working', '', '', 0, :time)"""
        ),
        _trail(":plan", "plan-started/1"),
    ),
    "plan-narrowed/1": (
        Rule("UPDATE plans SET narrowed = :reason WHERE account = :account AND plan = :plan"),
        _trail(":plan", "plan-narrowed/1"),
    ),
    "plan-waits/1": (
        Rule("UPDATE plans SET retry_at = :until, note = :note WHERE account = :account AND plan = :plan"),
        _trail(":plan", "plan-waits/1"),
    ),
    "plan-ending/1": (
        Rule("UPDATE plans SET state = 'ending', note = :note WHERE account = :account AND plan = :plan"),
        _trail(":plan", "plan-ending/1"),
    ),
    "plan-ended/1": (
        Rule(
            """UPDATE plans SET state = :state, note = :note, ended_at = :time, retry_at = NULL
               WHERE account = :account AND plan = :plan"""
        ),
        _trail(":plan", "plan-ended/1"),
    ),
    "desk-read/1": (
        Rule("INSERT OR REPLACE INTO desks (account, venue, known, time) VALUES (:account, :venue, TRUE, :time)"),
    ),
    "desk-unread/1": (
        Rule("INSERT OR REPLACE INTO desks (account, venue, known, time) VALUES (:account, :venue, FALSE, :time)"),
    ),
    "position-moved/1": (
        Rule(
            """UPDATE positions SET state = :state, failures = :failures, changed_at = :time
               WHERE account = :account AND token = :token"""
        ),
    ),
    "unguarded/1": (
        Rule(
            "UPDATE positions SET unguarded = :reason WHERE account = :account AND token = :token AND state != 'closed'"
        ),
    ),
    "measured/1": (
        Rule(
            """INSERT INTO taxes (account, token, buy_tax_bps, sell_tax_bps, time)
               VALUES (:account, :token, :buy_tax_bps, :sell_tax_bps, :time)
               ON CONFLICT DO UPDATE SET buy_tax_bps = coalesce(excluded.buy_tax_bps, taxes.buy_tax_bps),
                   sell_tax_bps = coalesce(excluded.sell_tax_bps, taxes.sell_tax_bps), time = excluded.time"""
        ),
    ),
    "synced/1": (
        Rule(
            """INSERT OR REPLACE INTO senders (account, chain_id, owner, nonce, time)
               VALUES (:account, :chain_id, :owner, :nonce, :time)"""
        ),
    ),
    "adjusted/1": (
        Rule(
            """INSERT INTO adjustments (position, account, time, asset, delta, reason)
               VALUES (:position, :account, :time, :asset, :delta, :reason)"""
        ),
        Rule(
            """INSERT INTO cash (account, asset, amount)
               SELECT :account, :asset, :delta WHERE NOT EXISTS
                   (SELECT 1 FROM positions WHERE account = :account AND token = :asset AND state != 'closed')
               ON CONFLICT DO UPDATE SET amount = plus(cash.amount, excluded.amount)"""
        ),
        Rule(
            """UPDATE positions SET amount = plus(amount, :delta), changed_at = :time
               WHERE account = :account AND token = :asset AND state != 'closed'"""
        ),
    ),
    "kill-set/1": (
        Rule(
            """INSERT INTO accounts (account, kill_level, kill_reason, halted, changed_at)
               VALUES (:account, :level, :reason, '', :time)
               ON CONFLICT DO UPDATE SET kill_level = :level, kill_reason = :reason, changed_at = :time"""
        ),
    ),
    "tripped/1": (
        Rule(
            """INSERT INTO accounts (account, kill_level, kill_reason, halted, changed_at)
               VALUES (:account, :level, :check || ': ' || :reason, '', :time)
               ON CONFLICT DO UPDATE SET kill_level = :level, kill_reason = :check || ': ' || :reason,
                   changed_at = :time"""
        ),
    ),
    "instance-moved/1": (
        Rule(
            """INSERT INTO instances (account, instance, state, parameters, reason, changed_at)
               VALUES (:account, :instance, :state, :parameters, :reason, :time)
               ON CONFLICT DO UPDATE SET state = :state, reason = :reason, changed_at = :time,
                   parameters = CASE WHEN :parameters = '' THEN instances.parameters ELSE :parameters END"""
        ),
    ),
    "resumed/1": (Rule("UPDATE accounts SET halted = '', changed_at = :time WHERE account = :account"),),
    "halted/1": (
        Rule(
            """INSERT INTO accounts (account, kill_level, kill_reason, halted, changed_at)
               VALUES (:account, 'off', '', :reason, :time)
               ON CONFLICT DO UPDATE SET halted = :reason, changed_at = :time"""
        ),
    ),
}
