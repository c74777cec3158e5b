//! Changes good samples in every way: bytes, JSON values, members, texts. The same seed and number give the same input.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// Texts that parsers often get wrong.
const TEXTS: [&str; 22] = [
    "",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "-0",
    "1e999",
    "18446744073709551616",
    "\u{feff}",
    "\u{0}",
    "\r\n",
    "../..",
    "%2F",
    "İ\u{200b}\u{202e}",
];
/// Deeper than the limit of the JSON parser.
const DEEP: usize = 200;
/// Longer than any limit of a member.
const LONG: usize = 5_000;
/// Most changes of one input. Some inputs have none, so that good ones are among them.
const MOST_CHANGES: usize = 4;

/// The random choices of one input.
pub(super) struct Mutator(ChaCha8Rng);

impl Mutator {
    pub(super) fn new(seed: u64, input: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(input);
        Self(random)
    }

    /// A seed for choices that do not follow each other in a fixed order.
    pub(super) fn seed(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `end`; 0 if there is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap().max(1);
        usize::try_from(self.0.next_u64() % end).unwrap()
    }

    /// True once in `many` times.
    pub(super) fn once_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub(super) fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// A sample with changed values, and then perhaps with changed bytes.
    pub(super) fn document(&mut self, sample: &Value) -> Vec<u8> {
        let mut value = sample.clone();
        for _ in 0..self.below(MOST_CHANGES) {
            self.change(&mut value);
        }
        let mut bytes = value.to_string().into_bytes();
        if self.once_in(2) {
            for _ in 0..=self.below(MOST_CHANGES) {
                self.change_bytes(&mut bytes);
            }
        }
        bytes
    }

    /// The same as a text; what is no UTF-8 becomes a replacement character, as in the host.
    pub(super) fn text(&mut self, sample: &Value) -> String {
        String::from_utf8_lossy(&self.document(sample)).into_owned()
    }

    /// Changes one value below this one, or this one.
    pub(super) fn change(&mut self, value: &mut Value) {
        let children = match value {
            Value::Object(members) => members.len(),
            Value::Array(items) => items.len(),
            _ => 0,
        };
        // One place more than there are children: the value itself.
        let place = self.below(children + 1);
        if place < children && !self.once_in(4) {
            let child = match value {
                Value::Object(members) => members.iter_mut().nth(place).map(|(_, child)| child),
                Value::Array(items) => items.get_mut(place),
                _ => None,
            };
            return child.map_or((), |child| self.change(child));
        }
        match (self.below(5), &mut *value) {
            (0 | 1, Value::Object(members)) if children > 0 => {
                let name = members.keys().nth(self.below(children)).cloned().unwrap_or_default();
                let member = members.remove(&name).unwrap_or_default();
                match self.below(4) {
                    0 => {}
                    1 => drop(members.insert(name.to_uppercase(), member)),
                    2 => drop(members.insert((*self.one_of(&TEXTS)).to_owned(), member)),
                    _ => {
                        members.insert(format!("{name}2"), member.clone());
                        members.insert(name, member);
                    }
                }
            }
            (0 | 1, Value::Array(items)) if children > 0 => {
                let item = items.remove(self.below(children));
                let copies = self.below(3);
                items.extend(vec![item; copies]);
            }
            (2 | 3, Value::String(text)) => {
                let mut bytes = std::mem::take(text).into_bytes();
                self.change_bytes(&mut bytes);
                *text = String::from_utf8_lossy(&bytes).into_owned();
            }
            (4, _) => *value = json!([value.take()]),
            _ => *value = self.any_value(),
        }
    }

    fn any_value(&mut self) -> Value {
        match self.below(14) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(false),
            3 => json!(0),
            4 => json!(-1),
            5 => json!(u64::MAX),
            6 => json!(0.5),
            7 => json!({}),
            8 => json!([]),
            9 => json!("x".repeat(self.below(LONG))),
            10 => (0..DEEP).fold(Value::Null, |inner, _| json!([inner])),
            11 => json!(self.0.next_u64()),
            12 => json!({ "id": self.0.next_u64().to_string() }),
            _ => json!(*self.one_of(&TEXTS)),
        }
    }

    /// One change at one place.
    pub(super) fn change_bytes(&mut self, bytes: &mut Vec<u8>) {
        let place = self.below(bytes.len() + 1);
        let end = bytes.len().min(place + self.below(16));
        match self.below(8) {
            0 => bytes.truncate(place),
            1 => drop(bytes.drain(place..end)),
            2 => {
                let part = bytes[place..end].to_vec();
                bytes.splice(place..place, part);
            }
            3 => bytes.insert(place, u8::try_from(self.below(256)).unwrap()),
            4 => {
                let text = self.one_of(&TEXTS).bytes();
                bytes.splice(place..end, text);
            }
            5 => {
                let deep = *self.one_of(b"[{\"\\");
                bytes.splice(place..place, vec![deep; DEEP]);
            }
            _ => {
                let bit = self.below(8);
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= 1 << bit;
                }
            }
        }
    }
}
