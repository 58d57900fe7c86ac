use super::*;
use crate::webhooks::sns::testing::{ADDRESS, TOPIC, admit, after, at, fixture, pem};

/// The genuine notification with `old` replaced, which must stand in it.
fn changed(old: &str, new: &str) -> String {
    let genuine = fixture("notification_2.json");
    assert!(genuine.contains(old), "{old}");
    genuine.replace(old, new)
}

fn refusal(body: &str) -> Refused {
    admit(body).expect_err(body)
}

/// The verdict on the genuine notification with another certificate.
fn under(certificate: &str) -> Result<(), Refused> {
    admit(&fixture("notification_2.json")).unwrap().verify(&pem(certificate), after(0))
}

#[test]
fn an_address_that_sns_does_not_use_is_refused() {
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
        assert_eq!(at(&address).err(), Some(Refused::ForeignAddress), "{address}");
    }
    assert_eq!(at(ADDRESS).unwrap().certificate_address(), ADDRESS);
}

#[test]
fn the_region_of_the_address_is_the_topics_own() {
    let in_region = |topic: &str, host: &str| {
        let body = fixture("notification_2.json").replace(TOPIC, topic);
        let body = body.replace("https://sns.us-east-1.amazonaws.com/Simple", &format!("https://{host}/Simple"));
        Message::admit(None, body.as_bytes(), &[topic.to_owned()], after(0), false).map(|_| ())
    };
    let china = "arn:aws-cn:sns:cn-north-1:123456789012:mail";
    assert_eq!(in_region(china, "sns.cn-north-1.amazonaws.com.cn"), Ok(()));
    assert_eq!(in_region(china, "sns.cn-north-1.amazonaws.com"), Err(Refused::ForeignAddress));
    assert_eq!(in_region("arn:aws:sns:eu-west-1:1:mail", "sns.eu-west-1.amazonaws.com"), Ok(()));
    for topic in ["arn:aws:sns", "arn:aws:sns::1:mail", "arn:aws:sns:evil.test/:1:mail", "mail"] {
        assert_eq!(in_region(topic, "sns.us-east-1.amazonaws.com"), Err(Refused::UnknownTopic), "{topic}");
    }
}

#[test]
fn a_message_for_another_topic_is_refused_whatever_else_it_says() {
    for topic in [format!("{TOPIC}2"), TOPIC.to_uppercase(), TOPIC.replace("us-east-1", "eu-west-1"), String::new()] {
        assert_eq!(refusal(&changed(TOPIC, &topic)), Refused::UnknownTopic, "{topic}");
    }
    let body = fixture("notification_2.json");
    assert_eq!(Message::admit(None, body.as_bytes(), &[], after(0), true).err(), Some(Refused::UnknownTopic));
}

#[test]
fn a_raw_delivery_is_refused() {
    let body = fixture("notification_2.json");
    for value in ["true", "false", ""] {
        let judged = Message::admit(Some(value), body.as_bytes(), &[TOPIC.to_owned()], after(0), true);
        assert_eq!(judged.err(), Some(Refused::Raw));
    }
}

#[test]
fn what_is_no_envelope_is_refused() {
    for body in ["", "null", "[]", "{}", "{\"eventType\":\"Bounce\"}", "\u{feff}{}"] {
        assert_eq!(refusal(body), Refused::Malformed);
    }
    let genuine = fixture("notification_2.json");
    for field in ["Type", "MessageId", "Message", "TopicArn", "Timestamp", "SignatureVersion", "Signature"] {
        assert_eq!(refusal(&changed(&format!("\"{field}\""), "\"other\"")), Refused::Malformed, "{field}");
    }
    // Another reader could take the other of the two.
    assert_eq!(refusal(&genuine.replacen('{', "{\"MessageId\": \"other\",", 1)), Refused::Malformed);
    assert_eq!(refusal(&format!("{genuine}{{}}")), Refused::Malformed);
    // Bytes that are no text, in a field that is not read.
    let garbled = [genuine.replacen('{', "{\"other\": \"", 1).as_bytes(), b""].concat();
    let garbled = [&garbled[..11], b"\xe8\",", &garbled[11..]].concat();
    let judged = Message::admit(None, &garbled, &[TOPIC.to_owned()], after(0), true);
    assert_eq!(judged.err(), Some(Refused::Malformed));
    assert_eq!(refusal(&" ".repeat(crate::webhooks::MOST_BYTES + 1)), Refused::TooLarge);
}

