"""How many segments does a short message cost? GSM 03.38: 7 bits a sign where they suffice, else UCS-2."""

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("\f^{}\\[~]|€")  # each takes two places
GSM_SINGLE, GSM_PART = 160, 153  # a part of a longer message gives up 7 places to its header
UCS2_SINGLE, UCS2_PART = 70, 67


def segments(text: str) -> int:
    """The number of segments an operator charges for this text, its signature included."""
    if all(sign in GSM_BASIC or sign in GSM_EXTENDED for sign in text):
        widths = [2 if sign in GSM_EXTENDED else 1 for sign in text]
        return _parts(widths, GSM_SINGLE, GSM_PART)
    widths = [2 if ord(sign) > 0xFFFF else 1 for sign in text]  # a sign beyond the basic plane takes two
    return _parts(widths, UCS2_SINGLE, UCS2_PART)


def _parts(widths: list[int], single: int, part: int) -> int:
    if sum(widths) <= single:
        return 1
    parts, room = 0, 0
    for width in widths:  # a sign is never cut in two, so a part may leave a place empty
        if width > room:
            parts, room = parts + 1, part
        room -= width
    return parts
