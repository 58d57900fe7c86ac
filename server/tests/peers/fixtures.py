"""Writes the certificates and signed messages of the unit tests of `crates/provider-webhooks`. It keeps no key, so that none
is in the repository: each run replaces all files. Usage: python server/tests/peers/fixtures.py"""

import json
from datetime import datetime, timezone
from pathlib import Path

from authority import Authority, ec_key, rsa_key, sign

FOLDER = Path(__file__).parents[3] / "crates/provider-webhooks/src/sns/fixtures"
NAME = "sns.amazonaws.com"
TOPIC = "arn:aws:sns:us-east-1:123456789012:mail"
SUBSCRIBE = f"https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f"


def message(kind, version, **more):
    host = "https://sns.us-east-1.amazonaws.com"
    return {
        "Type": kind,
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": 'A "quoted"\nline, é, 🎉, \t\\ and </p>',
        "Timestamp": "2026-11-24T12:00:00.123Z",
        "SignatureVersion": version,
        "SigningCertURL": f"{host}/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem",
        "UnsubscribeURL": f"{host}/?Action=Unsubscribe",
        "MessageAttributes": {"unsigned": {"Type": "String", "Value": "x"}},
        **more,
    }


def main():
    FOLDER.mkdir(exist_ok=True)
    authority, key = Authority(), rsa_key()
    year = lambda number: datetime(number, 1, 1, tzinfo=timezone.utc)
    pem = {
        "genuine": authority.certificate(key, NAME, [NAME]),
        "common_name_only": authority.certificate(key, NAME),
        "other_alternative": authority.certificate(key, NAME, ["sns.amazonaws.com.evil.test"]),
        "other_name": authority.certificate(key, "evil.test", ["evil.test"]),
        "wildcard": authority.certificate(key, "*.amazonaws.com", ["*.amazonaws.com"]),
        "expired": authority.certificate(key, NAME, [NAME], year(2020), year(2026)),
        "future": authority.certificate(key, NAME, [NAME], year(2027), year(2120)),
        "opt_in_region": authority.certificate(key, "sns-signing.eu-south-1.amazonaws.com"),
        "weak": authority.certificate(rsa_key(1024), NAME, [NAME]),
        "elliptic": authority.certificate(ec_key(), NAME, [NAME]),
        "foreign_key": authority.certificate(rsa_key(), NAME, [NAME]),
    }
    messages = {
        "notification_2": message("Notification", "2", Subject="Delivery"),
        "notification_1": message("Notification", "1", Subject="Delivery"),
        "without_subject": message("Notification", "2"),
        "null_subject": message("Notification", "2", Subject=None),
        "empty_subject": message("Notification", "2", Subject=""),
        "confirmation": message("SubscriptionConfirmation", "2", Token="2336412f", SubscribeURL=SUBSCRIBE),
        "unsubscribed": message("UnsubscribeConfirmation", "2", Token="2336412f", SubscribeURL=SUBSCRIBE),
    }
    for name, text in pem.items():
        (FOLDER / f"{name}.pem").write_text(text)
    for name, one in messages.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(sign(key, one), ensure_ascii=False, indent=2) + "\n")


main()
