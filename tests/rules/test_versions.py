"""What changed between two versions, in words for people."""

from dataclasses import fields, replace

from config.catalogue import catalogue
from rules.bundle import Bundle, ItemSpec, MaterialSpec, Question
from rules.retention import Retention
from rules.versions import LABELS, changes_between

NOT_SAID = {"code", "slug", "id", "items", "questions"}  # no version changes them, or part by part


def test_every_field_has_a_label() -> None:
    """Without one its English name reaches the applicant."""
    for part in (Bundle, ItemSpec, MaterialSpec, Question):
        assert {one.name for one in fields(part)} - NOT_SAID <= LABELS.keys(), part


def test_another_retention_is_said_and_another_source_is_only_words() -> None:
    old = catalogue()["B1"]
    longer = changes_between(old, replace(old, retention=Retention(30, "本市归档范围规定 [L]")))
    assert [(one.text, one.is_wording) for one in longer] == [("保存期限由10年改为30年", False)]
    surer = changes_between(old, replace(old, retention=Retention(10, "本市归档范围规定 [L]")))
    assert [(one.text, one.is_wording) for one in surer] == [("保存期限的依据或来源有改动", True)]
