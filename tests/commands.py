"""How do tests type a command? In this process, through the command's own door."""

import json
from typing import Any

from typer.testing import CliRunner, Result

from cli.main import app


def yjs(*words: str, typed: str = "") -> Result:
    """What the command said and how it ended; `typed` is what the person answers when asked."""
    return CliRunner().invoke(app, list(words), input=typed)


def answer(*words: str) -> Any:
    """What a script gets of a command that succeeds."""
    result = yjs(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refusal(*words: str) -> str:
    """The one sentence of a command that is refused, told on the error channel and never a traceback."""
    result = yjs(*words)
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    return result.stderr
