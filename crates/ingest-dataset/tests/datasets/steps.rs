//! Steps, against a twin that does them one by one over rows in memory.

use ingest::{Code, Options};
use ingest_dataset::{Definition, Moment, Part, Registration, Step};
use proptest::prelude::*;

use crate::{Room, cases, numbers, tabular};

/// A row of the test's table: its number, and a value.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    id: i64,
    value: Option<i64>,
}

fn table(rows: usize) -> (String, Vec<Row>) {
    let value = |id: i64| (id % 7 != 3).then_some(id * 37 % 101);
    let rows: Vec<Row> = (0..rows as i64).map(|id| Row { id, value: value(id) }).collect();
    let line = |row: &Row| {
        let value = row.value.map_or(String::new(), |value| value.to_string());
        format!("{},{value},2024-01-{:02}\n", row.id, row.id % 28 + 1)
    };
    ("id,value,day\n".to_owned() + &rows.iter().map(line).collect::<String>(), rows)
}

/// What a draw takes is told by drawing from a table of nothing but numbers: so the twin knows nothing of the generator.
fn done(rows: Vec<Row>, step: &Step, drawn: &dyn Fn(&Step, usize) -> Vec<usize>) -> Vec<Row> {
    match step {
        Step::Take(count) => rows.into_iter().take(*count as usize).collect(),
        Step::Skip(count) => rows.into_iter().skip(*count as usize).collect(),
        Step::Filter(condition) => {
            let bound: i64 = condition.rsplit(' ').next().unwrap().parse().unwrap();
            rows.into_iter().filter(|row| row.value.is_some_and(|value| value > bound)).collect()
        }
        Step::TakeSample { .. } | Step::RandomSplit { .. } => {
            drawn(step, rows.len()).into_iter().map(|place| rows[place]).collect()
        }
        Step::TimeBefore(Moment { time, include_boundary }) => {
            let bound: i64 = time.rsplit('-').next().unwrap().parse().unwrap();
            let is_before = |day: i64| day < bound || *include_boundary && day == bound;
            rows.into_iter().filter(|row| is_before(row.id % 28 + 1)).collect()
        }
        _ => rows,
    }
}

fn step() -> impl Strategy<Value = Step> {
    let part = prop_oneof![Just(Part::First), Just(Part::Second)];
    prop_oneof![
        (0u64..400).prop_map(Step::Take),
        (0u64..60).prop_map(Step::Skip),
        (-1i64..102).prop_map(|bound| Step::Filter(format!("value > {bound}"))),
        (0.0..=1.0, 0u64..5).prop_map(|(probability, seed)| Step::TakeSample { probability, seed }),
        (0.0..=1.0, 0u64..5, part).prop_map(|(percentage, seed, part)| Step::RandomSplit { percentage, seed, part }),
        (1u32..29, any::<bool>()).prop_map(|(day, include_boundary)| {
            Step::TimeBefore(Moment { time: format!("2024-01-{day:02}"), include_boundary })
        }),
        Just(Step::KeepColumns(vec!["day".to_owned(), "value".to_owned(), "id".to_owned()])),
    ]
}

proptest! {
    #![proptest_config(cases(60, 1000))]

    #[test]
    fn steps_are_done_in_their_order(
        rows in 0usize..300,
        steps in prop::collection::vec(step(), 0..6),
        threads in 1usize..5,
        chunk_bytes in 1usize..400,
    ) {
        let room = Room::new();
        let (text, mut expected) = table(rows);
        let source = room.file("t.csv", text);
        let drawn = |step: &Step, count: usize| {
            let numbers_only = "n\n".to_owned() + &(0..count).map(|row| format!("{row}\n")).collect::<String>();
            let definition = tabular(&room.file("n.csv", numbers_only), vec![step.clone()]);
            let registered = room.register("numbers", &definition, crate::new_version()).unwrap();
            let frame = room.workspace.open_table(&registered.version, &Options::default()).unwrap().collect().unwrap();
            numbers(&frame, "n").into_iter().map(|number| number.unwrap() as usize).collect::<Vec<_>>()
        };
        for step in &steps {
            expected = done(expected, step, &drawn);
        }
        let steps = [vec![Step::WithTimestampColumn("day".to_owned())], steps].concat();
        let definition = tabular(&source, steps);
        prop_assert_eq!(&Definition::from_yaml(&definition.to_yaml(), std::path::Path::new("")).unwrap(), &definition);
        let read = Options { threads: Some(threads), chunk_bytes: Some(chunk_bytes), ..Options::default() };
        let registered = room.workspace.register("t", &definition, &Registration::default(), &read).unwrap();
        prop_assert_eq!(registered.version.rows, Some(expected.len() as u64));
        let frame = room.workspace.open_table(&registered.version, &read).unwrap().collect().unwrap();
        prop_assert_eq!(numbers(&frame, "id"), expected.iter().map(|row| Some(row.id)).collect::<Vec<_>>());
        prop_assert_eq!(numbers(&frame, "value"), expected.iter().map(|row| row.value).collect::<Vec<_>>());
    }
}

