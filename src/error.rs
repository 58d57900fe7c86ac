use crate::problem::Problem;

/// What a verb can end with. There is deliberately no way from here to [`Problem`] but through the one place that logs
/// the cause, so a cause never reaches the browser.
#[derive(Debug)]
pub enum Error {
    /// For the person.
    Problem(Problem),
    /// For the log.
    Unexpected(anyhow::Error),
}

impl Error {
    /// Whether two transactions waited for each other, and this one was given up (PostgreSQL, appendix A: 40P01).
    pub fn is_deadlock(&self) -> bool {
        let Self::Unexpected(cause) = self else { return false };
        let told = cause.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
        told.is_some_and(|told| told.code().as_deref() == Some("40P01"))
    }

    /// The same for an operator at a terminal, who sees causes.
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
    /// A database that cannot be reached is told as such; everything else is unexpected.
    fn from(cause: sqlx::Error) -> Self {
        match cause {
            cause if is_away(&cause) => {
                tracing::error!(cause = %cause, "the database is out of reach");
                Self::Problem(Problem::Unavailable { retry_after: 5 })
            }
            // Their account was deleted while they did something (`forbid_deleted_account` in migrations/0012).
            sqlx::Error::Database(told) if told.code().as_deref() == Some("GG401") => {
                Self::Problem(Problem::SignInRequired)
            }
            cause => Self::Unexpected(cause.into()),
        }
    }
}

/// Whether the database cannot be reached now, or said so: it shuts down, starts up, has no connection left, or is a standby
/// that has not taken over yet (PostgreSQL, appendix A: 57P01 to 57P03, 53300, 25006). A proxy that closes a connection while
/// it is made looks like a breach of the protocol.
fn is_away(cause: &sqlx::Error) -> bool {
    match cause {
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(told) => {
            matches!(told.code().as_deref(), Some("57P01" | "57P02" | "57P03" | "53300" | "25006"))
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
