//! The sample billers, and what happens to each of them.

use local_stack::UserRow;

use super::reports::Report;
use super::scenario::{Act, Change, Ending, Event};

/// A sample biller, and the events that it gets.
#[derive(Debug, Clone, Copy)]
pub(super) struct SampleBiller {
    /// The biller id.
    pub(super) id: &'static str,
    /// The biller's name in the CRM.
    pub(super) name: &'static str,
    /// Number of users at first.
    pub(super) users: u32,
    /// Whether three of them are bad records at first.
    pub(super) has_bad_records: bool,
    /// Whether SecureAuth has the biller's organization at first, deactivated.
    pub(super) has_deactivated_organization: bool,
    /// The biller's events, in order.
    pub(super) acts: &'static [Act],
}

const PLAIN: SampleBiller = SampleBiller {
    id: "",
    name: "",
    users: 0,
    has_bad_records: false,
    has_deactivated_organization: false,
    acts: &[],
};

const YES: Event = Event::Toggle(true);
const NO: Event = Event::Toggle(false);
const WIZARD: Event = Event::Wizard(true);

/// The data errors of [`spoil`].
const BAD_RECORDS: [Report; 4] = [
    Report::of(1, "email", "missing"),
    Report::of(2, "user_name", "invalid"),
    Report::of(3, "user_name", "duplicate"),
    Report::of(4, "user_name", "duplicate"),
];

/// The data errors of [`Change::PeopleChangePlaces`].
const MOVES: [Report; 4] = [
    Report::of(8, "user_name", "duplicate"),
    Report::of(1_008, "user_name", "duplicate"),
    Report::of(9, "user_name", "invalid"),
    Report::held(1_009, "user_name", 9),
];

/// All sample billers.
pub(super) const BILLERS: [SampleBiller; 11] = [
    SampleBiller {
        id: "1001",
        name: "Maple Grove",
        acts: &[Act::of(YES, Ending::Active(0))],
        ..PLAIN
    },
    SampleBiller {
        id: "1002",
        name: "Cedar Point",
        users: 3,
        acts: &[Act::of(WIZARD, Ending::Active(3))],
        ..PLAIN
    },
    SampleBiller {
        id: "1003",
        name: "Clearwater",
        users: 250,
        acts: &[Act::of(YES, Ending::Active(250))],
        ..PLAIN
    },
    SampleBiller {
        id: "1004",
        name: "Riverbend Water",
        users: 5_000,
        acts: &[Act::of(YES, Ending::Active(5_000))],
        ..PLAIN
    },
    SampleBiller {
        id: "1005",
        name: "Harborview",
        users: 250,
        has_bad_records: true,
        acts: &[
            Act::of(YES, Ending::Failed).reporting(&BAD_RECORDS),
            Act::of(YES, Ending::Active(250)).after(Change::RecordsCorrected),
        ],
        ..PLAIN
    },
    SampleBiller {
        id: "1006",
        name: "Pine Valley",
        users: 12,
        has_deactivated_organization: true,
        acts: &[Act::of(YES, Ending::Active(12))],
        ..PLAIN
    },
    SampleBiller {
        id: "1007",
        name: "Lakeside Gas",
        users: 10,
        acts: &[
            Act::of(YES, Ending::Active(10)),
            Act::of(YES, Ending::Active(12)).after(Change::MoreUsers(2)),
        ],
        ..PLAIN
    },
    SampleBiller {
        id: "1008",
        name: "Granite County",
        users: 8,
        acts: &[
            Act::of(WIZARD, Ending::Failed).after(Change::SecureAuthRefusesActivation),
            Act::of(YES, Ending::Active(8)).after(Change::SecureAuthAcceptsAgain),
        ],
        ..PLAIN
    },
    SampleBiller {
        id: "1009",
        name: "Summit Waste",
        users: 5,
        acts: &[
            Act::of(YES, Ending::Active(5)),
            Act::of(NO, Ending::Inactive(5)).after(Change::SignIns),
        ],
        ..PLAIN
    },
    SampleBiller {
        id: "1010",
        name: "Willow Creek",
        users: 4,
        acts: &[Act::of(Event::Wizard(false), Ending::NotEnabled)],
        ..PLAIN
    },
    SampleBiller {
        id: "1011",
        name: "Foxhill Sewer",
        users: 80,
        acts: &[
            Act::of(YES, Ending::Active(80)),
            Act::of(YES, Ending::Active(81))
                .after(Change::PeopleChangePlaces)
                .reporting(&MOVES),
        ],
        ..PLAIN
    },
];

impl SampleBiller {
    /// The biller's users without data errors.
    pub(super) fn good_users(&self) -> Vec<UserRow> {
        UserRow::samples(self.id, self.users)
    }

    /// The biller's users as the CRM has them at first.
    pub(super) fn first_users(&self) -> Vec<UserRow> {
        let mut users = self.good_users();
        if self.has_bad_records {
            spoil(&mut users);
        }
        users
    }
}

/// Makes three bad records: no e-mail address, a user name with a blank, and another user's name in capitals.
fn spoil(users: &mut [UserRow]) {
    let [first, second, third, fourth, ..] = users else {
        return;
    };
    first.email = None;
    second.user_name = Some("front desk".to_owned());
    third.user_name = fourth.user_name.as_ref().map(|name| name.to_uppercase());
}
