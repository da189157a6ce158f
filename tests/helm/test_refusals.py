"""Values that make no sense are refused before anything is rendered, with their place."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.helm.rendering import CHART, helm

BAD: list[tuple[dict[str, Any], str]] = [
    ({"publicURL": "https://example.org"}, "publicURL"),
    ({"publicUrl": "example.org"}, "publicUrl"),
    ({"publicUrl": "https://example.org?x"}, "publicUrl"),
    ({"image": {"tag": "latest"}}, "image/tag"),
    ({"image": {"digest": "sha256:abc"}}, "image/digest"),
    ({"drainSeconds": 5}, "drainSeconds"),
    ({"drainSeconds": "12"}, "drainSeconds"),
    ({"logLevel": "verbose"}, "logLevel"),
    ({"trustedProxies": "10.0.0.0/8"}, "trustedProxies"),
    ({"trustedProxies": ["ingress"]}, "trustedProxies/0"),
    ({"corsOrigins": ["https://app.example.org/"]}, "corsOrigins/0"),
    ({"services": {"mail_service": {}}}, "mail_service"),
    ({"services": {"gateway": {"replicas": 0}}}, "services/gateway/replicas"),
    ({"services": {"gateway": {"replica": 3}}}, "replica"),
    ({"services": {"user_service": {"service": {"type": "LoadBalancer"}}}}, "services/user_service"),
    ({"services": {"auth_service": {"env": {"PASSWORD_PEPPER": "x"}}}}, "'PASSWORD_PEPPER'"),
    ({"services": {"auth_service": {"env": {"SMTP_URL": "smtp://u:p@h"}}}}, "'SMTP_URL'"),
    ({"services": {"file_service": {"env": {"AWS_SECRET_ACCESS_KEY": "x"}}}}, "'AWS_SECRET_ACCESS_KEY'"),
    ({"services": {"file_service": {"env": {"FILES_ROOT": "/data"}}}}, "'FILES_ROOT'"),
    ({"services": {"file_service": {"env": {"FILE_QUOTA_BYTES": 53687091200}}}}, "FILE_QUOTA_BYTES"),
    ({"services": {"gateway": {"extraSecretKeys": ["CACHE_URL"]}}}, "extraSecretKeys/0"),
    ({"services": {"user_service": {"extraSecretKeys": ["database_owner_url"]}}}, "extraSecretKeys/0"),
    ({"services": {"gateway": {"files": [{"variable": "ROUTES_FILE", "key": "x"}]}}}, "files/0"),
    ({"services": {"gateway": {"files": [{"variable": "A_B", "secret": "x", "configMap": "y"}]}}}, "files/0"),
    ({"services": {"gateway": {"resources": {"limits": {"memory": "lots"}}}}}, "limits/memory"),
    ({"services": {"gateway": {"autoscaling": {"maxReplicas": 65}}}}, "maxReplicas"),
    ({"defaults": {"disruptionBudget": {"maxUnavailable": 0}}}, "disruptionBudget"),
    ({"storage": {"url": "/var/files"}}, "storage/url"),
    ({"storage": {"volume": {"accessMode": "ReadOnlyMany"}}}, "accessMode"),
    ({"networkPolicy": {"postgres": {"ports": []}}}, "networkPolicy/postgres/ports"),
    ({"serviceMonitor": {"interval": "fast"}}, "serviceMonitor/interval"),
    ({"services": {"file_service": {"replicas": 2}}}, "several replicas want storage.url"),
    ({"services": {"file_service": {"autoscaling": {"enabled": True}}}}, "several replicas want storage.url"),
    ({"services": {"gateway": {"autoscaling": {"enabled": True, "minReplicas": 9}}}}, "more than maxReplicas"),
    ({"ingress": {"enabled": True}}, "publicUrl must have a host name"),
    ({"ingress": {"enabled": True}, "publicUrl": "https://[2001:db8::1]"}, "publicUrl must have a host name"),
    ({"trust": {"configMap": "a", "secret": "b"}}, "not both"),
]


@pytest.mark.parametrize(("values", "place"), BAD, ids=[json.dumps(values) for values, _ in BAD])
def test_nonsense_is_refused_with_its_place(values: dict[str, Any], place: str, tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text(json.dumps(values))
    answer = helm("template", "colonnade", str(CHART), "--values", str(tmp_path / "values.yaml"))
    assert answer.returncode != 0
    assert answer.stdout == ""
    assert place in answer.stderr


GOOD: list[dict[str, Any]] = [
    {"publicUrl": "https://[2001:db8::1]:8443/app"},
    {"image": {"repository": "registry.example.org:5000/team/colonnade", "tag": "1.2.3"}},
    {"services": {"file_service": {"replicas": 2}}, "storage": {"volume": {"accessMode": "ReadWriteMany"}}},
    {"services": {"gateway": {"resources": {"limits": {"cpu": 4, "memory": "1Gi"}}}}},
    {"defaults": {"disruptionBudget": {"maxUnavailable": "25%"}}},
]


@pytest.mark.parametrize("values", GOOD, ids=json.dumps)
def test_sense_is_taken(values: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text(json.dumps(values))
    answer = helm("template", "colonnade", str(CHART), "--values", str(tmp_path / "values.yaml"))
    assert answer.returncode == 0, answer.stderr
