"""Commands that the console runs for people, in processes of their own."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

MOST_LINE = 65_536
"""Bytes of a line that are looked at together."""
MOST_TALK = 200
"""Lines that a command has written last and that are kept."""


async def ended(command: Sequence[str], timeout_s: float, heard: Callable[[str], None] = lambda _: None) -> tuple[int, str]:
    """Exit code of a command, and what it wrote to stderr. It is killed where nobody waits for it any more.

    Parameters
    ----------
    heard
        Called with each line that it writes to stderr, as it comes.

    Raises
    ------
    TimeoutError
        If it has not ended after `timeout_s`; the message says so.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        limit=MOST_LINE,
    )
    talk: deque[str] = deque(maxlen=MOST_TALK)
    try:
        await asyncio.wait_for(_listen(process, talk, heard), timeout_s)
    except TimeoutError as error:
        msg = f"not ready after {timeout_s:g} s; it was stopped"
        raise TimeoutError(msg) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, "".join(talk)


async def _listen(process: asyncio.subprocess.Process, talk: deque[str], heard: Callable[[str], None]) -> None:
    """Until it has ended."""
    while process.stderr is not None and (piece := await _line(process.stderr)):
        line = piece.decode(errors="replace")
        talk.append(line)
        heard(line)
    await process.wait()


async def _line(stream: asyncio.StreamReader) -> bytes:
    """The next line, or as much of one without end as is looked at; nothing at the end."""
    try:
        return await stream.readuntil()
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError:
        return await stream.read(MOST_LINE)
