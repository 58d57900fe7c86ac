//! Problems as a page, as the response to a fetch, and after a form without scripts.

use guestguard::problem::{Conflict, FieldError, LinkEnd, Problem};

use crate::support::{App, InvitedGuest};

const NOWHERE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[apply(app_test)]
async fn not_found_as_page_fetch_and_form(app: App) {
    let ana = app.host("Ana").await;
    for path in
        ["/nothing", "/dashboard/events/xyz", &format!("/dashboard/events/{NOWHERE}"), "/dashboard/nothing", "/i/wrong"]
    {
        let page = ana.get(path).await;
        assert_eq!(page.status, 404, "{path}");
        let title = if path.starts_with("/i/") { "Invitation not found" } else { "Page not found" };
        assert!(page.body.contains(title), "{path}: {}", page.body);
    }
    let fetched = ana.fetch("/api/events/cancel", &[("event", NOWHERE)]).await;
    assert_eq!((fetched.status.as_u16(), fetched.problem()), (404, Problem::NotFound));
    let back = ana.post_and_follow("/api/events/cancel", "/dashboard", &[("event", NOWHERE)]).await.ok();
    assert!(back.contains("Page not found"), "{back}");
}

#[apply(app_test)]
async fn sign_in_required_as_page_fetch_and_form(app: App) {
    let nobody = app.anonymous();
    assert_eq!(
        nobody.get("/dashboard/events/new?x=1").await.location(),
        "/sign-in?next=%2Fdashboard%2Fevents%2Fnew%3Fx%3D1"
    );
    let fetched = nobody.fetch("/api/events/cancel", &[("event", NOWHERE)]).await;
    assert_eq!((fetched.status.as_u16(), fetched.problem()), (401, Problem::SignInRequired));
    let posted = nobody.post("/api/events/cancel", "/dashboard/events/new", &[("event", NOWHERE)]).await;
    assert_eq!(posted.location(), "/sign-in?next=%2Fdashboard%2Fevents%2Fnew");
}

#[apply(app_test)]
async fn invalid_fields_as_fetch_and_as_form_that_keeps_what_was_typed(app: App) {
    let ana = app.host("Ana").await;
    let fields = [
        ("form[title]", ""),
        ("form[description]", "</textarea><script>alert(1)</script> \"quoted\" שלום 🎉"),
        ("form[starts]", "someday"),
        ("form[time_zone]", "Europe/Berlin"),
        ("form[capacity]", "none"),
        ("form[theme]", "midnight"),
    ];
    let fetched = ana.fetch("/api/events/create", &fields).await;
    assert_eq!(fetched.status, 422);
    let Problem::Invalid(errors) = fetched.problem() else { panic!("{}", fetched.body) };
    let named: Vec<_> = errors.iter().map(|error| (error.field.as_str(), error.error.clone())).collect();
    assert_eq!(
        named,
        [("title", FieldError::Required), ("capacity", FieldError::NotANumber), ("starts", FieldError::NotADate)]
    );

    let posted = ana.post("/api/events/create", "/dashboard/events/new", &fields).await;
    assert_eq!(posted.location(), "/dashboard/events/new");
    let page = ana.get("/dashboard/events/new").await.ok();
    assert!(page.contains("Please fill this in.") && page.contains("Please enter a whole number."));
    assert!(page.contains("value=\"someday\"") && page.contains("value=\"none\""));
    assert!(page.contains("&lt;/textarea&gt;&lt;script&gt;") && !page.contains("<script>alert"));
    assert!(page.contains("שלום 🎉"));
    assert!(!ana.get("/dashboard/events/new").await.ok().contains("someday"), "the form comes back once");
}

#[apply(app_test)]
async fn a_password_never_comes_back(app: App) {
    let nobody = app.anonymous();
    let fields = [("form[name]", "Ada"), ("form[email]", "ada"), ("form[password]", "correct horse battery")];
    let page = nobody.post_and_follow("/api/auth/sign-up", "/sign-up", &fields).await.ok();
    assert!(page.contains("value=\"Ada\"") && !page.contains("correct horse"));
}

#[apply(app_test)]
async fn conflicts_as_fetch_and_form(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await.to_string();
    let fetched = ana.fetch("/api/invitations/issue-all", &[("event", &event)]).await;
    assert_eq!((fetched.status.as_u16(), fetched.problem()), (409, Problem::Conflict(Conflict::NobodyToInvite)));
    let path = format!("/dashboard/events/{event}/guests");
    let page = ana.post_and_follow("/api/invitations/issue", &path, &[("event", &event)]).await.ok();
    assert!(page.contains("Select at least one guest."));
}

#[apply(app_test)]
async fn arguments_that_do_not_fit_are_the_callers_fault(app: App) {
    let ana = app.host("Ana").await;
    for fields in [&[][..], &[("event", "xyz")][..]] {
        let fetched = ana.fetch("/api/events/cancel", fields).await;
        assert_eq!((fetched.status.as_u16(), fetched.problem()), (422, Problem::Invalid(Vec::new())));
        assert_eq!(ana.post("/api/events/cancel", "/dashboard", fields).await.location(), "/dashboard");
    }
}

#[apply(app_test)]
async fn a_form_never_leads_to_another_site(app: App) {
    let ana = app.host("Ana").await;
    for back in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""] {
        assert_eq!(ana.post("/api/events/cancel", back, &[("event", NOWHERE)]).await.location(), "/", "{back}");
    }
}

#[apply(app_test)]
async fn ended_links_as_page_fetch_form_and_file(app: App) {
    let InvitedGuest { host: ana, event, guest, link } = app.invited_guest("Ada").await;
    let ids = [("event", &*event.to_string()), ("guest", &*guest.to_string())];
    ana.post("/api/invitations/rotate", "/dashboard", &ids).await.location();
    let page = app.anonymous().get(&link).await;
    assert_eq!(page.status, 410);
    assert!(page.body.contains("This link is no longer valid"));
    let fields = [("token", link.trim_start_matches("/i/")), ("form[answer]", "maybe")];
    let fetched = app.anonymous().fetch("/api/rsvp/answer", &fields).await;
    assert_eq!((fetched.status.as_u16(), fetched.problem()), (410, Problem::LinkEnded(LinkEnd::Replaced)));
    assert_eq!(app.anonymous().reply(&link, &[("form[answer]", "maybe")]).await.location(), link);
    assert_eq!(app.anonymous().get(&format!("{link}/event.ics")).await.status, 410);
}
