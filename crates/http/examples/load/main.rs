//! Requests a second through a socket, beside those of a handler that does nothing, in one run and in turns.
//!
//! `cargo run --release -p rollbook-http --example load -- [SECONDS [ROUNDS]]`
//!
//! Clients run on threads of their own over loopback, on connections that are kept. Every round measures every line
//! once, each for SECONDS (1); what is printed is the median of ROUNDS (9) and the median of the ratios that a round
//! gave. Server and clients share the machine, so read the ratios.

#![allow(clippy::print_stdout, reason = "a program that reports to whoever runs it")]

mod client;
mod servers;

use client::Lanes;
use servers::{Served, requests};
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

/// How many devices are asked about, in turns.
const DEVICES: usize = 100_000;

/// One line of the table.
struct Line {
    name: &'static str,
    address: SocketAddr,
    requests: Vec<Vec<u8>>,
    /// The line that the ratio is to.
    beside: usize,
    connections: usize,
    rates: Vec<f64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds: f64 = arguments.next().map_or(Ok(1.0), |text| text.parse())?;
    let rounds: usize = arguments.next().map_or(Ok(9), |text| text.parse())?;
    let served = Served::start(DEVICES)?;
    let mut lines = Vec::new();
    for connections in [1, 16] {
        let first = lines.len();
        let mut line = |name, address, requests, beside| {
            lines.push(Line {
                name,
                address,
                requests,
                beside: first + beside,
                connections,
                rates: Vec::new(),
            });
        };
        line("GET, a handler that does nothing", served.empty, requests::membership(DEVICES), 0);
        line("GET, is this device in this tag?", served.faces, requests::membership(DEVICES), 0);
        line("POST, a handler that reads the body", served.empty, requests::update(DEVICES), 2);
        line("POST, tags and alias of a device", served.faces, requests::update(DEVICES), 2);
    }
    for round in 0..=rounds {
        for line in &mut lines {
            let rate = measure(line, Duration::from_secs_f64(seconds))?;
            // The first warms up.
            if round > 0 {
                line.rates.push(rate);
            }
        }
    }
    println!("| {:35} | connections | requests a second | ratio |", "");
    println!("|{:-<37}|------------:|------------------:|------:|", "");
    for line in &lines {
        let beside = lines.get(line.beside).map(|beside| beside.rates.as_slice()).unwrap_or_default();
        let ratios = line.rates.iter().zip(beside).map(|(rate, beside)| rate / beside).collect();
        let (rate, ratio) = (median(line.rates.clone()), median(ratios));
        println!("| {:35} | {:11} | {rate:17.0} | {ratio:5.2} |", line.name, line.connections);
    }
    served.stop();
    Ok(())
}

/// Requests a second of a line.
fn measure(line: &Line, time: Duration) -> Result<f64, Box<dyn Error>> {
    // Two threads keep up with the server: each waits only for the slowest of its connections.
    let threads = line.connections.min(2);
    let each = line.connections / threads;
    let mut lanes = Vec::new();
    for thread in 0..threads {
        lanes.push(Lanes::open(line.address, each, thread * each)?);
    }
    let answered = std::thread::scope(|scope| {
        let drive = |mut lanes: Lanes| scope.spawn(move || lanes.drive(&line.requests, time));
        let running: Vec<_> = lanes.into_iter().map(drive).collect();
        let mut answered = 0;
        for thread in running {
            answered += thread.join().map_err(|_| std::io::Error::other("a client met a panic"))??;
        }
        Ok::<u64, std::io::Error>(answered)
    })?;
    Ok(answered as f64 / time.as_secs_f64())
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
