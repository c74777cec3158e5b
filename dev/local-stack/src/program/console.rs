//! Shows the progress of the runs: a bar per biller, or a line per change where there is no terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use local_stack::HttpAnswer;
use rustix::termios::tcgetwinsize;

use super::billers::SampleBiller;
use super::scenario::{Act, Event};

/// Time between two redraws of the elapsed time.
const TICK: Duration = Duration::from_millis(200);

/// A terminal with this many columns has room for the bars beside the numbers.
const WIDE: u16 = 90;

/// The terminal, or stdout without one.
#[derive(Debug)]
pub(super) struct Console {
    bars: Option<MultiProgress>,
    /// Columns of the terminal; `None` where they are not known.
    width: Option<u16>,
}

/// One biller's bar or lines.
#[derive(Debug)]
pub(super) struct BillerLine {
    label: String,
    bar: Option<ProgressBar>,
    last: String,
}

impl Console {
    /// Shows bars when stdout is a terminal.
    pub(super) fn new() -> Self {
        let bars = std::io::stdout()
            .is_terminal()
            .then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stdout()));
        // A terminal that does not know its size says 0.
        let size = tcgetwinsize(std::io::stdout()).ok();
        let width = size.map(|size| size.ws_col).filter(|columns| *columns > 0);
        Self { bars, width }
    }

    /// Columns of the terminal; `None` where there is no terminal.
    pub(super) fn width(&self) -> Option<u16> {
        self.width
    }

    /// Ends the output of bars.
    pub(super) fn close(&self) {
        // The cursor is still behind the last bar.
        if self.bars.is_some() {
            say!();
        }
    }

    /// Adds a biller below the others.
    pub(super) fn line(&self, biller: &SampleBiller) -> BillerLine {
        let label = format!("{} {}", biller.id, biller.name);
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new(u64::from(biller.users)));
            bar.set_style(style(self.width));
            bar.set_prefix(label.clone());
            bar
        });
        BillerLine {
            label,
            bar,
            last: String::new(),
        }
    }
}

fn style(width: Option<u16>) -> ProgressStyle {
    let template = if width.is_none_or(|width| width >= WIDE) {
        "{prefix:20} {bar:24.cyan} {pos:>5}/{len:5} {elapsed:>4} {wide_msg}"
    } else {
        "{prefix:20} {pos:>5}/{len:5} {wide_msg}"
    };
    // The templates are constants that parse. The default style is only there because the type asks for it.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━━╌")
}

impl BillerLine {
    /// Shows that an event begins.
    pub(super) fn begin(&mut self, act: &Act) {
        if let Some(bar) = &self.bar {
            bar.reset_elapsed();
            // A disable run leaves the users where they are, so the bar stays full.
            if act.event != Event::Toggle(false) {
                bar.set_position(0);
            }
            bar.enable_steady_tick(TICK);
        }
        self.say(&act.label());
    }

    /// Shows the status that the HTTP API answered.
    pub(super) fn update(&mut self, status: &HttpAnswer) {
        let number = |name: &str| status.number_at(&format!("/onboarding/progress/{name}"));
        if let Some(bar) = self.bar.as_ref().filter(|_| number("usersTotal") > 0) {
            bar.set_length(number("usersTotal"));
            let dealt_with = ["imported", "changed", "linked", "alreadyPresent"];
            bar.set_position(dealt_with.into_iter().map(number).sum());
        }
        let words = ["kind", "state", "step"].map(|member| status.text_at(&format!("/onboarding/{member}")));
        let mut text = words
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" · ");
        if text.is_empty() {
            "no run".clone_into(&mut text);
        }
        let waiting_for = status.text_at("/onboarding/waitingFor");
        if !waiting_for.is_empty() {
            text = format!("{text} · waits for {waiting_for}");
        }
        self.say(&text);
    }

    /// Shows how an event has ended.
    pub(super) fn end(&mut self, text: &str) {
        self.say(text);
        if let Some(bar) = &self.bar {
            bar.disable_steady_tick();
            bar.abandon();
        }
    }

    fn say(&mut self, text: &str) {
        if text == self.last {
            return;
        }
        text.clone_into(&mut self.last);
        if let Some(bar) = &self.bar {
            bar.set_message(self.last.clone());
        } else {
            say!("{:20} {text}", self.label);
        }
    }
}
