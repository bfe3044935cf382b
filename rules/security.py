"""安全事件: what happens at the door and to accounts, kept for the audit administrator."""

from rules.named import Named


class SecurityKind(Named):
    """What happened. Stored in the record; words are added, never changed."""

    SIGN_IN = "sign_in", "登录"
    FAILED = "failed", "登录失败"
    LOCKED = "locked", "账号锁定"
    SIGN_OUT = "sign_out", "退出登录"
    ENDED = "ended", "结束会话"
    SECOND_FAILED = "second_failed", "动态码不对"
    RECOVERY_USED = "recovery_used", "使用恢复码"
    SECOND_ON = "second_on", "启用动态码"
    SECOND_OFF = "second_off", "停用动态码"
    SECOND_RESET = "second_reset", "重置动态码"
    NEW_CODES = "new_codes", "更换恢复码"
    PASSWORD = "password", "修改密码"
    RESET = "reset", "重设密码"
    OPENED = "opened", "开户"
    CLOSED = "closed", "停用账号"
    REOPENED = "reopened", "恢复账号"
    UNLOCKED = "unlocked", "解除锁定"
    ROLE = "role", "变更角色"
    LINKED = "linked", "绑定统一身份"
    PROVIDER_REFUSED = "provider_refused", "统一身份登录失败"
    TOKEN_MADE = "token_made", "发放令牌"
    TOKEN_ENDED = "token_ended", "作废令牌"
    EXPORT = "export", "导出清单"
    DENIED = "denied", "越权被拒"


# What somebody should look at without being asked.
ALARMING = frozenset(
    {SecurityKind.LOCKED, SecurityKind.SECOND_RESET, SecurityKind.RECOVERY_USED, SecurityKind.DENIED}
)
