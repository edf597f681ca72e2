//! The text of a condition: words, then a descent through `or`, `and`, `not` and the tests.

use super::{Comparison, Expression, FilterError, Literal};

/// Parentheses and `not` may lie so deep within each other: each level takes some of the stack.
const DEPTH_MAX: usize = 100;

/// Reads a condition.
pub(super) fn expression(text: &str) -> Result<Expression, FilterError> {
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0 };
    let expression = parser.any()?;
    match parser.peek() {
        Token::End => Ok(expression),
        _ => Err(parser.expected("the word and, the word or, or the end")),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// A plain word: a name or a keyword.
    Word(String),
    /// A name in double quotes.
    Name(String),
    Text(String),
    Number(String),
    /// `( ) , = != <> < <= > >=`.
    Sign(&'static str),
    End,
}

/// A token with where it begins, in characters, and what stands there.
struct Placed {
    token: Token,
    at: usize,
    text: String,
}

const SIGNS: [&str; 11] = ["<=", ">=", "<>", "!=", "==", "(", ")", ",", "=", "<", ">"];

fn tokens(text: &str) -> Result<Vec<Placed>, FilterError> {
    let letters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        if letter.is_whitespace() {
            at += 1;
            continue;
        }
        let (token, length) = token(&letters, at)?;
        tokens.push(Placed { token, at, text: letters[at..at + length].iter().collect() });
        at += length;
    }
    tokens.push(Placed { token: Token::End, at, text: String::new() });
    Ok(tokens)
}

/// The token that begins at `at`, and its length in characters.
fn token(letters: &[char], at: usize) -> Result<(Token, usize), FilterError> {
    let rest = &letters[at..];
    let length_of = |is_part: fn(char) -> bool| rest.iter().take_while(|&&letter| is_part(letter)).count();
    match rest[0] {
        '\'' => {
            quoted(letters, at, "a single quote that ends the text").map(|(text, length)| (Token::Text(text), length))
        }
        '"' => {
            quoted(letters, at, "a double quote that ends the name").map(|(text, length)| (Token::Name(text), length))
        }
        letter if is_start_of_number(rest, letter) => {
            let length = number_length(rest);
            Ok((Token::Number(rest[..length].iter().collect()), length))
        }
        letter if letter.is_alphabetic() || letter == '_' => {
            let length = length_of(|letter| letter.is_alphanumeric() || letter == '_');
            Ok((Token::Word(rest[..length].iter().collect()), length))
        }
        _ => {
            let sign = SIGNS.into_iter().find(|sign| rest.iter().take(sign.len()).copied().eq(sign.chars()));
            let found = || rest.iter().take(20).collect();
            let error = || FilterError { expected: "a column, a value or a comparison", found: found(), at };
            sign.map(|sign| (Token::Sign(sign), sign.len())).ok_or_else(error)
        }
    }
}

/// What stands between quotes, a doubled one taken for one, and the length with both.
fn quoted(letters: &[char], at: usize, expected: &'static str) -> Result<(String, usize), FilterError> {
    let quote = letters[at];
    let mut text = String::new();
    let mut next = at + 1;
    loop {
        match (letters.get(next), letters.get(next + 1)) {
            (None, _) => return Err(FilterError { expected, found: String::new(), at: next }),
            (Some(&letter), Some(&after)) if letter == quote && after == quote => {
                text.push(quote);
                next += 2;
            }
            (Some(&letter), _) if letter == quote => return Ok((text, next + 1 - at)),
            (Some(&letter), _) => {
                text.push(letter);
                next += 1;
            }
        }
    }
}

/// A sign belongs to its number: nothing here adds or subtracts.
fn is_start_of_number(rest: &[char], letter: char) -> bool {
    let is_digit = |letter: Option<&char>| letter.is_some_and(char::is_ascii_digit);
    match letter {
        '-' | '+' => is_digit(rest.get(1)) || (rest.get(1) == Some(&'.') && is_digit(rest.get(2))),
        '.' => is_digit(rest.get(1)),
        _ => letter.is_ascii_digit(),
    }
}

/// Digits, a point, an exponent, and whatever letters follow: those make it no number, which is told of the whole of it.
fn number_length(rest: &[char]) -> usize {
    let mut length = 1;
    while let Some(&letter) = rest.get(length) {
        let is_exponent_sign = matches!(letter, '-' | '+') && matches!(rest[length - 1], 'e' | 'E');
        if !(letter.is_alphanumeric() || matches!(letter, '.' | '_') || is_exponent_sign) {
            break;
        }
        length += 1;
    }
    length
}

enum Operand {
    Column(String),
    Value(Literal),
}

