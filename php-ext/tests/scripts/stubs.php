<?php

// Prints the classes of the extension by reflection; with a file as argument, those of that file instead.
// If the stubs are right, the two outputs are the same.

declare(strict_types=1);

if (isset($argv[1])) {
    require $argv[1];
}
$names = array_filter(
    [...get_declared_classes(), ...get_declared_interfaces()],
    fn(string $name) => str_starts_with($name, 'PoolCounter\\')
);
sort($names);
foreach ($names as $name) {
    $class = new ReflectionClass($name);
    $interfaces = $class->getInterfaceNames();
    sort($interfaces);
    echo implode(' ', Reflection::getModifierNames($class->getModifiers())), " $name";
    echo ' extends ', $class->getParentClass() ? $class->getParentClass()->getName() : '-';
    echo ' implements ', implode(', ', $interfaces), "\n";
    foreach ($class->getReflectionConstants() as $constant) {
        $value = $constant->getValue();
        echo "  const {$constant->getName()} = ", $value instanceof BackedEnum ? $value->value : $value, "\n";
    }
    $properties = $class->getProperties();
    usort($properties, fn($one, $other) => strcmp($one->getName(), $other->getName()));
    foreach ($properties as $property) {
        if ($property->getDeclaringClass()->getName() === $name) {
            echo '  ', implode(' ', Reflection::getModifierNames($property->getModifiers())), ' ', $property->getType();
            echo " \${$property->getName()} = ", var_export($property->getDefaultValue(), true), "\n";
        }
    }
    $methods = $class->getMethods();
    usort($methods, fn($one, $other) => strcmp($one->getName(), $other->getName()));
    foreach ($methods as $method) {
        if ($method->getDeclaringClass()->getName() !== $name) {
            continue;
        }
        echo '  ', implode(' ', Reflection::getModifierNames($method->getModifiers())), " {$method->getName()}(";
        foreach ($method->getParameters() as $parameter) {
            echo $parameter->getType(), " \${$parameter->getName()}";
            echo $parameter->isOptional() ? ' = ' . var_export($parameter->getDefaultValue(), true) : '', '; ';
        }
        echo '): ', $method->getReturnType() ?? '-', "\n";
    }
}
