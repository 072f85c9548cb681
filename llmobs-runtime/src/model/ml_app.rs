//! Datadog's rules for the name of an application.

/// The longest name that Datadog accepts, in characters.
const MAX_CHARS: usize = 193;

/// Returns a warning about a name that Datadog may not accept. `setting` names the setting that it comes from.
pub(crate) fn warning(ml_app: &str, setting: &str) -> Option<String> {
    let problem = problem(ml_app)?;
    Some(format!("Datadog may not accept the name of the application in {setting}, {problem}"))
}

/// Returns which rule of Datadog a name breaks, and how to repair it. The rules are those for names of applications in Datadog's
/// documentation of its SDKs.
fn problem(ml_app: &str) -> Option<&'static str> {
    let allowed = |char: char| char.is_alphanumeric() || "_-:./".contains(char);
    if ml_app.chars().any(|char| !char.to_lowercase().eq([char])) {
        Some("which has upper-case letters: write it in lower case")
    } else if ml_app.chars().count() > MAX_CHARS {
        Some("which is longer than 193 characters: shorten it")
    } else if !ml_app.chars().all(allowed) {
        Some("which has characters other than letters, digits and _ - : . /: write - instead")
    } else if ml_app.contains("__") {
        Some("which has underscores in a row: write one")
    } else if ml_app.ends_with('_') {
        Some("which ends with an underscore: leave it out")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn each_error_names_its_rule() {
        let long = "a".repeat(194);
        assert!(problem("ǅ").is_some());
        let problems = ["Support", &long, "a b", "a__b", "a_"].map(|name| problem(name).unwrap_or_default());
        let starts = [
            "which has upper",
            "which is longer",
            "which has characters",
            "which has underscores",
            "which ends",
        ];
        assert!(
            problems.iter().zip(starts).all(|(problem, start)| problem.starts_with(start)),
            "{problems:?}"
        );
        for good in ["support-bot", "a_b:c.d/e1", "дом", &"a".repeat(193), "unnamed-ml-app"] {
            assert_eq!(problem(good), None, "{good}");
        }
    }
}
