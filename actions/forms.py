"""An application as data, from a file or over REST: which fields it has, and what is wrong with each."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from rules.answering import UNSTORABLE
from rules.application import Agent, Applicant, Application, Supplied
from rules.errors import Faulty, Refused
from rules.people import ApplicantKind, ToldBy


def _storable(line: str) -> str:
    if UNSTORABLE.search(line):
        raise ValueError("the record cannot keep it")
    return line


Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=400), AfterValidator(_storable)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


class ApplicantForm(_Form):
    kind: ApplicantKind
    name: Line
    id_number: Line
    phone: Line
    email: Line = ""
    contact_name: Line = ""


class AgentForm(_Form):
    name: Line
    id_number: Line
    phone: Line
    authority: Line = ""


class MaterialForm(_Form):
    id: Line
    file: Line = ""


class ApplicationForm(_Form):
    """examples/*.yaml."""

    bundle: Line
    accept: bool = False
    applicant: ApplicantForm
    agent: AgentForm | None = None
    address: Line = ""
    answers: dict[str, Any] = Field(default_factory=dict)
    materials: list[MaterialForm] = Field(default_factory=list)
    deferred: list[Line] = Field(default_factory=list)
    told_by: ToldBy = ToldBy.BOTH
    submission_key: Annotated[str, StringConstraints(max_length=64, pattern=r"^[!-~]*$")] = ""


_WORDS = {
    "missing": "没有填写",
    "extra_forbidden": "不是申请文件的字段",
    "enum": "应为 person（自然人）或 organisation（法人或其他组织）",
    "string_type": "应为文字，数字请加引号",
    "string_too_long": "太长",
    "value_error": "有不能识别的符号",
    "string_pattern_mismatch": "只用英文字母、数字和符号，不含空格",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "list_type": "应为列表",
    "dict_type": "应为键值对",
    "model_type": "应为键值对",
}


def application_of(form: ApplicationForm, supplied: Callable[[MaterialForm], Supplied]) -> Application:
    """The application that the form describes; `supplied` fetches what comes with a material."""
    return Application(
        bundle=form.bundle,
        applicant=Applicant(**form.applicant.model_dump()),
        agent=Agent(**form.agent.model_dump()) if form.agent else None,
        address=form.address,
        answers=form.answers,
        supplied=tuple(supplied(material) for material in form.materials),
        deferred=tuple(form.deferred),
        told_by=form.told_by,
        submission_key=form.submission_key,
    )


def read_form(document: Any) -> ApplicationForm:
    """The form, or Faulty with a sentence for every field that is wrong."""
    if not isinstance(document, dict):
        raise Refused("申请文件应包含 bundle、applicant、answers 等字段，见 examples/。")
    try:
        return ApplicationForm.model_validate(document)
    except ValidationError as error:
        faults = {}
        for fault in error.errors():
            name = ".".join(str(part) for part in fault["loc"])
            faults[name] = f"{name} {_WORDS.get(fault['type'], '填写有误')}。"
        raise Faulty(faults) from None
