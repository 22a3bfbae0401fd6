"""What people see: steps with their times, the children's lines, endpoints and logins; plain without a terminal."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any, cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_red", "bright_cyan", "bright_magenta", "bright_green")
_LOGIN_PASSWORD = "Lyceum-Demo-2026"  # noqa: S105
_LOGINS = (
    ("demo", "admin@demo.example", "teacher@demo.example", "student@demo.example"),
    ("other", "admin@other.example", "teacher@other.example", "student@other.example"),
    ("platform", "root@lyceum.example"),
)
_UNFOLDED = 100_000  # characters, more than any line has


class _Output:
    """Standard output that may lose its reader, a closed terminal or pipe, without ending who writes."""

    def __init__(self) -> None:
        self._stream = sys.stdout

    def write(self, text: str) -> int:
        with suppress(OSError):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Step:
    """A step under way; what it puts into `note` is shown beside its title."""

    def __init__(self) -> None:
        self.note = ""


class Reporter:
    """Writes to the terminal, line by line and from any thread."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(file=cast("IO[str]", _Output()), highlight=False)
        self._quiet = quiet
        self._colours: dict[str, str] = {}

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Shows a step with the seconds that it took; a failed one is marked."""
        step = Step()
        began = time.monotonic()
        mark = "[red]✗[/]"
        try:
            with self._console.status(title):
                yield step
            mark = "[green]✓[/]"
        finally:
            if not self._quiet:
                seconds = time.monotonic() - began
                self._write(Text.from_markup(f"{mark} {title:<12} {seconds:6.2f} s  [dim]{step.note}[/]"))

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[int, int], None]]:
        """A bar on a terminal, nothing otherwise; the function takes what is done and the total."""
        bar = Progress(
            TextColumn("  {task.description:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        with bar:
            task = bar.add_task(title, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)

    def line_writer(self, name: str) -> Callable[[str], None]:
        """Takes a child's lines and shows each with the child's name in a colour of its own."""
        colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
        prefix = Text(f"{name:<12} │ ", style=colour)

        def write(line: str) -> None:
            if not self._quiet:
                self._write(prefix + Text.from_ansi(line))

        return write

    def say(self, line: str) -> None:
        """One line of news."""
        if not self._quiet:
            self._write(Text(line))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Rows below their columns' names, a line each however narrow the terminal, so that `grep` finds whole ones."""
        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for row in rows:
            table.add_row(*(Text(cell, no_wrap=True) for cell in row))
        Console(file=self._console.file, width=_UNFOLDED).print(table, crop=False)

    def fail(self, message: str) -> None:
        """What went wrong, with the reasons below."""
        first, *rest = message.splitlines() or [""]
        self._write(Text(f"✗ {first}", style="bold red"))
        for line in rest:
            self._write(Text(f"  {line}"))

    def ready(self, graphql: str, websocket: str, seconds: float) -> None:
        """The endpoints and the demo logins."""
        self._write(Text(f"Ready in {seconds:.1f} s", style="bold green"))
        logins = tuple((organization, "  ".join(people)) for organization, *people in _LOGINS)
        for what, value in (("GraphiQL", graphql), ("WebSocket", websocket), *logins, ("Password", _LOGIN_PASSWORD)):
            self._write(Text.assemble((f"  {what:<12} ", "dim"), value))
        if not self._quiet:
            self._write(Text("Ctrl-C stops everything.", style="dim"))

    def _write(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True)
