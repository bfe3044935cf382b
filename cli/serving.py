"""`yjs serve` and `yjs migrate`: the platform on several machines, program by program (docs/scaling.md)."""

from typing import Annotated

import typer

from config.settings import settings
from hosting import serving


def serve(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="、".join(serving.NAMES))],
) -> None:
    """在这台机器上只运行一种进程（前台），与别的机器共用外部 PostgreSQL 和数据文件夹。

    web 网页；worker 执行和发送；conductor 指挥（可以有几个，一个指挥，其余待命）；prefect 单独一个 Prefect 服务；
    prefect-api 几个 Prefect 服务中的一个，prefect-services 它们的后台（要有 Redis）。设置写在环境变量里；SIGTERM 停止。
    """
    serving.serve(program, settings())


def migrate() -> None:
    """建立或升级两个库的数据表、部门和密钥，一次即可；yjs serve 之前运行。"""
    serving.migrate(settings(), lambda sentence: typer.echo(sentence, err=True))
    typer.echo("数据表是这个版本的，可以启动各进程了。")
