use guestguard::{billing::queries, problem::Problem};
use leptos::prelude::*;

use super::tiers::{Step, Tiers};
use crate::{
    ssr,
    ui::{
        layout::{Frame, PageHead},
        page::page,
    },
};

/// What plans cost, for everybody.
#[component]
pub fn PricingPage() -> impl IntoView {
    let load = async {
        let backend = ssr::anyone()?;
        ssr::reply(queries::offers(&backend).await)?.ok_or(Problem::NotFound)
    };
    page(load, |offers| {
        view! {
            <Frame host=None class="page page-wide">
                <PageHead title="Pricing" lede="Guests never pay, never see an advertisement, and can always answer. You pay when your list grows."/>
                <Tiers offers step=Step::SignUp/>
                <section class="section">
                    <h2>"Good to know"</h2>
                    <dl class="answers">
                        <dt>"What happens when I cancel?"</dt>
                        <dd>"Your plan runs until the end of what you paid. Nothing is deleted then: lists, links and answers stay, and guests can still answer. Only new events, new guests and new messages wait until they fit again."</dd>
                        <dt>"What if a payment fails?"</dt>
                        <dd>"You have days to put it right, and a note on every page tells you until when. Your guests notice nothing."</dd>
                        <dt>"Do past events count?"</dt>
                        <dd>"No. Only events that are still to come do, and cancelled ones do not either."</dd>
                    </dl>
                </section>
            </Frame>
        }
    })
}
