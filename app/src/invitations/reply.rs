//! The RSVP form on the invitation page.

use guestguard::{
    invitations::{Token, page::InvitationPage},
    rsvp::{Answer, AnswerForm},
};
use leptos::prelude::*;
use strum::VariantArray;

use crate::ui::{
    field::TextArea,
    form::{Form, FormState},
};

const ENDPOINT: &str = "/api/rsvp/answer";
/// Longest name of a companion, in characters.
const LONGEST_NAME: usize = 120;

/// Whether the form came back with errors.
pub fn came_back() -> bool {
    FormState::new(ENDPOINT, &AnswerForm::default()).came_back()
}

/// The answers, the party, and a message to the host.
#[component]
pub fn RsvpForm(token: Token, invitation: InvitationPage) -> impl IntoView {
    let state = FormState::new(ENDPOINT, &current(&invitation));
    let form = state.clone();
    let full = invitation.seats_left.is_some_and(|left| left <= 0);
    let seats = seats(&invitation);
    let chosen = form.value("answer");
    view! {
        <Form state class="answer-form" alone=true>
            <input type="hidden" name="token" value=token.0/>
            <fieldset class="answers" id="answer">
                <legend>"Will you be there?"</legend>
                {Answer::VARIANTS
                    .iter()
                    .map(|answer| {
                        view! {
                            <label class="answer-choice" data-answer=answer.into_str()>
                                <input
                                    class="overlay-input"
                                    type="radio"
                                    name="form[answer]"
                                    value=answer.into_str()
                                    checked=answer.into_str() == chosen
                                    required
                                />
                                <span class="answer-word">{label(*answer)}</span>
                                {(full && *answer == Answer::Attending)
                                    .then(|| view! { <span class="answer-note">"Full right now"</span> })}
                            </label>
                        }
                    })
                    .collect_view()}
                {form.error("answer").or_else(|| lone_seat(&form, seats)).map(|fault| view! { <p class="error" role="alert">{fault}</p> })}
            </fieldset>
            {(seats > 1).then(|| view! { <Party form=form.clone() seats/> })}
            <TextArea form name="message" label="Message to the host" rows=3 max=1000/>
            <button class="button button-primary" type="submit">"Send RSVP"</button>
        </Form>
    }
}

/// The party: its size and the names of companions. Without `:has()` every name field shows; empty ones are ignored.
#[component]
fn Party(form: FormState, seats: i32) -> impl IntoView {
    let heads: i32 = form.value("heads").parse().unwrap_or(1);
    let names: Vec<String> = form.values("companions").to_vec();
    let fault = form.error("heads");
    let too_long = form.error("companions");
    let bad = fault.is_some();
    view! {
        <div class="party">
            <div class="field" data-invalid=bad.then_some("true")>
                <label for="heads">"Number of guests"</label>
                <select
                    id="heads"
                    name="form[heads]"
                    aria-invalid=bad.then_some("true")
                    aria-describedby=bad.then_some("heads-error")
                >
                    {(1..=seats)
                        .map(|n| {
                            let text = if n == 1 { "1 (just me)".to_owned() } else { n.to_string() };
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
                                <label for=id.clone()>{format!("Name of guest {}", n + 1)}</label>
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

/// With one seat left there is no number field, so its error is shown with the answers.
fn lone_seat(form: &FormState, seats: i32) -> Option<String> {
    if seats > 1 { None } else { form.error("heads") }
}

fn label(answer: Answer) -> &'static str {
    match answer {
        Answer::Attending => "Yes",
        Answer::Maybe => "Maybe",
        Answer::Declined => "No",
    }
}

/// The largest party to offer: the guest's limit, but no more than the free seats or the current RSVP.
fn seats(invitation: &InvitationPage) -> i32 {
    let held = invitation.rsvp.as_ref().map_or(0, |rsvp| rsvp.heads);
    let free = invitation.seats_left.map_or(i64::from(invitation.party_size), |left| left.max(1));
    i64::from(invitation.party_size).min(free).max(i64::from(held)) as i32
}

/// The form filled with the current RSVP.
fn current(invitation: &InvitationPage) -> AnswerForm {
    invitation.rsvp.as_ref().map_or_else(AnswerForm::default, |rsvp| AnswerForm {
        answer: rsvp.answer.into_str().to_owned(),
        heads: rsvp.heads.max(1).to_string(),
        companions: rsvp.companions.clone(),
        message: rsvp.message.clone(),
    })
}
