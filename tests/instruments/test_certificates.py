"""Certificates are signed by the authority that they name, and by no other."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from monarch_vs_ray.instruments.certificates import Certificate, new_certificate

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")


def is_signed_by(one: Certificate, other: Certificate) -> bool:
    command = ["openssl", "verify", "-CAfile", str(other.authority), str(one.certificate)]
    return subprocess.run(command, capture_output=True, timeout=30).returncode == 0


def test_a_certificate_is_signed_by_its_own_authority_only(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    own, foreign = new_certificate("own"), new_certificate("foreign")
    assert is_signed_by(own, own)
    assert not is_signed_by(foreign, own)
