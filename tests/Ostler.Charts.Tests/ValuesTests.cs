using System.Text.Json.Nodes;
using Ostler.Charts.Tests.Support;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Hosts;
using Ostler.Testing.Tools;

namespace Ostler.Charts.Tests;

/// <summary>What values do that platform teams set for their own registries, gateways and policies.</summary>
public sealed class ValuesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("controller")]
    [InlineData("agent")]
    public async Task Without_a_registry_nothing_is_rendered_and_the_message_says_what_to_set(string component)
    {
        using var helm = await Rendered.HelmAsync();
        var other = component == "controller" ? "agent" : "controller";

        var result = await helm.TryAsync(Cancel, "template", "ostler", Repository.Chart, "--set", $"{other}.image.repository=registry.example/x");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains($"set {component}.image.repository", result.Stderr, StringComparison.Ordinal);
        Assert.Contains("global.imageRegistry", result.Stderr, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "mirror.example/ostler-controller:0.1.0")]
    [InlineData("os/controller", "mirror.example/os/controller:0.1.0")]
    [InlineData("registry.example:5000/os/controller", "mirror.example/os/controller:0.1.0")]
    [InlineData("localhost/os/controller", "mirror.example/os/controller:0.1.0")]
    public async Task The_global_registry_takes_the_place_of_the_image_s_own(string repository, string image)
    {
        var rendered = await Rendered.OfAsync(Rendered.Newest, "--set", $"global.imageRegistry=mirror.example/,controller.image.repository={repository}");

        Assert.Equal(image, (string?)rendered.Pod("Deployment", "ostler-controller")["containers"]![0]!["image"]);
    }

    [Fact]
    public async Task Pull_secrets_of_chart_and_parent_are_merged()
    {
        var rendered = await Rendered.OfAsync(Rendered.Newest, "--set", "imagePullSecrets[0].name=a,global.imagePullSecrets[0]=b,global.imagePullSecrets[1].name=a");

        Assert.Equal("""[{"name":"b"},{"name":"a"}]""", rendered.Pod("DaemonSet", "ostler-agent")["imagePullSecrets"]!.ToJsonString());
    }

    /// <summary>
    /// Everything that names an account follows: pods, bindings, and the admission policy, which would no longer hold for the agent.
    /// </summary>
    [Fact]
    public async Task Another_account_has_the_rights_and_the_limits_of_the_chart_s_own()
    {
        var rendered = await Rendered.OfAsync(Rendered.Newest, "--set", "controller.serviceAccount.name=os-controller,agent.serviceAccount.name=os-agent");

        Assert.Equal(["os-agent", "os-controller"], rendered.OfKind("ServiceAccount").Select(Rendered.NameOf).Order(StringComparer.Ordinal));
        Assert.Equal("os-controller", (string?)rendered.Pod("Deployment", "ostler-controller")["serviceAccountName"]);
        Assert.Equal("os-agent", (string?)rendered.Pod("DaemonSet", "ostler-agent")["serviceAccountName"]);
        var subjects = rendered.Objects.SelectMany(o => o["subjects"]?.AsArray() ?? []).Select(s => (string)s!["name"]!).Distinct(StringComparer.Ordinal);
        Assert.Equal(["os-agent", "os-controller"], subjects.Order(StringComparer.Ordinal));
        Assert.Contains("endsWith(':os-agent')", rendered.Single("ValidatingAdmissionPolicy", "ostler-agent-own-node").ToJsonString().Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_that_exists_is_not_created_and_must_be_named()
    {
        using var helm = await Rendered.HelmAsync();
        var rendered = await Rendered.OfAsync(Rendered.Newest, "--set", "controller.serviceAccount.create=false,controller.serviceAccount.name=shared");

        var nameless = await helm.TryAsync(Cancel, ["template", "ostler", Repository.Chart, .. Rendered.Images, "--set", "agent.serviceAccount.create=false"]);

        Assert.Equal(["ostler-agent"], rendered.OfKind("ServiceAccount").Select(Rendered.NameOf));
        Assert.Equal("shared", (string?)rendered.Pod("Deployment", "ostler-controller")["serviceAccountName"]);
        Assert.Contains("set agent.serviceAccount.name", nameless.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Labels_of_pods_cannot_hide_the_pods_from_their_workload()
    {
        var rendered = await Rendered.OfAsync(Rendered.Newest, "--set", "controller.podLabels.team=platform,controller.podLabels.app\\.kubernetes\\.io/component=other");
        var spec = rendered.Single("Deployment", "ostler-controller")["spec"]!;

        Assert.Equal("""{"app.kubernetes.io/name":"ostler","app.kubernetes.io/component":"controller","team":"platform"}""", spec["template"]!["metadata"]!["labels"]!.ToJsonString());
    }

    [Theory]
    [InlineData("configMap", "configMap", "name")]
    [InlineData("secret", "secret", "secretName")]
    public async Task Further_authorities_are_trusted_beside_those_of_the_image(string value, string kind, string field)
    {
        var pod = (await Rendered.OfAsync(Rendered.Newest, "--set", $"controller.caBundle.{value}=company-ca")).Pod("Deployment", "ostler-controller");
        var container = pod["containers"]![0]!;

        Assert.Equal("company-ca", (string?)pod["volumes"]![0]![kind]![field]);
        Assert.Equal("/etc/ostler/ca", (string?)container["volumeMounts"]![0]!["mountPath"]);
        Assert.Contains(container["env"]!.AsArray(), e => (string?)e!["name"] == "SSL_CERT_DIR" && (string?)e["value"] == "/etc/ssl/certs:/etc/ostler/ca");
    }

    [Theory]
    [InlineData("controller.caBundle.configMap=a,controller.caBundle.secret=b", "not both")]
    [InlineData("console.ingress.enabled=true,console.hosts={a.example}", "set console.enabled and console.service.enabled")]
    [InlineData("console.ingress.enabled=true,console.service.enabled=true", "set console.hosts")]
    [InlineData("console.httpRoute.enabled=true,console.service.enabled=true", "set console.httpRoute.parentRefs")]
    [InlineData("monitoring.prometheusRule.enabled=true,monitoring.prometheusRule.disabled={OstlerNodeDrifted}", "there is no alert OstlerNodeDrifted")]
    public async Task What_cannot_work_is_refused_with_the_value_to_set(string values, string message)
    {
        using var helm = await Rendered.HelmAsync();

        var result = await helm.TryAsync(Cancel, ["template", "ostler", Repository.Chart, .. Rendered.Images, "--set", values]);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(message, result.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_OpenShift_the_agent_has_its_constraints_and_the_controller_no_user_of_its_own()
    {
        var rendered = await Rendered.OfAsync(Rendered.Newest, "--set", "openshift.enabled=true,agent.serviceAccount.name=os-agent");
        var constraints = rendered.Single("SecurityContextConstraints", "ostler-agent");
        var agent = rendered.Pod("DaemonSet", "ostler-agent");

        Assert.Equal("""["system:serviceaccount:ostler-system:os-agent"]""", constraints["users"]!.ToJsonString());
        Assert.Equal(((bool?)agent["hostPID"], (bool?)agent["hostNetwork"], true), ((bool?)constraints["allowHostPID"], (bool?)constraints["allowHostNetwork"], (bool)constraints["allowPrivilegedContainer"]!));
        Assert.All((string[])["allowHostIPC", "allowHostPorts", "allowHostDirVolumePlugin"], right => Assert.False((bool)constraints[right]!));
        Assert.Equal("""{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}}""", rendered.Pod("Deployment", "ostler-controller")["securityContext"]!.ToJsonString());
        Assert.Empty((await Rendered.OfAsync(Rendered.Newest)).OfKind("SecurityContextConstraints"));
    }

    /// <summary>Under the controller's account and restrictions, with a flag that the program knows.</summary>
    [Fact]
    public async Task Helm_test_runs_the_controller_s_own_check()
    {
        var rendered = await Rendered.OfAsync(Rendered.Newest);
        var test = rendered.Single("Pod", "ostler-test");
        var pod = rendered.Pod("Deployment", "ostler-controller");
        var usage = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "src", "Ostler.Controller", "Startup", "ControllerSettings.cs"), Cancel);

        Assert.Equal("test", (string?)test["metadata"]!["annotations"]!["helm.sh/hook"]);
        Assert.All((string[])["serviceAccountName", "securityContext"], field => Assert.Equal(pod[field]!.ToJsonString(), test["spec"]![field]!.ToJsonString()));
        Assert.All((string[])["image", "securityContext"], field => Assert.Equal(pod["containers"]![0]![field]!.ToJsonString(), test["spec"]!["containers"]![0]![field]!.ToJsonString()));
        Assert.Equal(["--check-installation", "--namespace=ostler-system"], test["spec"]!["containers"]![0]!["args"]!.AsArray().Select(a => (string)a!));
        Assert.Contains("  --check-installation ", usage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alerts_can_be_left_out_and_labelled()
    {
        var rendered = await Rendered.OfAsync(
            Rendered.Newest, "--set", "monitoring.prometheusRule.enabled=true,monitoring.prometheusRule.ruleLabels.team=platform,monitoring.prometheusRule.disabled={OstlerNodesDrifted,OstlerNodeSilent}");
        var rules = rendered.Single("PrometheusRule", "ostler")["spec"]!["groups"]!.AsArray().SelectMany(g => g!["rules"]!.AsArray()).ToArray();

        Assert.DoesNotContain(rules, rule => (string?)rule!["alert"] is "OstlerNodesDrifted" or "OstlerNodeSilent");
        Assert.True(rules.Length >= 7, "The others stay.");
        Assert.All(rules, rule => Assert.Equal("platform", (string?)rule!["labels"]!["team"]));
        Assert.All(rules, rule => Assert.Contains((string?)rule!["labels"]!["severity"], (string[])["warning", "critical"]));
    }

    /// <summary>helm upgrade --reuse-values gives the new templates the defaults of the old chart: no new value may be needed.</summary>
    [Fact]
    public async Task The_values_of_every_released_chart_still_render()
    {
        using var helm = await Rendered.HelmAsync();
        var released = Directory.GetFiles(Testdata("released"));
        Assert.NotEmpty(released);

        foreach (var values in released)
        {
            var chart = Directory.CreateTempSubdirectory("ostler-reused-");
            try
            {
                foreach (var file in Directory.EnumerateFiles(Repository.Chart, "*", SearchOption.AllDirectories))
                {
                    var target = Path.Combine(chart.FullName, Path.GetRelativePath(Repository.Chart, file));
                    Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                    File.Copy(file, target);
                }

                File.Copy(values, Path.Combine(chart.FullName, "values.yaml"), overwrite: true);
                string[] everything = ["--set", "console.service.enabled=true,monitoring.serviceMonitor.enabled=true,monitoring.podMonitor.enabled=true,monitoring.prometheusRule.enabled=true,"
                    + "monitoring.dashboards.enabled=true,networkPolicy.enabled=true"];
                foreach (var arguments in (string[][])[[], everything])
                {
                    var result = await helm.TryAsync(Cancel, ["template", "ostler", chart.FullName, "--kube-version", Rendered.Newest, .. Rendered.Images, .. arguments]);

                    Assert.True(result.ExitCode == 0, $"{Path.GetFileName(values)}: {result.Stderr}");
                }
            }
            finally
            {
                chart.Delete(recursive: true);
            }
        }
    }

    /// <summary>A value that changes nothing is documented, validated, and never read.</summary>
    [Fact]
    public async Task Every_value_changes_what_is_rendered()
    {
        using var helm = await Rendered.HelmAsync();
        var defaults = YamlDocuments.Read(await File.ReadAllTextAsync(Path.Combine(Repository.Chart, "values.yaml"), Cancel))[0];
        var files = ((string[])["everything", "extended", "openshift", "minimal"]).Select(name => YamlDocuments.Read(File.ReadAllText(Testdata($"{name}.values.yaml")))[0]).ToArray();
        var read = new System.Collections.Concurrent.ConcurrentBag<string>();
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = Cancel }, async (values, _) =>
        {
            var whole = await RenderAsync(values);
            foreach (var path in Leaves(defaults, ""))
            {
                var without = values.DeepClone().AsObject();
                if (Remove(without, path.Split('/')) && !read.Contains(path) && await RenderAsync(without) != whole)
                {
                    read.Add(path);
                }
            }
        });

        // That of which the effect is a default of Kubernetes or of the program, told in tests of their own.
        string[] elsewhere = ["console/enabled", "controller/serviceAccount/create", "agent/serviceAccount/create", "crds/install"];
        Assert.Equal([], Leaves(defaults, "").Except(read).Except(elsewhere).Order(StringComparer.Ordinal));

        async Task<string> RenderAsync(JsonObject values)
        {
            var file = Path.GetTempFileName();
            try
            {
                await File.WriteAllTextAsync(file, values.ToJsonString(), Cancel);
                var result = await helm.TryAsync(Cancel, ["template", "ostler", Repository.Chart, "--kube-version", Rendered.Newest, .. Rendered.Images, "--values", file]);

                // What is refused without a value is not the same either.
                return result.ExitCode == 0 ? result.Stdout : result.Stderr;
            }
            finally
            {
                File.Delete(file);
            }
        }
    }

    // An empty map or a list is a leaf: what is in it is the user's. Resources are taken as a whole.
    private static IEnumerable<string> Leaves(JsonObject values, string at) => values.SelectMany(field =>
        field.Value is JsonObject { Count: > 0 } map && field.Key is not ("resources" or "labels") ? Leaves(map, $"{at}{field.Key}/") : [at + field.Key]);

    private static bool Remove(JsonObject values, string[] path) => path is [var last]
        ? values.Remove(last)
        : values[path[0]] is JsonObject map && Remove(map, path[1..]);

    private static string Testdata(string name) => Path.Combine(Repository.Root, "tests", "Ostler.Charts.Tests", "Testdata", name);
}
