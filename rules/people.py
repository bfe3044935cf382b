"""Who takes part, and which duties does each role carry (domain 2.7)?"""

from rules.named import Named


class Role(Named):
    CLERK = "clerk", "综合窗口"
    OFFICER = "officer", "部门经办"
    HEAD = "head", "部门负责人"
    GOVERNMENT = "government", "政府负责人"
    MANAGER = "manager", "政务管理"
    # 三员分立 (GB/T 22239-2019 8.1.5): who runs the platform opens no accounts, who opens accounts reads no audit.
    ADMIN = "admin", "系统管理"
    SECURITY = "security", "安全管理"
    AUDITOR = "auditor", "审计管理"


class ApplicantKind(Named):
    PERSON = "person", "自然人"
    ORGANISATION = "organisation", "法人或其他组织"


class ApplyChannel(Named):
    """收件渠道: where the application was handed in. Both count the same (优化营商环境条例 art. 37)."""

    WINDOW = "window", "窗口"
    ONLINE = "online", "网上"


class ResultWay(Named):
    """How the applicant wants the results."""

    COUNTER = "counter", "窗口领取"
    COURIER = "courier", "快递送达"


class ToldBy(Named):
    """Which messages an applicant prefers. What the law wants in writing goes out on every way there is."""

    BOTH = "both", "短信和邮件"
    SMS = "sms", "短信"
    EMAIL = "email", "邮件"
