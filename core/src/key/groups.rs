use super::pattern::{Pattern, PatternError, Places, Starts};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// The largest number of groups, without [`GroupId::OTHER`].
pub const MAX_GROUPS: usize = 64;

/// The largest number of rules. A key is compared with one rule after the other until one matches.
pub const MAX_RULES: usize = 256;

/// MediaWiki puts this before a key if the client must not wait for the lock. It says nothing about the group.
const NO_WAIT: &[u8] = b"nowait:";

/// A rule for slots has this word instead of the name of a group.
const SLOTS: &str = "slots";

/// A group of keys, by its number in [`Groups`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(u8);

impl GroupId {
    /// The group of all keys that match no rule. Its name is `other`.
    pub const OTHER: Self = Self(0);

    pub(crate) const fn numbered(number: u8) -> Self {
        Self(number)
    }

    /// The number: 0 for [`OTHER`](Self::OTHER); the others follow without gaps. It never changes while the [`Groups`] exist. A program with other rules
    /// gives other numbers, so data that outlives the program has the name.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The rules that say what a key is about.
///
/// # Rules as text
///
/// Each line has one rule: the name of a group, white space, and a pattern. A key belongs to the group of the first rule whose pattern matches it. If no
/// rule matches, it belongs to the group `other`. Empty lines and lines that begin with `#` are ignored. A pattern is the
/// [text form](super::KeyText) of a key, in which
///
/// - `*` stands for any bytes of a field, which is what lies between two colons. At the end of the pattern it stands for any bytes, colons too.
/// - `{digits}` stands for one or more decimal digits, `{hex:N}` for exactly N hexadecimal digits.
///
/// A `nowait:` at the beginning of a key is ignored. The name of a group is a letter, and up to 63 letters, digits, `_` and `-`.
///
/// The rule `slots NAME` matches keys such as `NAME:5`, one of MediaWiki's slots. Their group is `NAME`. The rule `slots *` matches slots of any name: the
/// group is made when its first key appears. There are never more than [`MAX_GROUPS`] groups, so clients cannot make groups without limit: a further name
/// belongs to `other`. Names in rules always have a group.
///
/// ```
/// use poolcounter::key::{GroupId, Groups};
///
/// let mut groups = Groups::parse("# parser output\npcache *:pcache:*\nslots *")?;
/// let mut name = |key: &[u8]| {
///     let group = groups.of(key);
///     groups.name(group).to_owned()
/// };
/// assert_eq!(name(b"dewiki:pcache:1"), "pcache");
/// assert_eq!(name(b"FileRenderExpensive:5"), "FileRenderExpensive");
/// assert_eq!(name(b"something else"), "other");
///
/// let error = Groups::parse("pcache *:pcache:*\n9 x").expect_err("no name");
/// assert_eq!(error.to_string(), "line 2: \"9\" is no name of a group: a letter, then up to 63 letters, digits, _ and -");
/// # Ok::<(), poolcounter::key::GroupsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    /// By number.
    names: Vec<Box<str>>,
    rules: Vec<Rule>,
    /// Of all patterns.
    starts: Starts,
    /// Whether there is a rule [`Rule::Slots`].
    slots: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Pattern(Pattern, GroupId),
    /// Slots of the name that the group has, or of any name.
    Slots(Option<GroupId>),
}

/// Why a rule cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// The line has bytes that are no UTF-8.
    #[error("it is no text")]
    Bytes,
    /// There is no pattern behind the group's name.
    #[error("a rule is the name of a group and a pattern, with white space between them")]
    Fields,
    /// The group cannot have this name.
    #[error("{0:?} is no name of a group: a letter, then up to 63 letters, digits, _ and -")]
    Name(String),
    /// The pattern cannot be.
    #[error("{0}")]
    Pattern(#[from] PatternError),
    /// A group more than [`MAX_GROUPS`].
    #[error("there are more than {MAX_GROUPS} groups")]
    TooManyGroups,
    /// A rule more than [`MAX_RULES`].
    #[error("there are more than {MAX_RULES} rules")]
    TooManyRules,
}

/// Why a text has no rules for groups.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
#[non_exhaustive]
pub struct GroupsError {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: GroupError,
}

