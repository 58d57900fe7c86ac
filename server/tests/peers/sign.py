"""Prints random webhooks, signed by the senders' own Python packages, as lines of JSON.

Usage: python server/tests/peers/sign.py <twilio|svix|standardwebhooks|stripe|sns> <how many> <seed>
"""

import base64
import json
import random
import sys
from datetime import datetime, timedelta, timezone
from urllib.parse import quote, quote_plus

ALPHABETS = ["abcXYZ019", "+%&=;#?/ ", "äßéñ€漢字🎉🇬🇮\u00a0\u2028", "\n\r\t\"\\'<>{}\x00\x7f", "%2B%20%00"]


def text(rng, longest=20):
    """Mostly short, now and then empty or very long, of letters that are easily garbled."""
    length = rng.choice([0, 1, rng.randint(0, longest), rng.randint(0, longest), rng.randint(0, longest)])
    if rng.random() < 0.02:
        length = rng.randint(1000, 5000)
    return "".join(rng.choice(rng.choice(ALPHABETS)) for _ in range(length))


def document(rng):
    value = {text(rng): text(rng, 200) for _ in range(rng.randint(0, 5))}
    return json.dumps(value, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 2]))


def among(rng, right, make):
    """The secret that signs, among others of a rotation."""
    secrets = [make() for _ in range(rng.randint(0, 2))]
    secrets.insert(rng.randint(0, len(secrets)), right)
    return secrets


def case(body, headers, signature, now, secrets=(), **more):
    body = base64.b64encode(body if isinstance(body, bytes) else body.encode()).decode()
    return {"body": body, "headers": headers, "signature": signature, "now": now, "secrets": secrets, **more}


class Pairs(dict):
    """Names with all their values, as twilio-python takes them from Django."""

    def getlist(self, name):
        return self[name]


def encoded(rng, value):
    style = rng.randint(0, 2)
    if style == 0:
        return quote_plus(value)
    if style == 1:
        return quote(value, safe="")
    return "".join(f"%{byte:02x}" for byte in value.encode())


def twilio(rng):
    from twilio.request_validator import RequestValidator

    token = f"{rng.getrandbits(128):032x}"
    scheme, usual = rng.choice([("https", 443), ("https", 443), ("http", 80)])
    host = rng.choice(["guests.example", "a-b.guests.example", "127.0.0.1", "xn--bcher-kva.example"])
    port = rng.choice([None, None, usual, 8443])
    origin = f"{scheme}://{host}" + (f":{port}" if port else "")
    signed_origin = rng.choice([f"{scheme}://{host}", f"{scheme}://{host}:{port or usual}"])
    path = "/" + rng.choice(["", "hook", "a%20b/c", "%C3%A9+e", "x;y=1"])
    query = [f"{quote_plus(text(rng))}={quote(text(rng), safe='')}" for _ in range(rng.randint(0, 3))]
    pairs, body, kind = Pairs(), "", ""
    branch = rng.choice(["form", "form", "form", "json", "get"])
    if branch == "form":
        kind = rng.choice(["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=UTF-8"])
        names = [text(rng) or "Body" for _ in range(rng.randint(1, 8))]
        for name in names + rng.choices(names, k=rng.randint(0, 3)):
            pairs.setdefault(name, []).append(rng.choice([text(rng, 200), "", "same"]))
        fields = [f"{encoded(rng, name)}={encoded(rng, value)}" for name, values in pairs.items() for value in values]
        rng.shuffle(fields)
        body = "&".join(fields)
    if branch == "json":
        kind, body = rng.choice(["application/json", "application/json; charset=utf-8"]), document(rng)
        query.insert(rng.randint(0, len(query)), f"bodySHA256={RequestValidator(token).compute_hash(body)}")
    path += "?" + "&".join(query) if query else ""
    signature = RequestValidator(token).compute_signature(signed_origin + path, pairs)
    secrets = among(rng, token, lambda: f"{rng.getrandbits(128):032x}")
    return case(body, {"x-twilio-signature": signature}, signature, 0, secrets, origin=origin, path=path, kind=kind)


def whsec(rng):
    return "whsec_" + base64.b64encode(rng.randbytes(rng.randint(24, 64))).decode()


