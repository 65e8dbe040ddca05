"""Which images a Kubernetes object would have pulled: a pod's, or those of a pod template."""

from collections.abc import Iterator
from typing import Any

import msgspec

from permissions.core.text import shown
from registries.kubernetes import Unreadable

_IN_TEMPLATE = ("spec", "template", "spec")
# Where the kinds that hold a pod hold its specification, by API group and kind.
POD_SPECS: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): ("spec",),
    ("", "PodTemplate"): ("template", "spec"),
    ("", "ReplicationController"): _IN_TEMPLATE,
    ("apps", "DaemonSet"): _IN_TEMPLATE,
    ("apps", "Deployment"): _IN_TEMPLATE,
    ("apps", "ReplicaSet"): _IN_TEMPLATE,
    ("apps", "StatefulSet"): _IN_TEMPLATE,
    ("batch", "CronJob"): ("spec", "jobTemplate", *_IN_TEMPLATE),
    ("batch", "Job"): _IN_TEMPLATE,
}


class Container(msgspec.Struct):
    # Kubernetes requires it; an absent one is judged, and refused, as an empty reference.
    image: str = ""


class ImageSource(msgspec.Struct):
    reference: str = ""


class Volume(msgspec.Struct):
    image: ImageSource | None = None


class PodSpec(msgspec.Struct, rename="camel"):
    """All of a pod's specification by which something is pulled."""

    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    ephemeral_containers: list[Container] | None = None
    volumes: list[Volume] | None = None

    def images(self) -> Iterator[str]:
        """Every image that the pod would have pulled, in order, with repetitions."""
        for containers in (self.init_containers, self.containers, self.ephemeral_containers):
            yield from (container.image for container in containers or [])
        for volume in self.volumes or []:
            if volume.image is not None:
                yield volume.image.reference


def images_of(group: str, kind: str, content: dict[str, Any] | None) -> list[str]:
    """The images of an object of this API group and kind. Raises `Unreadable`."""
    path = POD_SPECS.get((group, kind))
    if path is None:
        raise Unreadable(
            f"Hubadmin can't read the images of a {shown(kind)} of the API group {shown(group)}. "
            "Leave it out of the webhook's rules; its pods are judged by themselves."
        )
    found: Any = content
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    if found is None:
        raise Unreadable(f"The {kind} has no {'.'.join(path)}.")
    try:
        return list(msgspec.convert(found, PodSpec).images())
    except msgspec.ValidationError as error:
        raise Unreadable(f"The {kind}'s {'.'.join(path)} is malformed: {error}.") from error
