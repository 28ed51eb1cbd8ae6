//! Names of servers, and servers with several addresses.

use crate::driver::{ACQUIRE, B, Driver, Wants};
use poolcounter::client::{Call, Endpoint, Failure, Knowledge, Step};

fn addresses(last: &[u8]) -> Vec<String> {
    last.iter().map(|last| format!("10.0.0.{last}")).collect()
}

/// The address of the attempt that the client wants now.
fn endpoint(driver: &mut Driver, call: &mut Call) -> String {
    match driver.client.step(call, driver.now) {
        Step::Connect { endpoint: Endpoint::Address { ip, port }, .. } => format!("{ip}:{port}"),
        other => panic!("no attempt but {other:?}"),
    }
}

fn looks_up(driver: &mut Driver, call: &mut Call) {
    assert_eq!(driver.step(call), Wants::LookUp("pc.example".to_owned()));
    driver.client.looking_up(call);
}

#[test]
fn a_name_is_looked_up_once_for_all_clients() {
    let mut knowledge = Knowledge::new();
    let mut first = Driver::with_knowledge(&["pc.example"], |_| (), &mut knowledge);
    let mut second = Driver::with_knowledge(&["pc.example:7000"], |_| (), &mut knowledge);
    let (mut call, mut other) = (first.acquire(), second.acquire());
    looks_up(&mut first, &mut call);
    assert_eq!(first.step(&mut call), Wants::Pause);
    assert_eq!(second.step(&mut other), Wants::Pause);
    first.client.looked_up(0, Ok(addresses(&[1])), first.now);
    assert_eq!(endpoint(&mut first, &mut call), "10.0.0.1:7531");
    assert_eq!(endpoint(&mut second, &mut other), "10.0.0.1:7000");
}

#[test]
fn attempts_are_staggered_and_none_is_cut_short() {
    let mut driver = Driver::new(&["pc.example"], |_| ());
    let mut call = driver.acquire();
    looks_up(&mut driver, &mut call);
    driver.client.looked_up(0, Ok(addresses(&[1, 2])), driver.now);
    assert_eq!(endpoint(&mut driver, &mut call), "10.0.0.1:7531");
    driver.client.connecting(&mut call, driver.now);
    assert_eq!(driver.step(&mut call), Wants::Await);
    driver.wait(25);
    assert_eq!(endpoint(&mut driver, &mut call), "10.0.0.2:7531");
    driver.client.connecting(&mut call, driver.now);
    driver.wait(99);
    assert_eq!(driver.step(&mut call), Wants::Await);
    let socket = {
        driver.connections += 1;
        driver.client.connected(&mut call, driver.connections, driver.now);
        driver.connections
    };
    driver.sent(&mut call, socket, ACQUIRE);
}

#[test]
fn a_look_up_that_takes_too_long_leaves_the_call_to_the_next_server() {
    let mut driver = Driver::new(&["pc.example", B], |_| ());
    let mut call = driver.acquire();
    if let Wants::Connect(_) = driver.step(&mut call) {
        driver.client.connect_failed(&mut call, "Connection refused");
    }
    looks_up(&mut driver, &mut call);
    driver.wait(1_000);
    match driver.step(&mut call) {
        Wants::Connect(server) => assert_eq!(server, B),
        Wants::End(Err(Failure::Connect { .. })) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_name_that_is_not_found_fails_the_call_and_the_known_addresses_go_on_to_serve() {
    let mut driver = Driver::new(&["pc.example"], |_| ());
    let mut call = driver.acquire();
    looks_up(&mut driver, &mut call);
    driver.client.looked_up(0, Err("Name or service not known".to_owned()), driver.now);
    let unknown = Failure::Connect { server: "pc.example".into(), cause: "Name or service not known".into() };
    assert_eq!(driver.step(&mut call), Wants::End(Err(unknown.clone())));
    // The name is not looked up again at once.
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::End(Err(unknown)));
    driver.wait(10_000);
    let mut call = driver.acquire();
    looks_up(&mut driver, &mut call);
    driver.client.looked_up(0, Ok(addresses(&[1])), driver.now);
    assert_eq!(endpoint(&mut driver, &mut call), "10.0.0.1:7531");
    // A minute later the look-up fails.
    driver.wait(60_000);
    let mut call = driver.acquire();
    looks_up(&mut driver, &mut call);
    assert_eq!(endpoint(&mut driver, &mut call), "10.0.0.1:7531");
    driver.client.looked_up(0, Err("no answer".to_owned()), driver.now);
    assert_eq!(endpoint(&mut driver, &mut call), "10.0.0.1:7531");
}

#[test]
fn a_name_is_looked_up_again_when_none_of_its_addresses_answers() {
    let mut driver = Driver::new(&["pc.example"], |_| ());
    let mut call = driver.acquire();
    looks_up(&mut driver, &mut call);
    driver.client.looked_up(0, Ok(addresses(&[1])), driver.now);
    driver.wait(9_000);
    for _ in 0..2 {
        assert_eq!(endpoint(&mut driver, &mut call), "10.0.0.1:7531");
        driver.client.connect_failed(&mut call, "Connection refused");
        assert!(matches!(driver.step(&mut call), Wants::End(Err(_))));
        call = driver.acquire();
    }
    driver.wait(1_000);
    looks_up(&mut driver, &mut call);
    driver.client.looked_up(0, Ok(addresses(&[2])), driver.now);
    assert_eq!(endpoint(&mut driver, &mut call), "10.0.0.2:7531");
}

#[test]
fn a_resolver_that_is_silent_stalls_the_calls_of_one_second() {
    let mut driver = Driver::new(&["pc.example"], |_| ());
    let mut call = driver.acquire();
    looks_up(&mut driver, &mut call);
    driver.wait(999);
    assert_eq!(driver.step(&mut call), Wants::Pause);
    driver.wait(1);
    let still = Failure::Connect { server: "pc.example".into(), cause: "its name is still being looked up".into() };
    for _ in 0..2 {
        assert_eq!(driver.step(&mut call), Wants::End(Err(still.clone())));
        call = driver.acquire();
    }
}

#[test]
fn a_call_that_is_cancelled_before_it_looks_a_name_up_leaves_that_to_the_next() {
    let mut driver = Driver::new(&["pc.example"], |_| ());
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::LookUp("pc.example".to_owned()));
    assert!(driver.client.cancel(call).is_ok());
    let mut call = driver.acquire();
    looks_up(&mut driver, &mut call);
}
