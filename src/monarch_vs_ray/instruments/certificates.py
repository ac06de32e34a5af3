"""Certificate authorities of our own, and certificates that they sign, made by ``openssl``."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from monarch_vs_ray.instruments.flags import new_path
from monarch_vs_ray.instruments.wait import PATIENCE
from monarch_vs_ray.side import Unavailable

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
FOR = "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n"
"""A certificate names this machine, and is good for servers and for clients."""


@dataclass(frozen=True)
class Certificate:
    """Files in PEM: a certificate for this machine, its key, and the certificate of who signed it."""

    certificate: Path
    key: Path
    authority: Path


def new_certificate(name: str) -> Certificate:
    """Return a certificate for this machine that a new authority has signed.

    Args:
        name: What the authority is called.

    Raises:
        Unavailable: If there is no ``openssl``.
        CalledProcessError: If it fails.
    """
    if not shutil.which("openssl"):
        raise Unavailable("needs openssl, which makes certificates")
    folder = new_path("certificates")
    folder.mkdir()
    (folder / "for").write_text(FOR)
    authority = ["req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2"]
    request = ["req", *KEY, "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=localhost"]
    sign = ["x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]
    for words in (
        [*authority, "-subj", f"/CN={name}"],
        request,
        [*sign, "-days", "2", "-extfile", "for", "-out", "certificate.pem"],
    ):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=PATIENCE)
    return Certificate(folder / "certificate.pem", folder / "key.pem", folder / "ca.pem")
