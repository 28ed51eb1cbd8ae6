//! A comparison as the query of an address, and as JSON.

use poolcounter_sim::conf::Client;
use poolcounter_sim::scenario::Balance;
use poolcounter_sim::setting::Mode;
use poolcounter_sim::{Comparison, Curve, FIELDS, Preset, Setting, field::Kind};
use proptest::prelude::*;

fn curves() -> impl Strategy<Value = Curve> {
    let points = prop::collection::btree_map(0_u32..1_000_000, 0.0..10.0_f64, 1..5);
    points.prop_map(|points| {
        Curve::through(&points.into_iter().map(|(at, rate)| (f64::from(at) / 7.0, rate)).collect::<Vec<_>>())
    })
}

fn settings() -> impl Strategy<Value = Setting> {
    let modes = prop::sample::select(vec![Mode::None, Mode::ForAnyone, Mode::ForMe]);
    let numbers = (1_u32..=100_000, 1_u32..=1_000_000, 0_u32..=3_600, 0_u32..=65_536);
    (modes, numbers, any::<bool>()).prop_map(|(mode, (workers, maxqueue, timeout, slots), fast_stale)| Setting {
        mode,
        workers,
        maxqueue,
        timeout,
        fast_stale,
        slots,
    })
}

fn comparisons() -> impl Strategy<Value = Comparison> {
    let preset = prop::sample::select(Preset::ALL.to_vec());
    let curves = (curves(), curves(), curves(), curves(), curves());
    let numbers = (any::<u32>(), 1_u32..=3_600, 1_u32..=1_000_000, 1_u32..=200, 1_u32..=1_024, 0_u32..=100_000);
    let times = (0.001..600.0_f64, 0.001..600.0_f64, 0.0..3.0_f64, 0.0..10.0_f64, 0.0..=1.0_f64, 0.1..600.0_f64);
    let rest = (any::<bool>(), any::<bool>(), settings(), settings());
    (preset, curves, numbers, times, rest).prop_map(|(preset, curves, numbers, times, rest)| {
        let mut lab = Comparison::of(preset);
        let day = &mut lab.scenario;
        (day.hot_readers, day.readers, day.crawler, day.edits, day.other_edits) = curves;
        (day.seed, day.duration, day.pages, day.servers, day.cores, day.backlog) = numbers;
        (day.parse_cpu, day.other_parse_cpu, day.parse_spread, day.request_cpu, day.crash_share, day.patience) = times;
        day.hot_cached = rest.0;
        day.balance = if rest.1 { Balance::Random } else { Balance::RoundRobin };
        (lab.a, lab.b) = (rest.2, rest.3);
        lab
    })
}

proptest! {
    #[test]
    fn the_query_says_it_all(lab in comparisons()) {
        let query = lab.to_query();
        prop_assert_eq!(Comparison::from_query(&query), Ok(lab.clone()), "{}", query);
        let encoded = query.replace(':', "%3A").replace(',', "%2c");
        prop_assert_eq!(Comparison::from_query(&format!("?{encoded}")), Ok(lab));
    }

    #[test]
    fn json_says_it_all(lab in comparisons()) {
        let json = serde_json::to_string(&lab).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(Comparison::from_json(&json), Ok(lab));
    }

    #[test]
    fn no_query_does_harm(query in "[a-zA-Z0-9=&:,.%+-]{0,60}") {
        if let Ok(lab) = Comparison::from_query(&query) {
            prop_assert_eq!(lab.check(), Ok(()));
        }
    }
}

#[test]
fn a_preset_can_be_played_and_is_short() {
    for preset in Preset::ALL {
        let lab = Comparison::of(preset);
        assert_eq!(lab.check(), Ok(()));
        assert_eq!(lab.to_query(), format!("v=1&preset={}&seed=1", preset.name()));
        assert_eq!(Preset::named(preset.name()), Some(preset));
    }
}

#[test]
fn every_value_has_its_field() {
    let scenario = serde_json::to_value(Preset::QuietDay.scenario()).unwrap();
    let mut values: Vec<_> = scenario.as_object().unwrap().keys().map(String::as_str).collect();
    let mut fields: Vec<_> = FIELDS.iter().map(|field| field.name).collect();
    values.sort_unstable();
    fields.sort_unstable();
    assert_eq!(values, fields);
}

#[test]
fn every_bound_is_watched() {
    for field in FIELDS {
        let beyond = match field.kind {
            Kind::Integer { min, max: u32::MAX } => f64::from(min) - 1.0,
            Kind::Integer { max, .. } => f64::from(max) + 1.0,
            Kind::Number { max, .. } | Kind::Curve { max } => max + 0.5,
            Kind::Switch | Kind::Choice { .. } => continue,
        };
        let error = Comparison::from_query(&format!("{}={beyond}", field.name)).unwrap_err();
        assert_eq!(error.field, field.name);
    }
}

fn complaint(query: &str) -> String {
    Comparison::from_query(query).unwrap_err().to_string()
}

