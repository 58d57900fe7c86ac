//! Pricing page.

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

#[component]
pub fn PricingPage() -> impl IntoView {
    let load = async {
        let backend = ssr::anyone()?;
        ssr::reply(queries::offers(&backend).await)?.ok_or(Problem::NotFound)
    };
    page(load, |offers| {
        view! {
            <Frame host=None class="page page-wide">
                <PageHead title="Pricing" lede="Guests never pay, never see ads, and can always reply. You pay when your list grows."/>
                <Tiers offers step=Step::SignUp/>
                <section class="section">
                    <h2>"Questions"</h2>
                    <dl class="answers">
                        <dt>"What happens when I cancel?"</dt>
                        <dd>"Your plan stays active until the end of the period you paid for. Nothing is deleted: lists, links and replies stay, and guests can still reply. Above the limits of the Free plan you can't add events or guests, or send messages."</dd>
                        <dt>"What if a payment fails?"</dt>
                        <dd>"You have several days to update your payment method; a notice shows until when. Your guests notice nothing."</dd>
                        <dt>"Do past events count?"</dt>
                        <dd>"No. Only upcoming events count, and cancelled ones don't."</dd>
                    </dl>
                </section>
            </Frame>
        }
    })
}
