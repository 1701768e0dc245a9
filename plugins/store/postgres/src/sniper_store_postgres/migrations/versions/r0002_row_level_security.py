"""Let each account see its own rows alone.

Revision ID: r0002
Revises: r0001
"""

from alembic import op

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None

OF_ACCOUNTS = (
    *("intents", "findings", "orders", "attempts", "receipts", "fills", "adjustments", "cash", "positions", "taxes"),
    *("allowances", "senders", "instances", "accounts", "trail"),
)
OF_ALL = ("chains", "tokens")


def upgrade() -> None:
    op.execute("CREATE TABLE readers (role text PRIMARY KEY, account text NOT NULL)")
    op.execute("""CREATE FUNCTION my_account() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
        SET search_path FROM CURRENT AS 'SELECT account FROM readers WHERE role = session_user'""")
    op.execute("""CREATE FUNCTION admit(reader text, of_account text) RETURNS void LANGUAGE plpgsql
        SET search_path FROM CURRENT AS $$
        DECLARE here text := current_schema();
        BEGIN
            INSERT INTO readers VALUES (reader, of_account) ON CONFLICT (role) DO UPDATE SET account = of_account;
            EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', here, reader);
            EXECUTE format('GRANT EXECUTE ON FUNCTION my_account() TO %I', reader);
        END $$""")
    op.execute("REVOKE ALL ON FUNCTION my_account() FROM PUBLIC")
    op.execute("REVOKE ALL ON FUNCTION admit(text, text) FROM PUBLIC")
    for table in OF_ACCOUNTS:
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(f'CREATE POLICY writer ON "{table}" TO CURRENT_USER USING (true) WITH CHECK (true)')
        op.execute(f'CREATE POLICY own ON "{table}" FOR SELECT TO PUBLIC USING (account = my_account())')
    for table in (*OF_ACCOUNTS, *OF_ALL):
        op.execute(f'GRANT SELECT ON "{table}" TO PUBLIC')
