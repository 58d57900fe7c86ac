use leptos::prelude::*;

use crate::ui::layout::Frame;

/// What GuestGuard is, for somebody who has never heard of it.
#[component]
pub fn LandingPage() -> impl IntoView {
    let promises = [
        (
            "Nicer for guests",
            "A real invitation, three large answers, done in ten seconds on a phone. No account, no app, no tracking.",
        ),
        (
            "Honest about delivery",
            "Queued, sent, opened, answered: you see where each invitation stands, and why one did not arrive.",
        ),
        (
            "Links that are personal",
            "Every guest has their own link. Passed on by mistake? Replace it with one click; the old one is dead at once.",
        ),
        (
            "Never one seat too many",
            "Set a number of seats and we keep to it, even when a hundred people answer in the same second.",
        ),
        ("Every answer, live", "Open the overview, put it on the kitchen table, and watch the list fill up."),
        ("Yours to run", "Free software. One command starts it on your own machine, with your own data."),
    ];
    view! {
        <leptos_meta::Title text=""/>
        <Frame host=None class="page page-wide">
            <section class="hero">
                <div>
                    <h1>"The guest list that people trust"</h1>
                    <p class="lede">
                        "Send everybody a personal invitation link, and know who is coming: without chasing, without spreadsheets, without a stranger at the door."
                    </p>
                    <div class="actions">
                        <a class="button button-primary" href="/sign-up">"Start an event"</a>
                        <a class="button button-quiet" href="#how">"How it works"</a>
                    </div>
                </div>
                <div class="hero-card" aria-hidden="true">
                    <article class="invitation" data-theme="garden">
                        <div class="invitation-ornament"></div>
                        <p class="invitation-greeting">"Dear Ada,"</p>
                        <p class="invitation-host">"Rosalind Franklin invites you to"</p>
                        <p class="invitation-title">"A long table in the garden"</p>
                        <p class="invitation-when">"Saturday, 20 June, 18:30"</p>
                        <p class="invitation-where">"The Walled Garden, Lewes"</p>
                    </article>
                </div>
            </section>
            <section class="section" id="how">
                <h2>"Three steps"</h2>
                <ol class="how">
                    <li><h3>"Plan"</h3><p>"Title, time, place, and one of six invitation designs."</p></li>
                    <li><h3>"Invite"</h3><p>"Paste your list. Each guest gets a personal link by e-mail, or from you by hand."</p></li>
                    <li><h3>"Watch"</h3><p>"Answers arrive live. Guests can change theirs until the day you set."</p></li>
                </ol>
            </section>
            <section class="section">
                <h2>"What we promise"</h2>
                <ul class="promises">
                    {promises
                        .into_iter()
                        .map(|(title, text)| view! { <li><h3>{title}</h3><p>{text}</p></li> })
                        .collect_view()}
                </ul>
            </section>
            <section class="closing">
                <h2>"Who is coming?"</h2>
                <a class="button button-primary" href="/sign-up">"Find out"</a>
            </section>
        </Frame>
    }
}
