//! Dialects of the fuzzer's choice.

use arbitrary::{Arbitrary, Result, Unstructured};
use ingest_parse::{Dialect, Quoting};

/// Any dialect whose characters differ from each other and from line ends; the usual ones come up most.
#[derive(Clone, Copy, Debug)]
pub struct Drawn(pub Dialect);

impl<'a> Arbitrary<'a> for Drawn {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let other = u.arbitrary::<u8>()? & 0x7f;
        let delimiter = *u.choose(&[Some(b','), Some(b','), Some(b';'), Some(b'\t'), Some(b' '), Some(other), None])?;
        let quote = *u.choose(&[Some(b'"'), Some(b'"'), Some(b'\''), Some(other), None])?;
        let escape = *u.choose(&[None, None, None, Some(b'\\'), Some(other)])?;
        let comment = *u.choose(&[None, None, None, Some(b'#'), Some(other)])?;
        let quoting = if u.ratio(1u8, 4u8)? { Quoting::Lenient } else { Quoting::Strict };
        let drawn = Dialect { delimiter, quote, escape, comment, quoting };
        Ok(Drawn(if is_sound(&drawn) { drawn } else { Dialect { quoting, ..Dialect::default() } }))
    }
}

fn is_sound(dialect: &Dialect) -> bool {
    let all = [dialect.delimiter, dialect.quote, dialect.escape, dialect.comment];
    let mut taken: Vec<u8> = all.into_iter().flatten().collect();
    taken.extend([b'\n', b'\r']);
    let count = taken.len();
    taken.sort_unstable();
    taken.dedup();
    taken.len() == count
}
