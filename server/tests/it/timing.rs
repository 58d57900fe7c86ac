//! Timing: response times do not tell whether an account or a thing exists. Run this on an idle machine:
//! `cargo test --locked -p server --test it timing -- --ignored --nocapture --test-threads=1`

use std::time::{Duration, Instant};

use crate::support::{Actor, App, PASSWORD};

const SAMPLES: usize = 200;
/// Smaller differences cannot be measured over a network (our reading of ASVS 6.3.8).
const SAME: Duration = Duration::from_millis(5);
const LEAST_P: f64 = 0.01;

/// Two cases that must take equally long.
#[derive(Clone, Copy)]
enum Of {
    Known,
    Unknown,
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted[sorted.len() / 2]
}

/// The two-sided p of the Mann-Whitney U test, by its normal approximation.
fn mann_whitney(left: &[Duration], right: &[Duration]) -> f64 {
    let (n, m) = (left.len() as f64, right.len() as f64);
    let wins = |l: &Duration| right.iter().map(|r| f64::from(l > r) + f64::from(l == r) / 2.0).sum::<f64>();
    let u: f64 = left.iter().map(wins).sum();
    let z = (u - n * m / 2.0).abs() / (n * m * (n + m + 1.0) / 12.0).sqrt();
    // The complementary error function of z/√2, after Abramowitz and Stegun 7.1.26.
    let (x, t) = (z / 2f64.sqrt(), 1.0 / (1.0 + 0.327_591_1 * z / 2f64.sqrt()));
    let polynomial = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    polynomial.into_iter().fold(0.0, |sum, part| (sum + part) * t) * (-x * x).exp()
}

/// Runs the request for both cases in turn, and compares the times.
async fn compare(what: &str, request: impl AsyncFn(Of, usize)) {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for n in 0..SAMPLES + 10 {
        // The order changes, so that after-effects of one case do not always hit the other.
        let order = if n % 4 < 2 { [Of::Known, Of::Unknown] } else { [Of::Unknown, Of::Known] };
        for of in order {
            let begun = Instant::now();
            request(of, n).await;
            let times = if matches!(of, Of::Known) { &mut known } else { &mut unknown };
            times.push(begun.elapsed());
        }
    }
    // The first requests fill caches.
    let (known, unknown) = (&known[10..], &unknown[10..]);
    let (left, right, p) = (median(known), median(unknown), mann_whitney(known, unknown));
    println!("{what}: medians {left:.2?} and {right:.2?}, p = {p:.3}");
    assert!(left.abs_diff(right) < SAME && p > LEAST_P, "{what}: the times differ");
}

#[test]
fn the_u_test_detects_a_difference() {
    let times = |from: u64| (0..100).map(|n| Duration::from_micros(from + n * 7 % 100)).collect::<Vec<_>>();
    assert!(mann_whitney(&times(0), &times(0)) > 0.99);
    assert!(mann_whitney(&times(0), &times(30)) < 1e-6);
}

#[apply(app_test)]
#[ignore = "measures"]
async fn timing_of_known_and_unknown_addresses(app: App) {
    app.host("Ana").await;
    let eve = app.anonymous();
    let email = |of| match of {
        Of::Known => "ana@example.org",
        Of::Unknown => "eve@example.org",
    };
    for n in 0..SAMPLES + 10 {
        app.copy_account(&format!("ana{n}@example.org")).await;
    }
    compare("sign-up", async |of, n| {
        let (known, unknown) = (format!("ana{n}@example.org"), format!("eve{n}@example.org"));
        let email = if matches!(of, Of::Known) { &known } else { &unknown };
        let fields =
            [("form[name]", "Eve"), ("form[email]", email), ("form[password]", PASSWORD), ("form[accepted]", "true")];
        assert_eq!(eve.fetch("/api/auth/sign-up", &fields).await.status, 200);
    })
    .await;
    compare("sign-in", async |of, _| {
        // An address is locked after four failures, and locked addresses are measured below.
        app.clear_sign_in_failures().await;
        let fields = [("form[email]", email(of)), ("form[password]", "wrong horse battery")];
        assert_eq!(eve.fetch("/api/auth/sign-in", &fields).await.status, 422);
    })
    .await;
    let guess = async |of| {
        let fields = [("form[email]", email(of)), ("form[password]", "wrong horse battery")];
        eve.fetch("/api/auth/sign-in", &fields).await.status.as_u16()
    };
    for of in [Of::Known, Of::Unknown].repeat(5) {
        guess(of).await;
    }
    compare("sign-in to a locked account", async |of, _| assert_eq!(guess(of).await, 423)).await;
    compare("forgotten password", async |of, _| {
        assert_eq!(eve.fetch("/api/auth/request-reset", &[("form[email]", email(of))]).await.status, 200);
    })
    .await;
}

#[apply(app_test)]
#[ignore = "measures"]
async fn timing_of_foreign_and_missing_things(app: App) {
    let (ana, ben) = (app.host("Ana").await, app.host("Ben").await);
    let event = ana.plan(&[]).await;
    ana.paste(event, "Ada <ada@example.org>").await;
    ana.invite_all(event).await;
    let guest = ana.guests(event, "Ada").await[0];
    let link = ana.link(event, guest).await;
    let nowhere = "01890a5d-ac96-774b-bcce-b302099a8057".to_owned();
    let page = async |host: &Actor, of, path: &dyn Fn(&str) -> String, event: &str| {
        let event = if matches!(of, Of::Known) { event } else { &nowhere };
        assert_eq!(host.get(&path(event)).await.status, 404);
    };
    let event = event.to_string();
    for (what, path) in [("overview", ""), ("guests", "/guests"), ("edit", "/edit"), ("invite", "/invite")] {
        let path = |event: &str| format!("/dashboard/events/{event}{path}");
        compare(what, async |of, _| page(&ben, of, &path, &event).await).await;
    }
    compare("cancelling", async |of, _| {
        let event = if matches!(of, Of::Known) { &event } else { &nowhere };
        assert_eq!(ben.fetch("/api/events/cancel", &[("event", event)]).await.status, 404);
    })
    .await;
    let eve = app.anonymous();
    compare("unknown links, like a valid one and not", async |of, n| {
        let link = if matches!(of, Of::Known) { format!("{}{n:0>3}", &link[..43]) } else { format!("/i/{n:0>43}") };
        assert_eq!(eve.get(&link).await.status, 404);
    })
    .await;
}
