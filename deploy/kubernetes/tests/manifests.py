"""Checks that the manifests fit each other: manifests.py FILE, which kustomize has built. The last line counts."""

from __future__ import annotations

import pathlib
import re
import sys
from collections.abc import Callable

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
MINE = {"app.kubernetes.io/name": "poolcounter"}


def read(file: str) -> dict[str, dict]:
    """The manifests by kind and name; the name alone is that of all of them."""
    found = [manifest for manifest in yaml.safe_load_all(pathlib.Path(file).read_text()) if manifest]
    return {f"{manifest['kind']}/{manifest['metadata']['name']}": manifest for manifest in found}


def main() -> None:
    """Checks them."""
    all_of_them = read(sys.argv[1])
    checks = [check for name, check in globals().items() if name.startswith("check_")]
    failed = sum(not passes(check, all_of_them) for check in checks)
    print(f"{len(checks) - failed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed else 0)


def passes(check: Callable[[dict], None], manifests: dict) -> bool:
    """Whether a check passes; prints it."""
    try:
        check(manifests)
    except (AssertionError, KeyError, IndexError, ValueError) as wrong:
        print(f"FAILED: {check.__doc__} {type(wrong).__name__}: {wrong}")
        return False
    print(f"passed: {check.__doc__}")
    return True


def pod(manifests: dict) -> dict:
    """The specification of the pods."""
    return manifests["StatefulSet/poolcounter"]["spec"]["template"]["spec"]


def daemon(manifests: dict) -> dict:
    """The only container."""
    [container] = pod(manifests)["containers"]
    return container


def check_selectors(manifests: dict) -> None:
    """Every object selects the pods of the StatefulSet, and the clients of the policy are other pods."""
    stateful, service = manifests["StatefulSet/poolcounter"], manifests["Service/poolcounter"]
    assert stateful["spec"]["template"]["metadata"]["labels"] == MINE
    for selector in (
        stateful["spec"]["selector"]["matchLabels"],
        service["spec"]["selector"],
        manifests["PodDisruptionBudget/poolcounter"]["spec"]["selector"]["matchLabels"],
        manifests["NetworkPolicy/poolcounter"]["spec"]["podSelector"]["matchLabels"],
        pod(manifests)["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
    ):
        assert selector == MINE, selector
    policy = manifests["NetworkPolicy/poolcounter"]["spec"]
    assert policy["ingress"] == [
        {
            "from": [{"podSelector": {"matchLabels": {"poolcounter-client": "true"}}}],
            "ports": [{"port": "poolcounter"}],
        }
    ], policy["ingress"]
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"} and not policy.get("egress"), policy


def check_names(manifests: dict) -> None:
    """Three pods have stable names, which do not disappear while a pod drains."""
    stateful, service = manifests["StatefulSet/poolcounter"]["spec"], manifests["Service/poolcounter"]
    assert stateful["replicas"] == 3
    assert stateful["serviceName"] == service["metadata"]["name"]
    assert service["spec"]["clusterIP"] == "None" and service["spec"]["publishNotReadyAddresses"] is True


def check_ports(manifests: dict) -> None:
    """Service, probes and policies name ports of the container, which are those of the image."""
    ports = {port["name"]: port["containerPort"] for port in daemon(manifests)["ports"]}
    assert ports == {"poolcounter": 7531, "admin": 7532}, ports
    for port in manifests["Service/poolcounter"]["spec"]["ports"]:
        assert ports[port["targetPort"]] == port["port"]
    probes = {name: daemon(manifests)[f"{name}Probe"]["httpGet"] for name in ("liveness", "readiness")}
    assert probes == {
        "liveness": {"path": "/healthz", "port": "admin"},
        "readiness": {"path": "/readyz", "port": "admin"},
    }, probes


def check_drain(manifests: dict) -> None:
    """PreStop drains for less time than the pod has to end, and evictions take one pod at a time."""
    command = daemon(manifests)["lifecycle"]["preStop"]["exec"]["command"]
    assert command[:3] == ["/usr/bin/poolcounterctl", "drain", "--wait"], command
    assert int(command[3]) + 10 <= pod(manifests)["terminationGracePeriodSeconds"], command
    assert manifests["PodDisruptionBudget/poolcounter"]["spec"]["maxUnavailable"] == 1


def check_security(manifests: dict) -> None:
    """The container may do nothing but serve, and writes to the folder of the admin socket alone."""
    own, pods = daemon(manifests)["securityContext"], pod(manifests)
    assert own == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }, own
    assert pods["securityContext"]["runAsNonRoot"] is True and pods["securityContext"]["runAsUser"] == 65534
    assert pods["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pods["automountServiceAccountToken"] is False
    [mount], [volume] = daemon(manifests)["volumeMounts"], pods["volumes"]
    assert mount == {"name": volume["name"], "mountPath": "/run/poolcounter"} and "emptyDir" in volume


def check_version(manifests: dict) -> None:
    """The image has the version of all packages."""
    version = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    assert version
    name, _, tag = daemon(manifests)["image"].rpartition(":")
    assert name.rpartition("/")[2] == "poolcounter" and tag == version[1], daemon(manifests)["image"]


def check_monitor(manifests: dict) -> None:
    """The ServiceMonitor, where there is one, finds the Service and its port, and Prometheus may connect."""
    monitors = [manifest for manifest in manifests.values() if manifest["kind"] == "ServiceMonitor"]
    for monitor in monitors:
        service = manifests["Service/poolcounter"]
        assert monitor["apiVersion"] == "monitoring.coreos.com/v1"
        assert set(monitor["spec"]) == {"selector", "endpoints"}, monitor["spec"]
        assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
        [endpoint] = monitor["spec"]["endpoints"]
        assert endpoint["path"] == "/metrics"
        assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
        policy = manifests["NetworkPolicy/poolcounter-metrics"]["spec"]
        assert policy["podSelector"]["matchLabels"] == MINE
        assert policy["ingress"][0]["ports"] == [{"port": "admin"}]


if __name__ == "__main__":
    main()
