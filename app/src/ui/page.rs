//! Page loading: one query, then a view or an error page.

use guestguard::problem::Problem;
use leptos::{either::Either, prelude::*};

use super::{layout::Frame, words};
use crate::ssr;

/// A page: what `load` returns, rendered by `draw`; or an error page. The whole page waits for its one query, so that
/// status and headers can depend on it.
pub fn page<T, V>(
    load: impl Future<Output = Result<T, Problem>> + Send + 'static,
    draw: impl FnOnce(T) -> V + Send + 'static,
) -> impl IntoView
where
    T: Send + 'static,
    V: IntoView + 'static,
{
    let content = Suspend::new(async move {
        match load.await {
            Ok(found) => Either::Left(draw(found)),
            Err(problem) => Either::Right(view! { <ProblemPage problem/> }),
        }
    });
    view! { <Suspense>{content}</Suspense> }
}

/// The next steps after a problem.
fn next_steps(problem: &Problem) -> impl IntoView + use<> {
    match problem {
        // During maintenance there is no other page to offer.
        Problem::Maintenance { .. } => {
            Either::Left(view! { <a class="button button-primary" href=ssr::path()>"Try again"</a> })
        }
        _ => Either::Right(view! {
            <a class="button button-primary" href="/dashboard">"Go to dashboard"</a>
            <a class="button button-quiet" href="/">"Home"</a>
        }),
    }
}

/// An error page.
#[component]
pub fn ProblemPage(problem: Problem) -> impl IntoView {
    ssr::set_status(&problem);
    let invited = ["/i/", "/u/"].iter().any(|opening| ssr::path().starts_with(opening));
    let (title, text) =
        if ssr::path().starts_with("/i/") { words::link_problem(&problem) } else { words::problem(&problem) };
    view! {
        <leptos_meta::Title text=title/>
        {if invited {
            Either::Left(
                view! {
                    <main id="main">
                        <article class="invitation" data-theme="plain">
                            <div class="invitation-ornament" aria-hidden="true"></div>
                            <h1 class="invitation-title">{title}</h1>
                            <div class="invitation-message">
                                <p>{text}</p>
                            </div>
                        </article>
                    </main>
                },
            )
        } else {
            Either::Right(
                view! {
                    <Frame host=None class="page">
                        <section class="problem">
                            <p class="problem-code">{problem.status()}</p>
                            <h1>{title}</h1>
                            <p>{text}</p>
                            <div class="actions">{next_steps(&problem)}</div>
                        </section>
                    </Frame>
                },
            )
        }}
    }
}
