"""The files under deploy/kubernetes agree with each other, and with what is served."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from registries.pod_images import POD_SPECS
from registries.routes import ROUTES

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
HOST = "hubadmin.example.com"
ON_THE_MACHINE = "/etc/kubernetes/hubadmin/"
PLURALS = {
    "pods": "Pod",
    "pods/ephemeralcontainers": "Pod",
    "podtemplates": "PodTemplate",
    "replicationcontrollers": "ReplicationController",
    "daemonsets": "DaemonSet",
    "deployments": "Deployment",
    "replicasets": "ReplicaSet",
    "statefulsets": "StatefulSet",
    "cronjobs": "CronJob",
    "jobs": "Job",
}


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return content


def webhook() -> dict[str, Any]:
    configuration = read("admission/validating-webhook.yaml")
    assert configuration["apiVersion"] == "admissionregistration.k8s.io/v1"
    assert configuration["kind"] == "ValidatingWebhookConfiguration"
    [found] = configuration["webhooks"]
    return dict(found)


def test_the_addresses_are_served() -> None:
    [cluster] = read("imagereview/imagereview.kubeconfig")["clusters"]
    urls = {webhook()["clientConfig"]["url"], cluster["cluster"]["server"]}
    parts = [urlsplit(url) for url in urls]
    assert {(part.scheme, part.netloc, part.query) for part in parts} == {("https", HOST, "")}
    served = {path for path in ROUTES if path.startswith("/authz/kubernetes/")}
    assert {part.path for part in parts} == served


def test_the_webhook_fails_closed_and_spares_what_repairs_the_cluster() -> None:
    hook = webhook()
    assert hook["failurePolicy"] == "Fail"
    assert hook["sideEffects"] == "None"
    assert hook["matchPolicy"] == "Equivalent"
    assert hook["admissionReviewVersions"] == ["v1"]
    assert 1 <= hook["timeoutSeconds"] <= 30
    assert hook["name"].count(".") >= 2  # Kubernetes wants a name in a domain
    assert hook["namespaceSelector"]["matchExpressions"] == [
        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]}
    ]


def test_the_webhook_sends_exactly_what_can_be_read() -> None:
    sent = set()
    for rule in webhook()["rules"]:
        assert rule["operations"] == ["CREATE", "UPDATE"]
        assert rule["apiVersions"] == ["v1"]
        [group] = rule["apiGroups"]
        sent |= {(group, PLURALS[resource]) for resource in rule["resources"]}
    assert sent == set(POD_SPECS)


@pytest.mark.parametrize("folder", ["admission", "imagereview"])
def test_the_api_servers_configuration_names_the_files_beside_it(folder: str) -> None:
    configuration = read(f"{folder}/admission-configuration.yaml")
    assert configuration["apiVersion"] == "apiserver.config.k8s.io/v1"
    assert configuration["kind"] == "AdmissionConfiguration"
    [plugin] = configuration["plugins"]
    inner = plugin["configuration"]
    path = inner.get("imagePolicy", inner)["kubeConfigFile"]
    assert path.startswith(ON_THE_MACHINE)
    kubeconfig = read(f"{folder}/{path.removeprefix(ON_THE_MACHINE)}")
    assert (kubeconfig["apiVersion"], kubeconfig["kind"]) == ("v1", "Config")
    [user] = kubeconfig["users"]
    assert user["user"] == {"tokenFile": f"{ON_THE_MACHINE}token"}


def test_the_webhooks_credential_is_for_its_host() -> None:
    [plugin] = read("admission/admission-configuration.yaml")["plugins"]
    assert plugin["name"] == "ValidatingAdmissionWebhook"
    assert plugin["configuration"]["kind"] == "WebhookAdmissionConfiguration"
    [user] = read("admission/webhook.kubeconfig")["users"]
    assert user["name"] == HOST


def test_the_image_policy_webhook_fails_closed_and_keeps_no_answer() -> None:
    [plugin] = read("imagereview/admission-configuration.yaml")["plugins"]
    assert plugin["name"] == "ImagePolicyWebhook"
    policy = plugin["configuration"]["imagePolicy"]
    assert policy["defaultAllow"] is False
    assert policy["allowTTL"] == policy["denyTTL"] == -1
    kubeconfig = read("imagereview/imagereview.kubeconfig")
    [context] = kubeconfig["contexts"]
    assert context["name"] == kubeconfig["current-context"]
    assert context["context"]["cluster"] == kubeconfig["clusters"][0]["name"]
    assert context["context"]["user"] == kubeconfig["users"][0]["name"]
