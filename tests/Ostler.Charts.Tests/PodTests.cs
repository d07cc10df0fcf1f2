using System.Text.Json.Nodes;
using Ostler.Charts.Tests.Support;
using Ostler.Testing;

namespace Ostler.Charts.Tests;

/// <summary>What the pods may do, and where they run.</summary>
public sealed class PodTests
{
    /// <summary>The checks of Pod Security "restricted", one by one.</summary>
    [Theory]
    [InlineData("default")]
    [InlineData("everything")]
    public async Task The_controller_is_a_pod_that_the_strictest_Pod_Security_lets_in(string values)
    {
        var pod = (await Rendered.OfAsync(Rendered.Newest, ValuesOf(values))).Pod("Deployment", "ostler-controller");
        var container = Assert.Single(pod["containers"]!.AsArray())!;
        var security = container["securityContext"]!;

        Assert.Equal((true, 65532L, "RuntimeDefault"), ((bool)pod["securityContext"]!["runAsNonRoot"]!, (long)pod["securityContext"]!["runAsUser"]!, (string?)pod["securityContext"]!["seccompProfile"]!["type"]));
        Assert.Equal("""{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},"readOnlyRootFilesystem":true}""", security.ToJsonString());
        Assert.All((string[])["hostPID", "hostNetwork", "hostIPC", "volumes", "initContainers"], field => Assert.Null(pod[field]));
        Assert.All(container["ports"]!.AsArray(), port => Assert.Null(port!["hostPort"]));
    }

