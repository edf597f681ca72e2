//! Which rows hold a value: one bit a row, in Arrow's order.

/// A growing bitmap; bit `i` (lowest first) says whether row `i` holds a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    words: Vec<u64>,
    len: usize,
}

impl Validity {
    /// An empty bitmap with room for `rows` rows.
    pub fn with_capacity(rows: usize) -> Self {
        Validity { words: Vec::with_capacity(rows.div_ceil(64)), len: 0 }
    }

    /// Number of rows.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends the lowest `count` bits of `bits`; `count` is at most 64 and the bits above are zero.
    #[inline]
    pub fn push(&mut self, bits: u64, count: usize) {
        debug_assert!(count <= 64 && (count == 64 || bits >> count == 0));
        let used = self.len % 64;
        self.len += count;
        if let (Some(word), 1..) = (self.words.last_mut(), used) {
            *word |= bits << used;
            if used + count > 64 {
                self.words.push(bits >> (64 - used));
            }
        } else if count > 0 {
            self.words.push(bits);
        }
    }

    /// Appends `count` rows without a value.
    pub fn push_nulls(&mut self, count: usize) {
        self.len += count;
        self.words.resize(self.len.div_ceil(64), 0);
    }

    /// Drops all rows from `rows` on.
    pub fn truncate(&mut self, rows: usize) {
        self.len = self.len.min(rows);
        self.words.truncate(self.len.div_ceil(64));
        if let (Some(last), 1..) = (self.words.last_mut(), self.len % 64) {
            *last &= (1 << (self.len % 64)) - 1;
        }
    }

    /// Whether `row` holds a value.
    ///
    /// # Panics
    /// If there is no such row.
    #[inline]
    pub fn get(&self, row: usize) -> bool {
        self.words[row / 64] >> (row % 64) & 1 == 1
    }

    /// Says that `row` holds a value after all.
    ///
    /// # Panics
    /// If there is no such row.
    #[inline]
    pub fn set(&mut self, row: usize) {
        self.words[row / 64] |= 1 << (row % 64);
    }

    /// Says that `row` holds no value after all.
    ///
    /// # Panics
    /// If there is no such row.
    #[inline]
    pub fn unset(&mut self, row: usize) {
        self.words[row / 64] &= !(1 << (row % 64));
    }

    /// How many rows hold no value. O(rows / 64).
    pub fn nulls(&self) -> usize {
        self.len - self.words.iter().map(|word| word.count_ones() as usize).sum::<usize>()
    }

    /// The bits, 64 rows a word, those after the last row zero, and the number of rows.
    pub fn into_words(self) -> (Vec<u64>, usize) {
        (self.words, self.len)
    }
}
