//! How much is measured.

/// One size of the rows that compare the programs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// How long the simulator waits before an import takes effect.
    pub(crate) latency_ms: u64,
    pub(crate) users: u32,
}

/// Several billers at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) billers: u32,
    pub(crate) users: u32,
    /// How long the simulator waits before a call takes effect.
    pub(crate) latency_ms: u64,
}

/// A server that allows so many calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Throttled {
    /// Calls a second.
    pub(crate) rate: u32,
    /// Calls at once.
    pub(crate) burst: u32,
    pub(crate) users: u32,
    pub(crate) goal: Goal,
}

/// What the handler has to achieve at such a server.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// To end.
    Ends,
    /// To need at most so many seconds.
    Seconds(f64),
    /// Once the rate is learned, to have at least so much of what is allowed accepted, and at most so much of its calls refused.
    Shares { used: f64, refused: f64 },
}

/// A part of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Those that compare the programs.
    Sizes,
    /// Those at a server that limits calls.
    Throttled,
}

/// How much is measured.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Runs per row and program, in turn.
    pub(crate) runs: u32,
    pub(crate) sizes: Vec<Size>,
    /// Numbers of users for the handler's memory and for how its time grows.
    pub(crate) growth: Vec<u32>,
    /// Users of the biller that is synced, and how often it is.
    pub(crate) synced: u32,
    pub(crate) syncs: u32,
    /// Small billers, all at once.
    pub(crate) small: Crowd,
    /// Big billers, behind which a small one waits.
    pub(crate) big: Crowd,
    pub(crate) throttled: Vec<Throttled>,
    /// How long the handler may learn the server's rate before it is judged.
    pub(crate) learning_seconds: u32,
    /// Starts of the process.
    pub(crate) starts: u32,
    /// Whether a slow peer is a failure.
    pub(crate) judges_the_peer: bool,
    /// Nothing but these rows.
    pub(crate) only: Option<Rows>,
}

const fn size(latency_ms: u64, users: u32) -> Size {
    Size { latency_ms, users }
}

const fn crowd(billers: u32, users: u32, latency_ms: u64) -> Crowd {
    Crowd {
        billers,
        users,
        latency_ms,
    }
}

const fn throttled(rate: u32, burst: u32, users: u32, goal: Goal) -> Throttled {
    Throttled {
        rate,
        burst,
        users,
        goal,
    }
}

const SHARES: Goal = Goal::Shares {
    used: 0.95,
    refused: 0.01,
};

/// The last three take two minutes each.
const THROTTLED: [Throttled; 5] = [
    throttled(1, 1, 500, Goal::Ends),
    throttled(2, 2, 1_000, Goal::Seconds(6.0)),
    throttled(5, 10, 60_000, SHARES),
    throttled(20, 10, 240_000, SHARES),
    throttled(100, 10, 1_200_000, SHARES),
];

impl Plan {
    /// Takes a quarter of an hour. Numbers of users are whole rounds of 8 chunks of 100, except without latency.
    pub(crate) fn usual() -> Self {
        Self {
            runs: 3,
            sizes: vec![size(0, 20_000), size(50, 32_000), size(960, 8_000)],
            growth: vec![10_000, 100_000],
            synced: 100_000,
            syncs: 40,
            small: crowd(40, 3, 50),
            big: crowd(8, 20_000, 50),
            throttled: THROTTLED.to_vec(),
            learning_seconds: 60,
            starts: 100,
            judges_the_peer: false,
            only: None,
        }
    }

    /// One size without latency, for a look at a change of the code.
    pub(crate) fn only(users: u32) -> Self {
        Self {
            sizes: vec![size(0, users)],
            only: Some(Rows::Sizes),
            ..Self::usual()
        }
    }

    /// Takes an hour.
    pub(crate) fn long() -> Self {
        Self {
            sizes: vec![size(0, 100_000), size(50, 100_000), size(960, 100_000)],
            growth: vec![10_000, 100_000, 1_000_000],
            judges_the_peer: true,
            ..Self::usual()
        }
    }

    /// Takes seconds.
    pub(crate) fn smoke() -> Self {
        Self {
            runs: 1,
            sizes: vec![size(0, 300), size(50, 300)],
            growth: vec![100, 300],
            synced: 300,
            syncs: 3,
            small: crowd(4, 3, 5),
            big: crowd(2, 200, 5),
            throttled: vec![throttled(5, 2, 1_500, SHARES)],
            learning_seconds: 1,
            starts: 2,
            judges_the_peer: false,
            only: None,
        }
    }
}
