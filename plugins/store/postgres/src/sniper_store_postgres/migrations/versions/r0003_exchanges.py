"""Orders at exchanges, their fills, plans, contracts, funding, and whether sub-accounts were read.

Revision ID: r0003
Revises: r0002
"""

from alembic import op

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None

TABLES = """
    CREATE TABLE "exchange_orders" (
        "account" text NOT NULL,
        "order" text NOT NULL,
        "intent" text,
        "instance" text,
        "key" text,
        "instrument" text,
        "venue" text,
        "token" text,
        "quote" text,
        "side" text,
        "type" text,
        "lives" text,
        "client_id" text,
        "venue_id" text,
        "state" text,
        "note" text,
        "plan" text,
        "leg" text,
        "size" bigint,
        "price" bigint,
        "filled" bigint,
        "placed_at" bigint,
        "moved_at" bigint,
        "reserved" numeric(90, 0) DEFAULT 0,
        "filled_amount" numeric(90, 0) DEFAULT 0,
        "filled_cash" numeric(90, 0) DEFAULT 0,
        "realised" numeric(90, 0) DEFAULT 0,
        "opens" boolean,
        "cancelling" boolean,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("account", "order")
    );
    CREATE INDEX "exchange_orders_intent" ON "exchange_orders" ("intent");
    CREATE INDEX "exchange_orders_instrument" ON "exchange_orders" ("instrument");
    CREATE INDEX "exchange_orders_state" ON "exchange_orders" ("state");
    CREATE INDEX "exchange_orders_plan" ON "exchange_orders" ("plan");
    CREATE INDEX "exchange_orders_client_id" ON "exchange_orders" ("client_id");
    CREATE TABLE "exchange_fills" (
        "account" text,
        "order" text,
        "fill" text,
        "instrument" text,
        "side" text,
        "fee_asset" text,
        "forced" text,
        "position" bigint NOT NULL,
        "time" bigint,
        "size" bigint,
        "price" bigint,
        "value" numeric(90, 0) DEFAULT 0,
        "fee" numeric(90, 0) DEFAULT 0,
        "amount" numeric(90, 0) DEFAULT 0,
        "cash" numeric(90, 0) DEFAULT 0,
        "cost" numeric(90, 0) DEFAULT 0,
        "realised" numeric(90, 0) DEFAULT 0,
        "maker" boolean,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("position")
    );
    CREATE INDEX "exchange_fills_order" ON "exchange_fills" ("order");
    CREATE INDEX "exchange_fills_instrument" ON "exchange_fills" ("instrument");
    CREATE TABLE "plans" (
        "account" text NOT NULL,
        "plan" text NOT NULL,
        "instance" text,
        "key" text,
        "instrument" text,
        "type" text,
        "state" text,
        "note" text,
        "narrowed" text,
        "filled" bigint,
        "started_at" bigint,
        "ended_at" bigint,
        "retry_at" bigint,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("account", "plan")
    );
    CREATE INDEX "plans_instrument" ON "plans" ("instrument");
    CREATE INDEX "plans_state" ON "plans" ("state");
    CREATE TABLE "contracts" (
        "account" text NOT NULL,
        "instrument" text NOT NULL,
        "venue" text,
        "leverage" bigint,
        "liquidation" bigint,
        "time" bigint,
        "isolated" numeric(90, 0) DEFAULT 0,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("account", "instrument")
    );
    CREATE TABLE "funding" (
        "account" text,
        "venue" text,
        "instrument" text,
        "asset" text,
        "position" bigint NOT NULL,
        "time" bigint,
        "paid_at" bigint,
        "amount" numeric(90, 0) DEFAULT 0,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("position")
    );
    CREATE INDEX "funding_instrument" ON "funding" ("instrument");
    CREATE TABLE "desks" (
        "account" text NOT NULL,
        "venue" text NOT NULL,
        "time" bigint,
        "known" boolean,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("account", "venue")
    )
"""
OF_ACCOUNTS = ("exchange_orders", "exchange_fills", "plans", "contracts", "funding", "desks")


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)
    for table in OF_ACCOUNTS:
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(f'CREATE POLICY writer ON "{table}" TO CURRENT_USER USING (true) WITH CHECK (true)')
        op.execute(f'CREATE POLICY own ON "{table}" FOR SELECT TO PUBLIC USING (account = my_account())')
        op.execute(f'GRANT SELECT ON "{table}" TO PUBLIC')
