"""How much of a person does a list show (domain 6)? The full value asks for a role, a reason and an entry."""

# 复姓 that people still bear, two signs each; any other name is masked after its first sign.
COMPOUND_SURNAMES = (
    "欧阳上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶太叔申屠"
    "公孙慕容仲孙钟离长孙宇文司徒鲜于司空闾丘亓官司寇巫马公西颛孙壤驷公良漆雕乐正宰父"
    "谷梁拓跋夹谷轩辕令狐段干百里呼延东郭南门羊舌微生梁丘左丘西门第五南荣端木太史即墨"
)
MASK = "*"


def masked_name(name: str) -> str:
    """张* and 欧阳*: the surname alone. Names of organisations are public and not masked."""
    surname = name[:2] if len(name) > 2 and _is_compound(name[:2]) else name[:1]
    return f"{surname}{MASK}" if name else ""


def masked_applicant(name: str) -> str:
    """陈*诺 and 陈*: enough for the person and those who know them, too little for everybody else."""
    if len(name) <= 2:
        return f"{name[:1]}{MASK}" if name else ""
    return f"{name[:1]}{MASK * (len(name) - 2)}{name[-1]}"


def masked_id_number(number: str) -> str:
    """610101********0023, for lists of the staff."""
    return _masked(number, 6, 4)


def hidden_id_number(number: str) -> str:
    """6****************3, for look-ups open to everybody."""
    return _masked(number, 1, 1)


def masked_phone(number: str) -> str:
    """138****1234."""
    return _masked(number, 3, 4)


def masked_account(number: str) -> str:
    """The last four digits of a bank account."""
    return _masked(number, 0, 4)


def masked_email(address: str) -> str:
    """c***@example.com: the first sign and the domain."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}***{at}{domain}" if at else _masked(address, 1, 0)


def _is_compound(surname: str) -> bool:
    return surname in (COMPOUND_SURNAMES[start : start + 2] for start in range(0, len(COMPOUND_SURNAMES), 2))


def _masked(text: str, head: int, tail: int) -> str:
    """As many stars as there are signs hidden; a text too short to hide anything is hidden whole."""
    hidden = len(text) - head - tail
    if hidden <= 0:
        return MASK * len(text)
    return f"{text[:head]}{MASK * hidden}{text[len(text) - tail :]}"
