"""Commands that the console runs for people, in processes of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence


async def ended(command: Sequence[str], timeout_s: float) -> tuple[int, str]:
    """Exit code of a command, and what it wrote to stderr. It is killed where nobody waits for it any more.

    Raises
    ------
    TimeoutError
        If it has not ended after `timeout_s`; the message says so.
    """
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        _, talk = await asyncio.wait_for(process.communicate(), timeout_s)
    except TimeoutError as error:
        msg = f"not ready after {timeout_s:g} s; it was stopped"
        raise TimeoutError(msg) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, talk.decode(errors="replace")
