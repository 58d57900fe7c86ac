//! Errors: a [`Problem`] for the person, or an unexpected cause for the log.

use crate::problem::Problem;

/// The error of a verb or query. Only one place converts it to a [`Problem`], and it logs the cause: a cause never reaches the
/// browser.
#[derive(Debug)]
pub enum Error {
    /// For the person.
    Problem(Problem),
    /// For the log.
    Unexpected(anyhow::Error),
}

impl Error {
    /// Whether this transaction was the victim of a deadlock (PostgreSQL, appendix A: 40P01).
    pub fn is_deadlock(&self) -> bool {
        let Self::Unexpected(cause) = self else { return false };
        let database = cause.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
        database.is_some_and(|error| error.code().as_deref() == Some("40P01"))
    }

    /// For an operator at a terminal, who sees causes.
    pub fn into_cause(self) -> anyhow::Error {
        match self {
            Self::Problem(problem) => anyhow::anyhow!("{problem:?}"),
            Self::Unexpected(cause) => cause,
        }
    }
}

/// The result of a verb or query.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<anyhow::Error> for Error {
    fn from(cause: anyhow::Error) -> Self {
        Self::Unexpected(cause)
    }
}

impl From<sqlx::Error> for Error {
    /// A database that cannot be reached is a problem; everything else is unexpected.
    fn from(cause: sqlx::Error) -> Self {
        match cause {
            cause if is_unavailable(&cause) => {
                tracing::error!(cause = %cause, "the database is unavailable");
                Self::Problem(Problem::Unavailable { retry_after: 5 })
            }
            // The trigger forbid_deleted_account: the account was deleted meanwhile.
            sqlx::Error::Database(error) if error.code().as_deref() == Some("GG401") => {
                Self::Problem(Problem::SignInRequired)
            }
            cause => Self::Unexpected(cause.into()),
        }
    }
}

/// Whether the database is unavailable: unreachable, shutting down, starting, out of connections, or a standby before failover
/// (PostgreSQL, appendix A: 57P01 to 57P03, 53300, 25006). A proxy that closes a connection during the handshake looks like a
/// protocol error.
fn is_unavailable(cause: &sqlx::Error) -> bool {
    match cause {
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => {
            matches!(error.code().as_deref(), Some("57P01" | "57P02" | "57P03" | "53300" | "25006"))
        }
        _ => false,
    }
}

/// Turns the violation of one named constraint into a problem for the person.
pub trait OnConstraint<T> {
    /// `problem` if `constraint` was violated; every other error stays unexpected.
    fn on_constraint(self, constraint: &str, problem: Problem) -> Result<T>;
}

impl<T> OnConstraint<T> for Result<T, sqlx::Error> {
    fn on_constraint(self, constraint: &str, problem: Problem) -> Result<T> {
        self.map_err(|error| match error.as_database_error() {
            Some(database) if database.constraint() == Some(constraint) => problem.into(),
            _ => error.into(),
        })
    }
}
