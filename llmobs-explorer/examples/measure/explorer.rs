//! The explorer in its own process, and a client that measures time.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::Failed;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// An explorer process. Dropping this kills it.
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
    /// The CPU time of the explorer.
    pub(crate) work: Duration,
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
        // Prints later lines.
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

    /// Fetches a page.
    pub(crate) fn get(&self, path: &str) -> Result<Times, Failed> {
        self.ask(&format!("GET {path} HTTP/1.1\r\n"), "", " 200 ")
            .map_err(|error| format!("{path}: {error}").into())
    }

    fn ask(&self, head: &str, body: &str, expected: &str) -> Result<Times, Failed> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let work = self.work()?;
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
        let work = self.work()?.saturating_sub(work);
        Ok(Times { first_byte, total, work, bytes: answer.len() })
    }

    /// The anonymous memory of the process now, and its peak memory including files.
    pub(crate) fn memory(&self) -> Result<String, Failed> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let mib = |name: &str| -> Result<u64, Failed> {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .ok_or("this system does not report memory")?;
            Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? >> 10)
        };
        Ok(format!("{} MiB anonymous, peak {} MiB with files", mib("RssAnon:")?, mib("VmHWM:")?))
    }
}

impl Explorer {
    /// The CPU time of the process on all cores. Other processes on the same machine hardly affect it.
    pub(crate) fn work(&self) -> Result<Duration, Failed> {
        let mut work = Duration::ZERO;
        for task in fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            // A thread may have ended. The first field is its CPU time in nanoseconds.
            let Ok(times) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
            let ran = times.split(' ').next().ok_or("this system does not report CPU times")?;
            work += Duration::from_nanos(ran.parse()?);
        }
        Ok(work)
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
