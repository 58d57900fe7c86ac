"""Signs webhooks as their senders' own Python packages do: requests as lines of JSON in, what to send as lines out.

{"scheme": "resend", "secret", "id", "time", "body"}, {"scheme": "twilio", "token", "url", "fields"},
{"scheme": "stripe", "secret", "time", "body"}, {"scheme": "sns", "message"}; answers have "headers" and "body", and for SNS "pem", the certificate of this run."""

import json
import sys
from datetime import datetime, timezone
from urllib.parse import urlencode


def resend(secret, id, time, body):
    from svix.webhooks import Webhook

    signature = Webhook(secret).sign(id, datetime.fromtimestamp(time, tz=timezone.utc), body)
    return {"headers": {"svix-id": id, "svix-timestamp": str(time), "svix-signature": signature}, "body": body}


def twilio(token, url, fields):
    from twilio.request_validator import RequestValidator

    signature = RequestValidator(token).compute_signature(url, fields)
    headers = {"x-twilio-signature": signature, "content-type": "application/x-www-form-urlencoded"}
    return {"headers": headers, "body": urlencode(fields)}


def stripe(secret, time, body):
    from stripe import WebhookSignature

    signature = WebhookSignature._compute_signature(f"{time}.{body}", secret)
    return {"headers": {"stripe-signature": f"t={time},v1={signature}"}, "body": body}


class Sns:
    def __init__(self):
        from authority import Authority, rsa_key

        self.key = rsa_key()
        self.pem = Authority().certificate(self.key, "sns.amazonaws.com", ["sns.amazonaws.com"])

    def __call__(self, message):
        from authority import sign

        headers = {"content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": message["Type"]}
        return {"headers": headers, "body": json.dumps(sign(self.key, message)), "pem": self.pem}


schemes = {"resend": lambda: resend, "twilio": lambda: twilio, "stripe": lambda: stripe, "sns": Sns}
made = {}
for line in sys.stdin:
    asked = json.loads(line)
    scheme = asked.pop("scheme")
    if scheme not in made:
        made[scheme] = schemes[scheme]()
    print(json.dumps(made[scheme](**asked)))
