"""What a gateway measures, read from its private port."""

import re

import aiohttp

from tests.replicated.replica import Replica


async def metric(replica: Replica, name: str, labels: str = "") -> float:
    """Return the sum of a metric's samples whose labels contain `labels`."""
    async with aiohttp.ClientSession() as client, client.get(f"{replica.private_url}/metrics") as answer:
        text = await answer.text()
    samples = re.findall(rf"^{name}(\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE)
    return sum(float(value) for found, value in samples if labels in found)
