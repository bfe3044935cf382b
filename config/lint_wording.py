"""Can the questions be asked, can the conditions hold, can the messages be written?"""

import re
from collections.abc import Iterator

from jinja2 import TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from config.finding import Finding, Subject, doubled, listed
from config.lint_conditions import condition_faults
from config.reading import Where
from rules.answering import read_answer
from rules.bundle import Question, QuestionType
from rules.notices import Event, variables

QUESTION_ID = r"[A-Za-z][A-Za-z0-9_]{0,31}"
RESERVED = frozenset({"and", "or", "not", "true", "false", "True", "False", "None"})
TEXTS = frozenset({"sms", "subject"})
LONGEST_TEXT = 500  # signs
JINJA = ImmutableSandboxedEnvironment()
NEEDING_FILES = (nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)


def check_questions(subject: Subject) -> Iterator[Finding]:
    """Each question can be asked and has an answer even if nobody gives one."""
    questions = subject.bundle.questions
    for place, name in doubled(question.id for question in questions):
        yield Finding(("questions", place, "id"), f"问题编号 {name} 重复。", "请给每个问题不同的编号。")
    for place, question in enumerate(questions):
        where = ("questions", place)
        if not re.fullmatch(QUESTION_ID, question.id) or question.id in RESERVED:
            remedy = "请写成 Q1 这样的字母和数字，不要用 and、or、not、true、false。"
            yield Finding((*where, "id"), f"问题编号“{question.id}”不合规则。", remedy)
        if not question.text.strip():
            yield Finding(
                (*where, "text"), f"问题 {question.id} 没有写问什么。", "请用申请人听得懂的话填写 text。"
            )
        yield from _choices(where, question)
        yield from _default(where, question)


def check_conditions(subject: Subject) -> Iterator[Finding]:
    """Every `when`: written rightly, about questions there are, and not impossible."""
    questions = subject.bundle.questions
    for where, text in _conditions(subject):
        # A question may only depend on what was asked before it.
        asked = questions[: int(where[1])] if where[0] == "questions" else questions
        for message, remedy in condition_faults(text, {question.id: question for question in asked}):
            yield Finding(where, message, remedy)


def check_messages(subject: Subject) -> Iterator[Finding]:
    """A bundle's own texts: for events there are, naming only what is known then."""
    events = {event.value: event for event in Event}
    for name, texts in subject.bundle.messages.items():
        where = ("messages", name)
        if name not in events:
            yield Finding(where, f"没有“{name}”这种通知。", f"可用的通知：{listed(events)}。")
            continue
        for kind, text in texts.items():
            if kind not in TEXTS:
                yield Finding((*where, kind), f"通知没有“{kind}”这种文字。", f"可以写：{listed(TEXTS)}。")
            else:
                yield from _template((*where, kind), text, events[name])


def _choices(where: Where, question: Question) -> Iterator[Finding]:
    if question.type is not QuestionType.CHOICE:
        if question.choices:
            remedy = "请删去 choices，或把 type 改为 choice。"
            yield Finding((*where, "choices"), f"问题 {question.id} 不是单选，却有选项。", remedy)
        return
    if len(question.choices) < 2:
        yield Finding(where, f"单选问题 {question.id} 不到两个选项。", "请写 choices，至少两项。")
    for place, value in doubled(choice.value for choice in question.choices):
        yield Finding(
            (*where, "choices", place, "value"), f"选项“{value}”重复。", "请给每个选项不同的 value。"
        )


def _default(where: Where, question: Question) -> Iterator[Finding]:
    if question.type is QuestionType.CHOICE and not question.choices:
        return  # said already
    try:
        if type(read_answer(question, question.default)) is type(question.default):
            return
        fault = "应与问题的类型一致"
    except ValueError as wrong:
        fault = str(wrong)
    remedy = f"请写一个合适的 default（{question.type.label}）。"
    yield Finding((*where, "default"), f"问题 {question.id} 的默认回答不对：{fault}。", remedy)


def _conditions(subject: Subject) -> Iterator[tuple[Where, str]]:
    bundle = subject.bundle
    for place, question in enumerate(bundle.questions):
        yield ("questions", place, "when"), question.when
    for place, material in enumerate(bundle.materials):
        yield ("materials", place, "when"), material.when
    for place, item in enumerate(bundle.items):
        yield ("items", place, "when"), item.when
        if item.commitment:
            yield ("items", place, "commitment", "when"), item.commitment.when
        if item.automatic:
            yield ("items", place, "automatic", "when"), item.automatic.when
        for at, need in enumerate(item.needs):
            yield ("items", place, "needs", at, "when"), need.when


def _template(where: Where, text: str, event: Event) -> Iterator[Finding]:
    if not text.strip() or len(text) > LONGEST_TEXT:
        yield Finding(where, f"通知文字是空的，或超过 {LONGEST_TEXT} 字。", "请填写，或删去以使用通用文字。")
        return
    try:
        tree = JINJA.parse(text)
    except (TemplateError, RecursionError):
        yield Finding(where, "通知文字里的 {{ }} 或 {% %} 写得不对。", "请检查括号是否成对、是否有 endif。")
        return
    # Read only, never compiled: compiling would already run the filters on constants.
    yield from _unknown(where, "变量", _names(tree) - variables(event), listed(variables(event)))
    filters = {node.name for node in tree.find_all(nodes.Filter)} - JINJA.filters.keys()
    yield from _unknown(where, "过滤器", filters, "join、default 等")
    tests = {node.name for node in tree.find_all(nodes.Test)} - JINJA.tests.keys()
    yield from _unknown(where, "判断", tests, "defined 等")
    if next(tree.find_all(NEEDING_FILES), None):
        yield Finding(where, "通知文字里引用了别的模板。", "请只用 {{ }}、if 和 for。")


def _unknown(where: Where, kind: str, unknown: set[str], available: str) -> Iterator[Finding]:
    for name in sorted(unknown):
        yield Finding(where, f"通知文字里的{kind} {name} 不存在。", f"可用的有：{available}。")


def _names(tree: nodes.Template) -> set[str]:
    """What the text names and does not set itself."""
    names = list(tree.find_all(nodes.Name))
    own = {node.name for node in names if node.ctx != "load"} | {"loop", *JINJA.globals}
    return {node.name for node in names if node.ctx == "load"} - own
