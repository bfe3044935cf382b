"""Who works in the demo city? Departments come from the catalogue; the people are invented."""

from collections.abc import Iterator
from itertools import cycle

from actions.signing_in import hashed
from config.catalogue import departments
from config.settings import DEMO_PASSWORD, Settings
from models.account import Account, Department
from models.database import transaction
from rules.people import Role

HALL = (
    ("chuangkou", "林晓", Role.CLERK),
    ("chuangkou2", "苏晴", Role.CLERK),
    ("guanli", "赵敏", Role.MANAGER),
    ("zhengfu", "周正", Role.GOVERNMENT),
    ("xitong", "吴平", Role.ADMIN),
    ("anquan", "顾宁", Role.SECURITY),
    ("shenji", "秦岳", Role.AUDITOR),
)
OFFICERS = (
    "王芳 张伟 李娜 刘洋 陈静 杨磊 黄婷 徐强 孙悦 马超 朱琳 胡斌 郭颖 何俊 高洁 罗毅 "
    "宋佳 梁栋 许诺 韩雪 邓凯 冯丽 曹阳 彭飞 曾敏 肖云 田野 董洁 潘峰 袁媛 蔡明 蒋欣 余波 杜鹃 叶青 程诚"
)
HEADS = (
    "郑国 谢敏 韩冰 唐宁 冯远 于洁 董健 萧然 程刚 曹颖 袁立 邓朗 许晴 傅明 沈静 曾毅 "
    "吕方 丁宁 任重 姚远 卢山 钟毓 姜文静 崔浩 谭正 陆平 范华 汪海 石坚 廖原 贾真 夏至 韦一 方圆 白桦 邹同"
)


def seed(settings: Settings) -> None:
    """Keep the departments in step with the catalogue; add the demo accounts that are missing."""
    with transaction() as session:
        for department in departments().values():
            session.merge(
                Department(code=department.code, name=department.name, short_name=department.short_name)
            )
        session.flush()
        missing = [person for person in demo_people(settings) if not session.get(Account, person[0])]
        # One hash for all: the password is printed anyway, and Argon2 is slow on purpose.
        password_hash = hashed(DEMO_PASSWORD) if missing else ""
        for username, name, role, department_code in missing:
            session.add(
                Account(
                    username=username,
                    name=name,
                    role=role,
                    department_code=department_code,
                    password_hash=password_hash,
                )
            )


def demo_people(settings: Settings) -> list[tuple[str, str, Role, str | None]]:
    """Username, name, role and department of each; nobody in an installation without a demo."""
    return list(_people()) if settings.demo else []


def demo_departments(settings: Settings) -> list[tuple[str, str, str]]:
    """Short name, officer and head of each department."""
    people = {username: name for username, name, _, _ in demo_people(settings)}
    return [
        (department.short_name, f"{code}（{people[code]}）", f"{head_of(code)}（{people[head_of(code)]}）")
        for code, department in departments().items()
        if code in people
    ]


def head_of(department_code: str) -> str:
    """The username of the head."""
    return f"{department_code}-head"


def _people() -> Iterator[tuple[str, str, Role, str | None]]:
    for username, name, role in HALL:
        yield username, name, role, None
    for code, officer, head in zip(
        departments(), cycle(OFFICERS.split()), cycle(HEADS.split()), strict=False
    ):
        yield code, officer, Role.OFFICER, code
        yield head_of(code), head, Role.HEAD, code
