"""Bundles nobody has written: every lane, gate and policy in every mixture."""

from hypothesis import strategies as st

from rules.bundle import (
    Automatic,
    Blocks,
    Bundle,
    Gate,
    ItemSpec,
    JoinPolicy,
    Limit,
    MaterialSpec,
    Mode,
    Need,
    OnRefused,
    OnSilence,
    Question,
    QuestionType,
    Source,
    Special,
    Supplement,
    Unit,
)
from rules.states import DeskStep

DEPARTMENTS = ("market", "fire", "urban", "health")
STEPS = (
    (DeskStep.APPROVE,),
    (DeskStep.HANDLE, DeskStep.APPROVE),
    (DeskStep.HANDLE, DeskStep.REVIEW, DeskStep.APPROVE),
)


def working_days(n: int, *, extend: int = 0, basis: str = "") -> Limit:
    return Limit(n, Unit.WORKING_DAY, basis, "assumption", extend)


@st.composite
def items(draw: st.DrawFn, position: int) -> ItemSpec:
    """An item that needs only earlier ones."""
    earlier = [f"B9-{n}" for n in range(1, position)]
    needs = tuple(
        Need(code, draw(st.sampled_from(Gate)), draw(st.sampled_from(OnRefused)))
        for code in earlier
        if draw(st.booleans())
    )
    lane = draw(st.sampled_from(("person", "person", "rule", "commitment", "silence")))
    legal = draw(st.sampled_from((None, working_days(20, extend=10, basis="某条例第一条"))))
    return ItemSpec(
        code=f"B9-{position}",
        name=f"事项{position}",
        department=draw(st.sampled_from(DEPARTMENTS)),
        item_type="20",
        project_type="2",
        promise=working_days(draw(st.integers(1, 8))),
        legal=legal,
        needs=needs,
        materials=("M-FORM", "M-PLAN"),
        special=(Special("检验检测", stops_statutory=True, stops_promised=True),),
        commitment=Mode("Q1", 30) if lane == "commitment" else None,
        automatic=Automatic("Q1", "某办法第三条", "assumption") if lane == "rule" else None,
        silence=working_days(10, basis="某条例第五条") if lane == "silence" else None,
        result=draw(st.sampled_from(("", "许可证"))),
        blocks=draw(st.sampled_from((Blocks.DEPENDANTS, Blocks.DEPENDANTS, Blocks.ALL))),
        steps=draw(st.sampled_from(STEPS)),
        visit=draw(st.booleans()),
        rectify=draw(st.sampled_from((None, working_days(5)))),
    )


@st.composite
def bundles(draw: st.DrawFn) -> Bundle:
    """One to four items over four departments."""
    return Bundle(
        code="B9",
        slug="anything",
        name="随便什么“一件事”",
        lead_department="market",
        joint_licence=False,
        promise=working_days(15),
        join=draw(st.sampled_from(JoinPolicy)),
        items=tuple(draw(items(position)) for position in range(1, draw(st.integers(1, 4)) + 1)),
        materials=(
            MaterialSpec("M-FORM", "申请表", Source.APPLICANT, core=True),
            MaterialSpec("M-PLAN", "平面图", Source.APPLICANT, deferrable=True, defer_days=5),
        ),
        questions=(Question("Q1", "承诺符合条件吗？", QuestionType.BOOL, default=False),),
        supplement=Supplement(silence=draw(st.sampled_from(OnSilence))),
        deferral_silence=draw(st.sampled_from(OnSilence)),
    )
