--TEST--
PoolCounter\Result has MediaWiki's numbers
--EXTENSIONS--
poolcounter
--FILE--
<?php
use PoolCounter\Result;

foreach (Result::cases() as $case) {
    echo "$case->name $case->value\n";
}
var_dump(Result::from(3) === Result::DONE, Result::tryFrom(0), Result::tryFrom(-1));
?>
--EXPECT--
LOCKED 1
RELEASED 2
DONE 3
NOT_LOCKED -2
QUEUE_FULL -3
TIMEOUT -4
LOCK_HELD -5
bool(true)
NULL
NULL
