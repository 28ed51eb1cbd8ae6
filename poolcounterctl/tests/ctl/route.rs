use crate::program::ran;
use anyhow::Result;
use serde_json::json;

/// The orders are those of `md5(server + key)` and of python-poolcounter's ring, the slot that of `sha1(key)`, as Python's hashlib has them.
#[test]
fn a_key_goes_where_clients_send_it() -> Result<()> {
    let servers = ["-s", "10.0.0.1", "-s", "10.0.0.2", "-s", "10.0.0.3"];
    let ring = ["--ring", "pc1:10.0.0.1:1", "--ring", "pc2:10.0.0.2:2"];
    let key = "wiki:pcache:idhash:3-0!canonical:revid:3";
    let line = [&["route", key, "--slots", "ArticleView:7"][..], &servers, &ring].concat();
    let text = ran(&line)?;
    let lines = [
        "RULE       KEY                                       FIRST           NEXT",
        "mediawiki  wiki:pcache:idhash:3-0!canonical:revid:3  10.0.0.1        10.0.0.3, 10.0.0.2",
        "ring       wiki:pcache:idhash:3-0!canonical:revid:3  pc2 (10.0.0.2)  none; if taken out of the ring: pc1 (10.0.0.1)",
        "mediawiki  ArticleView:2                             10.0.0.3        10.0.0.1, 10.0.0.2",
        "ring       ArticleView:2                             pc2 (10.0.0.2)  none; if taken out of the ring: pc1 (10.0.0.1)",
        "",
    ];
    assert_eq!(text.stdout, lines.join("\n"));
    let json = ran(&[&line[..], &["--json"]].concat())?.json();
    assert_eq!(json["routes"][2]["servers"], json!(["10.0.0.3", "10.0.0.1", "10.0.0.2"]));
    assert_eq!(json["routes"][3]["fails_over"], json!(false));
    Ok(())
}

#[test]
fn a_label_stands_once_in_a_ring() -> Result<()> {
    let ran = ran(&["route", "a", "--ring", "pc1:10.0.0.1:1", "--ring", "pc1:10.0.0.2:1"])?;
    assert_eq!((ran.status, &*ran.stderr), (Some(64), "poolcounterctl: the label `pc1` is there twice\n"));
    Ok(())
}

#[test]
fn a_key_that_cannot_be_sent_goes_nowhere() -> Result<()> {
    let empty = ran(&["route", "", "-s", "10.0.0.1"])?;
    assert_eq!((empty.status, &*empty.stderr), (Some(64), "poolcounterctl: the key is empty\n"));
    let twice = ran(&["route", "a", "-s", "10.0.0.1", "-s", "10.0.0.1"])?;
    assert_eq!((twice.status, &*twice.stderr), (Some(64), "poolcounterctl: the server `10.0.0.1` is there twice\n"));
    Ok(())
}
