//! The landing page.

use leptos::prelude::*;

use crate::ui::layout::Frame;

#[component]
pub fn LandingPage() -> impl IntoView {
    let features = [
        (
            "Nicer for guests",
            "A beautiful invitation and a reply in ten seconds on a phone. No account, no app, no tracking.",
        ),
        (
            "Honest about delivery",
            "Queued, sent, opened, replied: see the status of each invitation, and why one did not arrive.",
        ),
        (
            "Personal links",
            "Every guest has their own link. Shared by mistake? Reset it with one click; the old one stops working immediately.",
        ),
        (
            "Never overbooked",
            "Set a capacity and it is never exceeded, even when a hundred people reply in the same second.",
        ),
        ("Live responses", "Open the overview, show it on any screen, and watch replies come in."),
        ("Open source & self-hosted", "One command runs it on your own machine, with your own data."),
    ];
    view! {
        <leptos_meta::Title text=""/>
        <Frame host=None class="page page-wide">
            <section class="hero">
                <div>
                    <h1>"The guest list that people trust"</h1>
                    <p class="lede">
                        "Send every guest a personal invitation link and know who is coming: no chasing, no spreadsheets, no strangers at the door."
                    </p>
                    <div class="actions">
                        <a class="button button-primary" href="/sign-up">"Get started free"</a>
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
                <h2>"How it works"</h2>
                <ol class="how-it-works">
                    <li><h3>"Create"</h3><p>"Add title, time and place, and choose one of six designs."</p></li>
                    <li><h3>"Invite"</h3><p>"Import your guest list. Each guest gets a personal link by email, WhatsApp or text message."</p></li>
                    <li><h3>"Track"</h3><p>"See replies live. Guests can change theirs until your RSVP deadline."</p></li>
                </ol>
            </section>
            <section class="section">
                <h2>"Why GuestGuard"</h2>
                <ul class="features">
                    {features
                        .into_iter()
                        .map(|(title, text)| view! { <li><h3>{title}</h3><p>{text}</p></li> })
                        .collect_view()}
                </ul>
            </section>
            <section class="call-to-action">
                <h2>"Who is coming?"</h2>
                <a class="button button-primary" href="/sign-up">"Create your first event"</a>
            </section>
        </Frame>
    }
}
