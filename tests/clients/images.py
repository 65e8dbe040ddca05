"""A small image of our own: the machines that run the tests have no Docker Hub to pull from."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

# One of each category as acme sees them; then a second publisher's, and another organization's,
# which is community to acme.
OWN, OFFICIAL, VERIFIED, COMMUNITY = "acme/app", "library/alpine", "bitnami/redis", "randomdev/tool"
REPOSITORIES = (OWN, OFFICIAL, VERIFIED, COMMUNITY, "grafana/loki", "globex/app")


def write_image(folder: Path, name: str) -> str:
    """Writes an OCI layout with one small image that differs by name; its manifest's digest."""
    tar = _tar("etc/image", name.encode())
    layer = _blob(
        folder, gzip.compress(tar, mtime=0), "application/vnd.oci.image.layer.v1.tar+gzip"
    )
    config = _json_blob(
        folder,
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [_digest(tar)]},
        },
        "application/vnd.oci.image.config.v1+json",
    )
    manifest_type = "application/vnd.oci.image.manifest.v1+json"
    manifest = _json_blob(
        folder,
        {"schemaVersion": 2, "mediaType": manifest_type, "config": config, "layers": [layer]},
        manifest_type,
    )
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
    digest: str = manifest["digest"]
    return digest


def _tar(path: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(path)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _json_blob(folder: Path, content: dict[str, Any], media_type: str) -> dict[str, Any]:
    return _blob(folder, json.dumps(content).encode(), media_type)


def _blob(folder: Path, content: bytes, media_type: str) -> dict[str, Any]:
    """Stores a blob under its digest; the descriptor that others refer to it by."""
    digest = _digest(content)
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    (blobs / digest.removeprefix("sha256:")).write_bytes(content)
    return {"mediaType": media_type, "digest": digest, "size": len(content)}


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()
