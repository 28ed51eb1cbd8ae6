<?php
/**
 * @file
 * @license GPL-2.0-or-later
 */

namespace MediaWiki\Extension\PoolCounterNative;

/**
 * Shows the PHP extension on Special:Version, or the message about the pools without it.
 */
class VersionPage {

	/**
	 * The hook SoftwareInfo.
	 *
	 * @param array<string,string> &$software Wikitext of the name, and of the version
	 */
	public function onSoftwareInfo( &$software ) {
		$version = phpversion( 'poolcounter' );
		$software['poolcounter.so'] = Module::isUsable() ? (string)$version
			: wfEscapeWikiText( Registration::notice() ?: 'not loaded, or too old' );
	}
}
