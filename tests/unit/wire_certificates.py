"""Certificates for one test run, made by the ``openssl`` command: no key is ever committed."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

CONFIG = """\
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[ca]
default_ca = own
[own]
dir = {folder}
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = any
copy_extensions = none
unique_subject = no
[any]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[site]
subjectAltName = {names}
authorityKeyIdentifier = keyid
"""


class Authority:
    """A private authority in a folder of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca_file = str(folder / "ca.pem")
        (folder / "index.txt").touch()
        (folder / "serial").write_text("01")
        self._config("hikma-tui test authority")
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                  "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "30",
                  "-extensions", "authority")  # fmt: skip

    def site(
        self, name: str, *, names: str = "IP:127.0.0.1,DNS:localhost", start: int = -1, end: int = 9
    ) -> tuple[str, str]:
        """Paths of a certificate, valid between two days from now, and of its key."""
        self._config(name, names)
        self._run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                  "-keyout", f"{name}.key", "-out", f"{name}.csr")  # fmt: skip
        self._run("ca", "-batch", "-notext", "-in", f"{name}.csr", "-out", f"{name}.pem",
                  "-cert", "ca.pem", "-keyfile", "ca.key", "-extensions", "site",
                  "-startdate", _asn1(start), "-enddate", _asn1(end))  # fmt: skip
        return str(self.folder / f"{name}.pem"), str(self.folder / f"{name}.key")

    def _config(self, name: str, names: str = "DNS:none") -> None:
        text = CONFIG.format(name=name, names=names, folder=self.folder)
        (self.folder / "openssl.cnf").write_text(text)

    def _run(self, command: str, *arguments: str) -> None:
        made = subprocess.run(
            ["openssl", command, "-config", "openssl.cnf", *arguments],
            cwd=self.folder, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr


def _asn1(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")


def authority(folder: Path) -> Authority:
    """A new one; the test is skipped where there is no ``openssl``."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command makes the certificates of these tests")
    return Authority(folder)
