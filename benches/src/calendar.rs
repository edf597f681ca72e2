//! Day numbers to calendar dates.

/// Seconds of a day.
pub(crate) const DAY_SECONDS: i64 = 86_400;

/// 2020-01-01 as days since 1970-01-01: 50 years of 365 days and 12 leap days.
pub(crate) const DAY_2020: i64 = 50 * 365 + 12;

/// Days of the 400 years after which the calendar repeats: 97 of them are leap years.
const ERA_DAYS: i64 = 400 * 365 + 97;

/// Year, month and day of a day number (days since 1970-01-01). Years are counted from March inside, so that the leap
/// day comes last and a month's start is a linear function of the month.
pub(crate) fn civil(day: i64) -> (i64, u32, u32) {
    // 1970-01-01 is day 719,468 counted from 0000-03-01.
    let shifted = day + 719_468;
    let era = shifted.div_euclid(ERA_DAYS);
    let in_era = shifted.rem_euclid(ERA_DAYS);
    let year_of_era = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * in_year + 2) / 153;
    let day_of_month = in_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month as u32, day_of_month as u32)
}

#[cfg(test)]
mod tests {
    use super::{DAY_2020, civil};

    #[test]
    fn agrees_with_counting_day_by_day() {
        let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let (mut year, mut month, mut day) = (1970_i64, 1_u32, 1_u32);
        for number in 0..200_000 {
            assert_eq!(civil(number), (year, month, day), "day {number}");
            let days = match month {
                2 => 28 + u32::from(leap(year)),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > days {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
        assert_eq!(civil(DAY_2020), (2020, 1, 1));
        assert_eq!(civil(-1), (1969, 12, 31));
    }
}
