using System.Text.Json.Nodes;
using Ostler.Machine.Container;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Documentation;

namespace Ostler.Machine.Tests;

public class ContainerBundleTests
{
    private static readonly Uri ApiServer = new("https://10.96.0.1:6443");

    [Fact]
    public void The_shipped_DaemonSet_gives_what_a_kubelet_would_give_its_pod()
    {
        var bundle = From(Shipped());
        Assert.True((bool?)bundle["root"]!["readonly"]);
        Assert.Equal(0, (long?)bundle["process"]!["user"]!["uid"]);
        Assert.Equal(["/usr/bin/ostler-agent"], Words(bundle["process"]!["args"]));
        Assert.Superset(
            new HashSet<string> { "NODE_NAME=edge-1", "OSTLER_HOST_ENTRY=nsenter", "KUBERNETES_SERVICE_HOST=10.96.0.1", "KUBERNETES_SERVICE_PORT=6443" },
            Words(bundle["process"]!["env"]).ToHashSet());
        Assert.Contains("CAP_SYS_ADMIN", Words(bundle["process"]!["capabilities"]!["effective"]));

        // hostPID and hostNetwork: those namespaces are the host's.
        Assert.Equal(["mount", "ipc", "cgroup"], bundle["linux"]!["namespaces"]!.AsArray().Select(n => (string?)n!["type"]));
        var account = bundle["mounts"]!.AsArray().Single(m => (string?)m!["destination"] == "/var/run/secrets/kubernetes.io/serviceaccount")!;
        Assert.Equal("/var/lib/account", (string?)account["source"]);
        Assert.Contains("ro", Words(account["options"]));

        // No volume of the host, as config/agent says.
        Assert.DoesNotContain(bundle["mounts"]!.AsArray(), m => (string?)m!["type"] == "bind" && m != account);
    }

    [Theory]
    [InlineData("hostPID", "pid")]
    [InlineData("hostNetwork", "network")]
    public void Without_it_the_container_has_a_namespace_of_its_own(string field, string ns)
    {
        var daemonSet = Shipped();
        Pod(daemonSet)[field] = false;
        Assert.Contains(ns, From(daemonSet)["linux"]!["namespaces"]!.AsArray().Select(n => (string?)n!["type"]));
    }

    [Fact]
    public void What_is_not_known_here_is_not_left_out_without_a_word()
    {
        var daemonSet = Shipped();
        Pod(daemonSet)["volumes"] = new JsonArray();
        Assert.Contains("volumes", Assert.Throws<NotSupportedException>(() => From(daemonSet)).Message, StringComparison.Ordinal);
        daemonSet = Shipped();
        Pod(daemonSet)["containers"]![0]!["securityContext"]!["privileged"] = false;
        Assert.Throws<NotSupportedException>(() => From(daemonSet));
        daemonSet = Shipped();
        Pod(daemonSet)["containers"]![0]!["env"]!.AsArray().Add((JsonNode)new JsonObject { ["name"] = "X", ["valueFrom"] = new JsonObject { ["secretKeyRef"] = new JsonObject() } });
        Assert.Throws<NotSupportedException>(() => From(daemonSet));
    }

    private static JsonObject From(JsonObject daemonSet) => ContainerBundle.From(daemonSet, "/usr/bin/ostler-agent", "edge-1", ApiServer, "/var/lib/account");

    private static JsonObject Pod(JsonObject daemonSet) => daemonSet["spec"]!["template"]!["spec"]!.AsObject();

    private static List<string> Words(JsonNode? list) => [.. list!.AsArray().Select(w => (string)w!)];

    private static JsonObject Shipped() => YamlDocuments.Read(File.ReadAllText(Path.Combine(Documents.Root, "config", "agent", "daemonset.yaml"))).Single();
}
