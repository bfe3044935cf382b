"""`yjs`: which commands are there, and what does a person read when one of them cannot go on?"""

import re
import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from rules.errors import Refused

# Command -> module and name in it. Imported only when asked for: `yjs bundles` needs no Prefect.
COMMANDS = {
    "up": ("cli.platform", "up"),
    "serve": ("cli.serving", "serve"),
    "migrate": ("cli.serving", "migrate"),
    "doctor": ("cli.doctor", "doctor"),
    "status": ("cli.status", "status"),
    "backup": ("cli.backup", "backup"),
    "restore": ("cli.backup", "restore"),
    "drift": ("cli.drift", "drift"),
    "demo": ("cli.demo", "demo"),
    "apply": ("cli.cases", "apply"),
    "case": ("cli.cases", "case"),
    "decide": ("cli.cases", "decide"),
    "acts": ("cli.acts", "acts"),
    "act": ("cli.acts", "act"),
    "notices": ("cli.notices", "notices"),
    "bundles": ("cli.bundles", "app"),
    "due": ("cli.due", "due"),
    "calendar": ("cli.calendar", "app"),
    "clocks": ("cli.clocks", "clocks"),
    "cards": ("cli.cards", "app"),
    "delegations": ("cli.delegations", "app"),
    "accounts": ("cli.accounts", "app"),
    "documents": ("cli.documents", "app"),
    "audit": ("cli.audit", "app"),
    "keys": ("cli.keys", "app"),
    "erase": ("cli.erase", "erase_due"),
    "tokens": ("cli.tokens", "app"),
}

NOT_RUNNING = "平台没有运行，或数据库连不上：请先运行 yjs up；用外部数据库的，请运行 yjs doctor 检查。"
OTHER_VERSION = "数据表还没有建立，或不是这个版本的：请先运行 yjs up（多台机器的：yjs migrate）升级。"

# What the command-line library says, in our readers' language; what is not here is shown as it is.
USAGE = (
    (r"No such command '(.+?)'\.?", r"没有 \1 这个命令"),
    (r"Missing command\.?", "请写明要用哪个命令"),
    (r"No such option: (\S+)", r"没有 \1 这个选项"),
    (r"Missing argument '(.+?)'\.?", r"缺少参数 \1"),
    (r"Missing option '(.+?)'\.?", r"缺少选项 \1"),
    (r"Missing parameter: (.+)", r"缺少 \1"),
    (r"Got unexpected extra argument(?:s|\(s\))? \((.+)\)", r"多出了参数 \1"),
    (r"Option '?(\S+?)'? requires an argument\.?", r"选项 \1 后面要写值"),
    (r"Invalid value for '?(.+?)'?: ", r"\1 的值不对："),
    (r"Value error, ", ""),
    (r"'(.+?)' is not a valid integer\.?", r"“\1”不是整数"),
    (r"'(.+?)' is not one of (.+?)\.?$", r"“\1”不在可选的值 \2 之内"),
    (r" ?Did you mean (.+?)\?", r"，是不是想写 \1？"),
    (r" ?\(Possible options: (.+)\)", r"，相近的选项有 \1"),
)


class Commands(TyperGroup):
    """Finds each command when it is asked for, and turns what it could not do into one sentence."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Every command, for the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """The command of this name."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        found = getattr(import_module(module), name)
        if isinstance(found, typer.Typer):
            return typer.main.get_group(found)  # get_command would add the options of shell completion
        alone = typer.Typer(add_completion=False)
        alone.command(cmd_name)(found)
        return typer.main.get_command(alone)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; exit 1 with a sentence when it was refused."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            sentence = _sentence(error)
            if sentence is None:
                raise
            typer.echo(sentence, err=True)
            raise typer.Exit(1) from None


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback(help="一件事一次办：平台的命令行。")
def yjs() -> None:
    """Every command hangs below this one."""


def main() -> None:
    """Exit 0 done, 1 refused or faulty input, 2 wrong usage."""
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except TyperException as error:
        _explain_usage(error)
        sys.exit(error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        typer.echo("已中断。", err=True)
        sys.exit(130)


def _sentence(error: Exception) -> str | None:
    """What to tell the person; None for a mistake of ours, whose traceback we need."""
    if isinstance(error, Refused):
        return str(error)
    from sqlalchemy.exc import OperationalError, ProgrammingError  # only now: it takes a moment to load

    if isinstance(error, OperationalError):
        return NOT_RUNNING
    if isinstance(error, ProgrammingError) and "does not exist" in str(error.orig):
        return OTHER_VERSION
    return None


def _explain_usage(error: TyperException) -> None:
    message = error.format_message()
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":  # it has printed the help page
        return
    for english, chinese in USAGE:
        message = re.sub(english, chinese, message)
    typer.echo(f"用法不对：{message}", err=True)
    if context is not None:
        typer.echo(context.get_usage().replace("Usage: ", "用法："), err=True)
