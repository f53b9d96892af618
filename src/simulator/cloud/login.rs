//! Computes the three servers' answers to `POST /oauth/token`, which gives a user a token (RFC 6749 §4.3).
//!
//! Accepts every name and password, since it has no users; the token is the one made at start. The answers of
//! Brewskey/spark-server were tried with its OAuth server (oauth2-server 3.0.0 and its `src/OAuthModel.ts`). The two
//! others answer like node-oauth2-server 2 (`lib/grant.js`), with the members that particle-iot/particle-api-js reads.

use std::collections::HashMap;

use serde_json::json;

use super::behavior::{Answer, Flavor};

/// `particle:particle` in Basic authentication: the client that all these servers know.
const CLIENT: &str = "Basic cGFydGljbGU6cGFydGljbGU=";

/// How long Particle's tokens are valid, in seconds.
const LIFETIME: u32 = 90 * 24 * 60 * 60;

/// What is wrong with a request.
enum Wrong {
    Client,
    GrantType,
    Credentials,
}

/// The answer to a request with this `Authorization` field and this form.
pub(super) fn answer(
    flavor: Flavor,
    authorization: Option<&str>,
    form: &HashMap<String, String>,
    token: &str,
) -> Answer {
    let (status, error, words) = match (wrong(authorization, form), flavor) {
        (None, Flavor::Brewskey) => {
            return Answer::json(200, &json!({ "access_token": token, "token_type": "Bearer" }));
        }
        (None, _) => {
            let body = json!({ "token_type": "bearer", "access_token": token, "expires_in": LIFETIME });
            return Answer::json(200, &body);
        }
        (Some(Wrong::Client), Flavor::Brewskey) => {
            (401, "invalid_client", "Invalid client: client is invalid")
        }
        (Some(Wrong::Client), _) => (400, "invalid_client", "Client credentials are invalid"),
        (Some(Wrong::GrantType), Flavor::Brewskey) => {
            (400, "unsupported_grant_type", "Unsupported grant type: `grant_type` is invalid")
        }
        (Some(Wrong::GrantType), _) => (400, "invalid_request", "Invalid or missing grant_type parameter"),
        (Some(Wrong::Credentials), Flavor::Brewskey) => {
            (400, "invalid_request", "Missing parameter: `password`")
        }
        (Some(Wrong::Credentials), _) => {
            (400, "invalid_client", r#"Missing parameters. "username" and "password" are required"#)
        }
    };
    let mut body = json!({ "error": error, "error_description": words });
    if flavor == Flavor::Spark {
        body["code"] = status.into();
    }
    Answer::json(status, &body)
}

fn wrong(authorization: Option<&str>, form: &HashMap<String, String>) -> Option<Wrong> {
    let given = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let in_form = given("client_id") == Some("particle") && given("client_secret") == Some("particle");
    if authorization != Some(CLIENT) && !in_form {
        Some(Wrong::Client)
    } else if given("grant_type") != Some("password") {
        Some(Wrong::GrantType)
    } else if given("username").and(given("password")).is_none() {
        Some(Wrong::Credentials)
    } else {
        None
    }
}