#[test]
fn a_message_of_an_unknown_kind_is_refused() {
    for kind in ["", "notification", "Notification ", "Other"] {
        let body = changed("\"Type\": \"Notification\"", &format!("\"Type\": \"{kind}\""));
        assert_eq!(refusal(&body), Refused::UnknownKind, "{kind:?}");
    }
    let bare = changed("\"Type\": \"Notification\"", "\"Type\": \"SubscriptionConfirmation\"");
    assert_eq!(refusal(&bare), Refused::Missing, "it has nothing to confirm with");
}

#[test]
fn production_lets_nobody_go_down_to_version_1() {
    let strict =
        |name: &str| Message::admit(None, fixture(name).as_bytes(), &[TOPIC.to_owned()], after(0), false).map(|_| ());
    assert_eq!(strict("notification_1.json"), Err(Refused::Outdated));
    assert_eq!(strict("notification_2.json"), Ok(()));
    for version in ["0", "3", "01", "2.0", "", "v2"] {
        let body = changed("\"SignatureVersion\": \"2\"", &format!("\"SignatureVersion\": \"{version}\""));
        assert_eq!(refusal(&body), Refused::Malformed, "{version:?}");
    }
    let relabelled = changed("\"SignatureVersion\": \"2\"", "\"SignatureVersion\": \"1\"");
    assert_eq!(admit(&relabelled).unwrap().verify(&pem("genuine"), after(0)), Err(Refused::WrongSignature));
}

#[test]
fn a_message_is_taken_from_five_minutes_early_to_75_minutes_late() {
    let body = fixture("notification_2.json");
    let at = |seconds| Message::admit(None, body.as_bytes(), &[TOPIC.to_owned()], after(seconds), false).map(|_| ());
    assert_eq!(at(75 * 60 + 1), Err(Refused::Stale));
    assert_eq!(at(-301), Err(Refused::Early));
    assert_eq!((at(75 * 60), at(-300)), (Ok(()), Ok(())));
    for time in ["", "2026-11-24", "2026-11-24T12:00:00.123+00:00", "2026-11-24 12:00:00.123Z"] {
        assert_eq!(refusal(&changed("2026-11-24T12:00:00.123Z", time)), Refused::Malformed, "{time:?}");
    }
}

#[test]
fn a_line_break_cannot_move_text_into_another_field() {
    // Not even if it were signed: the first is what a text that ends in such lines would look like, cut at another place.
    let id = "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324";
    for (old, new) in [(id, format!("other\\nMessageId\\n{id}")), ("Delivery", "Delivery\\nTimestamp\\n".into())] {
        assert_eq!(refusal(&changed(old, &new)), Refused::Malformed, "{new}");
    }
    assert_eq!(refusal(&changed(id, "")), Refused::Malformed);
}

#[test]
fn a_changed_field_is_not_signed() {
    for (old, new) in [
        ("and </p>", "and </P>"),
        ("\\nline", "line"),
        ("22b80b92", "22b80b93"),
        ("Delivery", "delivery"),
        ("12:00:00.123Z", "12:00:00.124Z"),
        ("\"Subject\"", "\"Sabject\""),
    ] {
        let message = admit(&changed(old, new)).unwrap();
        assert_eq!(message.verify(&pem("genuine"), after(0)), Err(Refused::WrongSignature), "{new}");
    }
    let bare = fixture("without_subject.json").replacen('{', "{\"Subject\": \"added\",", 1);
    assert_eq!(admit(&bare).unwrap().verify(&pem("genuine"), after(0)), Err(Refused::WrongSignature));
}

