"""Of which plan an order on a chain is; what plans have filled is base units there.

Revision ID: r0004
Revises: r0003
"""

from alembic import op

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute('ALTER TABLE "orders" ADD COLUMN "plan" text, ADD COLUMN "leg" text')
    op.execute('ALTER TABLE "orders" ADD COLUMN "lots" numeric(90, 0) DEFAULT 0')
    op.execute('ALTER TABLE "plans" ALTER COLUMN "filled" TYPE numeric(90, 0)')
    op.execute('ALTER TABLE "plans" ALTER COLUMN "filled" SET DEFAULT 0')
