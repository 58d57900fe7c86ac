"""A mail server with a certificate of its own authority.

    mail_server.py FOLDER NAME starttls|tls

Writes `authority.pem` into FOLDER, prints its port, and `taken` for each message it gets. NAME stands in the certificate.
"""

import socket
import ssl
import sys
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from authority import FROM, UNTIL, Authority, rsa_key

folder, name, mode = sys.argv[1:]
authority, key = Authority(), rsa_key()
own = x509.CertificateBuilder(authority.name, authority.name, authority.key.public_key(), x509.random_serial_number(), FROM, UNTIL)
own = own.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(authority.key, hashes.SHA256())
with open(f"{folder}/authority.pem", "wb") as file:
    file.write(own.public_bytes(serialization.Encoding.PEM))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
with tempfile.NamedTemporaryFile() as chain:
    chain.write(authority.certificate(key, name, [name]).encode())
    chain.write(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    chain.flush()
    context.load_cert_chain(chain.name)
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)


def speak(connection):
    lines = connection.makefile("rb")
    connection.sendall(b"220 test\r\n")
    while line := lines.readline():
        verb = line.split()[0].upper()
        if verb == b"EHLO" and mode == "starttls" and not isinstance(connection, ssl.SSLSocket):
            connection.sendall(b"250-test\r\n250 STARTTLS\r\n")
        elif verb == b"STARTTLS":
            connection.sendall(b"220 go on\r\n")
            connection = context.wrap_socket(connection, server_side=True)
            lines = connection.makefile("rb")
        elif verb == b"DATA":
            connection.sendall(b"354 go on\r\n")
            while lines.readline() not in (b".\r\n", b""):
                pass
            print("taken", flush=True)
            connection.sendall(b"250 taken\r\n")
        else:
            connection.sendall(b"250 fine\r\n")


while True:
    accepted, _ = server.accept()
    try:
        if mode == "tls":
            accepted = context.wrap_socket(accepted, server_side=True)
        speak(accepted)
    except (OSError, IndexError):
        pass