#[test]
fn a_signature_has_one_spelling() {
    let genuine = fixture("notification_2.json");
    let signature = admit(&genuine).unwrap().envelope.signature;
    for other in [signature.trim_end_matches('='), &format!("{signature} "), &signature.replace('/', "_"), "?"] {
        if *other != signature {
            assert_eq!(refusal(&genuine.replace(&signature, other)), Refused::Malformed, "{other}");
        }
    }
    let empty = admit(&genuine.replace(&signature, "")).unwrap();
    assert_eq!(empty.verify(&pem("genuine"), after(0)), Err(Refused::WrongSignature));
}

#[test]
fn a_certificate_that_is_not_of_sns_is_refused() {
    for (certificate, refused) in [
        ("other_name", Refused::WrongName),
        ("other_alternative", Refused::WrongName),
        ("wildcard", Refused::WrongName),
        ("opt_in_region", Refused::WrongName),
        ("expired", Refused::CertificateExpired),
        ("future", Refused::CertificateExpired),
        ("weak", Refused::WeakKey),
        ("elliptic", Refused::BadCertificate),
        ("foreign_key", Refused::WrongSignature),
    ] {
        assert_eq!(under(certificate), Err(refused), "{certificate}");
    }
}

#[test]
fn what_is_no_single_certificate_is_refused() {
    let message = admit(&fixture("notification_2.json")).unwrap();
    let genuine = fixture("genuine.pem");
    let cut = &genuine[..genuine.len() / 2];
    let two = format!("{genuine}{}", fixture("foreign_key.pem"));
    let relabelled = genuine.replace("CERTIFICATE", "PUBLIC KEY");
    for pem in ["", "<html></html>", cut, &two, &relabelled] {
        assert_eq!(message.verify(pem.as_bytes(), after(0)), Err(Refused::BadCertificate), "{pem}");
    }
}

#[test]
fn every_kind_of_message_passes_in_both_versions() {
    for name in [
        "notification_1",
        "notification_2",
        "without_subject",
        "null_subject",
        "empty_subject",
        "confirmation",
        "unsubscribed",
    ] {
        let message = admit(&fixture(&format!("{name}.json"))).unwrap();
        assert_eq!(message.verify(&pem("genuine"), after(0)), Ok(()), "{name}");
    }
    assert_eq!(under("common_name_only"), Ok(()));
}

#[test]
fn a_message_tells_only_what_was_signed() {
    let notification = admit(&changed("\"Subject\"", "\"SubscribeURL\": \"https://evil.test\", \"Subject\"")).unwrap();
    assert_eq!(notification.verify(&pem("genuine"), after(0)), Ok(()));
    assert_eq!((notification.kind(), notification.token()), (Kind::Notification, None));
    assert_eq!((notification.subject(), notification.topic()), (Some("Delivery"), TOPIC));
    assert_eq!(notification.text(), "A \"quoted\"\nline, \u{e9}, \u{1f389}, \t\\ and </p>");
    let added = fixture("confirmation.json").replacen('{', "{\"Subject\": \"added\",", 1);
    let confirmation = admit(&added).unwrap();
    assert_eq!(confirmation.verify(&pem("genuine"), after(0)), Ok(()));
    assert_eq!((confirmation.kind(), confirmation.subject()), (Kind::SubscriptionConfirmation, None));
    assert!(!confirmation.token().unwrap().is_empty());
}

#[test]
fn each_region_has_the_signer_that_amazon_says() {
    for (region, name) in [
        ("us-east-1", "sns.amazonaws.com"),
        ("eu-central-1", "sns.amazonaws.com"),
        ("eu-south-1", "sns-signing.eu-south-1.amazonaws.com"),
        ("us-gov-east-1", "sns-us-gov-west-1.amazonaws.com"),
        ("cn-northwest-1", "sns-cn-northwest-1.amazonaws.com.cn"),
    ] {
        assert_eq!(signer(region), name);
    }
}
