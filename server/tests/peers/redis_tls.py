"""A Redis that speaks TLS, with a certificate of its own authority.

    redis_tls.py FOLDER NAME PORT

Writes `authority.pem` into FOLDER and becomes redis-server on PORT. NAME stands in the certificate.
"""

import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from authority import FROM, UNTIL, Authority, rsa_key

folder, name, port = sys.argv[1:]
authority, key = Authority(), rsa_key()
own = x509.CertificateBuilder(authority.name, authority.name, authority.key.public_key(), x509.random_serial_number(), FROM, UNTIL)
own = own.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(authority.key, hashes.SHA256())
files = {
    "authority.pem": own.public_bytes(serialization.Encoding.PEM),
    "certificate.pem": authority.certificate(key, name, [name]).encode(),
    "key.pem": key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
}
for file, content in files.items():
    with open(f"{folder}/{file}", "wb") as out:
        out.write(content)
os.execvp("redis-server", [
    "redis-server", "--bind", "127.0.0.1", "--port", "0", "--tls-port", port, "--tls-cert-file", f"{folder}/certificate.pem",
    "--tls-key-file", f"{folder}/key.pem", "--tls-auth-clients", "no", "--save", "", "--dir", folder])
