//! Pseudo-random numbers and texts, the same in each run.

/// SplitMix64: the same seed gives the same numbers everywhere.
#[derive(Debug)]
pub(crate) struct Random(u64);

/// The parts of words.
const SYLLABLES: [&str; 32] = [
    "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qui", "ro", "su", "ta", "ve",
    "wi", "xo", "yu", "za", "bre", "cli", "dro", "flu", "gra", "pli", "sto", "tru", "sha", "cho", "the",
];

impl Random {
    /// Creates a generator whose seed is a purpose and a number.
    pub(crate) fn of(what: &str, number: u64) -> Self {
        let seed = what.bytes().fold(number, |seed, byte| seed.rotate_left(9) ^ u64::from(byte));
        let mut random = Self(seed);
        random.next();
        random
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number less than `number`.
    pub(crate) fn below(&mut self, number: u64) -> u64 {
        self.next() % number.max(1)
    }

    /// A number less than `number`; small ones are much more frequent.
    pub(crate) fn small(&mut self, number: u64) -> u64 {
        let bound = self.below(number) + 1;
        let bound = self.below(bound) + 1;
        self.below(bound)
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let at = usize::try_from(self.small(words.len() as u64)).unwrap_or_default();
        words.get(at).copied().unwrap_or_default()
    }

    /// About this many bytes of sentences.
    pub(crate) fn text(&mut self, bytes: u64) -> String {
        let bytes = usize::try_from(bytes).unwrap_or_default();
        let mut text = String::with_capacity(bytes + 16);
        while text.len() < bytes {
            self.word(&mut text);
            text.push_str(if self.chance(10) { ". " } else { " " });
        }
        text
    }

    /// Appends one of 20,000 words. Some are much more frequent than others.
    fn word(&mut self, text: &mut String) {
        let mut word = Self::of("word", self.small(20_000));
        for _ in 0..2 + word.below(3) {
            let at = usize::try_from(word.below(SYLLABLES.len() as u64)).unwrap_or_default();
            text.push_str(SYLLABLES.get(at).copied().unwrap_or_default());
        }
    }
}
