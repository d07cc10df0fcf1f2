using System.Runtime.CompilerServices;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Fleet;
using Ostler.Testing.Hosts;
using Ostler.Testing.Waiting;

namespace Ostler.IntegrationTests.Support;

/// <summary>A tree that was published, as nodes are asked for it.</summary>
internal sealed record Release(string Digest, string Version);

/// <summary>
/// The whole of Ostler for one test: a control plane, hosts, agents and a controller of its own; one image and one policy. Nothing is
/// shared with any other test.
/// </summary>
internal sealed class Rig : IAsyncDisposable
{
    public const string Policy = "edge";
    public const string Image = "edge-os";
    private const string Branch = "acme/stable/x86_64/edge";
    private readonly FleetProgress _progress;
    private readonly HostTool _tool;
    private string? _repository;

    private Rig(HostTool tool, TestFleet fleet, FleetWitness witness) => (_tool, Fleet, Witness, _progress) = (tool, fleet, witness, new(fleet.Api));

    /// <summary>Whatever updates the hosts, the tests of the main job are the same.</summary>
    public static TheoryData<HostTool> Tools { get; } = [HostTool.Ostree, HostTool.RpmOstree, HostTool.Bootc];

    public TestFleet Fleet { get; }

    public FleetWitness Witness { get; }

    public ApiClient Api => Fleet.Api;

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>
    /// Nodes that run 1.0, agents that have reported, and a controller. Skips the test where there can be no real OSTree hosts.
    /// </summary>
    /// <param name="nodes">How many.</param>
    /// <param name="rebootLatency">How long a machine is without power in a reboot.</param>
    /// <param name="tool">What updates the hosts.</param>
    /// <param name="change">What is different about the fleet.</param>
    public static async Task<Rig> StartAsync(int nodes, TimeSpan? rebootLatency = null, HostTool tool = HostTool.Ostree, Func<FleetOptions, FleetOptions>? change = null)
    {
        Assert.SkipWhen(OstreeHost.WhyNotAvailable() is not null, OstreeHost.WhyNotAvailable() ?? "");
        var options = new FleetOptions
        {
            Nodes = nodes,
            Tool = tool,
            ControllerProgram = Path.Combine(AppContext.BaseDirectory, "ostler-controller.dll"),
            AgentProgram = Path.Combine(AppContext.BaseDirectory, "ostler-agent.dll"),
            ConfigFolder = Repository.Config,
            Behavior = TestWorkload.BehaviorOf,
            RebootLatency = rebootLatency ?? TimeSpan.FromSeconds(0.5),
        };
        var fleet = await TestFleet.StartAsync(change?.Invoke(options) ?? options, OsTree.Of("1.0"), Branch, Cancel);
        var rig = new Rig(tool, fleet, await FleetWitness.StartAsync(fleet, Cancel));
        await fleet.StartControllerAsync(Cancel);
        foreach (var name in rig.Nodes)
        {
            await rig.NodeOSAsync(name, os => os?.Status?.Booted?.Version == "1.0");
            await rig.NodeAsync(name, n => n?.Ready?.Status == "True");
        }

        return rig;
    }

