"""Who is told when a case cannot be conducted any more? The staff's groups, at once; managers read it every day."""

import logging
import threading

from config.settings import settings
from models.conducting import GIVE_UP_AFTER
from notifications.channels import tell_staff

log = logging.getLogger("yijianshi.paging")


def page_people(number: str) -> None:
    """Say it once, beside the work: whoever sends is not waited for. No word of the failure leaves the house."""
    log.error("办件 %s 连续 %d 次推进失败，已停下，等人处理", number, GIVE_UP_AFTER)
    threading.Thread(target=_tell, args=(number,), name=f"page-{number}", daemon=True).start()


def _tell(number: str) -> None:
    subject = f"办件 {number} 推进不了"
    text = f"连续 {GIVE_UP_AFTER} 次推进失败，已停下；办理不受影响。请查看：{settings().web_url}/manage/drift"
    delivery = tell_staff(subject, text)
    if not delivery.taken:
        log.warning("办件 %s 停下的消息没有发出：%s", number, delivery.why)
