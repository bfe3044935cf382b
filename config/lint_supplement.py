"""一次性告知: does the bundle say until when, and what the applicant's silence leads to? Nobody may assume it."""

from collections.abc import Iterator

from config.finding import Finding, Subject
from config.lint_limits import MARKED, MARKS, check_figures
from rules.bundle import OnSilence, Unit
from rules.limits import NOTICE
from rules.selecting import HOURS_A_DAY, longest_hours

ANSWERED_IN = frozenset({Unit.WORKING_DAY, Unit.CALENDAR_DAY})


def check_supplement(subject: Subject) -> Iterator[Finding]:
    """Both limits can be kept, silence is decided by somebody, and a decision by rule has its source."""
    supplement, where = subject.bundle.supplement, ("supplement",)
    if not subject.wrote("supplement", "silence"):
        remedy = (
            "请写 supplement: {silence: …}：withdrawn 视为撤回、refused 不予受理（都要写 source），"
            "没有规定的写 ask，由窗口和部门决定。"
        )
        yield Finding(where, "没有写补正逾期怎么办。", remedy)
    elif supplement.silence is not OnSilence.ASK and not MARKED.search(supplement.source):
        message = f"补正逾期按{supplement.silence.label}处理，没有写来源。"
        remedy = f"法律没有规定，请写 source 并注明是 {MARKS}；没有规定的改为 ask。"
        yield Finding((*where, "silence"), message, remedy)
    yield from check_figures((*where, "window"), supplement.window)
    yield from check_figures((*where, "answer"), supplement.answer)
    if longest_hours(supplement.window) > NOTICE.n * HOURS_A_DAY or supplement.window.unit is Unit.IMMEDIATE:
        message = f"部门提出缺件的时间（{supplement.window.text}）不合理。"
        remedy = "请写 5 个工作日以内：五个工作日内不告知即为受理（行政许可法第三十二条）。"
        yield Finding((*where, "window"), message, remedy)
    if supplement.answer.unit not in ANSWERED_IN:
        message = f"给申请人的补正期限（{supplement.answer.text}）不合理。"
        yield Finding((*where, "answer"), message, "请写若干个工作日或者自然日。")
