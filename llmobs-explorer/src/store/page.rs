//! Selects the rows of a page in an order.

/// The place of a row in an order. The smallest is first, and rows without a value are last.
pub(super) type Rank = (bool, i64, i64);

/// Returns the rank of a row from its value and number. `!` reverses the order.
pub(super) fn rank(value: Option<i64>, id: i64, ascending: bool) -> Rank {
    let (missing, value) = (value.is_none(), value.unwrap_or_default());
    if ascending { (missing, value, id) } else { (missing, !value, !id) }
}

/// Selects the rows of a page. Keeps at most twice as many rows as there are up to the end of the page.
#[derive(Debug)]
pub(super) struct Page {
    offset: usize,
    limit: usize,
    ranks: Vec<Rank>,
    /// The last rank of an earlier selection. Rows with later ranks are on later pages.
    bound: Option<Rank>,
}

impl Page {
    pub(super) fn new(offset: u64, limit: u32) -> Self {
        let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Self { offset: whole(offset), limit: whole(limit.into()), ranks: Vec::new(), bound: None }
    }

    /// The number of rows up to the end of the page.
    pub(super) fn end(&self) -> usize {
        self.offset.saturating_add(self.limit)
    }

    /// Whether a row with this rank may be on this page or before it.
    pub(super) fn takes(&self, rank: Rank) -> bool {
        self.bound.is_none_or(|bound| rank <= bound)
    }

    pub(super) fn add(&mut self, rank: Rank) {
        if !self.takes(rank) {
            return;
        }
        self.ranks.push(rank);
        if self.ranks.len() >= self.end().saturating_mul(2) {
            self.select();
        }
    }

    /// Returns the last row up to the end of the page. `None` if there are fewer rows.
    pub(super) fn last(&mut self) -> Option<Rank> {
        self.select();
        self.bound
    }

    /// Removes the rows behind the page.
    fn select(&mut self) {
        let end = self.end();
        if end == 0 || self.ranks.len() < end {
            return;
        }
        let (_, last, _) = self.ranks.select_nth_unstable(end - 1);
        self.bound = Some(*last);
        self.ranks.truncate(end);
    }

    /// Returns the numbers of the rows of the page in their order.
    pub(super) fn ids(mut self, ascending: bool) -> Vec<i64> {
        self.select();
        self.ranks.sort_unstable();
        let rows = self.ranks.into_iter().skip(self.offset);
        rows.map(|(_, _, id)| if ascending { id } else { !id }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_its_rows_of_all() {
        let values = |number: i64| (number % 7 != 0).then_some(number * 37 % 101);
        for ascending in [false, true] {
            let mut all: Vec<Rank> = (0..500).map(|id| rank(values(id), id, ascending)).collect();
            all.sort_unstable();
            let expected: Vec<i64> = all.iter().map(|(_, _, id)| if ascending { *id } else { !id }).collect();
            for (offset, limit) in [(0, 1), (0, 50), (50, 50), (460, 50), (600, 50)] {
                let mut page = Page::new(offset, limit);
                (0..500).for_each(|id| page.add(rank(values(id), id, ascending)));
                let end = usize::try_from(offset).unwrap() + limit as usize;
                assert_eq!(page.last(), all.get(end - 1).copied());
                let expected = expected.iter().skip(end - limit as usize).take(limit as usize);
                assert!(page.ids(ascending).iter().eq(expected), "{offset} {limit} {ascending}");
            }
        }
    }
}
