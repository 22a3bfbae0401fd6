"""Runs one job of a subgraph in a process of its own: `python -m shared.stack.job NAME MODULE.FUNCTION DESCRIPTOR
OPTIONS`, with the options as JSON.

Progress and the result go to the descriptor as JSON lines, so that whatever the subgraph prints stays a log.
"""

import asyncio
import importlib
import json
import os
import sys


def main(name: str, job: str, descriptor: str, options: str) -> None:
    """Runs `subgraphs.NAME.MODULE.FUNCTION`; reports `{"done", "total"}` on the way, `{"rows"}` at the end."""
    with os.fdopen(int(descriptor), "w", buffering=1) as channel:

        def progress(done: int, total: int) -> None:
            print(json.dumps({"done": done, "total": total}), file=channel)

        module, function = job.split(".")
        run = getattr(importlib.import_module(f"subgraphs.{name}.{module}"), function)
        rows = asyncio.run(run(progress, **json.loads(options)))
        print(json.dumps({"rows": rows}), file=channel)


if __name__ == "__main__":
    main(*sys.argv[1:])
