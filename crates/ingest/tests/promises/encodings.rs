//! How a text is encoded shows in no result; what is no text is told, or replaced where that is asked for.

use std::io::Write;

use ingest::{Code, Encoding, EncodingErrors, Format, OnError, Options, Sources, WriteOptions, read};
use proptest::prelude::*;

use crate::scaled;
use crate::settings::{Input, Setting, any_setting};
use crate::tables::{Column, Value, columns_of};

/// The text in UTF-16 or UTF-32, with a byte-order mark or without.
fn in_units(text: &str, label: &str, mark: bool) -> Vec<u8> {
    let text = if mark { format!("\u{feff}{text}") } else { text.to_owned() };
    let ordered = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        if label.ends_with("be") {
            bytes.reverse();
        }
        bytes
    };
    match label {
        "utf-16le" | "utf-16be" => text.encode_utf16().flat_map(|unit| ordered(&unit.to_le_bytes())).collect(),
        _ => text.chars().flat_map(|letter| ordered(&u32::from(letter).to_le_bytes())).collect(),
    }
}

const UNITS: [&str; 4] = ["utf-16le", "utf-16be", "utf-32le", "utf-32be"];

/// Tables in the encodings of their regions: the label, the text, the bytes of one word that is in it.
const REGIONS: [(&str, &str, &[u8]); 8] = [
    ("windows-1252", "name,n\n€ Zoë,1\n", b"\x80 Zo\xeb"),
    ("iso-8859-1", "name,n\n\u{80} Zoë,1\n", b"\x80 Zo\xeb"),
    ("windows-1251", "name,n\nМир,1\n", b"\xcc\xe8\xf0"),
    ("cp949", "name,n\n한글 똠,1\n", b"\xc7\xd1\xb1\xdb \x8c\x63"),
    ("euc-kr", "name,n\n한글,1\n", b"\xc7\xd1\xb1\xdb"),
    ("shift_jis", "name,n\n日本,1\n", b"\x93\xfa\x96\x7b"),
    ("gb18030", "name,n\n汉字,1\n", b"\xba\xba\xd7\xd6"),
    ("big5", "name,n\n漢字,1\n", b"\xba\x7e\xa6\x72"),
];

fn named(label: &str) -> Options {
    Options { encoding: Some(label.parse().unwrap()), ..Options::default() }
}

fn columns(bytes: Vec<u8>, options: Options) -> Vec<Column> {
    columns_of(&read(bytes).unwrap().options(options).collect().unwrap())
}

