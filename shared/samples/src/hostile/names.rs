//! Names, links, and entries that are not files.

use std::path::PathBuf;

use super::{CODE, Expect, Hostile, HostileContent};

pub(super) fn all() -> Vec<Hostile> {
    let names = [
        "new\nline.txt".to_owned(),
        "tab\there.txt".to_owned(),
        "bell\u{7}.txt".to_owned(),
        "abc\u{202E}txt.exe".to_owned(),
        "=cmd|' /C calc'!A0.txt".to_owned(),
        "@SUM(1+1).txt".to_owned(),
        "+1+1.txt".to_owned(),
        "-1.txt".to_owned(),
        "a\\..\\..\\b.txt".to_owned(),
        "%2e%2e%2fa.txt".to_owned(),
        "a&b<c>\"d'.txt".to_owned(),
        "#?&=;.txt".to_owned(),
        " ".to_owned(),
        "n".repeat(251) + ".txt",
        "\u{1F4A3}".repeat(62) + ".txt",
        "e\u{301}.txt".to_owned(),
        "\u{e9}.txt".to_owned(),
        "https:__evil.example_x.txt".to_owned(),
        "\u{FEFF}mark.txt".to_owned(),
        "__proto__".to_owned(),
    ];
    let mut all: Vec<Hostile> = names
        .iter()
        .map(|name| Hostile::found(PathBuf::from("names").join(name), format!("plan {CODE}\n")))
        .collect();
    let deep: PathBuf = std::iter::repeat_n("folder", 200).collect();
    all.push(Hostile::found(PathBuf::from("names").join(deep).join("a.txt"), CODE));
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"no-\xFF\xFEtext.txt");
        all.push(Hostile::ends(PathBuf::from("names").join(name), CODE));
    }
    let special = |name: &str, content| Hostile {
        name: PathBuf::from("special").join(name),
        content,
        expect: Expect::Passed,
    };
    for (name, target) in [("loop", "loop"), ("nowhere", "not/there")] {
        all.push(Hostile { expect: Expect::Fails, ..special(name, HostileContent::Link(target)) });
    }
    all.push(special("up", HostileContent::Link("..")));
    all.push(special("endless", HostileContent::Link("/dev/zero")));
    all.push(special("pipe", HostileContent::Pipe));
    // Not "fails": root can read this file.
    all.push(Hostile { expect: Expect::Ends, ..special("denied.txt", HostileContent::Denied(CODE.into())) });
    all
}
