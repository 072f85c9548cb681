//! One page of the browser: the actions of a user, the visible texts, and the errors of the browser.

use std::cell::RefCell;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as STANDARD;
use serde_json::{Value, json};

use super::browser::{Browser, browser};
use super::explorer::Explorer;

/// How long something may take to appear.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) struct Page<'a> {
    pub(crate) explorer: &'a Explorer,
    browser: &'static Browser,
    context: String,
    session: String,
    /// Parts of the errors that the browser may report.
    expected: RefCell<Vec<&'static str>>,
}

/// Runs a test with its own page and explorer, in a window of 1400 by 800, and checks for errors of the browser.
pub(crate) fn with_page(test: impl FnOnce(&Page<'_>)) {
    with_page_of(&Explorer::start(), test);
}

/// Runs a test with its own page of this explorer.
pub(crate) fn with_page_of(explorer: &Explorer, test: impl FnOnce(&Page<'_>)) {
    let Some(browser) = browser() else { return };
    let page = Page::open(browser, explorer);
    test(&page);
    assert_eq!(page.browser_errors(), Vec::<String>::new(), "errors of the browser");
    page.browser
        .call("", "Target.disposeBrowserContext", &json!({ "browserContextId": page.context }))
        .unwrap();
}

impl<'a> Page<'a> {
    fn open(browser: &'static Browser, explorer: &'a Explorer) -> Self {
        let ask =
            |session: &str, method: &str, params: Value| browser.call(session, method, &params).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let context = text(&ask("", "Target.createBrowserContext", json!({}))["browserContextId"]);
        let target =
            ask("", "Target.createTarget", json!({ "url": "about:blank", "browserContextId": context }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = text(&ask("", "Target.attachToTarget", attach)["sessionId"]);
        for domain in ["Page", "Runtime", "Log", "Audits"] {
            ask(&session, &format!("{domain}.enable"), json!({}));
        }
        ask(&session, "Emulation.setFocusEmulationEnabled", json!({ "enabled": true }));
        let page = Self { explorer, browser, context, session, expected: RefCell::default() };
        page.resize(1400, 800);
        page.dark(false);
        page
    }

    fn call(&self, method: &str, params: &Value) -> Value {
        self.browser.call(&self.session, method, params).unwrap()
    }

    /// Opens an address of the explorer and waits until the page is loaded.
    pub(crate) fn visit(&self, path: &str) {
        let before = self.document();
        let answer = self.call("Page.navigate", &json!({ "url": format!("{}{path}", self.explorer.origin) }));
        assert_eq!(answer.get("errorText"), None, "{path}");
        self.wait_for(path, || self.has_left(&before));
    }

    /// A value that identifies the document.
    fn document(&self) -> Value {
        self.ask("performance.timeOrigin")
    }

    /// Whether another document is completely loaded. A page that is being replaced cannot be queried, which means no.
    fn has_left(&self, before: &Value) -> bool {
        let now = self.try_ask("document.readyState === 'complete' && performance.timeOrigin");
        now.is_ok_and(|now| now.is_number() && now != *before)
    }

    fn wait_for(&self, what: &str, mut done: impl FnMut() -> bool) {
        let until = Instant::now() + TIMEOUT;
        while !done() {
            assert!(
                Instant::now() < until,
                "timed out: {what}; {:#?}; {}",
                self.browser_errors(),
                self.picture()
            );
            sleep(Duration::from_millis(15));
        }
    }

    /// Returns the content of the page, for a failed test.
    fn picture(&self) -> Value {
        self.try_ask("location.href + '\\n' + document.body.innerText.slice(0, 3000)").unwrap_or_default()
    }

    /// Returns the value of an expression.
    pub(crate) fn ask(&self, script: &str) -> Value {
        self.try_ask(script).unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    fn try_ask(&self, script: &str) -> Result<Value, String> {
        let params = json!({ "expression": script, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.browser.call(&self.session, "Runtime.evaluate", &params)?;
        match answer.get("exceptionDetails") {
            Some(thrown) => Err(thrown.to_string()),
            None => Ok(answer["result"]["value"].take()),
        }
    }

    /// Waits until an expression is true. On a page that is being replaced, it is not true yet.
    pub(crate) fn until(&self, script: &str) {
        self.wait_for(script, || self.try_ask(script).is_ok_and(|value| value == true));
    }

    /// Returns the visible texts of all elements.
    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        let script = format!(
            "[...document.querySelectorAll({})].map((one) => one.innerText.replace(/\\s+/g, ' ').trim())",
            json!(selector)
        );
        serde_json::from_value(self.ask(&script)).unwrap()
    }

    pub(crate) fn count(&self, selector: &str) -> u64 {
        self.ask(&format!("document.querySelectorAll({}).length", json!(selector))).as_u64().unwrap()
    }

    /// Clicks on the middle of an element, as a mouse does. An element above it would get the click.
    pub(crate) fn click(&self, selector: &str) {
        let at = self.middle(selector);
        self.mouse("mousePressed", &at);
        self.mouse("mouseReleased", &at);
    }

    pub(crate) fn press_down(&self, selector: &str) {
        self.mouse("mousePressed", &self.middle(selector));
    }

    pub(crate) fn release(&self, selector: &str) {
        self.mouse("mouseReleased", &self.middle(selector));
    }

    fn middle(&self, selector: &str) -> Value {
        let script = format!(
            "(() => {{ const one = document.querySelector({}); if (!one) return null;
            one.scrollIntoView({{ block: 'nearest', inline: 'nearest' }});
            const box = one.getClientRects()[0];
            return [box.x + box.width / 2, box.y + box.height / 2]; }})()",
            json!(selector)
        );
        let at = self.ask(&script);
        assert!(at.is_array(), "there is no {selector}; {}", self.picture());
        at
    }

    fn mouse(&self, kind: &str, at: &Value) {
        let params = json!({ "type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1 });
        self.call("Input.dispatchMouseEvent", &params);
    }

    /// Clicks on a link, and waits until the next page is loaded.
    pub(crate) fn follow(&self, selector: &str) {
        let before = self.document();
        self.click(selector);
        self.wait_for(selector, || self.has_left(&before));
    }

    /// Presses a key: a letter, or a name such as `ArrowDown`.
    pub(crate) fn press(&self, key: &str) {
        let code = match key {
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            "Home" => 36,
            "End" => 35,
            "Enter" => 13,
            "Escape" => 27,
            "Tab" => 9,
            _ => 0,
        };
        let text = match key {
            "Enter" => "\r",
            key if key.chars().count() == 1 => key,
            _ => "",
        };
        let kind = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        let down =
            json!({ "type": kind, "key": key, "code": key, "text": text, "windowsVirtualKeyCode": code });
        self.call("Input.dispatchKeyEvent", &down);
        self.call(
            "Input.dispatchKeyEvent",
            &json!({ "type": "keyUp", "key": key, "windowsVirtualKeyCode": code }),
        );
    }

    /// Replaces the text of a field.
    pub(crate) fn write(&self, selector: &str, text: &str) {
        self.ask(&format!("document.querySelector({}).select()", json!(selector)));
        self.call("Input.insertText", &json!({ "text": text }));
    }

    /// Writes into a field, presses Enter, and waits until the next page is loaded.
    pub(crate) fn submit(&self, selector: &str, text: &str) {
        let before = self.document();
        self.write(selector, text);
        self.press("Enter");
        self.wait_for(selector, || self.has_left(&before));
    }

    pub(crate) fn resize(&self, width: u32, height: u32) {
        let params = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &params);
    }

    /// Sets the preferred theme of the user.
    pub(crate) fn dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": value }]);
        self.call("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    pub(crate) fn without_scripts(&self) {
        self.call("Emulation.setScriptExecutionDisabled", &json!({ "value": true }));
    }

    pub(crate) fn screenshot(&self, file: &Path) {
        let picture =
            self.call("Page.captureScreenshot", &json!({ "format": "png", "optimizeForSpeed": false }));
        let picture = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        std::fs::write(file, picture).unwrap();
    }

    /// Allows errors that contain this text.
    pub(crate) fn expect(&self, error: &'static str) {
        self.expected.borrow_mut().push(error);
    }

    /// Returns errors and warnings of the console, exceptions, violations of the content security policy, and dialogs.
    pub(crate) fn browser_errors(&self) -> Vec<String> {
        let events = self.browser.events(&self.session);
        let all = events.iter().filter_map(|event| {
            let params = &event["params"];
            match event["method"].as_str().unwrap() {
                "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
                "Runtime.consoleAPICalled" => Some(format!("console: {}", params["args"])),
                "Log.entryAdded" => {
                    let entry = &params["entry"];
                    let about = entry["url"].as_str().unwrap_or_default();
                    Some(format!("{} {about}", entry["text"].as_str().unwrap()))
                }
                "Audits.issueAdded" => Some(format!("issue: {}", params["issue"])),
                "Page.javascriptDialogOpening" => Some(format!("dialog: {}", params["message"])),
                _ => None,
            }
        });
        let expected = self.expected.borrow();
        all.filter(|text| !expected.iter().any(|known| text.contains(known))).collect()
    }
}
