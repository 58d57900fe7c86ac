//! Tests of Twilio signatures.

use super::*;

const FORM: &str = "application/x-www-form-urlencoded";
const ORIGIN: &str = "https://mycompany.com";
const PATH: &str = "/myapp.php?foo=1&bar=2";
const BODY: &str = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
/// The test vector of twilio-node, for the token `12345`.
const KNOWN: &str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";

fn tokens(tokens: &[&str]) -> Vec<String> {
    tokens.iter().map(ToString::to_string).collect()
}

fn check(origin: &str, path: &str, kind: &str, body: &str, signature: &str) -> Result<(), WebhookError> {
    verify(&tokens(&["12345"]), origin, path, kind, body.as_bytes(), Some(signature))
}

fn sign(text: &str) -> String {
    let mut mac = <Hmac<Sha1> as hmac::Mac>::new_from_slice(b"12345").unwrap();
    hmac::Mac::update(&mut mac, text.as_bytes());
    BASE64_STANDARD.encode(hmac::Mac::finalize(mac).into_bytes())
}

#[test]
fn a_request_without_signature_or_token_is_rejected() {
    let bare = |tokens: &[String], signature| verify(tokens, ORIGIN, PATH, FORM, BODY.as_bytes(), signature);
    assert_eq!(bare(&tokens(&["12345"]), None), Err(WebhookError::Missing));
    assert_eq!(bare(&[], Some(KNOWN)), Err(WebhookError::Unconfigured));
    assert_eq!(bare(&tokens(&[""]), Some(KNOWN)), Err(WebhookError::Unconfigured));
    let large = "a".repeat(crate::MAX_BODY + 1);
    assert_eq!(check(ORIGIN, PATH, FORM, &large, KNOWN), Err(WebhookError::TooLarge));
}

#[test]
fn a_signature_has_one_spelling() {
    for other in ["", "RSOYDt4T1cUTdK1PDd93/VVr8B8", "RSOYDt4T1cUTdK1PDd93/VVr8B9=", "RSOYDt4T1cUTdK1PDd93_VVr8B8="] {
        assert!(check(ORIGIN, PATH, FORM, BODY, other).is_err(), "{other}");
    }
    // Two headers that a proxy has joined.
    assert_eq!(check(ORIGIN, PATH, FORM, BODY, &format!("{KNOWN}, {KNOWN}")), Err(WebhookError::Malformed));
}

#[test]
fn another_url_or_body_is_rejected() {
    for (origin, path, body) in [
        ("https://mycompany.test", PATH, BODY),
        ("http://mycompany.com", PATH, BODY),
        ("https://mycompany.com:8443", "/myapp.php?foo=1&bar=3", BODY),
        (ORIGIN, "/myapp.php?bar=2&foo=1", BODY),
        (ORIGIN, "/myapp%2Ephp?foo=1&bar=2", BODY),
        (ORIGIN, PATH, "CallSid=CA1234567890ABCDE"),
        (ORIGIN, PATH, ""),
    ] {
        assert_eq!(
            check(origin, path, FORM, body, KNOWN),
            Err(WebhookError::InvalidSignature),
            "{origin}{path} {body}"
        );
    }
}

#[test]
fn a_path_with_a_fragment_or_without_a_slash_is_rejected() {
    for path in ["/a#b", "", "a", "https://mycompany.com/"] {
        assert_eq!(check(ORIGIN, path, FORM, BODY, KNOWN), Err(WebhookError::Malformed), "{path}");
    }
}

#[test]
fn a_malformed_origin_is_a_configuration_error() {
    for origin in ["", "mycompany.com", "ftp://mycompany.com", "https://", "https://:443", "https://mycompany.com/a"] {
        assert_eq!(check(origin, PATH, FORM, BODY, KNOWN), Err(WebhookError::Unconfigured), "{origin}");
    }
}

#[test]
fn either_of_two_active_tokens_verifies_a_signature() {
    for pair in [["12345", "other"], ["other", "12345"]] {
        assert_eq!(verify(&tokens(&pair), ORIGIN, PATH, FORM, BODY.as_bytes(), Some(KNOWN)), Ok(()));
    }
    let other = verify(&tokens(&["other"]), ORIGIN, PATH, FORM, BODY.as_bytes(), Some(KNOWN));
    assert_eq!(other, Err(WebhookError::InvalidSignature));
}

