import re
from pathlib import Path

import pytest

from file_service.settings import Settings
from file_service.storage.bucket import Address
from shared.settings import Env, SettingsError

NEEDED = {
    "DATABASE_URL": "postgresql://files_runtime:mD4vXq8sLw2ZtK7y@/colonnade",
    "TRUST_FILE": "/trust.json",
    "IDENTITY_KEY_FILE": "/key.pem",
    "FILES_ROOT": "/files",
    "FILE_LINK_KEY": "k9Zr4mWq7tYx2Lc8vB5nHs3dGj6fPaEu",
}


def read(**changes: str) -> Settings:
    env = Env(NEEDED | changes)
    settings = Settings.from_env(env)
    env.check()
    return settings


def test_limits_have_defaults() -> None:
    settings = read()
    assert (settings.max_bytes, settings.quota_bytes, settings.stall_seconds) == (1024**3, 5 * 1024**3, 60.0)
    assert settings.upload_hours == 24.0
    assert (settings.storage.root, settings.process.port, settings.process.private_port) == (Path("/files"), 8083, 9083)


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read(FILE_MAX_BYTES="0", FILE_QUOTA_BYTES="lots", FILE_STALL_SECONDS="-1", FILE_UPLOAD_HOURS="0", FILES_ROOT="")
    assert [mistake.split()[0] for mistake in caught.value.mistakes] == [
        "FILES_ROOT",
        "FILE_MAX_BYTES",
        "FILE_QUOTA_BYTES",
        "FILE_STALL_SECONDS",
        "FILE_UPLOAD_HOURS",
    ]


S3 = {
    "FILES_ROOT": "",
    "FILES_STORAGE": "s3://bucket-1/pre/fix/",
    "AWS_ACCESS_KEY_ID": "AK",
    "AWS_SECRET_ACCESS_KEY": "hidden",
}


def test_a_bucket_is_read_with_what_opens_it() -> None:
    bucket = read(**S3, AWS_ENDPOINT_URL="http://127.0.0.1:9000/", AWS_REGION="eu-central-1").storage.bucket
    assert bucket is not None
    assert bucket.address == Address("s3", "bucket-1", "pre/fix")
    assert (bucket.endpoint, bucket.timeout) == ("http://127.0.0.1:9000", 10.0)
    assert bucket.options["secret_access_key"].reveal() == "hidden"
    assert "hidden" not in repr(bucket)
    assert "session_token" not in bucket.options


