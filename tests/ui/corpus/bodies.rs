//! Lints of clippy about function bodies.

use std::collections::HashMap;

#[span]
pub fn needless_return(a: u8) -> u8 {
    return a + 1;
}

#[span]
pub fn needless_return_in_branches(a: u8) -> u8 {
    if a == 1 {
        return 2;
    } else {
        return a;
    }
}

#[span]
pub fn needless_return_in_match(a: u8) -> u8 {
    let b = a.max(3);
    match b {
        1 => return 2,
        _ => b,
    }
}

#[span]
pub fn needless_return_of_unit(list: &mut Vec<u8>) {
    list.clear();
    return;
}

#[span]
pub fn needless_return_in_closure(list: &[u8]) -> Vec<u8> {
    list.iter().map(|one| {
        let one = one.max(&3);
        return one + 1;
    }).collect()
}

#[span]
pub fn let_and_return(a: u8) -> u8 {
    let b = a.max(3);
    b
}

#[span]
pub async fn let_and_return_async(a: u8) -> u8 {
    let b = std::future::ready(a).await;
    b
}

#[span]
pub fn needless_question_mark(a: Option<u8>) -> Option<u8> {
    Some(a?)
}

#[span]
pub fn question_mark(a: Option<u8>) -> Option<u8> {
    let Some(a) = a else { return None };
    if Some(a).is_none() {
        return None;
    }
    Some(a + 1)
}

#[span]
pub fn question_mark_of_result(a: Result<u8, String>) -> Result<u8, String> {
    let a = match a {
        Ok(a) => a,
        Err(error) => return Err(error),
    };
    Ok(a + 1)
}

#[span]
pub async fn question_mark_async(a: Option<u8>) -> Option<u8> {
    let Some(a) = a else { return None };
    Some(std::future::ready(a).await + 1)
}

#[span]
pub fn casts(a: i64, b: u32) -> (u8, u64, f32, u32) {
    (a as u8, b as u64, a as f32, a as u32)
}

#[span]
pub fn unnecessary_cast(a: u8) -> u8 {
    a as u8 + 1
}

#[span]
pub fn redundant_closure(list: &[&str]) -> Vec<String> {
    let owned: Vec<String> = list.iter().map(|one| one.to_string()).collect();
    owned.into_iter().map(|one| String::from(one)).filter(|one| one.is_empty()).collect()
}

#[span]
pub fn single_match(a: Option<u8>) -> u8 {
    let mut sum = 0;
    match a {
        Some(a) => sum += a,
        None => {}
    }
    sum
}

#[span]
pub fn manual_map(a: Option<u8>) -> Option<u8> {
    match a {
        Some(a) => Some(a + 1),
        None => None,
    }
}

#[span]
pub fn manual_let_else(a: Option<u8>) -> u8 {
    let a = if let Some(a) = a {
        a
    } else {
        return 0;
    };
    a + 1
}

#[span]
pub fn manual_range_contains(a: u8) -> bool {
    a >= 1 && a < 9
}

#[span]
pub fn manual_unwrap_or(a: Option<u8>) -> u8 {
    match a {
        Some(a) => a,
        None => 7,
    }
}

#[span]
pub fn manual_flatten(list: &[Option<u8>]) -> u8 {
    let mut sum = 0;
    for one in list {
        if let Some(one) = one {
            sum += one;
        }
    }
    sum
}

#[span]
pub fn manual_swap(mut a: u8, mut b: u8) -> (u8, u8) {
    let c = a;
    a = b;
    b = c;
    (a, b)
}

#[span]
pub fn loops(list: &[u8]) -> u8 {
    let mut sum = 0;
    for index in 0..list.len() {
        sum += list[index];
    }
    for one in list.iter() {
        sum += one;
    }
    let mut count = 0;
    for one in list {
        sum += one + count;
        count += 1;
    }
    sum
}

#[span]
pub fn while_let_on_iterator(list: &[u8]) -> u8 {
    let mut items = list.iter();
    let mut sum = 0;
    while let Some(item) = items.next() {
        sum += item;
    }
    sum
}

#[span]
pub fn never_loop(list: &[u8]) -> u8 {
    for one in list {
        return *one;
    }
    0
}

#[span]
pub fn needless_borrow(text: &str) -> usize {
    (&text).len() + std::fs::read(&"x").map_or(0, |read| read.len())
}