#[test]
fn the_url_may_be_signed_with_or_without_its_port() {
    for (origin, with_port, without) in [
        ("https://a.example", "https://a.example:443", "https://a.example"),
        ("https://a.example:443/", "https://a.example:443", "https://a.example"),
        ("http://a.example", "http://a.example:80", "http://a.example"),
        ("https://a.example:8443", "https://a.example:8443", "https://a.example"),
        ("http://[::1]", "http://[::1]:80", "http://[::1]"),
        ("http://[::1]:3000", "http://[::1]:3000", "http://[::1]"),
    ] {
        for signed in [with_port, without] {
            let signature = sign(&format!("{signed}/hook?a=1b2"));
            assert_eq!(check(origin, "/hook?a=1", FORM, "b=2", &signature), Ok(()), "{origin} {signed}");
        }
    }
    assert_eq!(
        check("https://a.example", "/", "", "", &sign("https://a.example:8443/")),
        Err(WebhookError::InvalidSignature)
    );
}

#[test]
fn a_repeated_name_signs_each_of_its_values() {
    let signature = sign("https://a.example/aab1b2c");
    for body in ["b=2&b=1&c=&a=a", "c&a=a&b=1&b=2&b=1", "&a=a&&b=1&b=2&c=&"] {
        assert_eq!(check("https://a.example", "/", FORM, body, &signature), Ok(()), "{body}");
    }
    assert_eq!(check("https://a.example", "/", FORM, "a=a&b=1&c=", &signature), Err(WebhookError::InvalidSignature));
}

/// twilio-go sorts the concatenations, which would put `ab1` before `ac`.
#[test]
fn pairs_are_sorted_by_name_even_where_one_begins_another() {
    assert_eq!(check("https://a.example", "/", FORM, "ab=1&a=c", &sign("https://a.example/acab1")), Ok(()));
}

#[test]
fn a_form_is_decoded_once_and_strictly() {
    let signature = sign("https://a.example/m a+b%20\u{e9}\u{1f389}");
    let body = "m+=a%2bb%2520%C3%A9%F0%9F%8E%89";
    assert_eq!(check("https://a.example", "/", FORM, &body.replace("m+=", "m+"), &signature), Ok(()));
    for body in ["a=%", "a=%4", "a=%zz", "a=%ff", "%+1=a", "a=%C3"] {
        assert_eq!(check("https://a.example", "/", FORM, body, &signature), Err(WebhookError::Malformed), "{body}");
    }
}

#[test]
fn a_json_body_needs_its_hash_in_the_signed_query() {
    let hash = format!("{:x}", Sha256::digest("{}"));
    let path = format!("/?a=1&bodySHA256={hash}");
    let json = |path: &str, body| {
        check(
            "https://a.example",
            path,
            "application/json; charset=utf-8",
            body,
            &sign(&format!("https://a.example{path}")),
        )
    };
    assert_eq!(json(&path, "{}"), Ok(()));
    assert_eq!(json(&path, "{} "), Err(WebhookError::BodyHashMismatch));
    assert_eq!(json(&path.replace(&hash, &hash.to_uppercase()), "{}"), Err(WebhookError::BodyHashMismatch));
    assert_eq!(json("/?a=1", "{}"), Err(WebhookError::Missing));
    assert_eq!(json("/", "{}"), Err(WebhookError::Missing));
    assert_eq!(json(&format!("/?xbodySHA256={hash}"), "{}"), Err(WebhookError::Missing));
    assert_eq!(json(&format!("{path}&bodySHA256={hash}"), "{}"), Err(WebhookError::Duplicate));
    let other = sign("https://a.example/?a=2");
    assert_eq!(
        check("https://a.example", &path, "application/json", "{}", &other),
        Err(WebhookError::InvalidSignature)
    );
}

#[test]
fn a_form_is_signed_by_its_pairs_even_where_the_query_holds_its_hash() {
    let path = format!("/?bodySHA256={:x}", Sha256::digest("a=1"));
    let of_address = sign(&format!("https://a.example{path}"));
    assert_eq!(check("https://a.example", &path, FORM, "a=1", &of_address), Err(WebhookError::InvalidSignature));
    let of_pairs = sign(&format!("https://a.example{path}a1"));
    assert_eq!(check("https://a.example", &path, "Application/X-WWW-Form-URLencoded", "a=1", &of_pairs), Ok(()));
}

#[test]
fn a_body_of_another_content_type_is_rejected() {
    let signature = sign("https://a.example/");
    for kind in ["", "text/plain", "multipart/form-data", "application/jsonp", "application/json,text/plain"] {
        assert_eq!(
            check("https://a.example", "/", kind, "a=1", &signature),
            Err(WebhookError::UnsupportedType),
            "{kind}"
        );
    }
    assert_eq!(check("https://a.example", "/", "", "", &signature), Ok(()));
}
