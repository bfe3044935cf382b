"""Which tables are there? Importing this module makes SQLModel.metadata complete, for Alembic."""

from models.account import Account, ApiToken, Department, RecoveryCode, SignIn
from models.after import Delivery, PostCheck
from models.anchor import Anchor, AnchorLeaf
from models.attempt import Attempt
from models.audit import AuditEntry
from models.batch import Batch, BatchItem
from models.bulletin import Bulletin
from models.card import Card
from models.case import Case, Item, Material
from models.clock import ClockRow, FiredRung, SpecialProcedure
from models.digest import Digest
from models.document import Document
from models.enquiry import Enquiry, EnquiryEntry, EnquiryMessage
from models.export import ListExport
from models.figures import DayFigure, HourFigure
from models.heartbeat import Heartbeat
from models.notice import Notice
from models.online import ContactCode, ResultWish
from models.opinion_template import OpinionTemplate
from models.rating import Rating
from models.security import ProviderVisit, SecurityEvent
from models.shift import ShiftChange
from models.supplement import Gap, SupplementNotice
from models.telling import Call, Provider, Receipt
from models.together import Delegation, Gathering, Opinion, Rectification
from models.version import BundleVersion

TABLES = (
    Department,
    Account,
    SignIn,
    RecoveryCode,
    ProviderVisit,
    SecurityEvent,
    BundleVersion,
    Case,
    Item,
    Material,
    AuditEntry,
    Anchor,
    AnchorLeaf,
    DayFigure,
    HourFigure,
    ListExport,
    ContactCode,
    ResultWish,
    Notice,
    ClockRow,
    SpecialProcedure,
    FiredRung,
    Card,
    Digest,
    SupplementNotice,
    Gap,
    Opinion,
    Gathering,
    Delegation,
    Rectification,
    Delivery,
    PostCheck,
    ApiToken,
    Receipt,
    Provider,
    Call,
    Document,
    Bulletin,
    ShiftChange,
    Enquiry,
    EnquiryEntry,
    EnquiryMessage,
    Rating,
    OpinionTemplate,
    Batch,
    BatchItem,
    Heartbeat,
    Attempt,
)