fn table() -> impl Strategy<Value = String> {
    let cell = prop_oneof!["[0-9]{1,6}", "[a-zé日😀]{0,5}", Just("\"a,\nb\"".to_owned()), Just(String::new())];
    prop::collection::vec((cell.clone(), cell), 1..60).prop_map(|rows| {
        rows.into_iter().fold("first,second\n".to_owned(), |text, (first, second)| text + &first + "," + &second + "\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(scaled(60, 800)))]

    #[test]
    fn the_same_table_in_every_order_and_width_is_the_same_frame(text in table(), setting in any_setting()) {
        let expected = columns(text.clone().into_bytes(), Options::default());
        for label in UNITS {
            for (mark, options) in [(true, Options::default()), (false, Options::default()), (true, named(label)), (false, named(label))] {
                let input = Input::new(in_units(&text, label, mark));
                let reader = setting.reader(&input, &options);
                prop_assert_eq!(&columns_of(&reader.collect().unwrap()), &expected, "{}", label);
            }
        }
    }

    /// Text of any kind, decoded by pieces of any size, is what it is as a whole.
    #[test]
    fn characters_are_whole_wherever_they_are_cut(setting in any_setting(), region in 0..REGIONS.len(), rows in 1usize..300) {
        let (label, text, _) = REGIONS[region];
        let word = REGIONS[region].2;
        let (header, row) = text.split_at(7);
        let name = row.split(',').next().unwrap();
        let mut bytes = header.as_bytes().to_vec();
        for _ in 0..rows {
            bytes.extend([word, b",1\n"].concat());
        }
        let input = Input::new(bytes);
        let frame = setting.reader(&input, &named(label)).collect().unwrap();
        prop_assert_eq!(&columns_of(&frame)[0].values, &vec![Value::Text(name.to_owned()); rows]);
    }
}

#[test]
fn an_encoding_that_shows_is_announced_and_one_that_is_named_is_not() {
    let bytes = in_units("a,b\n1,é\n", "utf-16be", true);
    let reader = |options| read(Sources::bytes("given", bytes.clone())).unwrap().options(options);
    let report = reader(Options::default()).schema().unwrap();
    assert_eq!(report.notes, ["given is utf-16be, as its first bytes show"]);
    assert_eq!(reader(named("utf-16be")).schema().unwrap().notes, [""; 0]);
    assert_eq!(reader(Options::default()).sniff().unwrap().encoding, "utf-16be");
    assert_eq!(reader(Options::default()).count().unwrap(), 1);
    assert_eq!(reader(Options::default()).head(1).unwrap().rows, [[Some("1".to_owned()), Some("é".to_owned())]]);
    let first = Options { infer: ingest::Infer::First(1), ..Options::default() };
    assert_eq!(columns_of(&reader(first).collect().unwrap())[0].data_type, "int64");
    // Several sources, each in its own, compressed or not.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&in_units("a,b\n2,日\n", "utf-32le", false)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = [("0", bytes.clone()), ("1", packed.finish().unwrap()), ("2", b"a,b\n3,x\n".to_vec())];
    files.iter().for_each(|(name, bytes)| std::fs::write(folder.path().join(name), bytes).unwrap());
    let all = read(folder.path().join("*").display().to_string()).unwrap();
    let (frame, report) = all.collect_with_report().unwrap();
    assert_eq!(columns_of(&frame)[1].values, ["é", "日", "x"].map(|word| Value::Text(word.to_owned())));
    assert!(report.notes[0].ends_with("show; 1 more of the sources are not UTF-8 either"), "{:?}", report.notes);
}

#[test]
fn json_is_read_in_other_encodings_too() {
    let bytes = in_units("{\"é\":\"日\"}\n", "utf-16le", true);
    let table = columns(bytes, Options::default());
    assert_eq!((table[0].name.as_str(), &table[0].values[0]), ("é", &Value::Text("日".to_owned())));
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_place() {
    // Half a surrogate pair, in the second column of the third line; and a byte that cp949 knows nothing of.
    let mut units = in_units("a,b\n1,x\n2,", "utf-16le", true);
    units.extend([0x00, 0xd8, b'z', 0, b'\n', 0]);
    let korean = b"a,b\n1,x\n2,\xffz\n".to_vec();
    for (bytes, options, name) in [(units, Options::default(), "utf-16le"), (korean, named("cp949"), "euc-kr")] {
        let input = Input::new(bytes);
        for number in 0..9 {
            let setting = Setting::numbered(number, 1 + number);
            let error = setting.reader(&input, &options).collect().unwrap_err();
            assert_eq!(error.code(), Code::InvalidUtf8);
            let position = error.position().unwrap();
            assert_eq!((position.line, position.record, position.byte_offset), (3, 2, 10), "{error}");
            assert_eq!(position.column, Some((2, "b".to_owned())));
            assert!(error.message() == format!("these bytes are not {name}"), "{error}");
            let replaced = Options { encoding_errors: EncodingErrors::Replace, ..options.clone() };
            let frame = setting.reader(&input, &replaced).collect().unwrap();
            assert_eq!(columns_of(&frame)[1].values[1], Value::Text("\u{fffd}z".to_owned()));
            let rejecting = Options { on_error: OnError::Reject, ..options.clone() };
            let (frame, report) = setting.reader(&input, &rejecting).collect_with_report().unwrap();
            assert_eq!((frame.num_rows(), report.rejected), (1, 1));
        }
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_replaced_where_that_is_asked_for() {
    let replacing = |options| Options { encoding_errors: EncodingErrors::Replace, ..options };
    let bad = b"a\xff,b\n1,\xe6\x97\n";
    // Where a character shows that it is UTF-8, nobody has to say so.
    for (bytes, options) in [(&bad[..], named("utf-8")), (&[&bad[..], "2,é\n".as_bytes()].concat(), Options::default())]
    {
        let (input, options) = (Input::new(bytes), replacing(options));
        for number in 0..9 {
            let table = columns_of(&Setting::numbered(number, 1).reader(&input, &options).collect().unwrap());
            let replaced = &Value::Text("\u{fffd}".to_owned());
            assert_eq!((table[0].name.as_str(), &table[1].values[0]), ("a\u{fffd}", replaced));
        }
    }
    // A stored table is no text.
    let mut parquet = Vec::new();
    read(b"a\n1\n".to_vec()).unwrap().write_to(&mut parquet, Format::Parquet, &WriteOptions::default()).unwrap();
    let options = replacing(Options::default());
    assert_eq!(read(parquet).unwrap().options(options).count().unwrap(), 1);
    let cut = in_units("a\n1\n", "utf-32be", true);
    let cut = cut[..cut.len() - 1].to_vec();
    assert_eq!(read(cut).unwrap().collect().unwrap_err().code(), Code::InvalidUtf8, "a character that is not whole");
}

/// Tables as programs of their regions write them, with the encoding's name for people, and for the standard.
const LEGACY: [(&str, &str); 6] = [
    ("windows-1252", "name,place\nZoë Müller,Köln\nJosé García,Málaga\nFrançois Lefèvre,Orléans\n"),
    ("windows-1251", "имя,город\nАнна Лесная,Москва\nИван Петров,Казань\n"),
    ("euc-kr", "이름,도시\n김민수,서울특별시\n이영희,부산광역시\n박철수,대구\n"),
    ("shift_jis", "名前,都市\n山田太郎,東京都\nさとう,おおさか\nカタカナ,京都\n"),
    ("gbk", "姓名,城市\n王小明,北京市\n李红,上海市浦东新区\n"),
    ("big5", "姓名,城市\n王小明,臺北市\n李紅,高雄市左營區\n"),
];

fn encoded(label: &str, text: &str) -> Vec<u8> {
    let (bytes, _, is_lossy) = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap().encode(text);
    assert!(!is_lossy);
    bytes.into_owned()
}

#[test]
fn text_of_before_utf_8_is_read_as_what_it_looks_like() {
    for (label, text) in LEGACY {
        let expected = columns(text.as_bytes().to_vec(), Options::default());
        let input = Input::new(encoded(label, text));
        for number in 0..12 {
            let setting = Setting::numbered(number, 1 + number);
            let (frame, report) = setting.reader(&input, &Options::default()).collect_with_report().unwrap();
            assert_eq!(columns_of(&frame), expected, "{label} {setting:?}");
            let note = &report.notes[0];
            assert!(note.contains(&format!(" is {label}, as its bytes look; --encoding names another")), "{note}");
        }
        let reader = || Setting::SERIAL.reader(&input, &Options::default());
        assert_eq!(reader().sniff().unwrap().encoding, label);
        assert_eq!(reader().count().unwrap(), expected[0].values.len() as u64);
        let first = reader().head(1).unwrap().rows[0][0].clone().map(Value::Text);
        assert_eq!(first.as_ref(), expected[0].values.first());
    }
}

/// A character of UTF-8 shows that other bytes are no text; so does a byte that the encoding of the rest does not know.
#[test]
fn what_is_not_utf_8_in_some_places_is_told_with_what_it_looks_like() {
    let mixed = [encoded("euc-kr", LEGACY[2].1), "é,é\né,é\n".as_bytes().to_vec()].concat();
    let error = read(mixed).unwrap().collect().unwrap_err();
    assert_eq!(error.code(), Code::InvalidUtf8);
    assert!(error.way_out().unwrap().contains("--encoding euc-kr"), "the header: {}", error.render());
    let late = ["a,é\n1,2\n".as_bytes(), &encoded("shift_jis", "山田太郎,東京都\n")].concat();
    let input = Input::new(late);
    for number in 0..9 {
        let error = Setting::numbered(number, 1 + number).reader(&input, &Options::default()).collect().unwrap_err();
        assert_eq!(error.position().unwrap().line, 3);
        assert!(error.way_out().unwrap().contains("--encoding shift_jis"), "{}", error.render());
    }
    // Detected by the first megabyte, and broken behind it.
    let broken = [encoded("euc-kr", LEGACY[2].1).repeat(20_000), b"x,\xff\n".to_vec()].concat();
    let error = read(broken).unwrap().collect().unwrap_err();
    assert_eq!(error.message(), "these bytes are not euc-kr");
}

#[test]
fn names_of_encodings_are_those_in_use() {
    let name = |label: &str| label.parse::<Encoding>().map(Encoding::name);
    for (label, wanted) in [
        ("UTF-8", "utf-8"),
        ("utf_16", "utf-16le"),
        ("Latin-1", "iso-8859-1"),
        ("cp1252", "windows-1252"),
        ("CP949", "euc-kr"),
        ("Shift_JIS", "shift_jis"),
        ("cp932", "shift_jis"),
        ("gbk", "gbk"),
        ("ISO-8859-15", "iso-8859-15"),
        ("koi8-r", "koi8-r"),
    ] {
        assert_eq!(name(label).as_deref(), Ok(wanted), "{label}");
    }
    let error = name("klingon").unwrap_err().to_string();
    assert!(error.contains("\"klingon\"") && error.contains("windows-1252"), "{error}");
}
