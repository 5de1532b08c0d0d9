"""Certificates for SIP over TLS, made by openssl as an operator would."""

import subprocess
from pathlib import Path

from contactcentre.adapters.sip.tls import TlsFiles

NEW = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def make_authority(folder: Path, name: str) -> Path:
    """Make one that signs others, and return its certificate."""
    _openssl(*NEW, "-subj", f"/CN={name}", *_out(folder, name))
    return folder / f"{name}.pem"


def make_certificate(
    folder: Path, name: str, authority: str, *, of: str = "IP:127.0.0.1"
) -> TlsFiles:
    """Make a certificate, of this machine's loopback or of another name; return where it is."""
    signed = ["-CA", str(folder / f"{authority}.pem"), "-CAkey", str(folder / f"{authority}.key")]
    named = ["-subj", f"/CN={name}", "-addext", f"subjectAltName={of}"]
    _openssl(*NEW, *signed, *named, *_out(folder, name))
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    return TlsFiles(certificate=certificate, key=key, authorities=None)


def _out(folder: Path, name: str) -> list[str]:
    key, certificate = str(folder / f"{name}.key"), str(folder / f"{name}.pem")
    return ["-days", "2", "-keyout", key, "-out", certificate]


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=20)  # noqa: S607 - our own words
