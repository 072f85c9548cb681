//! The explorer as a process of its own, and a client that looks at the clock.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::Failed;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// An explorer that ends with its handle.
#[derive(Debug)]
pub(crate) struct Explorer {
    process: Child,
    address: String,
}

/// How long an answer took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) first_byte: Duration,
    pub(crate) total: Duration,
    pub(crate) bytes: usize,
}

impl Explorer {
    pub(crate) fn start(program: &Path, store: &Path, keep_mib: u64) -> Result<Self, Failed> {
        let mut process = Command::new(program)
            .args(["serve", "--port", "0", "--keep-mib", &keep_mib.to_string(), "--store"])
            .arg(store)
            .stderr(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(process.stderr.take().ok_or("no standard error")?).lines();
        let address = loop {
            let line = lines.next().ok_or("the explorer did not start")??;
            if let Some((_, address)) = line.split_once("http://") {
                break address.to_owned();
            }
            eprintln!("{line}");
        };
        // What it says later is for whoever watches.
        thread::spawn(move || lines.map_while(Result::ok).for_each(|line| eprintln!("{line}")));
        Ok(Self { process, address })
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn spans(&self, body: &str) -> Result<(), Failed> {
        self.post("/api/v2/llmobs", body)
    }

    pub(crate) fn metrics(&self, body: &str) -> Result<(), Failed> {
        self.post("/api/intake/llm-obs/v2/eval-metric", body)
    }

    fn post(&self, path: &str, body: &str) -> Result<(), Failed> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        );
        self.ask(&head, body, " 202 ").map(drop)
    }

    /// Asks for a page.
    pub(crate) fn get(&self, path: &str) -> Result<Times, Failed> {
        self.ask(&format!("GET {path} HTTP/1.1\r\n"), "", " 200 ")
            .map_err(|error| format!("{path}: {error}").into())
    }

    fn ask(&self, head: &str, body: &str, expected: &str) -> Result<Times, Failed> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let start = Instant::now();
        write!(stream, "{head}Host: {}\r\nConnection: close\r\n\r\n", self.address)?;
        stream.write_all(body.as_bytes())?;
        let mut answer = vec![0; 64 * 1024];
        let first = stream.read(&mut answer)?;
        let first_byte = start.elapsed();
        answer.truncate(first);
        stream.read_to_end(&mut answer)?;
        let total = start.elapsed();
        let text = String::from_utf8_lossy(&answer);
        let status = text.lines().next().unwrap_or_default();
        if !status.contains(expected) {
            return Err(text.into_owned().into());
        }
        Ok(Times { first_byte, total, bytes: answer.len() })
    }

    /// The memory of the process now, without that of files, and all of it at most.
    pub(crate) fn memory(&self) -> Result<String, Failed> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let mib = |name: &str| -> Result<u64, Failed> {
            let line =
                status.lines().find_map(|line| line.strip_prefix(name)).ok_or("not told by this system")?;
            Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? >> 10)
        };
        Ok(format!("{} MiB anonymous, {} MiB at most with files", mib("RssAnon:")?, mib("VmHWM:")?))
    }
}

impl Explorer {
    /// How long it has been at work, on all cores. Neighbours on the same machine take time from the clock, but not from this.
    pub(crate) fn work(&self) -> Result<Duration, Failed> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // Behind the name of the program: user and system time, the 12th and 13th, in hundredths of a second.
        let fields = stat.rsplit_once(") ").ok_or("not told by this system")?.1.split(' ').skip(11).take(2);
        let ticks = fields.map(str::parse::<u64>).sum::<Result<u64, _>>()?;
        Ok(Duration::from_millis(ticks * 10))
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        // If it has ended already there is nothing to do.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