def svix(rng, prefix="svix"):
    if prefix == "svix":
        from svix.webhooks import Webhook
    else:
        from standardwebhooks.webhooks import Webhook

    secret, time = whsec(rng), rng.randint(1, 4_000_000_000)
    name = "msg_" + "".join(rng.choice("abcXYZ0189_-") for _ in range(rng.randint(1, 30)))
    body = rng.choice([document(rng), text(rng, 500)])
    signature = Webhook(secret).sign(name, datetime.fromtimestamp(time, tz=timezone.utc), body)
    decoys = [signature.replace("v1,", "v1a,"), signature.replace("v1,", "v2,"), "v1,AAAA", "v1", "junk"]
    entries = among(rng, signature, lambda: rng.choice(decoys))
    headers = {f"{prefix}-id": name, f"{prefix}-timestamp": str(time), f"{prefix}-signature": " ".join(entries)}
    secrets = among(rng, secret, lambda: whsec(rng))
    return case(body, headers, signature, max(time + rng.randint(-300, 300), 0), secrets)


def standardwebhooks(rng):
    return svix(rng, "webhook")


def stripe(rng):
    from stripe import WebhookSignature

    secret = f"whsec_{rng.getrandbits(160):x}"
    time, body = rng.randint(1, 4_000_000_000), rng.choice([document(rng), text(rng, 500)])
    header = WebhookSignature.generate_signature_header(body, secret, time)
    WebhookSignature.verify_header(body, header, secret)
    signature = header.split(",")[1]
    decoys = ["v0=" + signature[3:], f"v1={rng.getrandbits(256):064x}", "v2=x", "junk", "v1="]
    entries = among(rng, header, lambda: rng.choice(decoys))
    secrets = among(rng, secret, lambda: f"whsec_{rng.getrandbits(160):x}")
    headers = {"stripe-signature": ",".join(entries)}
    return case(body, headers, signature, max(time + rng.randint(-300, 300), 0), secrets)


class Sns:
    """One key, with a certificate for each kind of region."""

    NAMES = {
        "us-east-1": "sns.amazonaws.com",
        "eu-central-1": "sns.amazonaws.com",
        "eu-south-1": "sns-signing.eu-south-1.amazonaws.com",
        "us-gov-east-1": "sns-us-gov-west-1.amazonaws.com",
        "cn-north-1": "sns-cn-north-1.amazonaws.com.cn",
    }

    def __init__(self):
        from authority import Authority, rsa_key

        self.key, authority = rsa_key(), Authority()
        alternatives = lambda name: [[name], ["other.example", name], None][len(name) % 3]
        self.pem = {name: authority.certificate(self.key, name, alternatives(name)) for name in set(self.NAMES.values())}

    def __call__(self, rng):
        from authority import sign

        region = rng.choice(list(self.NAMES))
        partition = "aws-cn" if region.startswith("cn-") else "aws"
        host = f"https://sns.{region}.amazonaws.com" + (".cn" if partition == "aws-cn" else "")
        topic = f"arn:{partition}:sns:{region}:{rng.randint(10**11, 10**12 - 1)}:mail"
        time = datetime.fromtimestamp(rng.randint(1_600_000_000, 4_000_000_000), tz=timezone.utc)
        time += timedelta(milliseconds=rng.randint(0, 999))
        kind = rng.choice(["Notification"] * 3 + ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
        message = {
            "Type": kind,
            "MessageId": f"{rng.getrandbits(128):032x}",
            "TopicArn": topic,
            "Message": rng.choice([text(rng, 500), document(rng)]),
            "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z",
            "SignatureVersion": rng.choice("12"),
            "SigningCertURL": f"{host}/SimpleNotificationService-{rng.getrandbits(128):032x}.pem",
        }
        if kind == "Notification":
            subject = "".join(letter for letter in text(rng, 90) if letter.isprintable())
            message |= rng.choice([{}, {"Subject": None}, {"Subject": subject}, {"Subject": subject}])
            message["UnsubscribeURL"] = f"{host}/?Action=Unsubscribe"
            message["MessageAttributes"] = {"a": {"Type": "String", "Value": "b"}}
        else:
            message |= {"Token": f"{rng.getrandbits(400):x}", "SubscribeURL": f"{host}/?Action=ConfirmSubscription&a=%2B"}
        fields = list(sign(self.key, message).items())
        rng.shuffle(fields)
        body = json.dumps(dict(fields), ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 2]))
        now = int(time.timestamp()) + rng.randint(-290, 4490)
        return case(body, {}, "", now, topics=[topic], pem=self.pem[self.NAMES[region]])


def main():
    scheme, many, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    makers = {"twilio": twilio, "svix": svix, "standardwebhooks": standardwebhooks, "stripe": stripe, "sns": Sns}
    make, rng = makers[scheme], random.Random(f"{scheme} {seed}")
    make = make() if scheme == "sns" else make
    for _ in range(many):
        print(json.dumps(make(rng)))


main()
