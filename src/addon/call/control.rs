//! Handles the second argument of every operation: an `AbortSignal`, a listener for events, a question before a write,
//! and one for a passphrase.
//!
//! A JavaScript callback cannot harm an operation. A listener that throws causes a warning of the process. A question
//! that throws, or answers anything but `true`, is a refusal. A passphrase that is not a text counts as none.

use std::sync::Arc;

use napi::bindgen_prelude::{
    FnArgs, FromNapiValue, Function, FunctionRef, JsObjectValue, JsValuesTupleIntoVec, Object, Promise,
    Unknown,
};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, JsValue, Status, ValueType};
use napi_derive::napi;
use serde::Serialize;
use tokio::runtime::Handle;
use zeroize::Zeroizing;

use super::objects::{PARSE, copied, json};
use crate::error::{Code, Error};
use crate::workflow::{self, Cancel, Event, Plan, SendPlan};

/// Catches what a listener throws and what its promise rejects with, so that neither can end the process during a
/// write.
const LISTENER: &str = "(listener, parse) => async (event) => {
    if (event === null) return;
    try { await listener(parse(event)); }
    catch (error) { try { process.emitWarning(error instanceof Error ? error : String(error)); } catch {} }
}";

/// Makes a promise of any answer; a throw is a refusal.
const QUESTION: &str = "(ask, parse) => async (plan) => {
    try { return (await ask(parse(plan))) === true; } catch { return false; }
}";

/// Makes a promise of any answer; one that is not a text counts as none.
const SECRET: &str = "(ask, parse) => async (request) => {
    try { const said = await ask(parse(request)); return typeof said === 'string' ? said : null; } catch { return null; }
}";

/// Listens to a signal: `{ aborted, end }`. `end` removes the listener and returns the signal's reason. For anything
/// but a signal, an empty object. What the signal's methods throw in `end` is a warning, since the operation has
/// settled.
const LISTEN: &str = "(signal, listener) => {
    const end = () => {
        try { signal.removeEventListener('abort', listener); return signal.reason; }
        catch (error) { process.emitWarning(error instanceof Error ? error : String(error)); }
    };
    try {
        const aborted = signal.aborted === true;
        if (typeof signal.removeEventListener !== 'function') return { __proto__: null };
        if (!aborted) signal.addEventListener('abort', listener);
        return { __proto__: null, aborted, end };
    } catch { return { __proto__: null }; }
}";

/// Watches and stops an operation.
///
/// Only the shape, for `index.d.ts`: the object is read member by member, so that errors can name the wrong one.
#[allow(dead_code)]
#[napi(object, object_to_js = false)]
pub struct Control<'a> {
    /// Stops the operation between two transfers, or while it waits for an answer. A write that has begun is finished
    /// and read back first. If it is aborted already, nothing begins. The error is an `AbortError`, and its `cause` is
    /// the signal's `reason`.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<Object<'a>>,
    /// Called with each event, while it happens. What it throws, or its promise rejects with, becomes a warning of the
    /// process.
    #[napi(ts_type = "(event: ProgressEvent) => unknown")]
    pub on_event: Option<Function<'a, String, ()>>,
    /// Asked after the backup and before the first byte is written, while the Duo is open. Without it, the call is the
    /// consent. Anything but `true` is a refusal, and so is a throw.
    #[napi(ts_type = "(plan: WritePlan) => boolean | Promise<boolean>")]
    pub confirm: Option<Function<'a, String, Promise<bool>>>,
    /// Asked once by `provisionAll`, after all Duos were read and before the first key is sent. Without it, the call is
    /// the consent. Anything but `true` is a refusal, and so is a throw.
    #[napi(ts_type = "(plan: SendPlan) => boolean | Promise<boolean>")]
    pub confirm_all: Option<Function<'a, String, Promise<bool>>>,
    /// Asked for a passphrase that is needed and was not given, before any Duo is touched. Anything but a text means
    /// that there is none, and so does a throw.
    #[napi(ts_type = "(request: PassphraseRequest) => string | undefined | Promise<string | undefined>")]
    pub passphrase: Option<Function<'a, String, Promise<Option<String>>>>,
}

