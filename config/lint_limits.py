"""Are the limits sound? Every figure with its source, no promise beyond the law, none too short to keep."""

import re
from collections.abc import Iterator

from config.finding import Finding, Subject
from config.lint_references import straight_needs
from config.reading import Where
from rules.bundle import ItemSpec, Limit, Unit
from rules.limits import JOINT, LICENCE
from rules.selecting import HOURS_A_DAY, longest_hours, longest_path, shortest_hours
from rules.suspending import ARTICLE_45

LONGEST = 3650
MOST_YEARS = 100
# What a case keeps of these texts, in signs: no more goes into its columns.
LONGEST_ORIGIN = 200  # of a limit: basis, source
LONGEST_KIND = 50  # of a special procedure
LONGEST_COMMITMENT = 2000  # the conditions of an item, taken together
MARKED = re.compile(r"\[[CLG]\]|assumption")
MARKS = "[C] 已核实的法律、[L] 地方做法（写明出处）、[G] 未核实的通行说法，或 assumption 假设"
IMMEDIATE_KIND = "1"  # GB/T 39046-2020 A.6: 即办件


def check_limits(subject: Subject) -> Iterator[Finding]:
    """The limits of the items."""
    for place, item in enumerate(subject.bundle.items):
        where = ("items", place)
        if not subject.wrote(*where, "legal"):
            remedy = "请写 legal；法律没有规定期限的，写 legal: null。"
            yield Finding(where, f"事项 {item.code} 没有写法定期限。", remedy)
        yield from _promise((*where, "promise"), item.promise)
        yield from _kept_within_law((*where, "promise"), item.promise, item.legal)
        if item.legal:
            yield from _legal((*where, "legal"), item.legal)
        yield from _commitment(where, item)
        yield from _kinds(where, item)
        yield from _notice_period(where, item)
        yield from _automatic(where, item)
        yield from _silence(where, item)


def check_bundle_limits(subject: Subject) -> Iterator[Finding]:
    """The limits of the whole: joint handling, and the longest way through the items."""
    bundle = subject.bundle
    yield from _promise(("promise",), bundle.promise)
    yield from _joint(subject)
    for fault in bundle.supervision.faults():
        yield Finding(("supervision",), fault, "不写 supervision 的，用通行的阈值。")
    if bundle.legal:
        yield from _legal(("legal",), bundle.legal)
        yield from _kept_within_law(("promise",), bundle.promise, bundle.legal)
    path = longest_path(bundle.items, straight_needs(subject))
    if shortest_hours(bundle.promise) < path.hours:
        way = " → ".join(path.items)
        message = f"承诺 {bundle.promise.text}短于最长路径 {way}（{_time(path.hours)}）。"
        yield Finding(
            ("promise",), message, f"请把承诺延长到 {path.working_days} 个工作日，或缩短路径上的事项。"
        )


def check_retention(subject: Subject) -> Iterator[Finding]:
    """保存期限: personal data is kept for some years that can be, and somebody says for how many."""
    retention, where = subject.bundle.retention, ("retention",)
    if not 1 <= retention.years <= MOST_YEARS:
        message = f"保存期限 {retention.years} 年不合理。"
        yield Finding((*where, "years"), message, f"请写 1 至 {MOST_YEARS} 年；不写的，按 10 年。")
    if not MARKED.search(retention.source):
        yield Finding((*where, "source"), "保存期限没有注明来源的可靠程度。", f"请注明是 {MARKS}。")


def check_special(subject: Subject) -> Iterator[Finding]:
    """特别程序: each has a name, and only those of art. 45 stop a clock set by law."""
    for place, item in enumerate(subject.bundle.items):
        for at, special in enumerate(item.special):
            where = ("items", place, "special", at)
            if not 0 < len(special.kind.strip()) <= LONGEST_KIND:
                message = f"特别程序没有名称，或超过 {LONGEST_KIND} 字。"
                yield Finding((*where, "kind"), message, "请填写名称，例如“检验检测”。")
            if special.stops_statutory and special.kind not in ARTICLE_45:
                remedy = f"只有{'、'.join(sorted(ARTICLE_45))}可以（行政许可法第四十五条），请改为 false。"
                message = f"{special.kind or '特别程序'}不能停止计算法定期限。"
                yield Finding((*where, "stops_statutory"), message, remedy)


