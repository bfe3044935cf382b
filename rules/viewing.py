"""For what may somebody look at the full personal data of a case? The purpose is said first, and kept."""

from rules.named import Named


class Purpose(Named):
    """查看目的."""

    IDENTITY = "identity", "核对申请人身份"
    CONTACT = "contact", "联系申请人"
    REVIEW = "review", "审查申请材料"
    CERTIFICATE = "certificate", "制作证照、送达结果"
    COMPLAINT = "complaint", "答复咨询、投诉"
    OTHER = "other", "其他（请写明）"
    # Not chosen: the platform notes them when the paper itself is opened.
    FILE = "file", "打开材料文件"
    RECEIPT = "receipt", "打印收件回执"


CHOSEN = tuple(one for one in Purpose if one not in (Purpose.FILE, Purpose.RECEIPT))