#[test]
fn what_is_asked_of_a_dataset_comes_behind_its_steps() {
    let room = Room::new();
    let source = room.file("t.csv", table(100).0);
    let steps = vec![Step::Skip(10), Step::TakeSample { probability: 0.5, seed: 1 }];
    let version = room.register("t", &tabular(&source, steps), Registration::default()).unwrap().version;
    let whole = numbers(&room.rows("t").unwrap(), "id");
    let asked = Options {
        filter: Some("id >= 20".parse().unwrap()),
        offset: 2,
        limit: Some(3),
        columns: Some(vec!["id".to_owned()]),
        ..Options::default()
    };
    let frame = room.workspace.open_table(&version, &asked).unwrap().collect().unwrap();
    let expected: Vec<_> = whole.into_iter().filter(|id| id.unwrap() >= 20).skip(2).take(3).collect();
    assert_eq!((numbers(&frame, "id"), frame.schema().fields().len()), (expected, 1));
}

#[test]
fn columns_of_paths_are_columns_like_others() {
    let room = Room::new();
    room.file("d/k=1/a.csv", "x,y\n10,0\n20,0\n");
    room.file("d/k=2/a.csv", "x,y\n30,0\n40,0\n");
    let mut read = Options::default();
    for (name, value) in [("hive", true.into()), ("path_column", "path".into()), ("row_number", "row".into())] {
        read.set(name, &value).unwrap();
    }
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut number = 0;
    let mut rows = |steps: Vec<Step>| {
        number += 1;
        let sources = [room.path("d").to_str().unwrap().to_owned()];
        let definition = Definition::tabular(&sources, &read, steps).unwrap();
        room.register(&format!("d{number}"), &definition, Registration::default()).unwrap();
        let frame = room.rows(&format!("d{number}")).unwrap();
        let columns: Vec<_> = frame.schema().fields().iter().map(|field| field.name().clone()).collect();
        (columns, if columns_hold(&frame, "x") { numbers(&frame, "x") } else { Vec::new() })
    };
    let sample = || Step::TakeSample { probability: 1.0, seed: 0 };
    for before in [Vec::new(), vec![sample()]] {
        let mut rows = |steps: Vec<Step>| rows([before.clone(), steps].concat());
        let all = vec![Some(10), Some(20), Some(30), Some(40)];
        assert_eq!(rows(vec![Step::KeepColumns(names(&["x"]))]), (names(&["x"]), all.clone()));
        assert_eq!(rows(vec![Step::KeepColumns(names(&["k", "x"]))]), (names(&["k", "x"]), all.clone()));
        assert_eq!(rows(vec![Step::DropColumns(names(&["path", "k", "y"]))]), (names(&["x", "row"]), all));
        let steps = vec![Step::KeepColumns(names(&["row", "x"])), Step::Filter("row > 2".to_owned()), Step::Skip(1)];
        assert_eq!(rows(steps), (names(&["row", "x"]), vec![Some(40)]));
    }
}

fn columns_hold(frame: &ingest::Frame, name: &str) -> bool {
    frame.schema().fields().iter().any(|field| field.name() == name)
}

#[test]
fn types_that_are_asked_for_do_not_change_what_steps_mean() {
    let room = Room::new();
    let source = room.file("t.csv", "a,d\n1,x\nNA,y\n30,z\n");
    for steps in [vec![], vec![Step::TakeSample { probability: 1.0, seed: 0 }]] {
        let steps = [steps, vec![Step::Filter("a is not null and a > 9".to_owned())]].concat();
        let version = room.register("t", &tabular(&source, steps), crate::new_version()).unwrap().version;
        let mut asked = Options::default();
        asked.set("types", &serde_json::json!({"a": "utf8"})).unwrap();
        let frame = room.workspace.open_table(&version, &asked).unwrap().collect().unwrap();
        assert_eq!((frame.num_rows(), frame.schema().field(0).data_type().to_string()), (1, "Utf8".to_owned()));
        asked.set("infer", &"none".into()).unwrap();
        let error = room.workspace.open_table(&version, &asked).err().unwrap();
        assert!(error.code() == Code::Usage && error.message().contains("\"infer\" means nothing"), "{error}");
    }
}

#[test]
fn nothing_is_set_aside_untold() {
    let room = Room::new();
    let source = room.file("t.csv", "a\n1\nx\n3\n");
    let mut read = Options::default();
    read.set("types", &serde_json::json!({"a": "int64"})).unwrap();
    read.set("on_error", &"reject".into()).unwrap();
    let definition = |steps| Definition::tabular(std::slice::from_ref(&source), &read, steps);
    let version =
        room.register("t", &definition(vec![Step::Take(5)]).unwrap(), Registration::default()).unwrap().version;
    let rejects = room.path("rejects.csv");
    let asked = Options { rejects: Some(rejects.clone()), ..Options::default() };
    let (_, report) = room.workspace.open_table(&version, &asked).unwrap().collect_with_report().unwrap();
    assert_eq!((report.rows_in, report.rejected), (3, 1));
    assert!(std::fs::read_to_string(rejects).unwrap().contains(",x"));
    let sample = vec![Step::TakeSample { probability: 1.0, seed: 0 }];
    assert!(definition(sample.clone()).unwrap_err().message().contains("only the last one could tell"));
    let version = room.register("u", &tabular(&source, sample), Registration::default()).unwrap().version;
    assert_eq!(room.workspace.open_table(&version, &asked).err().unwrap().code(), Code::Usage);
}

