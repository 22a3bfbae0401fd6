"""A press for many certificates: one process at the lowest priority, so that whoever waits for an answer goes first."""

import asyncio
import multiprocessing
import os
import signal
import threading
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor

from shared.certificates.certificate import Certificate, Template
from shared.certificates.errors import Unprintable
from shared.certificates.printing import print_now

_NICENESS = 19


class Press:
    """Prints one certificate after another. The process starts with the first, and ends with `close` or with ours."""

    def __init__(self) -> None:
        self._process: ProcessPoolExecutor | None = None

    async def render(self, certificate: Certificate, template: Template) -> bytes:
        """As `printing.render`, but for the kind of `Unprintable`. Raises `ConnectionError` when the process is killed;
        the next call starts another."""
        if self._process is None:
            # Spawned, not forked: the threads and sockets of ours are not for it.
            self._process = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_start)
        try:
            printed = await asyncio.get_running_loop().run_in_executor(self._process, _print, certificate, template)
        except BrokenExecutor as error:
            self.close()
            raise ConnectionError("The press has been killed.") from error
        if isinstance(printed, str):
            raise Unprintable(printed)
        return printed

    def close(self) -> None:
        """Ends the process; what has not been printed is not printed any more."""
        if self._process is not None:
            self._process.shutdown(wait=False, cancel_futures=True)
            self._process = None


def _print(certificate: Certificate, template: Template) -> bytes | str:
    """The PDF, or why there is none: an exception that takes more than a message cannot be sent."""
    try:
        return print_now(certificate, template)
    except Unprintable as error:
        return str(error)


def _start() -> None:
    os.nice(_NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for our process, which then closes the press
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    """Ends with the process that has started us, however that ends."""
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)
