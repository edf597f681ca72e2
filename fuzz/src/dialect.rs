//! Dialects of the fuzzer's choice.

use arbitrary::{Arbitrary, Result, Unstructured};
use ingest_parse::{Delimiter, Dialect, Quoting};

/// Any dialect whose characters differ from each other and from line ends; the usual ones come up most.
#[derive(Clone, Copy, Debug)]
pub struct Drawn(pub Dialect);

impl<'a> Arbitrary<'a> for Drawn {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let other = u.arbitrary::<u8>()? & 0x7f;
        let short = [b',', b',', b',', b';', b'\t', b' ', other].map(|byte| Some(Delimiter::byte(byte)));
        let long = [None, Delimiter::new(b"||"), Delimiter::new(b",,"), Delimiter::new(b"a,")];
        let delimiter = *u.choose(&[&short[..], &long].concat())?;
        let quote = *u.choose(&[Some(b'"'), Some(b'"'), Some(b'\''), Some(other), None])?;
        let escape = *u.choose(&[None, None, None, Some(b'\\'), Some(other)])?;
        let comment = *u.choose(&[None, None, None, Some(b'#'), Some(other)])?;
        let quoting = if u.ratio(1u8, 4u8)? { Quoting::Lenient } else { Quoting::Strict };
        let drawn = Dialect { delimiter, quote, escape, comment, quoting };
        Ok(Drawn(if is_sound(&drawn) { drawn } else { Dialect { quoting, ..Dialect::default() } }))
    }
}

fn is_sound(dialect: &Dialect) -> bool {
    let mut taken: Vec<u8> = [dialect.quote, dialect.escape, dialect.comment].into_iter().flatten().collect();
    let mut delimiter = dialect.delimiter.map_or(Vec::new(), |delimiter| delimiter.as_bytes().to_vec());
    delimiter.dedup();
    taken.extend(delimiter);
    taken.extend([b'\n', b'\r']);
    let count = taken.len();
    taken.sort_unstable();
    taken.dedup();
    taken.len() == count
}
