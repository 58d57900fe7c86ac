"""A certificate authority for the while of one run, and Amazon SNS's way to sign, after the AWS developer guide."""

import base64
from datetime import datetime, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

FROM, UNTIL = datetime(2020, 1, 1, tzinfo=timezone.utc), datetime(2120, 1, 1, tzinfo=timezone.utc)


def rsa_key(bits=2048):
    return rsa.generate_private_key(65537, bits)


def ec_key():
    return ec.generate_private_key(ec.SECP256R1())


class Authority:
    def __init__(self):
        self.key = rsa_key()
        self.name = subject("Test authority")

    def certificate(self, key, name, alternatives=None, start=FROM, end=UNTIL):
        """PEM of a leaf for `name`; `alternatives` None leaves the extension out."""
        draft = x509.CertificateBuilder(self.name, subject(name), key.public_key(), x509.random_serial_number(), start, end)
        draft = draft.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        if alternatives is not None:
            draft = draft.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in alternatives]), False)
        return draft.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def subject(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def signed_text(message):
    if message["Type"] == "Notification":
        names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    else:
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    return "".join(f"{name}\n{message[name]}\n" for name in names if message.get(name) is not None)


def sign(key, message):
    digest = {"1": hashes.SHA1, "2": hashes.SHA256}[message["SignatureVersion"]]()
    signature = key.sign(signed_text(message).encode(), padding.PKCS1v15(), digest)
    return {**message, "Signature": base64.b64encode(signature).decode()}
