"""Where blobs lie: a folder, or a bucket, and how the store lets us in."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from file_service.storage.bucket import Address, Bucket, parse_address
from shared.settings import Env, Secret

_NONE = Secret("")
_ENDPOINTS = {"s3": "AWS_ENDPOINT_URL", "az": "AZURE_STORAGE_ENDPOINT"}


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """Either `root` or `bucket` is there. `delay` is how many seconds after its file a blob is deleted."""

    root: Path | None
    bucket: Bucket | None
    delay: float

    @classmethod
    def from_env(cls, env: Env) -> "StorageSettings":
        root, url = env.text("FILES_ROOT", ""), env.text("FILES_STORAGE", "")
        bucket = _bucket(env, url)
        if bool(root) == bool(url):
            env.mistake("FILES_ROOT or FILES_STORAGE has to say where files lie" + (", not both" if root else ""))
        delay = env.number("FILE_DELETION_DELAY", 0.0)
        return cls(Path(root) if root else None, bucket if url else None, delay)


def _bucket(env: Env, url: str) -> Bucket:
    options, endpoints = _options(env), {kind: env.url(name, "") for kind, name in _ENDPOINTS.items()}
    address = _address(env, url)
    public = env.url("FILES_PUBLIC_ENDPOINT", "")
    bucket = Bucket(
        address=address,
        options={name: value for name, value in options[address.kind].items() if value.reveal()},
        endpoint=endpoints.get(address.kind, ""),
        timeout=env.number("FILES_STORAGE_TIMEOUT", 10.0, minimum=0.1),
        spool=Path(env.text("FILES_SPOOL", "") or tempfile.gettempdir()),
        public_endpoint=public,
    )
    if public:
        _check_signing(env, bucket)
    return bucket


def _address(env: Env, url: str) -> Address:
    try:
        return parse_address(url) if url else Address("s3", "", "")
    except ValueError as exc:
        env.mistake(f"FILES_STORAGE {exc}")
        return Address("s3", "", "")


def _options(env: Env) -> Mapping[str, Mapping[str, Secret]]:
    """Return the library's options for each kind of store. What isn't here it takes from the environment by itself."""
    virtual_host = env.choice("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", ("true", "false"), "false")
    s3 = {
        "access_key_id": env.secret("AWS_ACCESS_KEY_ID", _NONE),
        "secret_access_key": env.secret("AWS_SECRET_ACCESS_KEY", _NONE),
        "session_token": env.secret("AWS_SESSION_TOKEN", _NONE),
        "region": Secret(env.text("AWS_REGION", "us-east-1")),
        "virtual_hosted_style_request": Secret(virtual_host),
        "checksum_algorithm": Secret("SHA256"),  # sent along, so that the store refuses what was damaged on its way
        "disable_bulk_delete": Secret("true"),  # which not every store has
    }
    gs = {"service_account_key": env.secret("GOOGLE_SERVICE_ACCOUNT_KEY", _NONE)}
    az = {
        "account_name": Secret(env.text("AZURE_STORAGE_ACCOUNT_NAME", "")),
        "account_key": env.secret("AZURE_STORAGE_ACCOUNT_KEY", _NONE),
        "sas_token": env.secret("AZURE_STORAGE_SAS_TOKEN", _NONE),
    }
    return {"s3": s3, "gs": gs, "az": az}


def _check_signing(env: Env, bucket: Bucket) -> None:
    if bucket.address.kind != "s3":
        env.mistake("FILES_PUBLIC_ENDPOINT is for FILES_STORAGE=s3://... alone")
    elif not {"access_key_id", "secret_access_key"} <= set(bucket.options):
        env.mistake("FILES_PUBLIC_ENDPOINT needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, to sign URLs with")
