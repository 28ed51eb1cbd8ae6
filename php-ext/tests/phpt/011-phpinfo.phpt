--TEST--
The section in phpinfo()
--EXTENSIONS--
poolcounter
--FILE--
<?php
new PoolCounter\Client();
ob_start();
phpinfo(INFO_MODULES);
preg_match('/^poolcounter\n.*?^poolcounter\.servers[^\n]*/ms', ob_get_clean(), $section);
echo $section[0], "\n";
?>
--EXPECTF--
poolcounter

PoolCounter support => enabled
Version => %d.%d.%d
Configurations in use by this %r(process|thread)%r => 1

Directive => Local Value => Master Value
poolcounter.await_release => 0 => 0
poolcounter.connect_timeout => 0.1 => 0.1
poolcounter.connect_twice => 0 => 0
poolcounter.persistent => 1 => 1
poolcounter.servers => 127.0.0.1 => 127.0.0.1
