//! What Linux counts of a process (`man 5 proc`).

use std::fs;
use std::time::Duration;

use crate::error::BenchError;

/// Linux counts CPU time for programs in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);
/// Places of `utime` and `stime` behind the name in parentheses, which may hold blanks.
const TIMES: [usize; 2] = [11, 12];

/// User and system time of all threads so far.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration, BenchError> {
    let text = read(pid, "stat")?;
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = TIMES.iter().filter_map(|place| fields.get(*place)?.parse::<u32>().ok());
    Ok(ticks.map(|ticks| TICK * ticks).sum())
}

/// The most memory it ever had, in MiB.
pub(crate) fn peak_memory(pid: u32) -> Result<f64, BenchError> {
    memory(pid, "VmHWM:")
}

/// Its memory now, in MiB.
pub(crate) fn resident_memory(pid: u32) -> Result<f64, BenchError> {
    memory(pid, "VmRSS:")
}

fn memory(pid: u32, name: &str) -> Result<f64, BenchError> {
    let text = read(pid, "status")?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u32>().ok());
    kib.map(|kib| f64::from(kib) / 1024.0)
        .ok_or_else(|| BenchError::NoProcess(format!("process {pid}")))
}

fn read(pid: u32, file: &str) -> Result<String, BenchError> {
    let path = format!("/proc/{pid}/{file}");
    fs::read_to_string(&path).map_err(BenchError::file(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_memory_and_has_a_cpu_time() {
        let pid = std::process::id();
        assert!(resident_memory(pid).unwrap() > 1.0);
        assert!(peak_memory(pid).unwrap() >= resident_memory(pid).unwrap() / 2.0);
        assert!(cpu_time(pid).unwrap() < Duration::from_hours(1));
    }
}
