import asyncio
from pathlib import Path


async def run(*command: str, folder: Path | None = None) -> str:
    """Return what it prints, and fail with what it complains of."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, told = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, said.decode() + told.decode()
    return said.decode()
