"""FILES_PUBLIC_URL: a host of its own for what people have stored, so that nothing of theirs is ever of our origin."""

from urllib.parse import urlsplit

from shared.settings import Env


def read_content_url(env: Env, public_url: str) -> str:
    """Return it, or nothing where there is none."""
    content_url = env.url("FILES_PUBLIC_URL", "")
    if not content_url:
        return ""
    content, public = urlsplit(content_url), urlsplit(public_url)
    if content.path:
        env.mistake("FILES_PUBLIC_URL must be a host without a path")
    if content.scheme != public.scheme:
        env.mistake("FILES_PUBLIC_URL must begin with the scheme of PUBLIC_URL")
    if content.hostname == public.hostname:
        env.mistake("FILES_PUBLIC_URL must name another host than PUBLIC_URL: cookies know no ports")
    return content_url