    public IReadOnlyList<string> Nodes => [.. Fleet.Lab.Hosts.Select(h => h.Name).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Commits a tree, signed by somebody or by nobody, so that the branch or the tag points at it, and has the image looked up anew.
    /// </summary>
    public async Task<Release> PublishAsync(OsTree tree, TreeSigner? signer = null)
    {
        var commit = await Fleet.Lab.Repository.CommitAsync(tree, Cancel, Branch, signer);
        var digest = commit.Checksum;
        if (_tool == HostTool.Bootc)
        {
            var image = Fleet.Lab.Repository.PublishImage(commit);
            (_repository, digest, _) = image;
            if (signer is not null)
            {
                Fleet.Lab.Repository.SignImage(image, signer);
            }
        }

        await ApplyImageAsync(tree.Version);
        return new(digest, tree.Version);
    }

    /// <summary>As a GitOps controller applies what it has: the same image again and again.</summary>
    public async Task ApplyImageAsync(string version, Func<OSImageSpec, OSImageSpec>? change = null)
    {
        // The hosts' own remote: faults of the repository can then be those of one host.
        var spec = new OSImageSpec
        {
            Ostree = _repository is null ? new() { Remote = OstreeHost.RemoteName, Url = Fleet.Lab.Repository.Url, Ref = Branch, GpgVerify = false } : null,
            Container = _repository is null ? null : new() { Image = _repository + ":stable", PlainHttp = true },
            Version = version,
        };
        await Manifests.ApplyAsync(Api, Manifests.Of(new OSImage { Metadata = new() { Name = Image }, Spec = change?.Invoke(spec) ?? spec }), Cancel);
    }

    /// <summary>The policy for all nodes, with times for tests.</summary>
    public static UpgradePolicySpec Spec { get; } = new()
    {
        ImageRef = new() { Name = Image },
        NodeSelector = new() { MatchExpressions = [new() { Key = "none", Operator = LabelOperator.DoesNotExist }] },
        Rollout = new() { Soak = Duration.FromSeconds(1) },
        Reboot = new() { Timeout = Duration.FromSeconds(60) },
        Health = new() { Timeout = Duration.FromSeconds(60), Checks = [new() { Name = "canary", Systemd = new() { Active = ["ostler-lab.service"] } }] },
    };

    public Task ApplyPolicyAsync(UpgradePolicySpec spec, string name = Policy) =>
        Manifests.ApplyAsync(Api, Manifests.Of(new UpgradePolicy { Metadata = new() { Name = name }, Spec = spec }), Cancel);

    public async Task<UpgradePolicy> PolicyAsync(
        Func<UpgradePolicy?, bool> wanted, string name = Policy, TimeSpan? patience = null, [CallerArgumentExpression(nameof(wanted))] string description = "") =>
        (await WaitAsync(OstlerResources.UpgradePolicies, name, wanted, patience, description))!;

    public Task<NodeOS?> NodeOSAsync(
        string name, Func<NodeOS?, bool> wanted, TimeSpan? patience = null, [CallerArgumentExpression(nameof(wanted))] string description = "") =>
        WaitAsync(OstlerResources.NodeOSes, name, wanted, patience, description);

    public Task<OSImage?> ImageAsync(Func<OSImage?, bool> wanted, [CallerArgumentExpression(nameof(wanted))] string description = "") =>
        WaitAsync(OstlerResources.OSImages, Image, wanted, null, description);

    public Task<Node?> NodeAsync(
        string name, Func<Node?, bool> wanted, TimeSpan? patience = null, [CallerArgumentExpression(nameof(wanted))] string description = "") =>
        WaitAsync(CoreResources.Nodes, name, wanted, patience, description);

    /// <summary>Every node runs the tree and the policy is Ready with it.</summary>
    public async Task<UpgradePolicy> EverywhereAsync(Release tree)
    {
        var policy = await PolicyAsync(
            p => p?.Status is { } s && s.Target?.Digest == tree.Digest && s.Conditions.IsTrue(ConditionTypes.Ready) && s.Nodes?.Unavailable == 0
                && s.ObservedGeneration == p.Metadata.Generation,
            description: $"Ready with {tree.Version} on every node");
        Assert.All(Fleet.Lab.Hosts, h => Assert.Equal((h.Name, tree.Version), (h.Name, h.Booted?.Version)));
        return policy;
    }

    /// <summary>No node is left cordoned, none went down undrained, and never were more away at one time than may be.</summary>
    public async Task AssertInOrderAsync(int maxUnavailable = 1, params string[] cordonedByPeople)
    {
        foreach (var node in (await Api.ListAsync(CoreResources.Nodes, new(), Cancel)).Items)
        {
            Assert.Equal((node.Name, cordonedByPeople.Contains(node.Name), null), (node.Name, node.Unschedulable, node.CordonedBy));
        }

        Assert.Empty(await Witness.FaultsAsync());
        Assert.InRange(Witness.MostAway, 0, maxUnavailable + cordonedByPeople.Length);
    }

    public async ValueTask DisposeAsync()
    {
        await _progress.DisposeAsync();
        await Witness.DisposeAsync();
        await Fleet.DisposeAsync();
    }

    /// <summary>
    /// Waits on a watch as long as anything in the fleet makes progress; then the logs are shown with what was seen last.
    /// </summary>
    private async Task<T?> WaitAsync<T>(ResourceType<T> type, string name, Func<T?, bool> wanted, TimeSpan? patience, string description)
        where T : class
    {
        try
        {
            return await Api.WaitForAsync(type, NamespacedName.ClusterScoped(name), wanted, Cancel, patience ?? ProgressWait.DefaultPatience, _progress, description);
        }
        catch (TimeoutException)
        {
            foreach (var line in File.ReadLines(Fleet.ControllerLog).TakeLast(60))
            {
                TestContext.Current.TestOutputHelper?.WriteLine("controller: " + line);
            }

            foreach (var node in Nodes)
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"{node}: {Fleet.AgentLog(node)}");
            }

            throw;
        }
    }
}
