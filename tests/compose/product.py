"""The stack under its real name for Compose, in a project of its own, with everything that a step asks of it."""

import asyncio
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.compose.engine import Engine
from tests.stores import ROOT

PROJECT = "colonnade-test"
IMAGE = "colonnade:test"
PROGRAMS = ("auth_service", "user_service", "file_service", "gateway")
COMPOSE = ROOT / ".venv" / "bin" / "docker-compose"
_KILL = "kill -9 $(cat /proc/1/task/1/children)"  # the program, which is the only child of the container's init


@dataclass
class Product:
    """`settings` are what an operator would write into .env; they hold for all later commands, as there."""

    engine: Engine
    settings: dict[str, str]
    profiles: set[str] = field(default_factory=set)

    @property
    def environ(self) -> dict[str, str]:
        chosen = {"COMPOSE_PROJECT_NAME": PROJECT, "COLONNADE_IMAGE": IMAGE, "COMPOSE_PROGRESS": "quiet"}
        return {
            **self.engine.command_environ,
            **chosen,
            **self.settings,
            "COMPOSE_PROFILES": ",".join(sorted(self.profiles)),
        }

    async def compose(self, *arguments: str) -> str:
        """Run a command of Compose. Fails with what it said."""
        return await self.run([str(COMPOSE), *arguments])

    async def docker(self, *arguments: str) -> str:
        return await self.run(["docker", *arguments])

    async def run(self, command: Sequence[str]) -> str:
        ran = await self._ran(command)
        assert ran.returncode == 0, f"{' '.join(command)}: {ran.stderr[-2000:]}{ran.stdout[-2000:]}"
        return ran.stdout.strip()

    async def fails(self, command: Sequence[str]) -> str:
        """Return what a command says that has to fail."""
        ran = await self._ran(command)
        assert ran.returncode, f"{' '.join(command)} did not fail"
        return ran.stderr.strip()

    async def _ran(self, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        run = partial(subprocess.run, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False)
        return await asyncio.to_thread(run, command)

    async def model(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(await self.compose("config", "--format", "json"))
        return found

    async def containers(self, service: str) -> list[str]:
        return (await self.compose("ps", "--quiet", service)).split()

    async def inspect(self, container: str) -> Mapping[str, Any]:
        [found] = json.loads(await self.docker("inspect", container))
        return dict(found)

    async def healthy(self) -> bool:
        """Tell whether every container that serves says that it is well."""
        lines = (await self.compose("ps", "--all", "--format", "json")).splitlines()
        states = [json.loads(line) for line in lines]
        serving = [each for each in states if (each["State"], each["ExitCode"]) != ("exited", 0)]
        return bool(serving) and all(each["Health"] == "healthy" for each in serving)

    async def kill(self, service: str) -> None:
        """Kill the program within, as a crash would; `docker kill` counts as an operator's wish to have it gone."""
        for container in await self.containers(service):
            await self.docker("exec", container, "sh", "-c", _KILL)

    async def restarts(self, service: str) -> int:
        return sum([int((await self.inspect(each))["RestartCount"]) for each in await self.containers(service)])

    async def execute(self, service: str, *command: str) -> tuple[int, str]:
        """Run something in the first container of a service; returns its exit status and what it said."""
        [container, *_] = await self.containers(service)
        full = ["docker", "exec", container, *command]
        ran = await self._ran(full)
        return ran.returncode, (ran.stdout + ran.stderr).strip()
