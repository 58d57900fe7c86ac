//! The measured requests, alternating with their controls.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use uuid::Uuid;

use super::{Measuring, Rounds};
use crate::{
    load::{self, get, post},
    report::median,
};

impl Measuring {
    /// Alternates rounds of GuestGuard and of the control, so that a disturbance hits both.
    pub(super) async fn in_turns(&self, ours: Requests, control: Requests) -> anyhow::Result<Rounds> {
        let mut rounds = Rounds { ours: Vec::new(), control: Vec::new(), p99: 0.0 };
        let mut p99 = Vec::new();
        // The first round only warms up.
        for number in 0..=self.rounds {
            let our_round = ours.run(self.lasting).await?;
            let control_round = control.run(self.lasting).await?;
            if number > 0 {
                rounds.ours.push(our_round.rate());
                rounds.control.push(control_round.rate());
                p99.push(our_round.within(0.99));
            }
        }
        rounds.p99 = median(p99);
        Ok(rounds)
    }

    pub(super) fn invitation(&self) -> Requests {
        let tokens = self.seeded.tokens.clone();
        Requests::new(&self.serving.address, move |number| {
            get(&format!("/i/{}", tokens[number * 7919 % tokens.len()]), "")
        })
    }

    pub(super) fn reply(&self) -> Requests {
        let tokens = self.seeded.tokens.clone();
        // Each reply differs from the one before. Otherwise nothing would be written.
        let began = Uuid::now_v7().simple().to_string();
        Requests::new(&self.serving.address, move |number| {
            let token = &tokens[number * 7919 % tokens.len()];
            let form = format!("token={token}&form[answer]=attending&form[heads]=1&form[message]={began}{number}");
            post("/api/rsvp/answer", "", form.replace('[', "%5B").replace(']', "%5D"))
        })
    }

    pub(super) fn table(&self) -> Requests {
        let (event, cookie) = (self.seeded.event, self.cookie.clone());
        Requests::new(&self.serving.address, move |number| {
            let view = VIEWS[number % VIEWS.len()].replace('#', &(1 + number % 90).to_string());
            get(&format!("/dashboard/events/{event}/guests?{view}"), &cookie)
        })
    }

    pub(super) fn select(&self) -> Requests {
        let (host, guests) = (self.seeded.host.id(), self.seeded.guests.clone());
        Requests::new(&self.control.address, move |number| {
            get(&format!("/{}/{}", host.0, guests[number * 7919 % guests.len()].0), "")
        })
    }

    pub(super) fn insert(&self) -> Requests {
        Requests::new(&self.control.address, |number| post("/", "", format!("attending {number}")))
    }
}

/// Views of the table: all sort orders, filters, searches with many, few and no results, and late pages.
const VIEWS: [&str; 12] = [
    "",
    "page=#",
    "sort=status&order=down&page=#",
    "sort=party&order=down&page=#",
    "sort=activity&order=down&page=#",
    "sort=name&order=down&page=#",
    "search=guest&page=#",
    "search=guest%20004#",
    "search=guest#@",
    "search=nobody-at-all",
    "status=attending&page=#",
    "status=sent&sort=activity&search=guest",
];

type MakeRequest = Arc<dyn Fn(usize) -> Request<Full<Bytes>> + Send + Sync>;

/// Requests to one address.
pub(super) struct Requests {
    address: String,
    request: MakeRequest,
}

impl Requests {
    fn new(address: &str, request: impl Fn(usize) -> Request<Full<Bytes>> + Send + Sync + 'static) -> Self {
        Self { address: address.to_owned(), request: Arc::new(request) }
    }

    async fn run(&self, lasting: Duration) -> anyhow::Result<load::Round> {
        let request = self.request.clone();
        load::run(&self.address, lasting, move |number| request(number)).await
    }
}
