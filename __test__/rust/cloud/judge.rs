//! Tests which replies are success, and what the others are called.

use std::time::Duration;

use duo_provision::cloud::provisioning::{Accepted, Confirmation, ProvisioningRequest, RequestError, judge};
use duo_provision::cloud::reply::{Question, Refusal, Reply, Unexpected};
use proptest::prelude::*;

use super::{DEVICE, PUBLIC_KEY, TOKEN, assert_silent, request};

fn judged(status: u16, body: &str) -> Result<Accepted, Refusal> {
    let reply = Reply { status, body: body.as_bytes(), ..Reply::default() };
    judge(request().device_id(), &reply, TOKEN)
}

#[test]
fn each_server_says_yes_in_its_own_way() {
    for (status, body, confirmation) in [
        (200, r#"{"ok":true}"#, Confirmation::NoError),
        (201, "{}", Confirmation::NoError),
        (200, r#"{"error":null,"errors":[]}"#, Confirmation::NoError),
        (200, "\"Success!\"", Confirmation::Success),
        (200, " \"Success!\"\n", Confirmation::Success),
        (200, r#"{"id":"2a0048001951343334363138","platform_id":88}"#, Confirmation::Device),
        (200, r#"{"id":"2A0048001951343334363138"}"#, Confirmation::Device),
        (200, r#"{"deviceID":"2A0048001951343334363138","ok":true}"#, Confirmation::Device),
    ] {
        assert_eq!(judged(status, body), Ok(Accepted { status, confirmation }), "{body}");
    }
}

#[test]
fn a_2xx_alone_is_no_success() {
    let unexpected =
        |kind, excerpt: &str| Refusal::Unexpected { status: 200, kind, excerpt: excerpt.to_owned() };
    for (body, refusal) in [
        ("", unexpected(Unexpected::Empty, "")),
        (" \r\n", unexpected(Unexpected::Empty, "")),
        ("<html>Sign in</html>", unexpected(Unexpected::Html, "<html>Sign in</html>")),
        ("Success!", unexpected(Unexpected::NotJson, "Success!")),
        (r#"{"ok":tr"#, unexpected(Unexpected::NotJson, r#"{"ok":tr"#)),
        (r#"{"ok":true}{"#, unexpected(Unexpected::NotJson, r#"{"ok":true}{"#)),
        ("true", unexpected(Unexpected::OtherJson, "true")),
        ("null", unexpected(Unexpected::OtherJson, "null")),
        ("200", unexpected(Unexpected::OtherJson, "200")),
        (r#"["Success!"]"#, unexpected(Unexpected::OtherJson, r#"["Success!"]"#)),
        (r#"{"error":"Teapot"}"#, Refusal::Refused { status: 200, message: "Teapot".into() }),
        (r#"{"error":""}"#, Refusal::Refused { status: 200, message: String::new() }),
        (r#"{"errors":["a"]}"#, Refusal::Refused { status: 200, message: r#"["a"]"#.into() }),
        (r#"{"ok":false}"#, Refusal::Refused { status: 200, message: "ok: false".into() }),
        (r#"{"success":false}"#, Refusal::Refused { status: 200, message: "success: false".into() }),
        ("\"success!\"", Refusal::Refused { status: 200, message: "success!".into() }),
        (r#"{"error":"Permission Denied"}"#, Refusal::PermissionDenied("Permission Denied".into())),
        (r#"{"id":"0123456789abcdef01234567"}"#, Refusal::OtherDevice("0123456789abcdef01234567".into())),
        (r#"{"id":7}"#, Refusal::OtherDevice("7".into())),
    ] {
        assert_eq!(judged(200, body), Err(refusal), "{body}");
    }
    assert!(matches!(judged(204, ""), Err(Refusal::Unexpected { status: 204, .. })));
    let cut = Reply { status: 200, body: br#"{"ok":true}"#, truncated: true, ..Reply::default() };
    assert_eq!(judge(request().device_id(), &cut, TOKEN), Err(Refusal::TooLarge(200)));
}

#[test]
fn refusals_are_told_apart() {
    let text = str::to_owned;
    let expired = r#"{"error":"invalid_token","error_description":"The access token provided has expired."}"#;
    for (status, body, refusal) in [
        (403, "", Refusal::PermissionDenied(text(""))),
        (400, r#"{"error":"Permission Denied"}"#, Refusal::PermissionDenied(text("Permission Denied"))),
        (
            401,
            r#"{"error":"invalid_token","error_description":"is invalid"}"#,
            Refusal::TokenInvalid(text("is invalid")),
        ),
        (400, r#"{"error":"invalid_token"}"#, Refusal::TokenInvalid(text("invalid_token"))),
        (401, "", Refusal::TokenInvalid(text(""))),
        (
            400,
            r#"{"error":"invalid_grant","error_description":"The access token provided is invalid."}"#,
            Refusal::TokenInvalid(text("The access token provided is invalid.")),
        ),
        (
            400,
            r#"{"error":"invalid_grant","error_description":"The access token provided has expired."}"#,
            Refusal::TokenExpired(text("The access token provided has expired.")),
        ),
        (
            401,
            r#"{"error":"expired_token","error_description":"too old"}"#,
            Refusal::TokenExpired(text("too old")),
        ),
        (401, expired, Refusal::TokenExpired(text("The access token provided has expired."))),
        (404, "Cannot POST", Refusal::NotFound(text("Cannot POST"))),
        (408, r#"{"error":"Timed out."}"#, Refusal::Timeout),
        (429, "", Refusal::RateLimited(None)),
        (400, r#"{"error":"No key provided","ok":false}"#, Refusal::KeyRejected(text("No key provided"))),
        (400, r#"{"error":"No deviceID provided"}"#, Refusal::KeyRejected(text("No deviceID provided"))),
        (400, "\"Key error Error: bad\"", Refusal::KeyRejected(text("Key error Error: bad"))),
        (
            400,
            r#"{"error":"invalid_request","error_description":"twice"}"#,
            Refusal::Refused { status: 400, message: text("invalid_request: twice") },
        ),
        (400, r#"{"error":{"message":"no"}}"#, Refusal::Refused { status: 400, message: text("no") }),
        (
            502,
            "<html>Bad gateway</html>",
            Refusal::ServerError { status: 502, retry_after: None, detail: text("<html>Bad gateway</html>") },
        ),
        (
            500,
            r#"{"ok":true}"#,
            Refusal::ServerError { status: 500, retry_after: None, detail: text(r#"{"ok":true}"#) },
        ),
        (
            400,
            r#"{"ok":true}"#,
            Refusal::Unexpected { status: 400, kind: Unexpected::OtherJson, excerpt: text(r#"{"ok":true}"#) },
        ),
        (302, "", Refusal::Redirect { status: 302, location: None }),
        (304, r#"{"ok":true}"#, Refusal::Redirect { status: 304, location: None }),
        (
            101,
            r#"{"ok":true}"#,
            Refusal::Unexpected { status: 101, kind: Unexpected::OtherJson, excerpt: text(r#"{"ok":true}"#) },
        ),
    ] {
        assert_eq!(judged(status, body), Err(refusal), "{status} {body}");
    }
}

#[test]
fn only_429_and_5xx_are_worth_another_try() {
    for status in 100..=999 {
        let refusal = judged(status, "").unwrap_err();
        assert_eq!(refusal.is_transient(), status == 429 || (500..600).contains(&status), "{status}");
    }
    let reply = Reply { status: 503, retry_after: Some(Duration::from_secs(3)), ..Reply::default() };
    let refusal = judge(request().device_id(), &reply, TOKEN).unwrap_err();
    assert_eq!(refusal.retry_after(), Some(Duration::from_secs(3)));
}

#[test]
fn an_echoed_token_is_not_repeated() {
    let body = format!("{{\"error\":\"bad token {TOKEN}\",\"error_description\":\"{TOKEN}\"}}");
    let html = format!("<html>{}{TOKEN}</html>", "x".repeat(180));
    let id = format!("{{\"id\":\"{TOKEN}\"}}");
    let location = format!("https://elsewhere.example/?access_token={TOKEN}");
    for status in [200, 302, 400, 401, 403, 404, 418, 500] {
        for body in [&body, &html, &id] {
            let reply = Reply {
                status,
                content_type: Some(&location),
                location: Some(&location),
                body: body.as_bytes(),
                ..Reply::default()
            };
            assert_silent(&judge(request().device_id(), &reply, TOKEN).unwrap_err(), TOKEN);
        }
    }
}

#[test]
fn the_request_is_the_helper_scripts() {
    let request = request();
    assert_eq!(request.path(), "v1/provisioning/2a0048001951343334363138");
    let key = PUBLIC_KEY.replace('\n', "%0A").replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    assert_eq!(
        request.body(),
        format!(
            "deviceID=2a0048001951343334363138&publicKey={}&order=script_1700000000123&filename=script\
             &product_id=88&algorithm=rsa",
            key.replace(' ', "+")
        )
    );
}

#[test]
fn what_must_not_be_sent_makes_no_request() {
    let private = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let both = format!("{PUBLIC_KEY}{private}");
    let two = format!("{PUBLIC_KEY}{PUBLIC_KEY}");
    let long = format!("-----BEGIN PUBLIC KEY-----{}-----END PUBLIC KEY-----", "A".repeat(9000));
    for (id, key, product, error) in [
        ("", PUBLIC_KEY, 88, RequestError::DeviceId),
        ("2a004800195134333436313", PUBLIC_KEY, 88, RequestError::DeviceId),
        ("2a004800195134333436313g", PUBLIC_KEY, 88, RequestError::DeviceId),
        ("../../v1/devices/0123456", PUBLIC_KEY, 88, RequestError::DeviceId),
        (DEVICE, private, 88, RequestError::PrivateKey),
        (DEVICE, both.as_str(), 88, RequestError::PrivateKey),
        (DEVICE, two.as_str(), 88, RequestError::NotAPublicKey),
        (DEVICE, long.as_str(), 88, RequestError::NotAPublicKey),
        (DEVICE, "", 88, RequestError::NotAPublicKey),
        (DEVICE, "-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----", 88, RequestError::NotAPublicKey),
        (DEVICE, PUBLIC_KEY, 0, RequestError::ProductId),
    ] {
        assert_eq!(ProvisioningRequest::new(id, key, product, 0), Err(error));
    }
}

/// An independent, narrower reading of "the body says so".
fn says_yes(body: &[u8]) -> bool {
    match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(serde_json::Value::String(text)) => text == "Success!",
        Ok(serde_json::Value::Object(_)) => true,
        _ => false,
    }
}

fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        Just("{"),
        Just("}"),
        Just("\"error\":"),
        Just("\"ok\":"),
        Just("false"),
        Just("true"),
        Just("null"),
        Just("\"Success!\""),
        Just(","),
        Just("\"id\":"),
        Just("\"Permission Denied\""),
        Just("<html>"),
        Just(TOKEN),
        Just("\u{0}"),
        Just("\"2a0048001951343334363138\""),
        Just("[")
    ];
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..300),
        proptest::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat().into_bytes()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_is_success_but_what_says_so(status in 100_u16..1000, body in any_body(), cut: bool) {
        let reply = Reply { status, body: &body, truncated: cut, ..Reply::default() };
        match judge(request().device_id(), &reply, TOKEN) {
            Ok(accepted) => {
                prop_assert!((200..300).contains(&status) && !cut && says_yes(&body));
                prop_assert_eq!(accepted.status, status);
            }
            Err(refusal) => assert_silent(&refusal, TOKEN),
        }
    }

    #[test]
    fn text_from_a_server_is_short_and_printable(bytes in any_body(), text in ".{0,400}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            let shown = duo_provision::cloud::excerpt::excerpt(bytes, TOKEN);
            prop_assert!(shown.chars().count() <= 200);
            prop_assert!(!shown.chars().any(char::is_control));
            prop_assert!(!shown.contains(TOKEN));
        }
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in ".{0,80}", bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let now = std::time::SystemTime::UNIX_EPOCH;
        let _ = duo_provision::cloud::retry::retry_after(&text, now);
        let _ = duo_provision::cloud::token::Token::from_input(&bytes);
        let _ = duo_provision::cloud::profile::parse_config(String::new(), "x".into(), &bytes);
        if let Ok(url) = text.parse::<duo_provision::cloud::api_url::ApiUrl>() {
            prop_assert!(url.check_transport(true).is_ok());
        }
        let _ = ProvisioningRequest::new(&text, &text, 1, 0);
    }
}
