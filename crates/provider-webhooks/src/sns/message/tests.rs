//! Tests of SNS messages.

use super::*;
use crate::sns::testing::{TOPIC, URL, after, fixture, parse, pem, with_url};

/// The genuine notification with `old` replaced by `new`.
fn changed(old: &str, new: &str) -> String {
    let genuine = fixture("notification_2.json");
    assert!(genuine.contains(old), "{old}");
    genuine.replace(old, new)
}

fn error(body: &str) -> WebhookError {
    parse(body).expect_err(body)
}

/// Verifies the genuine notification with another certificate.
fn verify_with(certificate: &str) -> Result<(), WebhookError> {
    parse(&fixture("notification_2.json")).unwrap().verify(&Certificate::parse(&pem(certificate))?, after(0))
}

fn certificate() -> Certificate {
    Certificate::parse(&pem("genuine")).unwrap()
}

#[test]
fn a_certificate_url_that_sns_does_not_use_is_rejected() {
    let file = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";
    let hosts = [
        "http://sns.us-east-1.amazonaws.com",
        "HTTPS://sns.us-east-1.amazonaws.com",
        "https://sns.us-east-1.amazonaws.com.evil.test",
        "https://sns.us-east-1.amazonaws.com@evil.test",
        "https://user:word@sns.us-east-1.amazonaws.com",
        "https://@sns.us-east-1.amazonaws.com",
        "https://sns.s3-us-west-2.amazonaws.com",
        "https://sns.us-east-1.amazonaws.com:8443",
        "https://sns.us-east-1.amazonaws.com:443",
        "https://sns.us-east-1.amazonaws.com:",
        "https://sns.eu-west-1.amazonaws.com",
        "https://sns.us-east-1.amazonaws.com.cn",
        "https://sns.amazonaws.com",
        "https://SNS.us-east-1.amazonaws.com",
        "https://sns.us-east-1.amazonaws.com.",
        "https://sns.us-east-1.amazonaws.com/",
        "https://sns.us-east-1.amazonaws.com/evil",
        "https://sns.us-east-1.amazonaws.com\\\\@evil.test",
        "https://sns.us-east-1.amazonaws.com%2eevil.test",
        "https://sns.us-east-1%2eamazonaws.com",
        "https://169.254.169.254",
        "https://[::1]",
        "https://2130706433",
        "https://evil.test",
        "//sns.us-east-1.amazonaws.com",
        " https://sns.us-east-1.amazonaws.com",
        "",
    ];
    let paths = [
        "",
        "/",
        "/SIMPLENOTIFICATIONSERVICE-0123456789ABCDEF0123456789ABCDEF.PEM",
        "/SimpleNotificationService-0123456789ABCDEF0123456789ABCDEF.pem",
        "/SimpleNotificationService-0123456789abcdef0123456789abcde.pem",
        "/SimpleNotificationService-0123456789abcdef0123456789abcdef0.pem",
        "/SimpleNotificationService-0123456789abcdef0123456789abcdeg.pem",
        "/SimpleNotificationService-0123456789abcdef0123456789abcdef%2epem",
        "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem?a",
        "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem#a",
        "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem/",
        "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem\\n",
        "/SimpleNotificationService-../../../0123456789abcdef0123456.pem",
        "/SimpleNotificationService-.pem",
        "/evil.pem",
    ];
    let strange_hosts = hosts.iter().map(|host| format!("{host}/{file}"));
    let strange_paths = paths.iter().map(|path| format!("https://sns.us-east-1.amazonaws.com{path}"));
    for address in strange_hosts.chain(strange_paths) {
        assert_eq!(with_url(&address).err(), Some(WebhookError::UntrustedCertificateUrl), "{address}");
    }
    assert_eq!(with_url(URL).unwrap().certificate_url(), URL);
}

#[test]
fn the_certificate_url_is_in_the_topics_region() {
    let in_region = |topic: &str, host: &str| {
        let body = fixture("notification_2.json").replace(TOPIC, topic);
        let body = body.replace("https://sns.us-east-1.amazonaws.com/Simple", &format!("https://{host}/Simple"));
        SnsMessage::parse(None, body.as_bytes(), &[topic.to_owned()], after(0), false).map(|_| ())
    };
    let china = "arn:aws-cn:sns:cn-north-1:123456789012:mail";
    assert_eq!(in_region(china, "sns.cn-north-1.amazonaws.com.cn"), Ok(()));
    assert_eq!(in_region(china, "sns.cn-north-1.amazonaws.com"), Err(WebhookError::UntrustedCertificateUrl));
    assert_eq!(in_region("arn:aws:sns:eu-west-1:1:mail", "sns.eu-west-1.amazonaws.com"), Ok(()));
    for topic in ["arn:aws:sns", "arn:aws:sns::1:mail", "arn:aws:sns:evil.test/:1:mail", "mail"] {
        assert_eq!(in_region(topic, "sns.us-east-1.amazonaws.com"), Err(WebhookError::UnknownTopic), "{topic}");
    }
}