/// [`LISTEN`].
type Listen<'a> = Function<'a, FnArgs<(Object<'a>, Function<'a, (), ()>)>, Object<'a>>;

// Events, plans and requests cross as JSON, which the wrappers parse.

/// Weak, so that a listener alone does not keep the process alive. `None` marks the end of the events.
type Listener = ThreadsafeFunction<Option<String>, (), Option<String>, Status, false, true>;
type Question<T> = ThreadsafeFunction<String, Promise<T>, String, Status, false, true>;

/// A control that can cross to the thread of the operation.
#[derive(Clone, Default)]
pub struct Remote {
    listener: Option<Arc<Listener>>,
    question: Option<Arc<Question<bool>>>,
    question_of_all: Option<Arc<Question<bool>>>,
    secret: Option<Arc<Question<Option<String>>>>,
    cancel: Cancel,
}

/// Removes the listener from an `AbortSignal` when the operation has settled; returns the signal's reason.
pub(super) type Subscription = FunctionRef<(), Unknown<'static>>;

impl Remote {
    /// Takes the callbacks over, and listens to the signal.
    pub(super) fn take(
        env: &Env,
        control: Option<Unknown<'_>>,
    ) -> Result<(Self, Option<Subscription>), Error> {
        let defect = |error: napi::Error| Error::new(Code::Internal, error.reason.clone());
        let own = copied(env, control, "the control object")?;
        let object = check(own)?;
        let mut remote = Self::default();
        remote.take_callbacks(env, &object).map_err(defect)?;
        let subscription = match object.get::<Object<'_>>("signal").map_err(defect)? {
            Some(signal) => Some(subscribe(env, signal, &remote.cancel)?),
            None => None,
        };
        Ok((remote, subscription))
    }

    fn take_callbacks(&mut self, env: &Env, object: &Object<'_>) -> napi::Result<()> {
        if let Some(listener) = object.get("onEvent")? {
            let safe: Function<'_, Option<String>, ()> = wrapped(env, LISTENER, listener)?;
            let built = safe.build_threadsafe_function::<Option<String>>();
            self.listener = Some(Arc::new(built.weak::<true>().callee_handled::<false>().build()?));
        }
        let question = |ask| asked(wrapped(env, QUESTION, ask)?);
        self.question = object.get("confirm")?.map(question).transpose()?;
        self.question_of_all = object.get("confirmAll")?.map(question).transpose()?;
        self.secret = object.get("passphrase")?.map(|ask| asked(wrapped(env, SECRET, ask)?)).transpose()?;
        Ok(())
    }

    /// Whether a question is answered with `true`. Without a question, the answer is yes.
    fn consents<P: Serialize>(&self, question: Option<&Arc<Question<bool>>>, plan: &P) -> bool {
        let Some(question) = question else { return true };
        let Ok(plan) = json(plan) else { return false };
        self.answer(async { question.call_async_catch(plan).await?.await }).unwrap_or(false)
    }

    /// The answer; `None` if the signal ends the wait, since the answer may never come.
    fn answer<T>(&self, asked: impl Future<Output = napi::Result<T>>) -> Option<T> {
        Handle::current().block_on(async {
            tokio::select! {
                answer = asked => answer.ok(),
                () = self.cancel.requested() => None,
            }
        })
    }

    pub(super) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Returns once the listener has seen every event, so that none comes after the promise has settled.
    pub(super) async fn flush(&self) {
        if let Some(listener) = &self.listener {
            // A closing environment does not listen any more, which is as good.
            let _ = listener.call_async_catch(None).await;
        }
    }
}

