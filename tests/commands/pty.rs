//! A terminal of a test's own: the binary on a pseudoterminal, and what a terminal would show.

use crate::support::{DEADLINE, decile};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const LOOK: Duration = Duration::from_millis(20);

/// A command that runs in a terminal; killed with this value.
pub(crate) struct Pty {
    child: Child,
    master: File,
    parser: Arc<Mutex<vt100::Parser<Steered>>>,
}

/// What a program made of the terminal beyond drawing on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Steered(pub(crate) Vec<String>);

impl vt100::Callbacks for Steered {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push("bell".to_owned());
    }

    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.0.push(format!("title {}", String::from_utf8_lossy(title)));
    }

    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], _: &[u8]) {
        self.0.push("clipboard".to_owned());
    }
}

impl Pty {
    /// Runs the binary in a terminal of 80 columns and 24 rows.
    pub(crate) fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("a terminal");
        let name = ptsname(&master, Vec::new()).expect("its name").into_string().expect("a path");
        let master = File::from(master);
        let parser =
            Arc::new(Mutex::new(vt100::Parser::new_with_callbacks(cells(24), cells(80), 0, Steered::default())));
        resize(&master, 80, 24);
        let no_ctty = i32::try_from(OpenptFlags::NOCTTY.bits()).expect("flags");
        let slave = OpenOptions::new().read(true).write(true).custom_flags(no_ctty).open(name).expect("a terminal");
        let stdio = || slave.try_clone().expect("a copy");
        // In a session of its own, the tests' own terminal is out of reach.
        let base = decile();
        let mut command = Command::new("setsid");
        command.arg(base.get_program()).args(arguments).env("TERM", "xterm-256color");
        for (name, value) in base.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env_remove("VISUAL").env_remove("EDITOR").envs(environment.iter().copied());
        let child = command.stdin(stdio()).stdout(stdio()).stderr(stdio()).spawn().expect("the binary starts");
        let (mut output, into) = (master.try_clone().expect("a copy"), Arc::clone(&parser));
        std::thread::spawn(move || {
            let (mut bytes, mut text) = ([0; 4_096], Vec::new());
            while let Ok(count) = output.read(&mut bytes) {
                text.extend_from_slice(&bytes[..count]);
                into.lock().unwrap().process(&whole(&mut text));
            }
        });
        Self { child, master, parser }
    }

    /// Types.
    pub(crate) fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// What is shown.
    pub(crate) fn shown(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }

    /// Waits until a text is shown.
    #[track_caller]
    pub(crate) fn wait(&mut self, text: &str) {
        let deadline = Instant::now() + DEADLINE;
        while !self.shown().contains(text) {
            assert!(Instant::now() < deadline, "no `{text}` in\n{}", self.shown());
            std::thread::sleep(LOOK);
        }
    }

    /// Another size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.parser.lock().unwrap().screen_mut().set_size(cells(rows), cells(columns));
        resize(&self.master, columns, rows);
        let winch = format!("kill -WINCH {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &winch]).status().expect("a shell").success());
    }

    /// What was made of the terminal beyond drawing.
    pub(crate) fn steered(&self) -> Vec<String> {
        self.parser.lock().unwrap().callbacks().0.clone()
    }

    /// Waits until the terminal is as it was: its own screen, its cursor, and nothing pasted in brackets. What a process wrote
    /// last may come after its end.
    pub(crate) fn wait_left_as_it_was(&self) {
        let deadline = Instant::now() + DEADLINE;
        while !self.is_left_as_it_was() {
            assert!(Instant::now() < deadline, "the terminal is not as it was:\n{}", self.shown());
            std::thread::sleep(LOOK);
        }
    }

    fn is_left_as_it_was(&self) -> bool {
        let parser = self.parser.lock().unwrap();
        let screen = parser.screen();
        !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
    }

    /// Waits for the end.
    pub(crate) fn wait_exit(&mut self) -> ExitStatus {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < deadline, "it did not end:\n{}", self.shown());
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn resize(master: &File, columns: u16, rows: u16) {
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(master, size).expect("a size");
}

/// Takes whole characters. The parser leaves U+FFFD out, where terminals show it: it is a question mark here.
fn whole(text: &mut Vec<u8>) -> Vec<u8> {
    let cut = match std::str::from_utf8(text) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => text.len(),
    };
    let rest = text.split_off(cut);
    let whole = std::mem::replace(text, rest);
    match String::from_utf8(whole) {
        Ok(whole) => whole.replace('\u{fffd}', "?").into_bytes(),
        Err(error) => error.into_bytes(),
    }
}

fn cells(number: u16) -> NonZero<u16> {
    NonZero::new(number).expect("a terminal has cells")
}
