//! Phone number field as the server renders it: a country list and a number.

use guestguard::phone::{Country, countries};
use leptos::prelude::*;

use super::input::PhoneInput;
use crate::ui::form::FormState;

/// A country and a number, usable without scripts. `name` is the number's field in the form struct; the country's is
/// `country`.
#[component]
pub fn PhoneField(
    form: FormState,
    #[prop(default = "phone")] name: &'static str,
    #[prop(default = "Phone")] label: &'static str,
    /// The error of the stored number, unless the form has one.
    #[prop(optional)]
    stored_fault: String,
) -> impl IntoView {
    let fault = form.error(name).or(Some(stored_fault).filter(|fault| !fault.is_empty()));
    let bad = fault.is_some();
    let error = format!("{name}-error");
    view! {
        <fieldset class="field phone-field" data-invalid=bad.then_some("true")>
            <legend class="visually-hidden">{label}</legend>
            <label for=name>{label} <span class="optional">" optional"</span></label>
            <div class="phone-parts">
                <CountrySelect id="country" name="form[country]" chosen=form.value("country") label="Country of the number"/>
                <input
                    id=name
                    type="tel"
                    name=format!("form[{name}]")
                    value=form.value(name)
                    maxlength="40"
                    autocomplete="off"
                    aria-invalid=bad.then_some("true")
                    aria-describedby=bad.then(|| error.clone())
                />
            </div>
            <PhoneInput id=name.to_owned()/>
            {fault.map(|fault| view! { <p class="error" id=error>{fault}</p> })}
        </fieldset>
    }
}

/// All countries with their flags and dial codes, the common ones first.
#[component]
pub fn CountrySelect(
    id: &'static str,
    name: &'static str,
    chosen: String,
    /// For screen readers, if there is no visible label.
    #[prop(optional)]
    label: Option<&'static str>,
) -> impl IntoView {
    let option = |country: &Country, chosen: &str| {
        let words = format!("{} {} (+{})", country.flag(), country.name, country.dial);
        view! { <option value=country.iso.clone() selected=country.iso == chosen>{words}</option> }
    };
    // Common countries are in both groups; only the first is selected.
    let is_common = countries::common().any(|country| country.iso == chosen);
    let among_all = if is_common { String::new() } else { chosen.clone() };
    view! {
        <select id=id name=name aria-label=label>
            <option value="">"Select country"</option>
            <optgroup label="Common">{countries::common().map(|country| option(country, &chosen)).collect_view()}</optgroup>
            <optgroup label="All">{countries::all().iter().map(|country| option(country, &among_all)).collect_view()}</optgroup>
        </select>
    }
}
