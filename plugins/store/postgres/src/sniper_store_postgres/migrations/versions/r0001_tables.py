"""The tables of the read models, the follower's place in the journal, and the tokens that were seen.

Revision ID: r0001
"""

from alembic import op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
    CREATE TABLE "chains" (
        "hash" text,
        "chain_id" bigint NOT NULL,
        "number" bigint,
        "timestamp" bigint,
        "time" bigint,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("chain_id")
    );
    CREATE TABLE "tokens" (
        "token" text NOT NULL,
        "symbol" text,
        "deployer" text,
        "chain_id" bigint NOT NULL,
        "decimals" bigint,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("chain_id", "token")
    );
    CREATE TABLE "intents" (
        "account" text NOT NULL,
        "intent" text NOT NULL,
        "instance" text,
        "side" text,
        "token" text,
        "reason" text,
        "cause" text,
        "pool" text,
        "venue" text,
        "quote" text,
        "rule" text,
        "chain_id" bigint,
        "share_bps" bigint,
        "formed_at" bigint,
        "judged_at" bigint,
        "retry_at" bigint,
        "amount" numeric(90, 0) DEFAULT 0,
        "expected_out" numeric(90, 0) DEFAULT 0,
        "urgent" boolean,
        "allowed" boolean,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("account", "intent")
    );
    CREATE INDEX "intents_token" ON "intents" ("token");
    CREATE INDEX "intents_instance" ON "intents" ("instance");
    CREATE TABLE "findings" (
        "account" text,
        "intent" text,
        "check" text,
        "rule" text,
        "unit" text,
        "note" text,
        "severity" text,
        "position" bigint NOT NULL,
        "n" bigint NOT NULL,
        "time" bigint,
        "retry_after_s" bigint,
        "ok" boolean,
        "found" text,
        "limit" text,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("position", "n")
    );
    CREATE INDEX "findings_intent" ON "findings" ("intent");
    CREATE TABLE "orders" (
        "account" text NOT NULL,
        "order" text NOT NULL,
        "intent" text,
        "instance" text,
        "side" text,
        "owner" text,
        "token" text,
        "quote" text,
        "pool" text,
        "venue" text,
        "state" text,
        "reason" text,
        "chain_id" bigint,
        "placed_at" bigint,
        "ended_at" bigint,
        "amount_in" numeric(90, 0) DEFAULT 0,
        "expected_out" numeric(90, 0) DEFAULT 0,
        "min_out" numeric(90, 0) DEFAULT 0,
        "cash" numeric(90, 0) DEFAULT 0,
        "gas" numeric(90, 0) DEFAULT 0,
        "exit_gas" numeric(90, 0) DEFAULT 0,
        "filled_token" numeric(90, 0) DEFAULT 0,
        "filled_quote" numeric(90, 0) DEFAULT 0,
        "gas_paid" numeric(90, 0) DEFAULT 0,
        "urgent" boolean,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("account", "order")
    );
    CREATE INDEX "orders_intent" ON "orders" ("intent");
    CREATE INDEX "orders_token" ON "orders" ("token");
    CREATE INDEX "orders_state" ON "orders" ("state");
    CREATE TABLE "attempts" (
        "account" text NOT NULL,
        "attempt" text NOT NULL,
        "order" text,
        "replaces" text,
        "state" text,
        "note" text,
        "tx_hash" text,
        "step" bigint,
        "nonce" bigint,
        "made_at" bigint,
        "made_block" bigint,
        "moved_at" bigint,
        "block" bigint,
        "max_fee" numeric(90, 0) DEFAULT 0,
        "max_priority_fee" numeric(90, 0) DEFAULT 0,
        "cancel" boolean,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("account", "attempt")
    );
    CREATE INDEX "attempts_order" ON "attempts" ("order");
    CREATE INDEX "attempts_tx_hash" ON "attempts" ("tx_hash");
    CREATE TABLE "receipts" (
        "account" text NOT NULL,
        "ask" text NOT NULL,
        "attempt" text,
        "tx_hash" text,
        "block_hash" text,
        "revert_reason" text,
        "block" bigint,
        "gas_used" bigint,
        "gas_price" numeric(90, 0) DEFAULT 0,
        "native_delta" numeric(90, 0) DEFAULT 0,
        "ok" boolean,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("account", "ask")
    );
    CREATE INDEX "receipts_attempt" ON "receipts" ("attempt");
    CREATE TABLE "fills" (
        "account" text,
        "order" text,
        "attempt" text,
        "token" text,
        "position" bigint NOT NULL,
        "time" bigint,
        "block" bigint,
        "amount" numeric(90, 0) DEFAULT 0,
        "cash" numeric(90, 0) DEFAULT 0,
        "gas" numeric(90, 0) DEFAULT 0,
        "cost" numeric(90, 0) DEFAULT 0,
        "realised" numeric(90, 0) DEFAULT 0,
        "undo" boolean,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("position")
    );
    CREATE INDEX "fills_order" ON "fills" ("order");
    CREATE INDEX "fills_token" ON "fills" ("token");
    CREATE TABLE "adjustments" (
        "account" text,
        "asset" text,
        "reason" text,
        "position" bigint NOT NULL,
        "time" bigint,
        "delta" numeric(90, 0) DEFAULT 0,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("position")
    );
    CREATE TABLE "cash" (
        "account" text NOT NULL,
        "asset" text NOT NULL,
        "amount" numeric(90, 0) DEFAULT 0,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("account", "asset")
    );
    CREATE TABLE "positions" (
        "account" text NOT NULL,
        "token" text NOT NULL,
        "pool" text,
        "quote" text,
        "venue" text,
        "instance" text,
        "state" text,
        "unguarded" text,
        "chain_id" bigint,
        "opened_at" bigint,
        "changed_at" bigint,
        "failures" bigint,
        "amount" numeric(90, 0) DEFAULT 0,
        "cost" numeric(90, 0) DEFAULT 0,
        "realised" numeric(90, 0) DEFAULT 0,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("account", "token")
    );
    CREATE INDEX "positions_state" ON "positions" ("state");
    CREATE TABLE "taxes" (
        "account" text NOT NULL,
        "token" text NOT NULL,
        "buy_tax_bps" bigint,
        "sell_tax_bps" bigint,
        "time" bigint,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("account", "token")
    );
    CREATE TABLE "allowances" (
        "account" text NOT NULL,
        "token" text NOT NULL,
        "spender" text NOT NULL,
        "time" bigint,
        "amount" numeric(90, 0) DEFAULT 0,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("account", "token", "spender")
    );
    CREATE TABLE "senders" (
        "account" text NOT NULL,
        "owner" text NOT NULL,
        "chain_id" bigint NOT NULL,
        "nonce" bigint,
        "time" bigint,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("account", "chain_id", "owner")
    );
    CREATE TABLE "instances" (
        "account" text NOT NULL,
        "instance" text NOT NULL,
        "state" text,
        "parameters" text,
        "reason" text,
        "changed_at" bigint,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("account", "instance")
    );
    CREATE TABLE "accounts" (
        "account" text NOT NULL,
        "kill_level" text,
        "kill_reason" text,
        "halted" text,
        "changed_at" bigint,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("account")
    );
    CREATE TABLE "trail" (
        "account" text,
        "intent" text,
        "tag" text,
        "position" bigint NOT NULL,
        "time" bigint,
        row bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY ("position")
    );
    CREATE INDEX "trail_intent" ON "trail" ("intent")
"""
FUNCTIONS = (
    "CREATE FUNCTION plus(a numeric, b numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT a + b'",
    "CREATE FUNCTION minus(a numeric, b numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT a - b'",
    # chr(58) is a colon, which would begin a parameter's name here.
    "CREATE FUNCTION native(chain_id bigint) RETURNS text LANGUAGE sql IMMUTABLE "
    "AS 'SELECT chain_id || chr(58) || ''0x'' || repeat(''0'', 40)'",
)


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)
    for statement in FUNCTIONS:
        op.execute(statement)
    op.execute("CREATE TABLE follower (one integer PRIMARY KEY CHECK (one = 1), rules text, position bigint NOT NULL)")
    op.execute("INSERT INTO follower VALUES (1, '', 0)")
    op.execute("CREATE TABLE fences (account text PRIMARY KEY, token bigint NOT NULL)")
