"""空白申请表: what can be filled in without a telephone or a computer, from the same data as the form online."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import typst

from config.catalogue import departments, digest_of
from config.counter import counter_of
from config.districts import choices
from documents.typesetting import FONTS
from rules.bundle import Bundle, ItemSpec, MaterialSpec, Question, QuestionType, Source
from rules.conditions_said import said
from rules.people import ApplicantKind, ResultWay, ToldBy

LAYOUT = Path(__file__).parent / "blank_form.typ"
MOST_KEPT = 32  # forms; a catalogue has fewer


@dataclass(frozen=True)
class BlankForm:
    """The form of one version of a bundle; `mark` changes with whatever stands on it."""

    name: str
    mark: str
    pdf: bytes


def blank_form(bundle: Bundle) -> BlankForm:
    """PDF/A-2b, A4; typeset once for everything that stands on it."""
    content = json.dumps(_content(bundle), ensure_ascii=False, sort_keys=True)
    mark = hashlib.sha256(content.encode() + _layout()).hexdigest()[:16]
    return BlankForm(f"{bundle.slug}-form.pdf", mark, _typeset(content))


@lru_cache(maxsize=MOST_KEPT)
def _typeset(content: str) -> bytes:
    return bytes(
        typst.compile(  # type: ignore[misc]  # its stubs leave bytes out
            _layout(),
            sys_inputs={"form": content},
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            pdf_standards=["a-2b"],
        )
    )


@cache
def _layout() -> bytes:
    return LAYOUT.read_bytes()


def _content(bundle: Bundle) -> dict[str, Any]:
    counter, kinds = counter_of(bundle), [ApplicantKind(kind) for kind in bundle.audience]
    return {
        "title": f"{bundle.name}申请表",
        "code": bundle.code,
        "version": digest_of(bundle),
        "office": counter.office,
        "place": counter.place,
        "hours": counter.hours,
        "phone": counter.phone,
        "kinds": [kind.label for kind in kinds],
        "person": ApplicantKind.PERSON in kinds,
        "organisation": ApplicantKind.ORGANISATION in kinds,
        "districts": list(choices().values()),
        "told_by": [way.label for way in ToldBy],
        "ways": [way.label for way in ResultWay],
        "questions": [_question(one, bundle) for one in bundle.questions],
        "items": [_item(one, bundle) for one in bundle.items],
        "bring": [_paper(one, bundle) for one in bundle.materials if one.source is Source.APPLICANT],
        "spared": [one.name for one in bundle.materials if one.source is not Source.APPLICANT],
    }


def _question(question: Question, bundle: Bundle) -> dict[str, Any]:
    offered = [choice.text for choice in question.choices]
    return {
        "text": question.text,
        "help": question.help,
        "when": said(question.when, bundle.questions),
        "choices": ["是", "否"] if question.type is QuestionType.BOOL else offered,
    }


def _item(item: ItemSpec, bundle: Bundle) -> dict[str, str]:
    return {
        "name": item.name,
        "department": departments()[item.department].short_name,
        "when": said(item.when, bundle.questions),
    }


def _paper(paper: MaterialSpec, bundle: Bundle) -> dict[str, str]:
    later = f"可以后补，受理后 {paper.defer_days} 个工作日内" if paper.deferrable else ""
    return {
        "name": paper.name,
        "note": paper.note,
        "when": "，并且".join(_wanted_when(paper, bundle)),
        "later": later,
    }


def _wanted_when(paper: MaterialSpec, bundle: Bundle) -> Iterator[str]:
    """The items that alone use it, where none of them is always handled; and its own condition."""
    users = [item for item in bundle.items if paper.id in item.materials]
    if all(item.when for item in users):
        yield f"办理{'、'.join(f'“{item.name}”' for item in users)}的"
    if paper.when:
        yield said(paper.when, bundle.questions)
