"""How may a code that proves a contact be asked for and tried? Pure; the figures are assumptions."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

VALID_FOR = timedelta(minutes=10)
DIGITS = 6
TRIES = 5
PAUSE = timedelta(minutes=1)  # between two codes to one phone
MOST = ((5, timedelta(hours=1)), (10, timedelta(days=1)))  # to one phone or mailbox
COUNTED_FOR = timedelta(days=1)


def hash_of_form(token: str) -> str:
    """What the record keeps of the secret name of a form."""
    return hashlib.sha256(token.encode()).hexdigest()


def hash_of_code(token: str, code: str) -> str:
    """Keyed with the secret name of the form: who reads the record alone cannot try all the codes there are."""
    return hmac.new(token.encode(), code.encode(), hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Are the hashes the same? Takes equally long whatever they are."""
    return hmac.compare_digest(one, other)


def wait_for(sent: Sequence[datetime], at: datetime) -> timedelta:
    """How long until another code may go to this phone; zero: now. `sent`: the latest first."""
    waits = [sent[0] + PAUSE - at] if sent else []
    waits += [sent[most - 1] + within - at for most, within in MOST if len(sent) >= most]
    return max([timedelta(), *waits])