struct Parser {
    /// The last one is the end.
    tokens: Vec<Placed>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.next].token
    }

    fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    fn expected(&self, expected: &'static str) -> FilterError {
        let Placed { at, text, .. } = &self.tokens[self.next];
        FilterError { expected, found: text.clone(), at: *at }
    }

    /// Whether the next token is this word, in any case; it is passed over then.
    fn takes_word(&mut self, word: &str) -> bool {
        let takes = matches!(self.peek(), Token::Word(found) if found.eq_ignore_ascii_case(word));
        self.next += usize::from(takes);
        takes
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let takes = matches!(self.peek(), Token::Sign(found) if *found == sign);
        self.next += usize::from(takes);
        takes
    }

    fn opens(&mut self) -> Result<(), FilterError> {
        if self.takes_sign("(") { Ok(()) } else { Err(self.expected("an opening parenthesis")) }
    }

    fn closes(&mut self) -> Result<(), FilterError> {
        if self.takes_sign(")") { Ok(()) } else { Err(self.expected("a closing parenthesis")) }
    }

    /// Tests of which any must hold.
    fn any(&mut self) -> Result<Expression, FilterError> {
        self.chain("or", Parser::all, Expression::Or)
    }

    fn all(&mut self) -> Result<Expression, FilterError> {
        self.chain("and", Parser::negated, Expression::And)
    }

    fn chain(
        &mut self,
        word: &str,
        part: fn(&mut Parser) -> Result<Expression, FilterError>,
        join: fn(Vec<Expression>) -> Expression,
    ) -> Result<Expression, FilterError> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.takes_word(word) {
            parts.push(part(self)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { join(parts) })
    }

    fn negated(&mut self) -> Result<Expression, FilterError> {
        if !self.takes_word("not") {
            return self.test();
        }
        self.deeper(|parser| Ok(Expression::Not(parser.negated()?.into())))
    }

    fn deeper(
        &mut self,
        part: impl FnOnce(&mut Parser) -> Result<Expression, FilterError>,
    ) -> Result<Expression, FilterError> {
        if self.depth == DEPTH_MAX {
            return Err(self.expected("a condition less deep"));
        }
        self.depth += 1;
        let expression = part(self)?;
        self.depth -= 1;
        Ok(expression)
    }

    fn test(&mut self) -> Result<Expression, FilterError> {
        if self.takes_sign("(") {
            let inner = self.deeper(Parser::any)?;
            self.closes()?;
            return Ok(inner);
        }
        let place = self.next;
        match self.operand()? {
            Operand::Column(name) => self.test_of(name),
            Operand::Value(value) => {
                let comparison = self.comparison().ok_or_else(|| self.expected("a comparison"))?;
                match self.operand()? {
                    Operand::Column(name) => Ok(Expression::Compare(name, comparison.turned(), value)),
                    Operand::Value(_) => {
                        self.next = place;
                        Err(self.expected("a column on one side"))
                    }
                }
            }
        }
    }

    /// What is asked of a column.
    fn test_of(&mut self, name: String) -> Result<Expression, FilterError> {
        if let Some(comparison) = self.comparison() {
            return Ok(match self.operand()? {
                Operand::Value(value) => Expression::Compare(name, comparison, value),
                Operand::Column(other) => Expression::CompareColumns(name, comparison, other),
            });
        }
        if self.takes_word("is") {
            let negated = self.takes_word("not");
            if !self.takes_word("null") {
                return Err(self.expected("the word null"));
            }
            return Ok(not_if(negated, Expression::IsNull(name)));
        }
        let negated = self.takes_word("not");
        if self.takes_word("in") {
            self.opens()?;
            let mut values = vec![self.value()?];
            while self.takes_sign(",") {
                values.push(self.value()?);
            }
            self.closes()?;
            return Ok(not_if(negated, Expression::In(name, values)));
        }
        if self.takes_word("between") {
            let low = Expression::Compare(name.clone(), Comparison::GreaterOrEqual, self.value()?);
            if !self.takes_word("and") {
                return Err(self.expected("the word and"));
            }
            let high = Expression::Compare(name, Comparison::LessOrEqual, self.value()?);
            return Ok(not_if(negated, Expression::And(vec![low, high])));
        }
        if self.takes_word("like") {
            return match self.value()? {
                Literal::Text(pattern) => Ok(not_if(negated, Expression::Like(name, pattern))),
                _ => {
                    self.next -= 1;
                    Err(self.expected("a text in single quotes"))
                }
            };
        }
        if negated { Err(self.expected("the word in, between or like")) } else { Ok(Expression::Column(name)) }
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let Token::Sign(sign) = self.peek() else { return None };
        let comparison = match *sign {
            "=" | "==" => Comparison::Equal,
            "!=" | "<>" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return None,
        };
        self.next += 1;
        Some(comparison)
    }

    fn value(&mut self) -> Result<Literal, FilterError> {
        let place = self.next;
        match self.operand()? {
            Operand::Value(value) => Ok(value),
            Operand::Column(_) => {
                self.next = place;
                Err(self.expected("a value"))
            }
        }
    }

    fn operand(&mut self) -> Result<Operand, FilterError> {
        let operand = match self.peek().clone() {
            Token::Name(name) => Operand::Column(name),
            Token::Text(text) => Operand::Value(Literal::Text(text)),
            Token::Number(number) if number.parse::<f64>().is_ok() => Operand::Value(Literal::Number(number)),
            Token::Number(_) => {
                return Err(self.expected("a number (names that begin with a digit stand in double quotes)"));
            }
            Token::Word(word) => match word.to_ascii_lowercase().as_str() {
                "true" => Operand::Value(Literal::Bool(true)),
                "false" => Operand::Value(Literal::Bool(false)),
                "null" => return Err(self.expected("a value (is null asks for nulls)")),
                "and" | "or" | "not" | "in" | "between" | "like" | "is" => {
                    return Err(self.expected("a column or a value"));
                }
                _ => Operand::Column(word),
            },
            Token::Sign(_) | Token::End => return Err(self.expected("a column or a value")),
        };
        self.advance();
        Ok(operand)
    }
}

