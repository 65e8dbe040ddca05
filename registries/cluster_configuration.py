"""The files that make a Kubernetes cluster's API server ask: those of deploy/kubernetes, with the
site's own address in them."""

from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from registries.products import AT_EVERY_REQUEST, Product, Step

FOLDER = Path(__file__).resolve().parent.parent / "deploy" / "kubernetes"
IN_THE_FILES = "hubadmin.example.com"
ON_THE_MACHINE = "/etc/kubernetes/hubadmin"
PLACEHOLDER = "the-credential-of-this-cluster"
NOT_TRIED = (
    "Not tried with a real API server: try a refused and an allowed pod before you rely on it."
)


def ways_to_ask(site_url: str, secret: str = PLACEHOLDER) -> tuple[Product, ...]:
    """Both ways in which an API server can ask, the one to prefer first."""
    return _admission(site_url, secret), _image_review(site_url, secret)


def _admission(site_url: str, secret: str) -> Product:
    folder = "admission"
    return Product(
        folder,
        "Admission webhook",
        "Asked about pods and everything that holds a pod template. "
        f"Namespaces can be left out. {NOT_TRIED}",
        AT_EVERY_REQUEST,
        (
            _token(secret),
            _file(folder, "admission-configuration.yaml", site_url),
            _file(folder, "webhook.kubeconfig", site_url),
            Step(
                "Give kube-apiserver this flag, and the folder if it runs in a pod.",
                f"--admission-control-config-file={ON_THE_MACHINE}/admission-configuration.yaml",
            ),
            Step(
                "Switch it on, last of all: from then on nothing starts without a yes.",
                _text(folder, "validating-webhook.yaml", site_url),
                "kubectl apply --filename validating-webhook.yaml",
            ),
        ),
    )


def _image_review(site_url: str, secret: str) -> Product:
    folder = "imagereview"
    flags = (
        "--enable-admission-plugins=NodeRestriction,ImagePolicyWebhook",
        "--runtime-config=imagepolicy.k8s.io/v1alpha1=true",
        f"--admission-control-config-file={ON_THE_MACHINE}/admission-configuration.yaml",
    )
    return Product(
        folder,
        "Image policy webhook",
        "Asked about pods only, in every namespace, kube-system too. "
        f"Take it where no webhook can be configured. {NOT_TRIED}",
        AT_EVERY_REQUEST,
        (
            _token(secret),
            _file(folder, "admission-configuration.yaml", site_url),
            _file(folder, "imagereview.kubeconfig", site_url),
            Step(
                "Give kube-apiserver these flags, beside the plugins that it has already.",
                "\n".join(flags),
            ),
        ),
    )


def _token(secret: str) -> Step:
    return Step(
        "On each control plane node, as root: make the folder, and put the credential there.",
        f"install -d -m 0700 {ON_THE_MACHINE}\n"
        f"(umask 077; printf %s '{secret}' > {ON_THE_MACHINE}/token)",
    )


def _file(folder: str, name: str, site_url: str) -> Step:
    return Step(
        "Put this file beside it.", _text(folder, name, site_url), f"{ON_THE_MACHINE}/{name}"
    )


@cache
def _text(folder: str, name: str, site_url: str) -> str:
    text = (FOLDER / folder / name).read_text()
    # The API server looks the credential up by the host of the address. The webhook's own name
    # only has to be a name in a domain.
    own = urlsplit(site_url).netloc
    text = text.replace(f"https://{IN_THE_FILES}/", f"{site_url}/")
    return text.replace(f"- name: {IN_THE_FILES}\n", f"- name: {own}\n")
