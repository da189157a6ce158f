"""What a handshake is shown, before and after the files change; both ends are in memory."""

import re
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from prometheus_client import REGISTRY

from gateway.downstream.certificates import CertificateError, Certificates
from tests.authority import Authority, Pair

NAME = "api.example.org"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def pair(authority: Authority) -> Pair:
    return authority.issue(NAME)


class Handshake:
    """A client's TLS and a server's, joined."""

    def __init__(self, server: ssl.SSLContext, client: ssl.SSLContext, name: str | None = NAME) -> None:
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = client.wrap_bio(to_client, to_server, server_hostname=name)
        self.server = server.wrap_bio(to_server, to_client, server_side=True)
        done = [False, False]
        for _ in range(8):
            for place, side in enumerate((self.client, self.server)):
                if not done[place]:
                    done[place] = _advances(side)
        assert all(done)

    @property
    def serial(self) -> int:
        shown = self.client.getpeercert(binary_form=True)
        assert shown is not None
        return x509.load_der_x509_certificate(shown).serial_number

    def carries(self, data: bytes) -> bool:
        self.client.write(data)
        return self.server.read(100) == data


def _advances(side: ssl.SSLObject) -> bool:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


async def test_new_handshakes_see_the_new_certificate_and_open_connections_go_on(
    authority: Authority, pair: Pair
) -> None:
    certificates = Certificates(pair.certificate, pair.key)
    before = Handshake(certificates.context, authority.client())
    assert before.serial == pair.serial

    new = authority.issue(NAME)
    pair.replace(new)
    await certificates.reload()

    assert Handshake(certificates.context, authority.client()).serial == new.serial
    assert before.carries(b"still here")


async def test_client_that_names_no_host_sees_the_new_certificate_too(authority: Authority, pair: Pair) -> None:
    client = authority.client()
    client.check_hostname = False
    certificates = Certificates(pair.certificate, pair.key)
    new = authority.issue(NAME)
    pair.replace(new)
    await certificates.reload()
    assert Handshake(certificates.context, client, name=None).serial == new.serial


async def test_older_clients_see_the_new_certificate_too(authority: Authority, pair: Pair) -> None:
    client = authority.client()
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    certificates = Certificates(pair.certificate, pair.key)
    new = authority.issue(NAME)
    pair.replace(new)
    await certificates.reload()
    handshake = Handshake(certificates.context, client)
    cipher = handshake.client.cipher()
    assert cipher is not None
    assert (handshake.serial, handshake.client.version()) == (new.serial, "TLSv1.2")
    assert re.match("ECDHE-ECDSA-(AES...-GCM|CHACHA20)", cipher[0])


async def test_pair_that_does_not_fit_is_refused_and_the_old_one_stays(
    authority: Authority, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    refused = "gateway.downstream.certificates.log.error"
    monkeypatch.setattr(refused, lambda _event, **told: said.append(told["event.reason"]))
    certificates = Certificates(pair.certificate, pair.key)
    before = _refused()
    for spoil in (_other_key, _no_key, _no_pem):
        spoil(authority, pair)
        await certificates.reload()
        assert Handshake(certificates.context, authority.client()).serial == pair.serial
    assert len(said) == 3
    assert _refused() == before + 3


def _refused() -> float:
    return REGISTRY.get_sample_value("gateway_tls_reloads_total", {"outcome": "refused"}) or 0.0


def _other_key(authority: Authority, pair: Pair) -> None:
    authority.issue(NAME).key.replace(pair.key)


def _no_key(_authority: Authority, pair: Pair) -> None:
    pair.key.unlink()


def _no_pem(_authority: Authority, pair: Pair) -> None:
    pair.certificate.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")


def test_encrypted_key_is_refused_and_nobody_is_asked_for_its_password(pair: Pair) -> None:
    encryption = BestAvailableEncryption(b"x")
    key = ec.generate_private_key(ec.SECP256R1())
    pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    with pytest.raises(CertificateError, match="encrypted"):
        Certificates(pair.certificate, pair.key)


def test_change_is_noticed_once_both_files_are_at_rest(authority: Authority, pair: Pair) -> None:
    certificates = Certificates(pair.certificate, pair.key)
    assert not certificates.has_changed()
    new = authority.issue(NAME)
    new.certificate.replace(pair.certificate)
    assert not certificates.has_changed()  # it may be half of the change
    new.key.replace(pair.key)
    assert not certificates.has_changed()
    assert certificates.has_changed()


async def test_swapped_mount_of_a_secret_is_taken_over(authority: Authority, pair: Pair, tmp_path: Path) -> None:
    """Kubernetes shows a Secret as links into `..data`, and swaps that link."""
    mount, new = tmp_path / "mount", authority.issue(NAME)
    for version, files in (("..1", pair), ("..2", new)):
        (mount / version).mkdir(parents=True)
        files.certificate.replace(mount / version / "tls.crt")
        files.key.replace(mount / version / "tls.key")
    (mount / "..data").symlink_to("..1")
    for name in ("tls.crt", "tls.key"):
        (mount / name).symlink_to(f"..data/{name}")
    certificates = Certificates(mount / "tls.crt", mount / "tls.key")
    assert Handshake(certificates.context, authority.client()).serial == pair.serial

    (mount / "..data_tmp").symlink_to("..2")
    (mount / "..data_tmp").replace(mount / "..data")
    assert not certificates.has_changed()
    assert certificates.has_changed()
    await certificates.reload()
    assert Handshake(certificates.context, authority.client()).serial == new.serial


def test_expiry_is_measured(authority: Authority) -> None:
    pair = authority.issue(NAME, lasting=timedelta(days=30))
    Certificates(pair.certificate, pair.key)
    measured = REGISTRY.get_sample_value("gateway_tls_certificate_expiry_timestamp_seconds")
    assert measured == pytest.approx((datetime.now(UTC) + timedelta(days=30)).timestamp(), abs=60)


def test_expired_certificate_is_said_to_be(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("gateway.downstream.certificates.log.warning", lambda event, **_: said.append(event))
    pair = authority.issue(NAME, lasting=timedelta(hours=-1))
    Certificates(pair.certificate, pair.key)
    assert said == ["certificate_expired"]


def test_http_1_1_is_agreed_on(authority: Authority, pair: Pair) -> None:
    client = authority.client()
    client.set_alpn_protocols(["h2", "http/1.1"])
    certificates = Certificates(pair.certificate, pair.key)
    assert Handshake(certificates.context, client).client.selected_alpn_protocol() == "http/1.1"


def test_tls_1_1_is_refused(authority: Authority, pair: Pair) -> None:
    client = authority.client()
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        client.minimum_version = client.maximum_version = ssl.TLSVersion.TLSv1_1
    client.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match="UNSUPPORTED_PROTOCOL"):
        Handshake(Certificates(pair.certificate, pair.key).context, client)
