<?php

$cfg = require __DIR__ . '/../vendor/mediawiki/mediawiki-phan-config/src/config.php';

// The classes of the PHP extension, where it is not loaded. They stand beside it in the project.
$cfg['autoload_internal_extension_signatures']['poolcounter'] =
	dirname( __DIR__, 2 ) . '/php-ext/stubs/poolcounter.stub.php';

// The names that this file makes depend on the version of MediaWiki.
$cfg['exclude_file_list'][] = 'src/compatibility.php';
$cfg['file_list'][] = '.phan/stubs/compatibility.php';

return $cfg;