@pytest.mark.parametrize(
    ("virtual_host", "endpoint", "base"),
    [
        ("false", "https://s3.example.org/", "https://s3.example.org/bucket-1/pre/fix"),
        ("true", "https://bucket-1.s3.example.org", "https://bucket-1.s3.example.org/pre/fix"),
    ],
)
def test_clients_find_the_bucket_by_path_or_by_host(virtual_host: str, endpoint: str, base: str) -> None:
    changes = {"AWS_VIRTUAL_HOSTED_STYLE_REQUEST": virtual_host, "FILES_PUBLIC_ENDPOINT": endpoint}
    bucket = read(**S3, **changes).storage.bucket
    assert bucket is not None
    assert bucket.public_base == base


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        pytest.param({"FILES_ROOT": "/files"}, "not both", id="a folder and a bucket"),
        pytest.param({"FILES_STORAGE": ""}, "FILES_ROOT or FILES_STORAGE", id="neither"),
        pytest.param({"FILES_STORAGE": "ftp://bucket"}, "must start with s3://, gs://, az://", id="another scheme"),
        pytest.param({"FILES_STORAGE": "bucket"}, "must start with", id="no scheme"),
        pytest.param({"FILES_STORAGE": "s3://"}, "must name a bucket", id="no bucket"),
        pytest.param({"FILES_STORAGE": "s3://key:secret@bucket"}, "no credentials", id="credentials"),
        pytest.param({"FILES_STORAGE": "s3://bucket/a?b"}, "query", id="a query"),
        pytest.param({"FILES_STORAGE": "s3://bucket/../b"}, "prefix", id="a prefix that climbs"),
        pytest.param({"FILES_STORAGE": "s3://bucket/a//b"}, "prefix", id="an empty folder"),
        pytest.param({"FILES_STORAGE_TIMEOUT": "0"}, "FILES_STORAGE_TIMEOUT", id="no time"),
        pytest.param({"AWS_ENDPOINT_URL": "minio:9000"}, "AWS_ENDPOINT_URL", id="an endpoint without a scheme"),
        pytest.param({"AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "yes"}, "true, false", id="neither"),
        pytest.param({"FILES_PUBLIC_ENDPOINT": "https://s3.example.org", "AWS_ACCESS_KEY_ID": ""}, "sign", id="no key"),
        pytest.param(
            {"FILES_PUBLIC_ENDPOINT": "https://s3.example.org", "FILES_STORAGE": "gs://bucket"},
            "s3://... alone",
            id="a public endpoint of another store",
        ),
    ],
)
def test_mistakes_about_a_bucket_are_told(changes: dict[str, str], mistake: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(mistake)) as caught:
        read(**(S3 | changes))
    assert len(caught.value.mistakes) == 1
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["tcp://clamav:3310", "tcp://127.0.0.1:3310", "tcp://[::1]:3310", "unix:///run/clamav/clamd.ctl"]
)
def test_scanner_is_named_by_host_and_port_or_by_its_socket(url: str) -> None:
    settings = read(CLAMAV_URL=url).checks
    assert settings.clamd_url == url
    assert settings.policy.most_bytes == 25 * 1024**2


@pytest.mark.parametrize(
    "url", ["clamav:3310", "tcp://clamav", "unix://run/x", "http://clamav:3310", "tcp://a/b:1", " "]
)
def test_scanner_named_otherwise_is_a_mistake(url: str) -> None:
    with pytest.raises(SettingsError, match="CLAMAV_URL must be"):
        read(CLAMAV_URL=url)


@pytest.mark.parametrize(
    ("changes", "largest"),
    [
        pytest.param({}, 1024**3, id="no scanner"),
        pytest.param({"CLAMAV_MAX_BYTES": "5"}, 1024**3, id="no scanner, whatever it could look at"),
        pytest.param({"CLAMAV_URL": "tcp://clamav:3310"}, 25 * 1024**2, id="a scanner"),
        pytest.param(
            {"CLAMAV_URL": "tcp://clamav:3310", "FILE_MAX_BYTES": "1000"}, 1000, id="less than it could look at"
        ),
        pytest.param(
            {"CLAMAV_URL": "tcp://clamav:3310", "CLAMAV_UNCHECKED": "allow"}, 1024**3, id="what it can't passes"
        ),
    ],
)
def test_file_may_be_as_large_as_it_can_be_checked(changes: dict[str, str], largest: int) -> None:
    assert read(**changes).max_bytes == largest


def test_without_a_scanner_nothing_waits() -> None:
    assert read().checks.policy.most_bytes is None


def test_bytes_have_no_host_of_their_own_unless_told() -> None:
    assert (read().content_url, read().public_seconds) == ("", 0)
    settings = read(PUBLIC_URL="https://app.example.org", FILES_PUBLIC_URL="https://files.example.net/")
    assert settings.content_url == "https://files.example.net"


@pytest.mark.parametrize(
    ("url", "mistake"),
    [
        ("https://files.example.net/files", "without a path"),
        ("http://files.example.net", "scheme of PUBLIC_URL"),
        ("https://APP.example.org:8443", "another host"),
        ("files.example.net", "must be a URL"),
    ],
)
def test_host_of_bytes_that_would_be_none_is_refused(url: str, mistake: str) -> None:
    with pytest.raises(SettingsError, match=mistake):
        read(PUBLIC_URL="https://app.example.org", FILES_PUBLIC_URL=url)
