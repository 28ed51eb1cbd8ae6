<?php

/** The definitions of src/compatibility.php with the newest MediaWiki. */

namespace MediaWiki\Extension\PoolCounterNative;

abstract class CorePoolCounter extends \MediaWiki\PoolCounter\PoolCounter {
}

class CoreStatus extends \MediaWiki\Status\Status {
}