def _promise(where: Where, limit: Limit) -> Iterator[Finding]:
    yield from check_figures(where, limit)
    if not limit.source:
        yield Finding(where, "承诺期限没有写来源。", f"请写 source，注明是 {MARKS}。")
    if limit.extend:
        yield Finding(
            (*where, "extend"), "承诺期限不能延长。", "只有法定期限可以依法延长一次，请删去 extend。"
        )


def _legal(where: Where, limit: Limit) -> Iterator[Finding]:
    yield from check_figures(where, limit)
    if not limit.basis and not limit.source:
        remedy = f"请写 basis（法律条文）；未核实的还要写 source，注明是 {MARKS}。"
        yield Finding(where, "法定期限没有写依据。", remedy)


def check_figures(where: Where, limit: Limit) -> Iterator[Finding]:
    """A number that can be, and how sure we are of it."""
    if limit.unit is Unit.IMMEDIATE and limit.n:
        yield Finding((*where, "n"), f"即办的期限写了 {limit.n}。", "即办请写 n: 0。")
    if limit.unit is not Unit.IMMEDIATE and not 1 <= limit.n <= LONGEST:
        yield Finding(
            (*where, "n"),
            f"期限 {limit.n} 不合理。",
            f"请写 1 至 {LONGEST}；当场办结的写 unit: immediate。",
        )
    if not 0 <= limit.extend <= LONGEST:
        yield Finding((*where, "extend"), f"延长 {limit.extend} 不合理。", f"请写 0 至 {LONGEST}。")
    if limit.source and not MARKED.search(limit.source):
        yield Finding(
            (*where, "source"), f"来源“{limit.source[:40]}”没有注明可靠程度。", f"请注明是 {MARKS}。"
        )
    for name, word in (("basis", "依据"), ("source", "来源")):
        if len(getattr(limit, name)) > LONGEST_ORIGIN:
            remedy = "每个办件的期限都要存它，请写短，细节写进 note 或 sources。"
            yield Finding((*where, name), f"期限的{word}超过 {LONGEST_ORIGIN} 字。", remedy)


def _kept_within_law(where: Where, promise: Limit, legal: Limit | None) -> Iterator[Finding]:
    if legal is None:
        return
    too_long = (
        promise.n > legal.n if promise.unit is legal.unit else longest_hours(promise) > shortest_hours(legal)
    )
    if too_long:
        message = f"承诺 {promise.text}超过法定 {legal.text}。"
        yield Finding(where, message, "承诺期限不得长于法定期限，单位不同的按最紧的情形比较。")


def _commitment(where: Where, item: ItemSpec) -> Iterator[Finding]:
    mode = item.commitment
    if mode is None:
        return
    if mode.promise:
        yield from _promise((*where, "commitment", "promise"), mode.promise)
        yield from _kept_within_law((*where, "commitment", "promise"), mode.promise, item.legal)
    if not 1 <= mode.post_check_wd <= LONGEST:
        place = (*where, "commitment", "post_check_wd")
        yield Finding(place, f"事项 {item.code} 的告知承诺没有合理的核查期限。", "请写 1 个工作日以上。")
    if len("；".join(item.conditions)) > LONGEST_COMMITMENT:
        message = f"事项 {item.code} 的办理条件合计超过 {LONGEST_COMMITMENT} 字，写不进告知承诺。"
        yield Finding((*where, "conditions"), message, "请写短，细节写进 note。")


