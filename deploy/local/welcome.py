"""What the launcher says when all is ready: where to go, and commands that can be pasted into another terminal."""

import shlex
import socket
from urllib.parse import urlsplit

from deploy.local.environments import LOOPBACK, private_port
from deploy.local.settings import DEFAULT_STATE, Settings
from deploy.local.state import State
from shared.web.origins import takes_passkeys


def welcome(settings: Settings, state: State, mail: str, seconds: float) -> str:
    """Return the text. Addresses are PUBLIC_URL's: at another one, cookies and passkeys are another's.

    `mail` is where caught mail is shown, empty where it goes out.
    """
    url, json, of = settings.public_url, "-H 'Content-Type: application/json'", _which(settings)
    notes = f"\n{note}\n" if (note := _alone(settings)) else ""
    listens = "" if url == settings.url else f"\n  Listens at   {settings.url}"
    status = f"http://{LOOPBACK}:{private_port('gateway', settings.port)}/status"
    return f"""
Colonnade is ready at {url} ({seconds:.1f} s).
{notes}{listens}
  Its API      {url}/docs
  Its pages    {url}/account, {url}/files
  Its mail     {mail or "goes out by SMTP_URL"}{_passkeys(settings)}
  First visit  curl {url}/v1/auth/register {json} -d '{{"email": "you@example.org", "password": "one of your own"}}'
  Its status   {status}
  Its health   make doctor{of}
  Its memory   make memory{of}
  Its logs     {state.logs}
  The end      Ctrl-C; what you made stays in {state.root}
"""


def _alone(settings: Settings) -> str:
    """Return what keeps other machines away from a stack that listens to them."""
    if not settings.listens_everywhere or settings.environ.get("PUBLIC_URL"):
        return ""
    example = f"{settings.scheme}://{socket.gethostname()}:{settings.port}"
    return (
        "  Other machines can't use it yet: forms that they send are refused until PUBLIC_URL\n"
        f"  is set to what people there type, as PUBLIC_URL={example}."
    )


def _passkeys(settings: Settings) -> str:
    """Return a line that says how passkeys can be tried; nothing where they can, or PUBLIC_URL is to be set anyway."""
    if takes_passkeys(settings.public_url) or _alone(settings):
        return ""
    here = urlsplit(settings.public_url)
    if here.hostname == LOOPBACK and here.scheme == "http":
        return f"\n  Passkeys     are off at an address; to try them, start with PUBLIC_URL=http://localhost:{settings.port}"
    return "\n  Passkeys     are off: browsers want PUBLIC_URL to be https, and a name"


def _which(settings: Settings) -> str:
    """Return what a command has to say, beside its name, to be about this stack."""
    return "" if settings.state == DEFAULT_STATE else f" STATE_DIR={shlex.quote(str(settings.state))}"
