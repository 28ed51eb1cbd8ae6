<?php

$cfg = require __DIR__ . '/../vendor/mediawiki/mediawiki-phan-config/src/config.php';

// Stubs of the PHP extension's classes, for a PHP without it. They are in the project's folder php-ext.
$cfg['autoload_internal_extension_signatures']['poolcounter'] =
	dirname( __DIR__, 2 ) . '/php-ext/stubs/poolcounter.stub.php';

// The names that this file defines depend on the version of MediaWiki.
$cfg['exclude_file_list'][] = 'src/compatibility.php';
$cfg['file_list'][] = '.phan/stubs/compatibility.php';

return $cfg;