def _kinds(where: Where, item: ItemSpec) -> Iterator[Finding]:
    at_once = item.promise.unit is Unit.IMMEDIATE
    if at_once != (item.project_type == IMMEDIATE_KIND):
        remedy = '即办件（project_type: "1"）的承诺期限是 {n: 0, unit: immediate}，其他的不是。'
        yield Finding(
            (*where, "project_type"),
            f"事项 {item.code} 的办件类型与承诺期限 {item.promise.text} 不符。",
            remedy,
        )
    years = item.result_validity_years
    if years is not None and (not item.result or not 1 <= years <= MOST_YEARS):
        remedy = f"请写 1 至 {MOST_YEARS} 年，并写明 result；长期有效的删去这一项。"
        yield Finding((*where, "result_validity_years"), f"事项 {item.code} 的结果有效期不合理。", remedy)


def _notice_period(where: Where, item: ItemSpec) -> Iterator[Finding]:
    if item.notice_period is None:
        return
    yield from _legal((*where, "notice_period"), item.notice_period)
    if longest_hours(item.promise) < longest_hours(item.notice_period):
        message = f"事项 {item.code} 的公示期 {item.notice_period.text}长于承诺期限 {item.promise.text}。"
        yield Finding((*where, "notice_period"), message, "公示期满才能办结，请延长承诺期限。")


def _automatic(where: Where, item: ItemSpec) -> Iterator[Finding]:
    """秒批: a rule that decides says when, on whose authority, and how sure we are of it."""
    rule = item.automatic
    if rule is None:
        return
    if not rule.when.strip():
        remedy = "请写 when：对回答的条件，例如 Q5 <= 200；不设条件就不是按规则决定。"
        yield Finding((*where, "automatic"), f"事项 {item.code} 的秒批没有写条件。", remedy)
    if not rule.basis.strip():
        remedy = "请写 basis：哪个文件、哪个机关规定可以由系统按规则决定。"
        yield Finding((*where, "automatic"), f"事项 {item.code} 的秒批没有写依据。", remedy)
    if not MARKED.search(rule.source):
        yield Finding(
            (*where, "automatic"), f"事项 {item.code} 的秒批没有注明来源的可靠程度。", f"请注明是 {MARKS}。"
        )


def _silence(where: Where, item: ItemSpec) -> Iterator[Finding]:
    """逾期未异议视为同意: only where the law says so, never because we assume it."""
    if item.silence is None:
        return
    place = (*where, "silence")
    yield from check_figures(place, item.silence)
    if not item.silence.basis.strip() or "assumption" in item.silence.source:
        remedy = "请写 basis（规定逾期不提出异议即为同意的条文）；没有这样的条文，请删去 silence。"
        yield Finding(place, f"事项 {item.code} 的逾期未异议视为同意没有法律依据。", remedy)
    if item.silence.unit is Unit.IMMEDIATE or item.silence.extend:
        remedy = "请写若干个工作日或自然日，没有 extend。"
        yield Finding(place, f"事项 {item.code} 的异议期写得不对。", remedy)


def _joint(subject: Subject) -> Iterator[Finding]:
    bundle = subject.bundle
    licensing = {item.department for item in bundle.items if item.item_type == LICENCE}
    if bundle.joint_licence and len(licensing) < 2:
        remedy = "联合办理的期限只适用于两个以上部门的行政许可，请改为 false。"
        yield Finding(("joint_licence",), "joint_licence 为 true，行政许可却不到两个部门。", remedy)
    figures = (JOINT.n, JOINT.unit, JOINT.extend)
    if bundle.joint_licence and (
        not bundle.legal or (bundle.legal.n, bundle.legal.unit, bundle.legal.extend) != figures
    ):
        remedy = "请写 legal: {n: 45, unit: working_day, extend: 15, basis: 行政许可法第四十二条第二款}。"
        yield Finding(("legal",), "联合办理的法定期限应为 45 个工作日，可延长 15 个工作日。", remedy)
    if bundle.legal and not bundle.joint_licence:
        remedy = "不是联合办理的，法定期限从各事项得出，请删去 legal。"
        yield Finding(("legal",), "不是联合办理，却写了一件事的法定期限。", remedy)


def _time(hours: float) -> str:
    days, left = divmod(hours, HOURS_A_DAY)
    return f"{days:g} 个工作日" + (f"零 {left:g} 个工作小时" if left else "")