#[test]
fn a_message_for_another_topic_is_rejected() {
    for topic in [format!("{TOPIC}2"), TOPIC.to_uppercase(), TOPIC.replace("us-east-1", "eu-west-1"), String::new()] {
        assert_eq!(error(&changed(TOPIC, &topic)), WebhookError::UnknownTopic, "{topic}");
    }
    let body = fixture("notification_2.json");
    assert_eq!(SnsMessage::parse(None, body.as_bytes(), &[], after(0), true).err(), Some(WebhookError::UnknownTopic));
}

#[test]
fn a_raw_delivery_is_rejected() {
    let body = fixture("notification_2.json");
    for value in ["true", "false", ""] {
        let result = SnsMessage::parse(Some(value), body.as_bytes(), &[TOPIC.to_owned()], after(0), true);
        assert_eq!(result.err(), Some(WebhookError::RawDelivery));
    }
}

#[test]
fn a_malformed_envelope_is_rejected() {
    for body in ["", "null", "[]", "{}", "{\"eventType\":\"Bounce\"}", "\u{feff}{}"] {
        assert_eq!(error(body), WebhookError::Malformed);
    }
    let genuine = fixture("notification_2.json");
    for field in ["Type", "MessageId", "Message", "TopicArn", "Timestamp", "SignatureVersion", "Signature"] {
        assert_eq!(error(&changed(&format!("\"{field}\""), "\"other\"")), WebhookError::Malformed, "{field}");
    }
    // Another parser could read the other of the two.
    assert_eq!(error(&genuine.replacen('{', "{\"MessageId\": \"other\",", 1)), WebhookError::Malformed);
    assert_eq!(error(&format!("{genuine}{{}}")), WebhookError::Malformed);
    // Invalid UTF-8 in a field that is not read.
    let garbled = [genuine.replacen('{', "{\"other\": \"", 1).as_bytes(), b""].concat();
    let garbled = [&garbled[..11], b"\xe8\",", &garbled[11..]].concat();
    let result = SnsMessage::parse(None, &garbled, &[TOPIC.to_owned()], after(0), true);
    assert_eq!(result.err(), Some(WebhookError::Malformed));
    assert_eq!(error(&" ".repeat(crate::MAX_BODY + 1)), WebhookError::TooLarge);
}

#[test]
fn a_message_of_an_unknown_type_is_rejected() {
    for kind in ["", "notification", "Notification ", "Other"] {
        let body = changed("\"Type\": \"Notification\"", &format!("\"Type\": \"{kind}\""));
        assert_eq!(error(&body), WebhookError::UnsupportedType, "{kind:?}");
    }
    let bare = changed("\"Type\": \"Notification\"", "\"Type\": \"SubscriptionConfirmation\"");
    assert_eq!(error(&bare), WebhookError::Missing, "it has no token");
}

#[test]
fn version_1_is_rejected_in_production() {
    let strict = |name: &str| {
        SnsMessage::parse(None, fixture(name).as_bytes(), &[TOPIC.to_owned()], after(0), false).map(|_| ())
    };
    assert_eq!(strict("notification_1.json"), Err(WebhookError::OutdatedVersion));
    assert_eq!(strict("notification_2.json"), Ok(()));
    for version in ["0", "3", "01", "2.0", "", "v2"] {
        let body = changed("\"SignatureVersion\": \"2\"", &format!("\"SignatureVersion\": \"{version}\""));
        assert_eq!(error(&body), WebhookError::Malformed, "{version:?}");
    }
    let relabelled = changed("\"SignatureVersion\": \"2\"", "\"SignatureVersion\": \"1\"");
    assert_eq!(parse(&relabelled).unwrap().verify(&certificate(), after(0)), Err(WebhookError::InvalidSignature));
}

#[test]
fn a_message_is_accepted_from_five_minutes_early_to_75_minutes_late() {
    let body = fixture("notification_2.json");
    let at = |seconds| SnsMessage::parse(None, body.as_bytes(), &[TOPIC.to_owned()], after(seconds), false).map(|_| ());
    assert_eq!(at(75 * 60 + 1), Err(WebhookError::TooOld));
    assert_eq!(at(-301), Err(WebhookError::InFuture));
    assert_eq!((at(75 * 60), at(-300)), (Ok(()), Ok(())));
    for time in ["", "2026-11-24", "2026-11-24T12:00:00.123+00:00", "2026-11-24 12:00:00.123Z"] {
        assert_eq!(error(&changed("2026-11-24T12:00:00.123Z", time)), WebhookError::Malformed, "{time:?}");
    }
}

#[test]
fn a_line_break_cannot_move_text_into_another_field() {
    // Not even if it were signed: the first is a signed text that ends in such lines, split elsewhere.
    let id = "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324";
    for (old, new) in [(id, format!("other\\nMessageId\\n{id}")), ("Delivery", "Delivery\\nTimestamp\\n".into())] {
        assert_eq!(error(&changed(old, &new)), WebhookError::Malformed, "{new}");
    }
    assert_eq!(error(&changed(id, "")), WebhookError::Malformed);
}