impl workflow::Control for Remote {
    fn event(&self, event: Event) {
        if let (Some(listener), Ok(event)) = (&self.listener, json(&event)) {
            listener.call(Some(event), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    fn confirm(&self, plan: &Plan) -> bool {
        self.consents(self.question.as_ref(), plan)
    }

    fn confirm_all(&self, plan: &SendPlan) -> bool {
        self.consents(self.question_of_all.as_ref(), plan)
    }

    fn passphrase(&self, request: &workflow::PassphraseRequest) -> Option<Zeroizing<String>> {
        let question = self.secret.as_ref()?;
        let request = json(request).ok()?;
        let said = self.answer(async { question.call_async_catch(request).await?.await });
        said.flatten().map(Zeroizing::new)
    }

    fn asks(&self) -> bool {
        self.question.is_some()
    }

    fn cancel(&self) -> &Cancel {
        &self.cancel
    }
}

/// Refuses a control object with unknown properties: a typing error in `signal` would go unnoticed until it is needed
/// to stop a write.
fn check(control: Unknown<'_>) -> Result<Object<'_>, Error> {
    let refused = |message: String| {
        Error::new(Code::InvalidArgument, message)
            .hint("it takes signal, onEvent, confirm, confirmAll and passphrase")
    };
    if !matches!(control.get_type(), Ok(ValueType::Object)) {
        return Err(refused("the control object is none".to_owned()));
    }
    let object = control.coerce_to_object().map_err(|error| refused(error.reason.clone()))?;
    for key in Object::keys(&object).map_err(|error| refused(error.reason.clone()))? {
        let expected = match key.as_str() {
            "signal" => ValueType::Object,
            "onEvent" | "confirm" | "confirmAll" | "passphrase" => ValueType::Function,
            _ => return Err(refused(format!("the control object has no property {key:?}"))),
        };
        let value: Unknown<'_> =
            object.get_named_property(&key).map_err(|error| refused(error.reason.clone()))?;
        match value.get_type() {
            Ok(kind) if kind == expected || kind == ValueType::Undefined => {}
            _ => return Err(refused(format!("the control object's {key} is of the wrong type"))),
        }
    }
    Ok(object)
}

/// [`LISTENER`], [`QUESTION`] or [`SECRET`].
type Wrapper<'a, 'env, A, R> =
    Function<'a, FnArgs<(Function<'a, A, R>, Function<'a, String, Unknown<'a>>)>, Function<'env, A, R>>;

/// Wraps a callback in one of them.
fn wrapped<'env, A: JsValuesTupleIntoVec, R: FromNapiValue>(
    env: &'env Env,
    wrapper: &str,
    given: Function<'_, A, R>,
) -> napi::Result<Function<'env, A, R>> {
    let parse: Function<'_, String, Unknown<'_>> = env.run_script(PARSE)?;
    let wrap: Wrapper<'_, 'env, A, R> = env.run_script(wrapper)?;
    wrap.call((given, parse).into())
}

/// A question that can cross to the thread of the operation.
fn asked<T: FromNapiValue>(question: Function<'_, String, Promise<T>>) -> napi::Result<Arc<Question<T>>> {
    let built = question.build_threadsafe_function::<String>();
    Ok(Arc::new(built.weak::<true>().callee_handled::<false>().build()?))
}

/// Listens to the signal. If it is aborted already, that is a request to stop.
fn subscribe(env: &Env, signal: Object<'_>, cancel: &Cancel) -> Result<Subscription, Error> {
    let defect = |error: napi::Error| Error::new(Code::Internal, error.reason.clone());
    let shared = cancel.clone();
    let listener = env
        .create_function_from_closure::<(), (), _>("abort", move |_| {
            shared.request();
            Ok(())
        })
        .map_err(defect)?;
    let listen: Listen<'_> = env.run_script(LISTEN).map_err(defect)?;
    let outcome = listen.call((signal, listener).into()).map_err(defect)?;
    if outcome.get::<bool>("aborted").map_err(defect)? == Some(true) {
        cancel.request();
    }
    let end = outcome.get::<Function<'_, (), Unknown<'static>>>("end").map_err(defect)?.ok_or_else(|| {
        Error::new(Code::InvalidArgument, "the control object's signal is not an AbortSignal")
            .hint("it is the signal of an AbortController")
    })?;
    end.create_ref().map_err(defect)
}