#[test]
fn an_error_names_the_field() {
    assert_eq!(complaint("cores=many"), "cores: \"many\" is not a whole number");
    assert_eq!(complaint("cores=99999999999"), "cores: must be from 1 to 1024, not 99999999999");
    assert_eq!(complaint("seed=-1"), "seed: must be from 0 to 4294967295, not -1");
    assert_eq!(complaint("cores=-"), "cores: \"-\" is not a whole number");
    assert_eq!(complaint("b=forMe,workers:99999999999"), "b.workers: must be from 1 to 100000, not 99999999999");
    assert_eq!(complaint("b=forMe,timeout:long"), "b.timeout: \"long\" is not a whole number");
    assert_eq!(complaint("parseCpu=NaN"), "parseCpu: \"NaN\" is not a number");
    assert_eq!(complaint("edits=5:1,5:2"), "edits: 5 s does not come after 5 s");
    assert_eq!(complaint("readers=1:x"), "readers: \"x\" is not a number");
    assert_eq!(complaint("balance=fair"), "balance: \"fair\" is neither roundRobin nor random");
    assert_eq!(complaint("hotCached=yes"), "hotCached: \"yes\" is neither true nor false");
    assert_eq!(complaint("a=forAnyone,workers:0"), "a.workers: must be from 1 to 100000, not 0");
    assert_eq!(complaint("b=forMe,slot:3"), "b.slot: there is no such setting");
    assert_eq!(complaint("preset=doomsday"), "preset: there is no preset \"doomsday\"");
    assert_eq!(complaint("cups=3"), "cups: there is no such field");
    assert_eq!(complaint("v=2"), "version: this is version 1");
    assert_eq!(complaint("seed=%f"), "address: \"%f\" is not well encoded");
    assert!(complaint("duration=86400&hotReaders=0&readers=20000").starts_with("readers: 1728000000 requests"));
}

#[test]
fn the_limit_of_requests_is_for_all_of_them_together() {
    let day = |rates: &str| Comparison::from_query(&format!("duration=86400&{rates}"));
    assert!(day("hotReaders=20&readers=75&crawler=20").is_ok());
    let Err(error) = day("hotReaders=20&readers=60&crawler=45") else { panic!("10.8 million") };
    let reason = "10800000 requests in 86400 s, all together, are more than 10000000: with these rates it may be 80000 s at most";
    assert_eq!(error.to_string(), format!("duration: {reason}"));
    assert!(day("hotReaders=20&readers=60&crawler=45&duration=80000").is_ok());
    let Err(error) = day("readers=2800") else { panic!("ten million in an hour") };
    assert_eq!(error.field, "readers");
}

#[test]
fn every_preset_can_be_a_whole_day() {
    for preset in Preset::ALL {
        let day = Comparison::from_query(&format!("preset={}&duration=86400", preset.name()));
        assert!(day.is_ok(), "{day:?}");
    }
}

#[test]
fn the_text_for_local_settings_fits_the_client() {
    let setting: Setting = "forAnyone,workers:3".parse().unwrap();
    for (client, class, extension) in [
        (Client::Native, "PoolCounterNative", Some("PoolCounterNative")),
        (Client::MediaWiki, "PoolCounter_Client", None),
        (Client::OldExtension, "PoolCounter_Client", Some("PoolCounter")),
    ] {
        let conf = setting.conf(client);
        assert!(conf.contains(&format!("'class' => '{class}',\n")), "{conf}");
        let loads = extension.map(|name| format!("wfLoadExtension( '{name}' );"));
        assert_eq!(conf.lines().find(|line| line.starts_with("wfLoad")), loads.as_deref());
        assert!(conf.contains("$wgPoolCountClientConf = [ 'servers' => [ '127.0.0.1' ]"), "{conf}");
        assert!(!Setting::none().conf(client).contains("$wgPoolCountClientConf"));
    }
}

#[test]
fn fast_stale_is_written_where_it_has_an_effect() {
    let conf = |setting: &str| setting.parse::<Setting>().unwrap().conf(Client::Native);
    assert!(conf("forAnyone,fastStale").contains("fastStale"));
    assert_eq!(conf("forMe,fastStale"), conf("forMe"));
}

#[test]
fn an_error_in_json_names_the_field() {
    let complaint = |json: &str| Comparison::from_json(json).unwrap_err().to_string();
    assert_eq!(complaint("[]"), "json: [] is not an object");
    assert_eq!(complaint(r#"{"scenario": {"cores": "8"}}"#), "cores: invalid type: string \"8\", expected u32");
    assert_eq!(complaint(r#"{"a": {"workers": -1}}"#), "a.workers: invalid value: integer `-1`, expected u32");
    assert_eq!(complaint(r#"{"b": {"mode": "forAll"}}"#).split(',').next(), Some("b.mode: unknown variant `forAll`"));
    assert_eq!(complaint(r#"{"version": 2}"#), "version: this is version 1");
    assert_eq!(complaint(r#"{"senario": {}}"#), "senario: there is no such field");
    assert!(complaint(r#"{"seed": "#).starts_with("json: EOF"));
}
