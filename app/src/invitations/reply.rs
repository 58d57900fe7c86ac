use guestguard::{
    invitations::Token,
    invitations::page::InvitationPage,
    rsvp::{Answer, AnswerForm},
};
use leptos::prelude::*;

use crate::ui::{
    field::TextArea,
    form::{Form, FormState},
};

const ENDPOINT: &str = "/api/rsvp/answer";
/// Longest name of a companion, in characters.
const LONGEST_NAME: usize = 120;

/// Whether the answer form came back because something was wrong with it.
pub fn conflict() -> bool {
    FormState::new(ENDPOINT, &AnswerForm::default()).came_back()
}

/// Three large answers, the party, and a word to the host.
#[component]
pub fn AnswerFields(token: Token, found: InvitationPage) -> impl IntoView {
    let state = FormState::new(ENDPOINT, &held(&found));
    let form = state.clone();
    let full = found.seats_left.is_some_and(|left| left <= 0);
    let seats = seats(&found);
    let chosen = form.value("answer");
    view! {
        <Form state class="answer-form" alone=true>
            <input type="hidden" name="token" value=token.0/>
            <fieldset class="answers" id="answer">
                <legend>"Will you be there?"</legend>
                {Answer::ALL
                    .into_iter()
                    .map(|answer| {
                        let (word, note) = words(answer, full);
                        view! {
                            <label class="answer-choice" data-answer=answer.key()>
                                <input
                                    class="visually-hidden"
                                    type="radio"
                                    name="form[answer]"
                                    value=answer.key()
                                    checked=answer.key() == chosen
                                    required
                                />
                                <span class="answer-word">{word}</span>
                                <span class="answer-note">{note}</span>
                            </label>
                        }
                    })
                    .collect_view()}
                {form.fault("answer").or_else(|| lone_seat(&form, seats)).map(|fault| view! { <p class="error" role="alert">{fault}</p> })}
            </fieldset>
            {(seats > 1).then(|| view! { <Party form=form.clone() seats/> })}
            <TextArea form name="message" label="A word to your host" rows=3 max=1000/>
            <button class="button button-primary" type="submit">"Send my answer"</button>
        </Form>
    }
}

/// How many come and who they are. Without `:has()` all name fields show; empty ones are ignored.
#[component]
fn Party(form: FormState, seats: i32) -> impl IntoView {
    let heads: i32 = form.value("heads").parse().unwrap_or(1);
    let names: Vec<String> = form.values("companions").to_vec();
    let fault = form.fault("heads");
    let too_long = form.fault("companions");
    let bad = fault.is_some();
    view! {
        <div class="party">
            <div class="field" data-invalid=bad.then_some("true")>
                <label for="heads">"How many of you?"</label>
                <select
                    id="heads"
                    name="form[heads]"
                    aria-invalid=bad.then_some("true")
                    aria-describedby=bad.then_some("heads-error")
                >
                    {(1..=seats)
                        .map(|n| {
                            let text = if n == 1 { "Just me".to_owned() } else { format!("{n} of us") };
                            view! { <option value=n selected=n == heads>{text}</option> }
                        })
                        .collect_view()}
                </select>
                {fault.map(|fault| view! { <p class="error" id="heads-error">{fault}</p> })}
            </div>
            <ol class="companions">
                {(1..seats)
                    .map(|n| {
                        let id = format!("companion-{n}");
                        let name = names.get(n as usize - 1).cloned().unwrap_or_default();
                        let fault = too_long.clone().filter(|_| name.chars().count() > LONGEST_NAME);
                        let bad = fault.is_some();
                        let note = format!("{id}-error");
                        view! {
                            <li class="companion">
                                <label for=id.clone()>{format!("Guest {}, coming with you", n + 1)}</label>
                                <input
                                    id=id
                                    type="text"
                                    name="form[companions][]"
                                    value=name
                                    maxlength=LONGEST_NAME
                                    autocomplete="off"
                                    aria-invalid=bad.then_some("true")
                                    aria-describedby=bad.then(|| note.clone())
                                />
                                {fault.map(|fault| view! { <p class="error" id=note>{fault}</p> })}
                            </li>
                        }
                    })
                    .collect_view()}
            </ol>
        </div>
    }
}

/// Where only one seat is left there is no field for the number; what was wrong with it is told with the answers.
fn lone_seat(form: &FormState, seats: i32) -> Option<String> {
    if seats > 1 { None } else { form.fault("heads") }
}

fn words(answer: Answer, full: bool) -> (&'static str, &'static str) {
    match answer {
        Answer::Attending if full => ("Yes, I'll be there", "Every seat is taken right now"),
        Answer::Attending => ("Yes, I'll be there", "Gladly"),
        Answer::Maybe => ("Maybe", "I can't say yet"),
        Answer::Declined => ("No, I can't come", "With regret"),
    }
}

/// Seats to offer: the guest's allowance, but no more than are free or held already.
fn seats(found: &InvitationPage) -> i32 {
    let held = found.rsvp.as_ref().map_or(0, |rsvp| rsvp.heads);
    let free = found.seats_left.map_or(i64::from(found.party_size), |left| left.max(1));
    i64::from(found.party_size).min(free).max(i64::from(held)) as i32
}

/// The form that shows the answer given before.
fn held(found: &InvitationPage) -> AnswerForm {
    found.rsvp.as_ref().map_or_else(AnswerForm::default, |rsvp| AnswerForm {
        answer: rsvp.answer.key().to_owned(),
        heads: rsvp.heads.max(1).to_string(),
        companions: rsvp.companions.clone(),
        message: rsvp.message.clone(),
    })
}
