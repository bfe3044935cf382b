"""Is an uploaded office file what it seems? It is never opened here, but somebody at a desk will open it."""

import unicodedata
import zipfile
from pathlib import Path

MOST_PARTS = 5000  # of one document
MOST_UNPACKED = 500 << 20  # bytes; a long report with pictures stays far below
MOST_RATIO = 200  # unpacked to packed; XML shrinks twenty times, a bomb a thousand times
RUNS_CODE = ("vbaproject.bin", "vbadata.xml", ".exe", ".dll", ".js", ".vbs")
NAME_LIMIT = 255
UNNAMED = "未命名"


def fault_of_office_file(path: Path) -> str:
    """What is wrong with it, '' if nothing is."""
    try:
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return "内容不完整，打不开"
    unpacked = sum(part.file_size for part in parts)
    names = [part.filename.lower() for part in parts]
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * path.stat().st_size:
        return "解压后过大"
    if any(part.flag_bits & 1 for part in parts):
        return "加了密码，打不开"
    if any(name.endswith(RUNS_CODE) for name in names):
        return "带有宏或程序"
    if "[content_types].xml" not in names or any(name.startswith("/") or ".." in name for name in names):
        return "内容不完整，打不开"
    return ""


def harmless_name(given: str) -> str:
    """The file's own name as it may be shown and offered: no path, nothing unseen, no longer than a name may be."""
    last = given.replace("\\", "/").rsplit("/", 1)[-1]
    # Control signs, line ends, and those that turn the reading direction: gpj.exe read backwards is exe.jpg.
    seen = "".join(
        sign for sign in last if unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    )
    name = seen.strip().strip(".").strip()
    if len(name) > NAME_LIMIT:
        stem, dot, ending = name.rpartition(".")
        keeps = dot and len(ending) <= 10
        name = f"{stem[: NAME_LIMIT - len(ending) - 1]}.{ending}" if keeps else name[:NAME_LIMIT]
    return name or UNNAMED
