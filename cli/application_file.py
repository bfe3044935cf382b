"""What does an application file say? YAML in, an Application out; faults by field, with the file's own words."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from actions.forms import MaterialForm, application_of, read_form
from actions.storing import store
from config.settings import settings
from rules.application import Application, Supplied
from rules.errors import Refused


def read_application_file(path: Path) -> tuple[Application, bool]:
    """The application, its files stored, and whether the window accepts it at once."""
    form = read_form(_document(path))
    return application_of(form, lambda material: _supplied(material, path.parent)), form.accept


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