impl Groups {
    /// The rules of [`Groups::default`], as text: the keys of MediaWiki and of Wikimedia's plugin for Thumbor.
    pub const DEFAULT: &str = include_str!("default-groups.txt");

    /// No rules: all keys belong to [`GroupId::OTHER`].
    #[must_use]
    pub fn none() -> Self {
        Self { names: vec!["other".into()], rules: Vec::new(), starts: Starts::default(), slots: false }
    }

    /// Groups of these names without rules, numbered in this order; the first is `other`. The name `slots` is accepted, because earlier programs could save
    /// a group of this name.
    pub(crate) fn of_names<'a>(names: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut groups = Self::none();
        for (index, name) in names.enumerate() {
            let group = if name == SLOTS { groups.intern(name)? } else { groups.named(name).ok()? };
            // A name that comes twice has the number of the first.
            (group.index() == index).then_some(())?;
        }
        Some(groups)
    }

    /// Reads rules from the text of a file.
    ///
    /// # Errors
    ///
    /// If a line is no rule, with the number of the line and the reason.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, GroupsError> {
        let mut groups = Self::none();
        for (line, content) in (1..).zip(text.as_ref().split(|&byte| byte == b'\n')) {
            groups.line(content).map_err(|reason| GroupsError { line, reason })?;
        }
        Ok(groups)
    }

    fn line(&mut self, line: &[u8]) -> Result<(), GroupError> {
        let line = core::str::from_utf8(line).map_err(|_| GroupError::Bytes)?.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let (group, pattern) = line.split_once(char::is_whitespace).ok_or(GroupError::Fields)?;
        self.add(group, pattern.trim_start())
    }

    /// Adds a rule behind the others: the name of a group and a pattern, or `slots` and a name or `*`.
    ///
    /// # Errors
    ///
    /// If the name or the pattern cannot be, or there are too many of them. Then nothing is added.
    pub fn add(&mut self, group: &str, pattern: &str) -> Result<(), GroupError> {
        if self.rules.len() == MAX_RULES {
            return Err(GroupError::TooManyRules);
        }
        let rule = if group != SLOTS {
            let pattern = Pattern::parse(pattern)?;
            Rule::Pattern(pattern, self.named(group)?)
        } else if pattern == "*" {
            Rule::Slots(None)
        } else {
            Rule::Slots(Some(self.named(pattern)?))
        };
        self.push(rule);
        Ok(())
    }

    fn push(&mut self, rule: Rule) {
        match &rule {
            Rule::Pattern(pattern, _) => self.starts.add(pattern),
            Rule::Slots(_) => self.slots = true,
        }
        self.rules.push(rule);
    }

    /// Adds the rules of `other` behind these.
    ///
    /// # Errors
    ///
    /// If there are too many rules or groups together. Then some of them may have been added.
    pub fn append(&mut self, other: &Self) -> Result<(), GroupError> {
        for rule in &other.rules {
            if self.rules.len() == MAX_RULES {
                return Err(GroupError::TooManyRules);
            }
            let mut group = |group: &GroupId| self.named(other.name(*group));
            let rule = match rule {
                Rule::Pattern(pattern, of) => Rule::Pattern(pattern.clone(), group(of)?),
                Rule::Slots(of) => Rule::Slots(of.as_ref().map(group).transpose()?),
            };
            self.push(rule);
        }
        Ok(())
    }

    /// The group of this name. It is made if there is none; without a rule it has no keys.
    ///
    /// # Errors
    ///
    /// If the name cannot be, or there are too many groups.
    pub fn named(&mut self, name: &str) -> Result<GroupId, GroupError> {
        if !is_group_name(name.as_bytes()) {
            return Err(GroupError::Name(name.into()));
        }
        self.intern(name).ok_or(GroupError::TooManyGroups)
    }

    /// The group of this name, made if there is none and there is room for it.
    fn intern(&mut self, name: &str) -> Option<GroupId> {
        let found = self.id(name.as_bytes());
        if found.is_some() || self.is_full() {
            return found;
        }
        self.names.push(name.into());
        self.last()
    }

    /// The group of `key`. It may be made by this, see [`Groups`].
    pub fn of(&mut self, key: &[u8]) -> GroupId {
        let key = key.strip_prefix(NO_WAIT).unwrap_or(key);
        let places = Places::of(key);
        let slots = if self.slots { slots_of(key) } else { None };
        if slots.is_none() && !self.starts.may_match(places) {
            return GroupId::OTHER;
        }
        for rule in &self.rules {
            match rule {
                Rule::Pattern(pattern, group) if pattern.matches(places) => return *group,
                Rule::Slots(None) if let Some(name) = slots => return self.intern(name).unwrap_or_default(),
                Rule::Slots(Some(group)) if slots.is_some_and(|name| name == self.name(*group)) => return *group,
                _ => {}
            }
        }
        GroupId::OTHER
    }

    /// A group's name.
    #[must_use]
    pub fn name(&self, group: GroupId) -> &str {
        self.names.get(group.index()).map_or("other", |name| name)
    }

    /// The group of this name, if there is one.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<GroupId> {
        self.id(name.as_bytes())
    }

    /// All groups and their names, [`GroupId::OTHER`] first.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (GroupId, &str)> {
        self.names.iter().enumerate().map(|(index, name)| (id(index), &**name))
    }

    pub(crate) fn is_full(&self) -> bool {
        self.names.len() > MAX_GROUPS
    }

    fn id(&self, name: &[u8]) -> Option<GroupId> {
        self.names.iter().position(|known| known.as_bytes() == name).map(id)
    }

    fn last(&self) -> Option<GroupId> {
        self.names.len().checked_sub(1).map(id)
    }
}

