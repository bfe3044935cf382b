"""Which tables are there? Importing this module makes SQLModel.metadata complete, for Alembic."""

from models.account import Account, Department, SignIn
from models.audit import AuditEntry
from models.card import Card
from models.case import Case, Item, Material
from models.clock import ClockRow, FiredRung, SpecialProcedure
from models.digest import Digest
from models.notice import Notice
from models.version import BundleVersion

TABLES = (
    Department,
    Account,
    SignIn,
    BundleVersion,
    Case,
    Item,
    Material,
    AuditEntry,
    Notice,
    ClockRow,
    SpecialProcedure,
    FiredRung,
    Card,
    Digest,
)
