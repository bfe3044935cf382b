"""Which bundles and departments are on offer? Read once from the YAML files beside this module."""

import hashlib
import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from config.reading import Fault, Reading, read
from config.settings import settings
from rules.bundle import Bundle
from rules.department import DepartmentSpec
from rules.errors import Refused

HERE = Path(__file__).parent
BUNDLES = HERE / "bundles"
DEPARTMENTS = HERE / "departments.yaml"

# A list around it, because a dataclass of the rules cannot carry the settings of pydantic itself.
STRICTLY = ConfigDict(extra="forbid")
BUNDLE_SHAPE = TypeAdapter(list[Bundle], config=STRICTLY)
DEPARTMENT_SHAPE = TypeAdapter(list[DepartmentSpec], config=STRICTLY)


class BrokenCatalogue(Refused):
    """一件事的配置有误。"""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("；".join(str(fault) for fault in faults[:5]))
        self.faults = faults


def catalogue() -> dict[str, Bundle]:
    """Every bundle on offer, by code, in the order of the codes.

    Kept until a file is added, changed or removed, so that every process sees what was published at its next question.
    """
    return _catalogue(_stamps())


def published() -> Path:
    """Where this installation keeps the versions it has published; each goes before the one that was shipped."""
    return settings().data / "bundles"


def in_force(code: str) -> tuple[Bundle, str] | None:
    """The version on offer and its digest; None where there is no such bundle."""
    stamps = _stamps()
    bundle = _catalogue(stamps).get(code)
    return (bundle, _digests(stamps)[code]) if bundle else None


@lru_cache
def departments() -> dict[str, DepartmentSpec]:
    """Every department, by code, in the order of the file."""
    reading = read(DEPARTMENTS)
    content = reading.content.get("departments") if isinstance(reading.content, dict) else None
    try:
        specs = DEPARTMENT_SHAPE.validate_json(as_json(content), strict=True)
    except ValidationError as error:
        raise BrokenCatalogue(reading.faults or _shape_faults(error, reading, "departments")) from None
    return {spec.code: spec for spec in specs}


def load_bundle(path: Path) -> Bundle:
    """The bundle of this file. Raises BrokenCatalogue; `config.lint` says more about what is wrong."""
    reading = read(path)
    if reading.faults:
        raise BrokenCatalogue(reading.faults)
    try:
        return BUNDLE_SHAPE.validate_json(as_json([reading.content]), strict=True)[0]
    except ValidationError as error:
        raise BrokenCatalogue(_shape_faults(error, reading)) from None


def bundle_from_document(document: Mapping[str, Any]) -> Bundle:
    """The bundle that a document describes: the other way round of `document_of`."""
    return BUNDLE_SHAPE.validate_json(as_json([document]), strict=True)[0]


def document_of(bundle: Bundle) -> dict[str, Any]:
    """Everything about the bundle as plain JSON, defaults too: a default may change, a version may not."""
    documents: list[dict[str, Any]] = BUNDLE_SHAPE.dump_python([bundle], mode="json")
    return documents[0]


def digest_of(bundle: Bundle) -> str:
    """A short name for this very version: equal bundles, equal digests."""
    return hashlib.sha256(as_json(document_of(bundle)).encode()).hexdigest()[:16]


def as_json(content: Any) -> str:
    """One spelling for one content."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


Stamp = tuple[str, int, int]  # a file, when it was written, its size


def _stamps() -> tuple[Stamp, ...]:
    return tuple(stamp for folder in (BUNDLES, published()) for stamp in _files(folder))


def _files(folder: Path) -> list[Stamp]:
    # os.scandir, not Path.glob: pages ask this all the time.
    if not os.path.isdir(folder):
        return []
    with os.scandir(folder) as entries:
        yaml = [entry for entry in entries if entry.name.endswith(".yaml")]
        return sorted((one.path, one.stat().st_mtime_ns, one.stat().st_size) for one in yaml)


@lru_cache(maxsize=8)
def _catalogue(stamps: tuple[Stamp, ...]) -> dict[str, Bundle]:
    bundles = {bundle.code: bundle for bundle in (load_bundle(Path(path)) for path, _, _ in stamps)}
    return {code: bundles[code] for code in sorted(bundles)}


@lru_cache(maxsize=8)
def _digests(stamps: tuple[Stamp, ...]) -> dict[str, str]:
    return {code: digest_of(bundle) for code, bundle in _catalogue(stamps).items()}


def _shape_faults(error: ValidationError, reading: Reading, *above: str) -> list[Fault]:
    faults = []
    for found in error.errors(include_url=False):
        place = found["loc"] if above else found["loc"][1:]
        name = ".".join(str(part) for part in place) or "文件"
        line = reading.line_of((*above, *place))
        faults.append(Fault(reading.file, line, f"{name} 不对。", "请运行 yjs bundles check 查看。"))
    return faults