impl Default for Groups {
    /// The rules of [`Groups::DEFAULT`].
    fn default() -> Self {
        Self::parse(Self::DEFAULT).unwrap_or_else(|error| unreachable!("a test reads them: {error}"))
    }
}

/// There are no more than [`MAX_GROUPS`] beside the first.
#[expect(clippy::cast_possible_truncation)]
fn id(index: usize) -> GroupId {
    GroupId(index as u8)
}

/// The name of the group, if the key is one of a pool's slots: the name, a colon, and a number.
fn slots_of(key: &[u8]) -> Option<&str> {
    let digits = key.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (name, _) = key.split_at(key.len() - digits);
    let name = name.strip_suffix(b":").filter(|name| digits > 0 && is_group_name(name))?;
    core::str::from_utf8(name).ok()
}

/// Whether a group can have this name. `slots` is none, because it has another meaning in a rule.
fn is_group_name(name: &[u8]) -> bool {
    let is_inner = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    let is_word = name.len() <= 64 && name.first().is_some_and(u8::is_ascii_alphabetic) && name.iter().all(is_inner);
    is_word && name != SLOTS.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    fn group_of(groups: &mut Groups, key: &[u8]) -> String {
        let group = groups.of(key);
        groups.name(group).into()
    }

    /// Keys from captured traffic and public code.
    #[test]
    fn the_default_rules_know_what_clients_send() {
        let sha1 = "0123456789abcdef0123456789ABCDEF01234567";
        let cases = [
            ("enwiki:pcache:idhash:3-0!canonical:revid:3", "pcache"),
            ("enwiki:rcache:2:dateformat=default", "rcache"),
            ("enwiki:ApiParse:a:127.0.0.1", "ApiParse"),
            ("enwiki:ApiParse:u:7", "ApiParse"),
            ("enwiki:SpecialContributions:a:2001:db8::1", "SpecialContributions"),
            ("FileRenderExpensive:5", "FileRenderExpensive"),
            ("WikiLambdaFunctionCall:49", "WikiLambdaFunctionCall"),
            ("nowait:enwiki:pcache:idhash:3-0!canonical", "pcache"),
            ("nowait:FileRenderExpensive:5", "FileRenderExpensive"),
            ("nowait:x", "other"),
            ("thumbor-ip-192.0.2.7", "thumbor-ip"),
            ("thumbor-ip-2001:db8::7", "thumbor-ip"),
            (&format!("thumbor-render-{sha1}"), "thumbor-render"),
            (&format!("thumbor-render-{sha1}0"), "other"),
            ("thumbor-render-expensive-tiff", "thumbor-render-expensive"),
            ("enwiki:Unheard:of:7", "other"),
            ("enwiki:pcache", "other"),
            ("Name:", "other"),
            ("Name:5x", "other"),
            ("a:b:5", "other"),
            ("slots:5", "other"),
            ("nowait:slots:5", "other"),
            ("other:5", "other"),
            ("9:5", "other"),
            (":5", "other"),
            ("5", "other"),
            ("", "other"),
        ];
        let mut groups = Groups::default();
        for (key, name) in cases {
            assert_eq!(group_of(&mut groups, key.as_bytes()), name, "{key}");
        }
        assert_eq!(group_of(&mut groups, b"\xff\xfe:5"), "other");
        // Only the two names of slots have become groups.
        assert_eq!(groups.iter().len(), Groups::default().iter().len() + 2);
    }

    #[test]
    fn no_client_makes_more_groups_than_there_are_places() {
        let mut groups = Groups::default();
        for number in 0..1_000 {
            let _ = groups.of(format!("Name{number}x:7").as_bytes());
        }
        assert_eq!(groups.iter().len(), 1 + MAX_GROUPS);
        assert_eq!(group_of(&mut groups, b"Name0x:8"), "Name0x");
        assert_eq!(group_of(&mut groups, b"Late:8"), "other");
        assert_eq!(group_of(&mut groups, b"enwiki:pcache:1"), "pcache");
        assert_eq!(group_of(&mut groups, format!("{}:8", "n".repeat(65)).as_bytes()), "other");
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let text = "a x:1\r\nb x:*\n\n  # c x:2\nslots Known\nother Known:7:*\n";
        let mut groups = Groups::parse(text).expect("rules");
        let names: Vec<&str> = groups.iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["other", "a", "b", "Known"]);
        let mut name = |key: &[u8]| group_of(&mut groups, key);
        assert_eq!((name(b"x:1"), name(b"x:2"), name(b"Known:7")), ("a".into(), "b".into(), "Known".into()));
        assert_eq!(
            (name(b"Known:"), name(b"Unknown:7"), name(b"Known:7:1")),
            ("other".into(), "other".into(), "other".into())
        );
    }

    #[test]
    fn rules_behind_others_are_rules_like_these() {
        let mut groups = Groups::parse("a x:1\nKnown known:*").expect("rules");
        groups.append(&Groups::parse("b x:*\nslots Known\nslots *").expect("rules")).expect("there is room");
        let mut name = |key: &[u8]| group_of(&mut groups, key);
        assert_eq!([name(b"x:1"), name(b"x:2"), name(b"known:x")], ["a", "b", "Known"]);
        assert_eq!([name(b"Known:7"), name(b"Unknown:7"), name(b"x")], ["Known", "Unknown", "other"]);
        let mut known = Groups::none();
        known.append(&Groups::parse("slots Known").expect("rules")).expect("there is room");
        assert_eq!([b"Known:7", b"Other:7"].map(|key| group_of(&mut known, key)), ["Known", "other"]);
    }

    #[test]
    fn a_bad_line_is_named_with_its_reason() {
        let refused = |text: &[u8]| Groups::parse(text).expect_err("no rules").to_string();
        let name = |name: &str| {
            format!("line 1: {name:?} is no name of a group: a letter, then up to 63 letters, digits, _ and -")
        };
        assert_eq!(
            refused(b"a b\n\nc"),
            "line 3: a rule is the name of a group and a pattern, with white space between them"
        );
        assert_eq!(refused(b"-a b"), name("-a"));
        assert_eq!(refused(b"slots 5"), name("5"));
        assert_eq!(refused(b"slots slots"), name("slots"));
        assert_eq!(refused(format!("{} b", "n".repeat(65)).as_bytes()), name(&"n".repeat(65)));
        assert_eq!(refused(b"a b c"), "line 1: at byte 1: the byte must be written as %20");
        assert_eq!(refused(b"a b\nb \xff"), "line 2: it is no text");
        assert_eq!(refused(b"a x*y"), "line 1: a * must be followed by a colon, or be the end of the pattern");
        let many = |groups: usize| {
            let lines = (0..300).map(|number| format!("g{} k{number}", number % groups));
            lines.collect::<Vec<String>>().join("\n")
        };
        assert_eq!(refused(many(65).as_bytes()), "line 65: there are more than 64 groups");
        assert_eq!(refused(many(64).as_bytes()), "line 257: there are more than 256 rules");
    }
}