#[test]
fn a_changed_field_invalidates_the_signature() {
    for (old, new) in [
        ("and </p>", "and </P>"),
        ("\\nline", "line"),
        ("22b80b92", "22b80b93"),
        ("Delivery", "delivery"),
        ("12:00:00.123Z", "12:00:00.124Z"),
        ("\"Subject\"", "\"Sabject\""),
    ] {
        let message = parse(&changed(old, new)).unwrap();
        assert_eq!(message.verify(&certificate(), after(0)), Err(WebhookError::InvalidSignature), "{new}");
    }
    let bare = fixture("without_subject.json").replacen('{', "{\"Subject\": \"added\",", 1);
    assert_eq!(parse(&bare).unwrap().verify(&certificate(), after(0)), Err(WebhookError::InvalidSignature));
}

#[test]
fn a_signature_has_one_spelling() {
    let genuine = fixture("notification_2.json");
    let signature = parse(&genuine).unwrap().envelope.signature;
    for other in [signature.trim_end_matches('='), &format!("{signature} "), &signature.replace('/', "_"), "?"] {
        if *other != signature {
            assert_eq!(error(&genuine.replace(&signature, other)), WebhookError::Malformed, "{other}");
        }
    }
    let empty = parse(&genuine.replace(&signature, "")).unwrap();
    assert_eq!(empty.verify(&certificate(), after(0)), Err(WebhookError::InvalidSignature));
}

#[test]
fn a_certificate_of_another_owner_is_rejected() {
    for (certificate, error) in [
        ("other_name", WebhookError::CertificateNameMismatch),
        ("other_alternative", WebhookError::CertificateNameMismatch),
        ("wildcard", WebhookError::CertificateNameMismatch),
        ("opt_in_region", WebhookError::CertificateNameMismatch),
        ("expired", WebhookError::CertificateExpired),
        ("future", WebhookError::CertificateExpired),
        ("weak", WebhookError::WeakKey),
        ("elliptic", WebhookError::InvalidCertificate),
        ("foreign_key", WebhookError::InvalidSignature),
    ] {
        assert_eq!(verify_with(certificate), Err(error), "{certificate}");
    }
}

#[test]
fn a_file_without_exactly_one_certificate_is_rejected() {
    let genuine = fixture("genuine.pem");
    let cut = &genuine[..genuine.len() / 2];
    let two = format!("{genuine}{}", fixture("foreign_key.pem"));
    let relabelled = genuine.replace("CERTIFICATE", "PUBLIC KEY");
    for pem in ["", "<html></html>", cut, &two, &relabelled] {
        assert_eq!(Certificate::parse(pem.as_bytes()).err(), Some(WebhookError::InvalidCertificate), "{pem}");
    }
}

#[test]
fn every_type_of_message_verifies_in_both_versions() {
    for name in [
        "notification_1",
        "notification_2",
        "without_subject",
        "null_subject",
        "empty_subject",
        "confirmation",
        "unsubscribed",
    ] {
        let message = parse(&fixture(&format!("{name}.json"))).unwrap();
        assert_eq!(message.verify(&certificate(), after(0)), Ok(()), "{name}");
    }
    assert_eq!(verify_with("common_name_only"), Ok(()));
}

#[test]
fn a_message_returns_only_signed_fields() {
    let notification = parse(&changed("\"Subject\"", "\"SubscribeURL\": \"https://evil.test\", \"Subject\"")).unwrap();
    assert_eq!(notification.verify(&certificate(), after(0)), Ok(()));
    assert_eq!((notification.message_type(), notification.token()), (SnsMessageType::Notification, None));
    assert_eq!((notification.subject(), notification.topic()), (Some("Delivery"), TOPIC));
    assert_eq!(notification.text(), "A \"quoted\"\nline, \u{e9}, \u{1f389}, \t\\ and </p>");
    let added = fixture("confirmation.json").replacen('{', "{\"Subject\": \"added\",", 1);
    let confirmation = parse(&added).unwrap();
    assert_eq!(confirmation.verify(&certificate(), after(0)), Ok(()));
    assert_eq!((confirmation.message_type(), confirmation.subject()), (SnsMessageType::SubscriptionConfirmation, None));
    assert!(!confirmation.token().unwrap().is_empty());
}

#[test]
fn each_region_has_its_certificate_name() {
    for (region, name) in [
        ("us-east-1", "sns.amazonaws.com"),
        ("eu-central-1", "sns.amazonaws.com"),
        ("eu-south-1", "sns-signing.eu-south-1.amazonaws.com"),
        ("us-gov-east-1", "sns-us-gov-west-1.amazonaws.com"),
        ("cn-northwest-1", "sns-cn-northwest-1.amazonaws.com.cn"),
    ] {
        assert_eq!(certificate_name(region), name);
    }
}
