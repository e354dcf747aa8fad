//! Whatever goes wrong on the way, it comes to the from-scratch answer.

use std::time::Duration;

use keydesk_testkit::Odds;
use tokio::time::sleep;

use crate::interleavings::{STANDINGS, give_all, has_seen};
use crate::{check, plays, scratch};

#[test]
fn s137_after_any_storm_it_is_as_if_there_had_been_none() {
    let tally = give_all("KEYDESK_STORMS", 60, plays::storms, |theatre, seed, play| {
        theatre.give(seed, Odds::STORM, play, async |stage| {
            // It goes on for a while when everybody is done.
            sleep(Duration::from_secs(seed % 20)).await;
            check::comes_to_rest(stage).await?;
            stage.is_quiet(false).await?;
            scratch::is_the_same(stage).await
        })
    });
    has_seen(&tally, &STANDINGS);
    has_seen(&tally, &["refused", "lost", "late", "mute", "broken", "slow"]);
}
