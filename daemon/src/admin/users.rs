use std::collections::HashMap;
use std::fs;

/// The user whom the system names where a user has no number in this process's namespace, as in a service with `PrivateUsers=`.
const NOBODY: u32 = 65_534;

/// The names of users, as `/etc/passwd` had them at the start. Other sources may need a network, and nobody waits for one here.
#[derive(Debug, Default)]
pub(super) struct Users {
    names: HashMap<u32, String>,
    /// The system shows every user by the number that the user has.
    all_shown: bool,
}

impl Users {
    pub(super) fn read() -> Self {
        let read = |path| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        Self::parse(&read("/etc/passwd"), &read("/proc/self/uid_map"))
    }

    fn parse(passwd: &str, map: &str) -> Self {
        let user = |line: &str| {
            let mut fields = line.split(':');
            let (name, number) = (fields.next()?, fields.nth(1)?);
            Some((number.parse().ok()?, name.to_owned()))
        };
        let mut names = HashMap::new();
        for (number, name) in passwd.lines().filter_map(user) {
            // Of several names the first counts.
            names.entry(number).or_insert(name);
        }
        Self { names, all_shown: map.split_whitespace().eq(["0", "0", "4294967295"]) }
    }

    /// The user's name, or the number if it has none; `None` if the system does not tell who it is.
    pub(super) fn name(&self, number: u32) -> Option<String> {
        if number == NOBODY && !self.all_shown {
            return None;
        }
        Some(self.names.get(&number).cloned().unwrap_or_else(|| number.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_name_a_number_or_is_not_shown() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/:\nalias:x:33:33::/:\nnobody:x:65534:1::/:\nbad\nbad:x:y:z\n";
        let open = Users::parse(passwd, "         0          0 4294967295\n");
        assert_eq!(open.name(33).as_deref(), Some("www-data"));
        assert_eq!(open.name(34).as_deref(), Some("34"));
        assert_eq!(open.name(65_534).as_deref(), Some("nobody"));
        let private = Users::parse(passwd, "0 0 1\n61184 61184 1\n");
        assert_eq!(private.name(0).as_deref(), Some("root"));
        assert_eq!(private.name(65_534), None);
    }
}
