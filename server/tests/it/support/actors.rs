//! Browsers and other HTTP clients.

use std::net::SocketAddr;

use guestguard::{
    ids::{EventId, GuestId, ImportId},
    problem::Problem,
};
use reqwest::{Client, StatusCode, header, redirect::Policy};

use super::app::event_of;

/// Somebody with a browser. It keeps cookies and does not follow redirects by itself.
pub struct Actor {
    client: Client,
    base: String,
}

/// An HTTP response.
pub struct Response {
    pub status: StatusCode,
    pub headers: header::HeaderMap,
    pub body: String,
}

impl Actor {
    pub fn new(address: SocketAddr) -> Self {
        let client = Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy().build().unwrap();
        Self { client, base: format!("http://{address}") }
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Response {
        let browser = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0";
        let request =
            self.client.get(format!("{}{path}", self.base)).header("accept", "text/html").header("user-agent", browser);
        Response::of(request.send().await.unwrap()).await
    }

    /// Posts a form of the page `back`, as a browser without scripts does.
    pub async fn post(&self, endpoint: &str, back: &str, fields: &[(&str, &str)]) -> Response {
        let mut fields = fields.to_vec();
        fields.push(("_back", back));
        let request =
            self.client.post(format!("{}{endpoint}", self.base)).header("accept", "text/html,*/*").form(&fields);
        Response::of(request.send().await.unwrap()).await
    }

    /// Calls a server function as a script does.
    pub async fn fetch(&self, endpoint: &str, fields: &[(&str, &str)]) -> Response {
        self.fetch_with(&[], endpoint, fields).await
    }

    /// The same with additional headers.
    pub async fn fetch_with(&self, headers: &[(&str, &str)], endpoint: &str, fields: &[(&str, &str)]) -> Response {
        let mut request =
            self.client.post(format!("{}{endpoint}", self.base)).header("accept", "application/json").form(&fields);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Response::of(request.send().await.unwrap()).await
    }

    /// Posts a form and opens the page that it leads to.
    pub async fn post_and_follow(&self, endpoint: &str, back: &str, fields: &[(&str, &str)]) -> Response {
        let response = self.post(endpoint, back, fields).await;
        self.get(&response.location()).await
    }

    /// Signs in through the form.
    pub async fn sign_in(&self, email: &str, password: &str) -> Response {
        let fields = [("form[email]", email), ("form[password]", password)];
        self.post("/api/auth/sign-in", "/sign-in", &fields).await
    }

    /// Creates an event from default fields, which `fields` replace or extend.
    pub async fn plan(&self, fields: &[(&str, &str)]) -> EventId {
        let mut form = vec![
            ("form[title]", "Midsummer dinner"),
            ("form[starts]", "2099-06-20T18:30"),
            ("form[time_zone]", "Europe/Berlin"),
            ("form[party_size]", "4"),
        ];
        form.retain(|(name, _)| !fields.iter().any(|(other, _)| other == name));
        form.extend(fields);
        let response = self.post("/api/events/create", "/dashboard/events/new", &form).await;
        event_of(&response.location())
    }

    /// Adds guests by pasting text.
    pub async fn paste(&self, event: EventId, text: &str) {
        let id = event.to_string();
        let response = self.post("/api/guests/paste", "/dashboard", &[("event", &id), ("form[text]", text)]).await;
        assert_eq!(response.location(), format!("/dashboard/events/{event}/guests"));
    }

    /// Uploads a guest list through the form of the import page.
    pub async fn upload(&self, event: EventId, name: &str, file: &[u8]) -> Response {
        let part = reqwest::multipart::Part::bytes(file.to_vec()).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().text("country", "GB").part("file", part);
        let request = self.client.post(format!("{}/dashboard/events/{event}/guests/import", self.base));
        Response::of(request.header("accept", "text/html").multipart(form).send().await.unwrap()).await
    }

    /// Uploads a guest list as a script does.
    pub async fn fetch_file(&self, path: &str, name: &str, file: &[u8]) -> Response {
        let part = reqwest::multipart::Part::bytes(file.to_vec()).file_name(name.to_owned());
        let request = self.client.post(format!("{}{path}", self.base)).header("accept", "application/json");
        Response::of(request.multipart(reqwest::multipart::Form::new().part("file", part)).send().await.unwrap()).await
    }

    /// Sends a JSON request, as a program does.
    pub async fn send(&self, method: &str, path: &str, body: Option<serde_json::Value>) -> Response {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request =
            self.client.request(method, format!("{}{path}", self.base)).header("accept", "application/json");
        if let Some(body) = body {
            request = request.json(&body);
        }
        Response::of(request.send().await.unwrap()).await
    }

    /// Posts a form whose response is a file.
    pub async fn send_form(&self, path: &str, fields: &[(&str, &str)]) -> Vec<u8> {
        let response = self.client.post(format!("{}{path}", self.base)).form(&fields).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.bytes().await.unwrap().to_vec()
    }

    /// Downloads a file.
    pub async fn download(&self, path: &str) -> Vec<u8> {
        self.client.get(format!("{}{path}", self.base)).send().await.unwrap().bytes().await.unwrap().to_vec()
    }

    /// Exports the guest list as a file.
    pub async fn export(&self, event: EventId, format: &str) -> Vec<u8> {
        let request = self.client.post(format!("{}/dashboard/events/{event}/guests/export", self.base));
        let response = request.form(&[("format", format)]).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.bytes().await.unwrap().to_vec()
    }

    /// The same browser, with its cookies, on another node.
    pub fn on(&self, address: &str) -> Self {
        Self { client: self.client.clone(), base: format!("http://{address}") }
    }

    /// Calls a server function of a node that may be down.
    pub async fn try_fetch(&self, endpoint: &str, fields: &[(&str, &str)]) -> Option<StatusCode> {
        let request = self.client.post(format!("{}{endpoint}", self.base)).header("accept", "application/json");
        Some(request.form(&fields).send().await.ok()?.status())
    }

    /// Uploads a readable guest list. Returns its import.
    pub async fn bring(&self, event: EventId, name: &str, file: &[u8]) -> ImportId {
        let page = self.upload(event, name, file).await.location();
        page.rsplit('/').next().unwrap().parse().unwrap_or_else(|_| panic!("no import: {page}"))
    }

    /// Invites all guests.
    pub async fn invite_all(&self, event: EventId) {
        let id = event.to_string();
        let onwards = self.post("/api/invitations/issue-all", "/dashboard", &[("event", &id)]).await.location();
        // To the list, or to the page of the links that the host has to share.
        assert!(["guests", "invite"].map(|page| format!("/dashboard/events/{event}/{page}")).contains(&onwards));
    }

    /// The ids of the guests that a search finds, in the order of the table.
    pub async fn guests(&self, event: EventId, search: &str) -> Vec<GuestId> {
        let page = self.get(&format!("/dashboard/events/{event}/guests?search={search}")).await.ok();
        hidden(&page, "ids[]").iter().map(|id| id.parse().unwrap()).collect()
    }

    /// The path of a guest's personal link, read from their page.
    pub async fn link(&self, event: EventId, guest: GuestId) -> String {
        let page = self.get(&format!("/dashboard/events/{event}/guests/{guest}")).await.ok();
        links(&page).first().expect("a link on the guest's page").clone()
    }

    /// Replies to an invitation through the form of its page.
    pub async fn reply(&self, link: &str, fields: &[(&str, &str)]) -> Response {
        let mut form = vec![("token", link.trim_start_matches("/i/"))];
        form.extend(fields);
        self.post("/api/rsvp/answer", link, &form).await
    }
}

impl Response {
    async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        // Leptos separates neighbouring texts by empty comments.
        Self { status, headers, body: response.text().await.unwrap().replace("<!>", "") }
    }

    /// The body of a 200 response.
    pub fn ok(self) -> String {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        self.body
    }

    /// The target of a redirect (303).
    pub fn location(&self) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.header("location").to_owned()
    }

    /// A header, or an empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The problem in the body.
    pub fn problem(&self) -> Problem {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no problem: {} {}", self.status, self.body))
    }
}

/// The values of the inputs with that name.
pub fn hidden(page: &str, name: &str) -> Vec<String> {
    let mark = format!("name=\"{name}\" value=\"");
    page.split(&mark).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// The invitation links in a text, as paths.
pub fn links(text: &str) -> Vec<String> {
    text.split("/i/").skip(1).map(|rest| format!("/i/{}", &rest[..43])).collect()
}
