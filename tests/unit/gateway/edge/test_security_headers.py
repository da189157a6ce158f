import pytest
from multidict import CIMultiDict

from gateway.edge.security_headers import add_missing, security_headers


@pytest.mark.parametrize("html", [True, False])
def test_every_answer_is_protected(html: bool) -> None:  # noqa: FBT001  a parameter of the test
    headers = dict(security_headers(html=html, https=False))
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in headers


def test_only_https_promises_https() -> None:
    assert "Strict-Transport-Security" in dict(security_headers(html=True, https=True))


def test_service_keeps_the_policy_it_set_itself() -> None:
    headers: CIMultiDict[str] = CIMultiDict({"content-security-policy": "sandbox"})
    add_missing(headers, security_headers(html=False, https=False))
    assert headers.getall("Content-Security-Policy") == ["sandbox"]
    assert headers["X-Content-Type-Options"] == "nosniff"
