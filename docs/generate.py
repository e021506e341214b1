"""Write the documents that are made from the code: ``docs/cli.md`` and ``docs/schema/checked-article.json``.

Run by ``make docs``; tests fail when a document is not current.
"""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from onrecord.cli import app
from onrecord.report import json_schema

HERE = Path(__file__).parent
COMMANDS = (
    "",
    "check",
    "corpus",
    "corpus add",
    "corpus list",
    "corpus show",
    "corpus status",
    "corpus search",
    "corpus verify",
    "corpus rebuild",
    "corpus backup",
    "corpus restore-backup",
    "corpus export",
    "corpus import",
    "version",
)


def command_reference() -> str:
    """Return ``docs/cli.md``: the help text of every command."""
    parts = ["# The command line", "Generated from the commands' own help by `make docs`."]
    runner = CliRunner(env={"COLUMNS": "100", "TERMINAL_WIDTH": "100"})
    for command in COMMANDS:
        shown = runner.invoke(app, [*command.split(), "--help"], prog_name="onrecord")
        parts.append(f"## `{f'onrecord {command}'.strip()}`\n\n```\n{shown.output.strip()}\n```")
    return "\n\n".join(parts) + "\n"


def schema() -> str:
    """Return ``docs/schema/checked-article.json``."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write both documents."""
    (HERE / "schema").mkdir(exist_ok=True)
    (HERE / "cli.md").write_text(command_reference(), encoding="utf-8")
    (HERE / "schema" / "checked-article.json").write_text(schema(), encoding="utf-8")


if __name__ == "__main__":
    main()
