"""What fits into a short message? The 签名, what is said, the number of the case, the link where there is room."""

from config.settings import settings
from notifications.segments import segments

MOST_SEGMENTS = 2  # longer messages arrive in pieces on some handsets, and every piece is charged


def signature() -> str:
    """【签名】, as it is registered with the carrier; it counts and is charged."""
    return f"【{settings().sms_signature}】"


def fits(body: str) -> bool:
    """Is this body, signed, short enough?"""
    return segments(signature() + body) <= MOST_SEGMENTS


def signed(body: str, number: str, link: str) -> str:
    """Signed, with the number and, where there is room, the link; never longer than two segments."""
    message = signature() + " ".join(body.split()).removeprefix(signature())
    named = "" if number in message else f"编号{number}"
    ends = [f"{named} {link}", f" {link}" if number in link else named, named] if link else [named]
    for end in ends:
        if segments(message + end) <= MOST_SEGMENTS:
            return message + end
    while segments(message + named) > MOST_SEGMENTS:
        message = f"{message[:-2]}…"
    return message + named
