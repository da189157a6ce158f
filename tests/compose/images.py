"""The images that the stack names: pulled where a registry can be reached, and otherwise stand-ins.

A stand-in keeps the promises of the real image that docker-compose.yml relies on (its programs, its users, its folders,
what its entry point reads) and is made of what this machine has: Debian by debootstrap, and the programs of the locked
wheels or of Debian's packages. `REAL_IMAGES=1` asks for the real ones or nothing, `REAL_IMAGES=0` for stand-ins.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.compose.engine import Engine
from tests.compose.stand_ins import RECIPES, Recipe
from tests.stores import ROOT

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
_DEBIAN = "debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv,busybox bookworm"
_NOT_IN_SLIM_IMAGES = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale")
_PULLING = 600  # seconds for one image


class NoImageError(Exception):
    """An image could neither be pulled nor stood in for."""


class Images:
    """`made` are the stand-ins that weren't there before, and go when the drill ends on an engine of somebody's."""

    def __init__(self, engine: Engine, home: Path, *, real: bool | None) -> None:
        self._engine = engine
        self._home = home
        self._real = real
        self.made: list[str] = []

    @property
    def stand_ins(self) -> bool:
        """Whether the image that ours is built upon is a stand-in."""
        return self._is_stand_in(built_upon())

    def have(self, names: Sequence[str]) -> list[str]:
        """Have all images there, and return those that could not be had."""
        return [name for name in names if not self._have(name)]

    def remove(self) -> None:
        for name in reversed(self.made):
            self._engine.docker("rmi", "--force", name, check=False)

    def _have(self, name: str) -> bool:
        if self._engine.docker("images", "--quiet", name):
            return True
        if self._real is not False and self._pull(name):
            return True
        recipe = RECIPES.get(re.sub(r":.*", "", name))
        if self._real or recipe is None or not recipe.can_be_made():
            return False
        self._make(name, recipe)
        return True

    def _pull(self, name: str) -> bool:
        """One that can't be pulled says that the others can't either: each try may take a minute."""
        try:
            self._engine.docker("pull", "--quiet", name, check=self._real is True)
            pulled = bool(self._engine.docker("images", "--quiet", name))
        except subprocess.CalledProcessError as exc:
            raise NoImageError(f"{name} can't be pulled") from exc
        if not pulled:
            self._real = False
        return pulled

    def _make(self, name: str, recipe: Recipe) -> None:
        base = built_upon()
        if name == base:
            self._import_debian(base)
        else:
            self._have(base)
            self._build(name, base, recipe)
        self.made.append(name)

    def _import_debian(self, name: str) -> None:
        if shutil.which("debootstrap") is None:
            raise NoImageError("Images can't be pulled here, and debootstrap, which makes stand-ins, isn't installed.")
        root = self._home / "debian"
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run([*_DEBIAN.split(), str(root)], check=True, stdout=subprocess.DEVNULL)
        for folder in _NOT_IN_SLIM_IMAGES:
            shutil.rmtree(root / folder, ignore_errors=True)
        (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        with subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as tar:
            label = "LABEL colonnade.stand-in=1"
            command = ["docker", "import", "--change", label, "-", name]
            subprocess.run(
                command, stdin=tar.stdout, stdout=subprocess.DEVNULL, check=True, env=self._engine.command_environ
            )
        shutil.rmtree(root)

    def _build(self, name: str, base: str, recipe: Recipe) -> None:
        with tempfile.TemporaryDirectory() as folder:
            context = Path(folder)
            for target, source in recipe.files().items():
                _place(source, context / target)
            (context / "Dockerfile").write_text(f"FROM {base}\n{recipe.dockerfile}", encoding="utf-8")
            self._engine.docker("build", "--quiet", "--network", "none", "--tag", name, folder, DOCKER_BUILDKIT="0")

    def _is_stand_in(self, name: str) -> bool:
        return "colonnade.stand-in" in self._engine.docker("image", "inspect", "--format", "{{.Config.Labels}}", name)


def built_upon() -> str:
    """Return the image that deploy/Dockerfile begins with."""
    found = re.search(r"^FROM (\S+)", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return found[1]


def named(model: Mapping[str, Mapping[str, Mapping[str, str]]], ours: str) -> list[str]:
    """Return the images that the services of a resolved compose file name, and the one that ours is built upon."""
    return [built_upon(), *sorted({each["image"] for each in model["services"].values()} - {ours})]


def _place(source: Path | str, target: Path) -> None:
    """Copy a file or a folder; a text becomes a program."""
    if isinstance(source, str):
        target.write_text(source, encoding="utf-8")
        target.chmod(0o755)
    elif source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)
