"""Does the code that proves a contact pass every kind of carrier?"""

import pytest

from notifications.segments import segments
from notifications.templating import approved, template_faults
from notifications.wording import code_words
from rules.errors import Refused


def test_one_signed_short_message() -> None:
    words = code_words("123456", 10)
    assert words.sms.startswith("【一件事】")
    assert segments(words.sms) == 1
    for said in (words.sms, words.text, words.html):
        assert "123456" in said
        assert "10 分钟" in said
    assert "123456" not in words.subject


def test_a_carrier_with_approved_templates_gets_the_code_alone() -> None:
    filled = approved({"code": "SMS_9 code minutes"}, code_words("012345", 10), "", "")
    assert (filled.code, dict(filled.values)) == ("SMS_9", {"code": "012345", "minutes": "10"})


def test_without_a_template_it_says_which_is_missing() -> None:
    with pytest.raises(Refused, match="验证码"):
        approved({}, code_words("012345", 10), "", "")


def test_the_settings_may_name_it() -> None:
    assert template_faults("sms_templates", {"code": "SMS_9 code minutes"}, None) == []
    assert "不认识的变量 number" in template_faults("sms_templates", {"code": "SMS_9 number"}, None)[0]
