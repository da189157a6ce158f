"""The chart's pods as processes of this machine: their commands and environments, with addresses and mounts moved."""

import asyncio
import re
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from deploy.kubernetes.secrets import Places, manifests
from deploy.originals import Originals
from tests.helm.rendering import PROGRAMS, Manifest, container, environment, read_yaml, rendered
from tests.ports import free_port
from tests.stores import ROOT, StoreUrls
from tests.waiting import eventually

_PORTS = [*range(8080, 8084), *range(9080, 9084)]


class Cluster:
    """Mounts lie below `folder`. Everything listens on loopback, at ports of its own for those of the chart."""

    def __init__(self, folder: Path, stores: StoreUrls) -> None:
        self._folder = folder
        self._moved = {str(port): str(free_port()) for port in _PORTS}
        text = rendered("default", "--set", "databaseRoles.enabled=true")
        self._workloads: list[Manifest] = [each for each in read_yaml(text) if each["kind"] in ("Job", "Deployment")]
        self._processes: dict[str, Process] = {}
        self._mount(stores)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._moved['8080']}"

    def _mount(self, stores: StoreUrls) -> None:
        """Make the secrets as a person would, who brings the superuser's password and a Valkey without users."""
        server = urlsplit(stores.postgres)
        originals = Originals(self._folder / "originals")
        (originals.folder / "postgres").write_text(server.password or "")
        places = Places(f"/colonnade?{server.query}", None, "redis://127.0.0.1:6379/0")
        for manifest in manifests(originals, places, "colonnade"):
            folder = self._folder / manifest["metadata"]["name"]
            folder.mkdir()
            for key, content in (manifest.get("data") or manifest["stringData"]).items():
                (folder / key).write_text(content)
        (self._folder / "colonnade-gateway" / "valkey_url").write_text(stores.valkey)

    async def migrate(self) -> None:
        """Run the jobs in the order of their weights, as Helm does."""
        jobs = [each for each in self._workloads if each["kind"] == "Job"]
        for job in sorted(jobs, key=lambda job: int(job["metadata"]["annotations"]["helm.sh/hook-weight"])):
            process = await self._start(job)
            _, errors = await process.communicate()
            assert process.returncode == 0, errors.decode()

    async def start(self) -> None:
        for each in self._workloads:
            if each["kind"] == "Deployment":
                self._processes[each["metadata"]["labels"]["app.kubernetes.io/component"]] = await self._start(each)
        assert set(self._processes) == set(PROGRAMS)

    async def ready(self, http: aiohttp.ClientSession) -> None:
        """Ask as the kubelet does, until every readiness probe succeeds."""

        async def all_are() -> bool:
            return all([await self._is_ready(http, each) for each in self._workloads if each["kind"] == "Deployment"])

        await eventually(all_are, within=60)

    async def _is_ready(self, http: aiohttp.ClientSession, deployment: Manifest) -> bool:
        only = container(deployment["spec"]["template"]["spec"])
        ports = {port["name"]: str(port["containerPort"]) for port in only["ports"]}
        probe = only["readinessProbe"]["httpGet"]
        try:
            async with http.get(f"http://127.0.0.1:{self._moved[ports[probe['port']]]}{probe['path']}") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def stop(self) -> Mapping[str, int]:
        """Tell all to stop, and return their exit statuses; who outlives its grace period is killed, as there."""
        grace: Any = next(each for each in self._workloads if each["kind"] == "Deployment")["spec"]["template"]["spec"]
        for process in self._processes.values():
            if process.returncode is None:
                process.terminate()
        try:
            async with asyncio.timeout(grace["terminationGracePeriodSeconds"]):
                await asyncio.gather(*(process.wait() for process in self._processes.values()))
        finally:
            for process in self._processes.values():
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        return {name: process.returncode or 0 for name, process in self._processes.items()}

    async def _start(self, workload: Manifest) -> Process:
        pod = workload["spec"]["template"]["spec"]
        python, *arguments = container(pod)["command"]
        assert python == "python"
        environ = {name: self._here(name, value, pod) for name, value in environment(pod).items()}
        serves = workload["kind"] == "Deployment"
        out = asyncio.subprocess.DEVNULL if serves else asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=ROOT, env=environ, stdout=out, stderr=out
        )

    def _here(self, variable: str, value: str, pod: Manifest) -> str:
        """Return what a variable says on this machine."""
        if value.startswith("/run/colonnade/"):
            return str(self._source(pod, value.removeprefix("/run/colonnade/")))
        if variable == "FILES_ROOT":
            return str(self._folder / "files")
        if variable.endswith("HOST"):
            return "127.0.0.1"
        moved = re.sub(r"http://[\w.-]+:(\d+)$", lambda found: f"http://127.0.0.1:{self._moved[found[1]]}", value)
        return self._moved[value] if variable.endswith("PORT") else moved

    def _source(self, pod: Manifest, path: str) -> Path:
        [volume] = [each for each in pod["volumes"] if each["name"] == "secrets"]
        for each in volume["projected"]["sources"]:
            source = each.get("secret") or each["configMap"]
            for item in source["items"]:
                if item["path"] == path:
                    return self._folder / str(source["name"]) / str(item["key"])
        raise AssertionError(f"nothing mounts {path}")
