"""Loads one subgraph's demo data in a process of its own: `python -m shared.stack.seed NAME DESCRIPTOR`.

Progress and the result go to the descriptor as JSON lines, so that whatever the subgraph prints stays a log.
"""

import asyncio
import importlib
import json
import os
import sys


def main(name: str, descriptor: str) -> None:
    """Runs `subgraphs.NAME.demo.seed` and reports `{"done", "total"}` on the way, `{"rows"}` at the end."""
    with os.fdopen(int(descriptor), "w", buffering=1) as channel:

        def progress(done: int, total: int) -> None:
            print(json.dumps({"done": done, "total": total}), file=channel)

        demo = importlib.import_module(f"subgraphs.{name}.demo")
        rows = asyncio.run(demo.seed(progress))
        print(json.dumps({"rows": rows}), file=channel)


if __name__ == "__main__":
    main(*sys.argv[1:])
