//! What stops at its bound.

use super::{Ready, simulated};
use crate::automaton::alphabet::PLANES_BYTES_MAX;
use crate::automaton::{Alphabets, Bounds, Plane, Refused};

/// The operations of a search for what stands at the end of a long text, where so many are allowed.
fn search(ready: &mut Ready, text: &str, allowed: u64) -> (Option<usize>, u64) {
    ready.memory.allow(allowed);
    let found = ready.start(text, 0);
    (found, ready.memory.operations())
}

#[test]
fn a_simulation_stops_where_its_operations_run_out() {
    let mut ready = Ready::new("[a-z]{3}(?<digits>[0-9]+)x", &simulated());
    let text = format!("{}abc12x", "abc ".repeat(5_000));
    let (found, needed) = search(&mut ready, &text, u64::MAX);
    assert_eq!(found, Some(text.len() - 6));
    let beyond = ready.program.operations(text.len()).beyond;
    assert!(needed > 50 * beyond, "{needed} operations: enough to see that it stops before");
    for allowed in [0, 1, 1_000, needed / 2] {
        let (found, done) = search(&mut ready, &text, allowed);
        assert_eq!(found, None, "{allowed} allowed");
        assert!(done > allowed, "it tells that it was not enough");
        assert!(done <= allowed + beyond, "{done} of {allowed}, and at most {beyond} beyond");
    }
    assert_eq!(search(&mut ready, &text, needed), (found, needed), "as many as it takes are enough");
}

#[test]
fn groups_stop_where_their_operations_run_out() {
    for bounds in [simulated(), Bounds::default()] {
        let mut ready = Ready::new("(?<letters>[a-z]+)(?<digits>[0-9])", &bounds);
        let text = format!("{}1", "a".repeat(20_000));
        let beyond = ready.program.operations(text.len()).beyond;
        let mut slots = Vec::new();
        ready.memory.allow(1_000);
        ready.program.captures(&ready.alphabets, &text, 0..text.len(), &mut ready.memory, &mut slots);
        assert_eq!(slots, [None; 4]);
        let done = ready.memory.operations();
        assert!(done > 1_000 && done <= 1_000 + beyond, "{done} of 1000, and at most {beyond} beyond");
    }
}

/// No regexes of a pack that fits its other bounds need so many; a file that lies may have them.
#[test]
fn planes_beyond_their_bytes_are_refused() {
    let starts: Vec<u32> = (0x80..u32::from(char::MAX)).step_by(16).collect();
    let parts = starts.iter().map(|at| (at.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect();
    let dear = Plane::new(starts, parts);
    let fit = PLANES_BYTES_MAX / dear.bytes();
    assert!(fit > 1, "a plane of {} bytes", dear.bytes());
    let mut alphabets = Alphabets { planes: vec![dear.clone(); fit] };
    assert_eq!(alphabets.prepare(), Ok(()));
    alphabets.planes.push(dear);
    assert_eq!(alphabets.prepare(), Err(Refused::TooManyPlanes { bytes_max: PLANES_BYTES_MAX }));
}
