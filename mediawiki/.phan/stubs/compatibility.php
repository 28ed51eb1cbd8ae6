<?php

/** What src/compatibility.php makes, with the newest MediaWiki. */

namespace MediaWiki\Extension\PoolCounterNative;

abstract class CorePoolCounter extends \MediaWiki\PoolCounter\PoolCounter {
}

class CoreStatus extends \MediaWiki\Status\Status {
}