#[test]
fn thousands_of_conditions_are_one() {
    let steps = (0..2000).map(|number| Step::Filter(format!("a <> {number}"))).collect();
    Definition::tabular(&["/t.csv".to_owned()], &Options::default(), steps).unwrap();
}

#[test]
fn rows_keep_the_numbers_that_they_were_read_with() {
    let room = Room::new();
    let source = room.file("t.csv", "a\n10\n20\n30\n40\n");
    let mut read = Options::default();
    read.set("row_number", &"row".into()).unwrap();
    for steps in [vec![Step::Skip(2)], vec![Step::Filter("a > 20".to_owned())]] {
        let definition = Definition::tabular(std::slice::from_ref(&source), &read, steps).unwrap();
        let version = room.register("t", &definition, crate::new_version()).unwrap().version;
        let frame = room.workspace.open_table(&version, &Options::default()).unwrap().collect().unwrap();
        assert_eq!(numbers(&frame, "row"), [Some(3), Some(4)]);
    }
}

#[test]
fn an_error_of_an_earlier_pass_keeps_its_place() {
    let room = Room::new();
    let source = room.file("t.csv", "a,b\n1,x\n2,y\n");
    let mut read = Options::default();
    read.set("types", &serde_json::json!({"b": "int64"})).unwrap();
    let steps = vec![Step::TakeSample { probability: 1.0, seed: 0 }, Step::Take(5)];
    let definition = Definition::tabular(&[source], &read, steps).unwrap();
    let error = room.register("t", &definition, Registration::default()).unwrap_err();
    assert_eq!(error.code(), Code::BadValue, "{error}");
    let position = error.position().unwrap();
    assert_eq!((position.line, position.column.as_ref().unwrap().1.as_str()), (2, "b"));
}

#[test]
fn steps_that_make_no_sense_are_told_before_anything_is_read() {
    let bad = |steps: Vec<Step>| {
        let sources = ["/nowhere.csv".to_owned()];
        Definition::tabular(&sources, &Options::default(), steps).unwrap_err().render()
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let left_out = bad(vec![Step::DropColumns(names(&["a"])), Step::Filter("a > 3".to_owned())]);
    assert!(left_out.contains("filter: an earlier step leaves the column \"a\" out"), "{left_out}");
    assert!(bad(vec![Step::KeepColumns(names(&["a"])), Step::KeepColumns(names(&["b"]))]).contains("\"b\" out"));
    assert!(bad(vec![Step::Filter("a >".to_owned())]).contains("the condition ends"));
    let timeless = bad(vec![Step::TimeRecent { seconds: 60 }]);
    assert!(timeless.contains("time_recent: no column of times was named"), "{timeless}");
    assert!(bad(vec![Step::TakeSample { probability: 2.0, seed: 0 }]).contains("probability is from 0 to 1, not 2"));
}

#[test]
fn a_column_that_there_is_not_is_an_error() {
    let room = Room::new();
    let source = room.file("t.csv", "a,b\n1,x\n");
    let definition = tabular(&source, vec![Step::KeepColumns(vec!["c".to_owned()])]);
    let error = room.register("t", &definition, Registration::default()).unwrap_err();
    assert_eq!(error.code(), Code::NotFound, "{error}");
}

#[test]
fn recent_rows_are_those_before_now() {
    let room = Room::new();
    let time = |seconds: i64| {
        let time = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
        time.strftime("%Y-%m-%dT%H:%M:%S").to_string()
    };
    let text = format!("id,at\n1,{}\n2,{}\n3,{}\n", time(-7200), time(-1800), time(-60));
    let nanoseconds = format!("id,at\n1,{0}.5\n2,{1}.000000001\n3,{1}.1\n", time(-7200), time(-1800));
    let zoned = format!("id,at\n1,{}Z\n2,{}Z\n3,{}Z\n", time(-7200), time(-1800), time(-60));
    for (name, text) in [("naive", text), ("zoned", zoned), ("nanoseconds", nanoseconds)] {
        let source = room.file(&format!("{name}.csv"), text);
        let steps = vec![Step::WithTimestampColumn("at".to_owned()), Step::TimeRecent { seconds: 3600 }];
        room.register(name, &tabular(&source, steps), Registration::default()).unwrap();
        assert_eq!(numbers(&room.rows(name).unwrap(), "id"), [Some(2), Some(3)], "{name}");
    }
}
