"""What does an application file say? YAML in, an Application out; faults by field, with the file's own words."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from actions.storing import store
from config.settings import settings
from rules.application import Agent, Applicant, Application, Supplied
from rules.errors import Faulty, Refused
from rules.people import ApplicantKind

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)]


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
    submission_key: Annotated[str, StringConstraints(max_length=64)] = ""


_WORDS = {
    "missing": "没有填写",
    "extra_forbidden": "不是申请文件的字段",
    "enum": "应为 person（自然人）或 organisation（法人或其他组织）",
    "string_type": "应为文字，数字请加引号",
    "string_too_long": "太长",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "list_type": "应为列表",
    "dict_type": "应为键值对",
    "model_type": "应为键值对",
}


def read_application_file(path: Path) -> tuple[Application, bool]:
    """The application, its files stored, and whether the window accepts it at once."""
    form = _checked(_document(path))
    application = Application(
        bundle=form.bundle,
        applicant=Applicant(**form.applicant.model_dump()),
        agent=Agent(**form.agent.model_dump()) if form.agent else None,
        address=form.address,
        answers=form.answers,
        supplied=tuple(_supplied(material, path.parent) for material in form.materials),
        deferred=tuple(form.deferred),
        submission_key=form.submission_key,
    )
    return application, form.accept


def _document(path: Path) -> Any:
    try:
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refused(f"找不到文件 {path}。") from None
    except (OSError, UnicodeDecodeError):
        raise Refused(f"文件 {path} 读不出来，应为 UTF-8 编码的 YAML 文本。") from None
    except (YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行" if mark else "其中"
        raise Refused(f"文件 {path} 不是正确的 YAML：{where}有语法错误。") from None


def _checked(document: Any) -> ApplicationForm:
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


def _supplied(material: MaterialForm, folder: Path) -> Supplied:
    if not material.file:
        return Supplied(material.id)
    source = folder / material.file
    try:
        with source.open("rb") as stream:
            return store(
                stream,
                source.name,
                material.id,
                folder=settings().uploads,
                limit=settings().upload_limit_mb << 20,
            )
    except OSError:
        raise Refused(f"材料 {material.id} 的文件 {material.file} 读不出来。") from None