#[span]
pub fn implicit_clone(text: &String, list: &Vec<u8>) -> (String, Vec<u8>) {
    (text.to_owned(), list.to_vec())
}

#[span]
pub fn clone_on_copy(a: u8) -> u8 {
    a.clone() + 1
}

#[span]
pub fn formats(a: u8) -> String {
    println!("{}", a);
    format!("text")
}

#[span]
pub fn useless_conversion(text: String) -> String {
    String::from(text)
}

#[span]
pub fn useless_conversion_of_an_argument(text: String) -> String {
    text.into()
}

#[span]
pub fn semicolon_if_nothing_returned(list: &mut Vec<u8>) {
    list.clear()
}

#[span]
pub async fn semicolon_if_nothing_returned_async(list: &mut Vec<u8>) {
    std::future::ready(1).await;
    list.clear()
}

#[span]
pub fn conditions(a: bool, list: &[u8]) -> bool {
    if a == true {
        if list.len() == 0 {
            return !(list.len() == 3);
        }
    }
    if a { true } else { false }
}

#[span]
pub fn if_not_else(a: u8) -> u8 {
    if !(a == 1) { 2 } else { 3 }
}

#[span]
pub fn redundant_else(a: u8) -> u8 {
    let mut b = a;
    loop {
        if b == 1 {
            break;
        } else {
            b -= 1;
        }
    }
    b
}

#[span]
pub fn operators(mut a: u8, b: u8) -> u8 {
    a = a + b;
    a + 0 + (b - b)
}

#[span]
pub fn no_effect(a: u8) {
    a + 1;
    ();
}

#[span]
pub fn let_unit_value(list: &mut Vec<u8>) {
    let unit = list.clear();
    drop(unit);
}

#[span]
pub fn matches(a: Option<u8>) -> bool {
    let b = match a {
        Some(1) => true,
        _ => false,
    };
    let c = match a {
        Some(1) => 1,
        Some(2) => 1,
        _ => 2,
    };
    b || c == 1 || if let None = a { true } else { false }
}

#[span]
pub fn needless_late_init(a: bool) -> u8 {
    let b;
    if a {
        b = 1;
    } else {
        b = 2;
    }
    b
}

#[span]
pub fn options(a: Option<u8>, map: &mut HashMap<u8, u8>) -> u8 {
    if !map.contains_key(&1) {
        map.insert(1, 2);
    }
    a.map(|a| a + 1).unwrap_or(0) + a.unwrap_or_else(|| 1) + a.and_then(|a| Some(a + 1)).unwrap_or(0)
}

#[span]
pub fn iterators(list: &[u8]) -> bool {
    let first = list.iter().filter(|one| **one == 1).next();
    let found = list.iter().find(|one| **one == 1).is_some();
    first.is_some() && found && list.iter().nth(0).is_some()
}

#[span]
pub fn unreadable_literal(a: u32) -> u32 {
    a + 100000
}

#[span]
pub fn useless_vec() -> u8 {
    let list = vec![1, 2];
    list.iter().sum()
}

#[span]
pub fn wildcard_imports() -> f64 {
    use std::f64::consts::*;
    PI + E
}

#[span]
pub fn unnecessary_literal_unwrap() -> u8 {
    Some(1).unwrap()
}

#[span]
pub fn redundant_locals(a: u8) -> u8 {
    let a = a;
    let b = 1;
    let b = b;
    a + b
}

#[span]
pub fn needless_option_as_deref(mut a: Option<&mut u8>) -> usize {
    a.as_deref_mut().map_or(0, |a| usize::from(*a))
}

#[span]
pub fn redundant_pattern_matching(a: Result<u8, u8>) -> u8 {
    if let Ok(_) = a { 1 } else { 2 }
}

#[span]
pub fn unused_enumerate_index(list: &[u8]) -> u8 {
    let mut sum = 0;
    for (_, one) in list.iter().enumerate() {
        sum += one;
    }
    sum
}

#[span]
pub fn unneeded_field_pattern((a, _, _): (u8, u8, u8), list: &mut Vec<u8>) -> u8 {
    list.extend(vec![a]);
    match list.len() {
        0 => 1,
        _ => std::mem::replace(list, Vec::new()).len() as _,
    }
}