    /// <summary>Its privileges are justified in config/agent/daemonset.yaml; one more needs a reason there and a change here.</summary>
    [Fact]
    public async Task The_agent_has_the_privileges_that_are_justified_and_no_others()
    {
        var pod = (await Rendered.OfAsync(Rendered.Newest)).Pod("DaemonSet", "ostler-agent");
        var container = Assert.Single(pod["containers"]!.AsArray())!;

        Assert.Equal((true, true, "ClusterFirstWithHostNet"), ((bool)pod["hostPID"]!, (bool)pod["hostNetwork"]!, (string?)pod["dnsPolicy"]));
        Assert.Equal("""{"privileged":true,"readOnlyRootFilesystem":true,"runAsUser":0}""", container["securityContext"]!.ToJsonString());
        Assert.All((string[])["hostIPC", "volumes", "initContainers", "securityContext"], field => Assert.Null(pod[field]));
        Assert.All((string[])["volumeMounts", "ports"], field => Assert.Null(container[field]));
        var why = await File.ReadAllTextAsync(Path.Combine(Repository.Config, "agent", "daemonset.yaml"), TestContext.Current.CancellationToken);
        Assert.All((string[])["# hostPID:", "# hostNetwork:", "# privileged,", "#   - no seccomp filter:", "#   - SELinux type", "#   - all devices:"], reason => Assert.Contains(reason, why, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_agent_runs_on_every_node_in_every_state()
    {
        var pod = (await Rendered.OfAsync(Rendered.Newest)).Pod("DaemonSet", "ostler-agent");

        Assert.Equal("""[{"operator":"Exists"}]""", pod["tolerations"]!.ToJsonString());
        Assert.Equal("""{"kubernetes.io/os":"linux"}""", pod["nodeSelector"]!.ToJsonString());
        Assert.Equal("system-node-critical", (string?)pod["priorityClassName"]);
    }

    /// <summary>
    /// Where no agent can run its pod would stay Pending, and `helm upgrade --wait` would never end; a nodeSelector cannot say so.
    /// </summary>
    [Theory]
    [InlineData(null, "eks.amazonaws.com/compute-type NotIn fargate, type NotIn virtual-kubelet")]
    [InlineData("""agent.affinity={"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"arch","operator":"NotIn","values":["s390x"]}]}]}}}""", "arch NotIn s390x")]
    public async Task The_agent_is_kept_off_nodes_that_cannot_run_it(string? value, string expected)
    {
        var pod = (await Rendered.OfAsync(Rendered.Newest, value is null ? [] : ["--set-json", value])).Pod("DaemonSet", "ostler-agent");

        var term = Assert.Single(pod["affinity"]!["nodeAffinity"]!["requiredDuringSchedulingIgnoredDuringExecution"]!["nodeSelectorTerms"]!.AsArray())!;
        Assert.Equal(expected, string.Join(", ", term["matchExpressions"]!.AsArray().Select(e => $"{e!["key"]} {e["operator"]} {e["values"]![0]}")));
    }

    [Theory]
    [InlineData("[]", null)]
    [InlineData("""["acme.example/server","node-role.kubernetes.io/etcd"]""", "--control-plane-labels=acme.example/server,node-role.kubernetes.io/etcd")]
    public async Task The_labels_of_the_control_plane_reach_the_controller(string labels, string? flag)
    {
        var pod = (await Rendered.OfAsync(Rendered.Newest, "--set-json", $"controller.controlPlaneLabels={labels}")).Pod("Deployment", "ostler-controller");

        Assert.Equal(flag, pod["containers"]![0]!["args"]!.AsArray().Select(a => (string?)a).SingleOrDefault(a => a!.StartsWith("--control-plane-labels", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_controller_can_leave_a_node_that_is_drained_and_never_comes_back_to_it()
    {
        var rendered = await Rendered.OfAsync(Rendered.Newest);
        var pod = rendered.Pod("Deployment", "ostler-controller");
        var budget = rendered.Single("PodDisruptionBudget", "ostler-controller");
        var labels = rendered.Single("Deployment", "ostler-controller")["spec"]!["template"]!["metadata"]!["labels"]!;

        Assert.Equal(2L, (long)rendered.Single("Deployment", "ostler-controller")["spec"]!["replicas"]!);
        Assert.Equal((1L, labels.ToJsonString()), ((long)budget["spec"]!["maxUnavailable"]!, budget["spec"]!["selector"]!["matchLabels"]!.ToJsonString()));
        Assert.Equal("system-cluster-critical", (string?)pod["priorityClassName"]);
        Assert.Equal(
            ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"],
            pod["tolerations"]!.AsArray().Select(t => (string)t!["key"]!));
        Assert.Equal(
            [("kubernetes.io/hostname", "ScheduleAnyway"), ("topology.kubernetes.io/zone", "ScheduleAnyway")],
            pod["topologySpreadConstraints"]!.AsArray().Select(c => ((string)c!["topologyKey"]!, (string)c["whenUnsatisfiable"]!)));
    }

    /// <summary>Flags that the program does not know would keep it from starting.</summary>
    [Fact]
    public async Task The_controller_gets_only_flags_that_it_knows()
    {
        var usage = await File.ReadAllTextAsync(
            Path.Combine(Repository.Root, "src", "Ostler.Controller", "Startup", "ControllerSettings.cs"), TestContext.Current.CancellationToken);
        var container = (await Rendered.OfAsync(Rendered.Newest, ValuesOf("everything"))).Pod("Deployment", "ostler-controller")["containers"]![0]!;

        Assert.All(container["args"]!.AsArray(), flag => Assert.Contains($"  {((string)flag!).Split('=')[0]}=", usage, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "ostler-controller:0.1.0")]
    [InlineData("controller.image.tag=1.2", "ostler-controller:1.2")]
    [InlineData("controller.image.repository=r.example:5000/c,controller.image.tag=1.2", "r.example:5000/c:1.2")]
    [InlineData("controller.image.tag=1.2,controller.image.digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "ostler-controller@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    public async Task An_image_is_named_by_its_digest_where_there_is_one(string values, string image)
    {
        var rendered = await Rendered.OfAsync(Rendered.Newest, "--set", values);

        Assert.Equal(image, (string?)rendered.Pod("Deployment", "ostler-controller")["containers"]![0]!["image"]);
    }

    [Fact]
    public async Task Pull_secrets_are_those_of_both_pods()
    {
        var rendered = await Rendered.OfAsync(Rendered.Newest, "--set", "imagePullSecrets[0].name=a");

        JsonObject[] pods = [rendered.Pod("Deployment", "ostler-controller"), rendered.Pod("DaemonSet", "ostler-agent")];
        Assert.All(pods, pod => Assert.Equal("""[{"name":"a"}]""", pod["imagePullSecrets"]!.ToJsonString()));
    }

    private static string[] ValuesOf(string name) =>
        name == "default" ? [] : ["--values", Path.Combine(Repository.Root, "tests", "Ostler.Charts.Tests", "Testdata", $"{name}.values.yaml")];
}
