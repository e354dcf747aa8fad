//! The query grammar of label selectors, with the real parser's messages.

use super::{Operator, Requirement, SelectorError};
use crate::select::name::{label_value_problem, qualified_name_problem};

/// Every requirement of a selector.
pub(super) fn selector(text: &str) -> Result<Vec<Requirement>, SelectorError> {
    let mut tokens = Tokens::of(text);
    let mut requirements = Vec::new();
    loop {
        match tokens.peek() {
            Token::Word(_) | Token::Sign("!") => {
                let requirement = requirement(&mut tokens)
                    .map_err(|problem| SelectorError(format!("unable to parse requirement: {problem}")))?;
                requirements.push(requirement);
                match tokens.next() {
                    Token::End => return Ok(requirements),
                    Token::Sign(",") => match tokens.peek() {
                        Token::Word(_) | Token::Sign("!") => {}
                        other => {
                            return Err(SelectorError(format!(
                                "found '{}', expected: identifier after ','",
                                other.text()
                            )));
                        }
                    },
                    other => {
                        return Err(SelectorError(format!(
                            "found '{}', expected: ',' or 'end of string'",
                            other.text()
                        )));
                    }
                }
            }
            Token::End => return Ok(requirements),
            other @ Token::Sign(_) => {
                return Err(SelectorError(format!(
                    "found '{}', expected: !, identifier, or 'end of string'",
                    other.text()
                )));
            }
        }
    }
}

fn requirement(tokens: &mut Tokens<'_>) -> Result<Requirement, String> {
    let negated = tokens.peek() == Token::Sign("!");
    if negated {
        tokens.next();
    }
    let key = match tokens.next() {
        Token::Word(key) => key,
        other => return Err(format!("found '{}', expected: identifier", other.text())),
    };
    if let Some(problem) = qualified_name_problem(key) {
        return Err(format!("<nil>: Invalid value: {key:?}: {problem}"));
    }
    let key = key.to_owned();
    if negated {
        return Ok(Requirement {
            key,
            operator: Operator::Absent,
        });
    }
    if matches!(tokens.peek(), Token::End | Token::Sign(",")) {
        return Ok(Requirement {
            key,
            operator: Operator::Exists,
        });
    }
    let operator = match tokens.next() {
        Token::Word("in") => Operator::In(checked(&key, set(tokens)?)?),
        Token::Word("notin") => Operator::NotIn(checked(&key, set(tokens)?)?),
        Token::Sign("=" | "==") => Operator::In(checked(&key, vec![single(tokens)?])?),
        Token::Sign("!=") => Operator::NotIn(checked(&key, vec![single(tokens)?])?),
        Token::Sign(">") => Operator::GreaterThan(number(&single(tokens)?)?),
        Token::Sign("<") => Operator::LessThan(number(&single(tokens)?)?),
        other => {
            return Err(format!(
                "found '{}', expected: in, notin, =, ==, !=, gt, lt",
                other.text()
            ));
        }
    };
    Ok(Requirement { key, operator })
}

/// `(a, b, )`: an empty place is the empty value.
fn set(tokens: &mut Tokens<'_>) -> Result<Vec<String>, String> {
    match tokens.next() {
        Token::Sign("(") => {}
        other => return Err(format!("found '{}' expected: '('", other.text())),
    }
    let mut values = Vec::new();
    loop {
        match tokens.next() {
            Token::Word(value) => {
                values.push(value.to_owned());
                match tokens.next() {
                    Token::Sign(",") => {}
                    Token::Sign(")") => return Ok(values),
                    other => return Err(format!("found '{}', expected: ',' or ')'", other.text())),
                }
                if tokens.peek() == Token::Sign(")") {
                    values.push(String::new());
                }
            }
            Token::Sign(",") => {
                values.push(String::new());
                if tokens.peek() == Token::Sign(")") {
                    values.push(String::new());
                }
            }
            Token::Sign(")") => {
                if values.is_empty() {
                    values.push(String::new());
                }
                values.dedup();
                return Ok(values);
            }
            other => {
                return Err(format!(
                    "found '{}', expected: ',', ')' or identifier",
                    other.text()
                ));
            }
        }
    }
}

fn single(tokens: &mut Tokens<'_>) -> Result<String, String> {
    match tokens.peek() {
        Token::End | Token::Sign(",") => Ok(String::new()),
        Token::Word(value) => {
            tokens.next();
            Ok(value.to_owned())
        }
        other @ Token::Sign(_) => Err(format!("found '{}', expected: identifier", other.text())),
    }
}

fn checked(key: &str, values: Vec<String>) -> Result<Vec<String>, String> {
    for (position, value) in values.iter().enumerate() {
        if let Some(problem) = label_value_problem(value) {
            return Err(format!(
                "values[{position}][{key}]: Invalid value: {value:?}: {problem}"
            ));
        }
    }
    Ok(values)
}

fn number(value: &str) -> Result<i64, String> {
    value.parse().map_err(|_| {
        format!("values[0]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, the value must be an integer")
    })
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Sign(&'static str),
    End,
}

impl<'a> Token<'a> {
    fn text(self) -> &'a str {
        match self {
            Token::Word(text) => text,
            Token::Sign(sign) => sign,
            Token::End => "",
        }
    }
}

/// Longest first.
const SIGNS: [&str; 9] = ["==", "!=", "=", "!", ",", "(", ")", ">", "<"];

struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    fn of(text: &'a str) -> Self {
        Self { rest: text }
    }

    fn peek(&self) -> Token<'a> {
        Self { rest: self.rest }.next()
    }

    fn next(&mut self) -> Token<'a> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        if self.rest.is_empty() {
            return Token::End;
        }
        for sign in SIGNS {
            if let Some(rest) = self.rest.strip_prefix(sign) {
                self.rest = rest;
                return Token::Sign(sign);
            }
        }
        let end = self
            .rest
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '!' | ',' | '(' | ')' | '>' | '<'))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Token::Word(word)
    }
}
