<?php

// Reads every comment of the stubs as PHPStan does, by PHPStan's own parser, and checks what PHPStan and Psalm rely on:
// each tag and type can be read, names what exists, and fits the parameters. Prints what is wrong.

declare(strict_types=1);

use PHPStan\PhpDocParser\Ast\Node;
use PHPStan\PhpDocParser\Ast\PhpDoc\InvalidTagValueNode;
use PHPStan\PhpDocParser\Ast\PhpDoc\PhpDocNode;
use PHPStan\PhpDocParser\Ast\Type\ArrayShapeItemNode;
use PHPStan\PhpDocParser\Ast\Type\IdentifierTypeNode;
use PHPStan\PhpDocParser\Lexer\Lexer;
use PHPStan\PhpDocParser\Parser\ConstExprParser;
use PHPStan\PhpDocParser\Parser\PhpDocParser;
use PHPStan\PhpDocParser\Parser\TokenIterator;
use PHPStan\PhpDocParser\Parser\TypeParser;

require 'PHPStan/PhpDocParser/autoload.php';
require $argv[1];

/** @return string[] the names of types below a node */
function names(mixed $node): array
{
    if ($node instanceof IdentifierTypeNode) {
        return [$node->name];
    }
    $parts = is_array($node) ? $node : ($node instanceof Node ? get_object_vars($node) : []);
    if ($node instanceof ArrayShapeItemNode) {
        // A key is no type.
        $parts = [$node->valueType];
    }
    return array_merge([], ...array_values(array_map('names', $parts)));
}

$constants = new ConstExprParser();
$parser = new PhpDocParser(new TypeParser($constants), $constants);
$lexer = new Lexer();
$wrong = [];
$read = 0;

$comments = [];
foreach ([...get_declared_classes(), ...get_declared_interfaces()] as $name) {
    $class = new ReflectionClass($name);
    if ($class->getFileName() !== realpath($argv[1])) {
        continue;
    }
    $parts = [$class, ...$class->getReflectionConstants(), ...$class->getProperties(), ...$class->getMethods()];
    foreach ($parts as $part) {
        if ($part instanceof ReflectionClass || $part->getDeclaringClass()->getName() === $name) {
            $comments[] = [$class, $part, $part->getDocComment()];
        }
    }
}

$builtin = ['array', 'list', 'string', 'int', 'float', 'bool', 'null', 'mixed', 'void', 'self', 'static', 'callable'];
foreach ($comments as [$class, $part, $comment]) {
    if ($comment === false) {
        continue;
    }
    $place = $class->getName() . ($part === $class ? '' : "::{$part->getName()}");
    $document = $parser->parse(new TokenIterator($lexer->tokenize($comment)));
    assert($document instanceof PhpDocNode);
    $read++;
    foreach ($document->getTags() as $tag) {
        if ($tag->value instanceof InvalidTagValueNode) {
            $wrong[] = "$place: $tag->name cannot be read: {$tag->value->exception->getMessage()}";
        }
    }
    foreach (array_diff(names($document), $builtin) as $name) {
        $full = $name[0] === '\\' ? $name : $class->getNamespaceName() . "\\$name";
        if (!class_exists($full) && !interface_exists($full)) {
            $wrong[] = "$place: there is no type $name";
        }
    }
    $parameters = $part instanceof ReflectionMethod ? $part->getParameters() : [];
    $known = array_map(fn(ReflectionParameter $parameter) => "\${$parameter->getName()}", $parameters);
    foreach ($document->getParamTagValues() as $tag) {
        if (!in_array($tag->parameterName, $known, true)) {
            $wrong[] = "$place: there is no parameter $tag->parameterName";
        }
    }
}
if ($read < 20) {
    $wrong[] = "only $read comments were found";
}
echo implode("\n", $wrong), $wrong === [] ? "$read comments can be read\n" : "\n";
exit($wrong === [] ? 0 : 1);