fn not_if(negated: bool, expression: Expression) -> Expression {
    if negated { Expression::Not(expression.into()) } else { expression }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Expression {
        expression(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn compare(name: &str, comparison: Comparison, number: &str) -> Expression {
        Expression::Compare(name.to_owned(), comparison, Literal::Number(number.to_owned()))
    }

    #[test]
    fn and_binds_more_than_or() {
        let [a, b, c] = ["a", "b", "c"].map(|name| compare(name, Comparison::Greater, "1"));
        let joined = Expression::Or(vec![a.clone(), Expression::And(vec![b.clone(), c.clone()])]);
        assert_eq!(read("a>1 or b > 1 AND c>1"), joined);
        assert_eq!(read("(a>1 or b>1) and c>1"), Expression::And(vec![Expression::Or(vec![a, b]), c]));
    }

    #[test]
    fn a_value_may_come_first() {
        assert_eq!(read("-3 <= x"), compare("x", Comparison::GreaterOrEqual, "-3"));
        assert_eq!(read("3.5=x"), compare("x", Comparison::Equal, "3.5"));
    }

    #[test]
    fn quotes_are_doubled_inside() {
        let text = Literal::Text("it's".to_owned());
        assert_eq!(
            read("\"two \"\" words\" = 'it''s'"),
            Expression::Compare("two \" words".to_owned(), Comparison::Equal, text)
        );
    }

    #[test]
    fn tests_can_be_negated() {
        let in_list = Expression::In("größe".to_owned(), vec![Literal::Number("1".to_owned()), Literal::Bool(true)]);
        assert_eq!(read("größe not in (1, true)"), Expression::Not(in_list.into()));
        assert_eq!(
            read("not a is not null"),
            Expression::Not(Expression::Not(Expression::IsNull("a".to_owned()).into()).into())
        );
        let range = Expression::And(vec![
            compare("a", Comparison::GreaterOrEqual, "1"),
            compare("a", Comparison::LessOrEqual, "2"),
        ]);
        assert_eq!(read("a between 1 and 2 and b"), Expression::And(vec![range, Expression::Column("b".to_owned())]));
        assert_eq!(read("a not like 'x%'"), Expression::Not(Expression::Like("a".to_owned(), "x%".to_owned()).into()));
    }

    #[test]
    fn an_error_says_where_and_what() {
        for (text, told) in [
            ("", "the condition ends where a column or a value is expected"),
            ("a >", "the condition ends where a column or a value is expected"),
            ("a > 3 b", "the word and, the word or, or the end is expected at character 7, not \"b\""),
            ("1 = 2", "a column on one side is expected at character 1, not \"1\""),
            ("a = null", "a value (is null asks for nulls) is expected at character 5, not \"null\""),
            ("a in ()", "a column or a value is expected at character 7, not \")\""),
            ("a in (b)", "a value is expected at character 7, not \"b\""),
            ("a between 1", "the condition ends where the word and is expected"),
            ("a in 3", "an opening parenthesis is expected at character 6, not \"3\""),
            ("a not 3", "the word in, between or like is expected at character 7, not \"3\""),
            ("a like 3", "a text in single quotes is expected at character 8, not \"3\""),
            ("a = 'x", "the condition ends where a single quote that ends the text is expected"),
            (
                "a = 3x",
                "a number (names that begin with a digit stand in double quotes) is expected at character 5, not \"3x\"",
            ),
            ("a ; drop", "a column, a value or a comparison is expected at character 3, not \"; drop\""),
            ("(a > 3", "the condition ends where a closing parenthesis is expected"),
        ] {
            assert_eq!(expression(text).map_err(|error| error.to_string()), Err(told.to_owned()), "{text}");
        }
    }

    #[test]
    fn no_depth_overflows_the_stack() {
        let nested = |levels: usize| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
        assert!(expression(&nested(DEPTH_MAX)).is_ok());
        assert!(expression(&nested(100_000)).is_err());
        assert!(expression(&format!("{} a", "not ".repeat(100_000))).is_err());
        assert!(expression(&vec!["a"; 100_000].join(" or ")).is_ok(), "no depth");
    }
}
