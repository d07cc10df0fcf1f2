using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Testing.Hosts;

namespace Ostler.Agent.Tests.RealOstree;

/// <summary>A tree as a node is asked for it: a commit of the host's remote, or a container image.</summary>
internal sealed record PublishedTree(NodeImage Image)
{
    public string Digest => Image.Digest;

    public string Version => Image.Version!;
}

/// <summary>A host with a real OSTree sysroot, and the agent as a process on it that talks HTTP to an API server in this process.</summary>
internal sealed class RealNode : IAsyncDisposable
{
    private readonly CancellationTokenSource _deadline;
    private readonly OstreeLab _lab;

    private readonly Dictionary<string, PublishedTree> _trees = [];
    private readonly bool _images;

    private RealNode(CancellationTokenSource deadline, OstreeLab lab, bool images, PublishedTree first, OstreeHost host)
    {
        (_deadline, _lab, _images, First, Host) = (deadline, lab, images, first, host);
        _trees[first.Version] = first;
    }

    /// <summary>Every kind of host that the agent updates.</summary>
    public static TheoryData<string> Kinds { get; } = ["ostree", "rpm-ostree", "rpm-ostree with images", "bootc"];

    public OstreeHost Host { get; }

    public OsTreeRepository Repository => _lab.Repository;

    /// <summary>What the host runs at first.</summary>
    public PublishedTree First { get; }

    public NodeOSServer Server { get; } = new();

    public FakeNodeOSApi Api => Server.Store;

    public CancellationToken Token => _deadline.Token;

    /// <summary>Switched on, and nothing asked of it yet. Skips the test where there can be no such hosts.</summary>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="entry">How the agent gets onto the host.</param>
    /// <param name="signer">Who signs what it runs at first.</param>
    public static async Task<RealNode> StartAsync(string kind = "ostree", string entry = "direct", TreeSigner? signer = null)
    {
        Assert.SkipWhen(OstreeHost.WhyNotAvailable() is not null, OstreeHost.WhyNotAvailable() ?? "");
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(4));
        var lab = await OstreeLab.StartAsync(deadline.Token);
        var commit = await lab.Repository.CommitAsync(OsTree.Of("1.0"), deadline.Token, signer: signer);
        var tool = kind switch { "ostree" => HostTool.Ostree, "bootc" => HostTool.Bootc, _ => HostTool.RpmOstree };
        var image = kind is "bootc" or "rpm-ostree with images" ? lab.Repository.PublishImage(commit) : null;
        var host = await lab.CreateHostAsync(
            new OstreeHostOptions { Name = "node-1", Tree = commit, Tool = tool, Image = image, Expose = [AppContext.BaseDirectory] }, deadline.Token);
        var node = new RealNode(deadline, lab, image is not null, Published(commit, image), host);
        host.WriteVar("lib/agent-token", "token");
        await host.BootAsync(deadline.Token);
        node.Api.Ask(HostTrees.Observe());
        await host.AddServiceAsync("agent", node.AgentCommand, node.AgentEnvironment(entry));
        return node;
    }

    public IReadOnlyList<string> AgentCommand => [Host.Dotnet, Host.PathInside(Path.Combine(AppContext.BaseDirectory, "ostler-agent.dll"))];

    public Dictionary<string, string> AgentEnvironment(string entry) => new()
    {
        ["NODE_NAME"] = "node-1",
        ["OSTLER_HOST_ENTRY"] = entry,
        ["OSTLER_API_SERVER"] = Server.Address.AbsoluteUri,
        ["OSTLER_API_TOKEN_FILE"] = "/var/lib/agent-token",
    };

    public async Task<PublishedTree> PublishAsync(OsTree tree, TreeSigner? signer = null)
    {
        var commit = await Repository.CommitAsync(tree, Token, signer: signer);
        var image = _images ? Repository.PublishImage(commit) : null;
        if (image is not null && signer is not null)
        {
            Repository.SignImage(image, signer);
        }

        return _trees[tree.Version] = Published(commit, image);
    }

    private static PublishedTree Published(OsTreeCommit commit, OsTreeImage? image) => new(image is null
        ? new NodeImage
        {
            Ostree = new NodeOstreeImage { Remote = OstreeHost.RemoteName, Ref = commit.Ref },
            Digest = commit.Checksum,
            Version = commit.Version,
        }
        : new NodeImage { Container = new NodeContainerImage { Repository = image.Repository }, Digest = image.Digest, Version = image.Version });

    /// <param name="tree">What.</param>
    /// <param name="attempt">Which.</param>
    /// <param name="reconcile">How the host differs, when that is to be undone.</param>
    public void Stage(PublishedTree tree, long attempt = 1, string? reconcile = null, Duration? watchdog = null) =>
        Api.Ask(new NodeOSSpec { Goal = Goal.Stage, Attempt = attempt, Image = tree.Image, Reconcile = Undoing(tree, attempt, reconcile), Watchdog = watchdog });

    private static NodeReconcile? Undoing(PublishedTree tree, long attempt, string? reason) =>
        reason is null ? null : new() { Digest = tree.Digest, Attempt = attempt, Reason = reason, DropsChanges = true };

    public void Boot(PublishedTree tree, long attempt, string reconcile) =>
        Api.Ask(Ordered(tree, attempt, []) with { Reconcile = Undoing(tree, attempt, reconcile) });

    public void Boot(PublishedTree tree, long attempt = 1, Duration? watchdog = null, params HealthCheck[] checks) =>
        Api.Ask(Ordered(tree, attempt, checks) with { Watchdog = watchdog });

    public void BootSoftly(PublishedTree tree) => Api.Ask(Ordered(tree, 1, []) with { RebootMethod = RebootMethod.Auto });

    private NodeOSSpec Ordered(PublishedTree tree, long attempt, HealthCheck[] checks) => new()
    {
        Goal = Goal.Boot,
        Attempt = attempt,
        Image = tree.Image,
        Previous = new PreviousOS { Digest = _trees[Host.Booted!.Version].Digest, Version = Host.Booted.Version, BootID = Host.Booted.BootId },
        HostChecks = checks,
    };

    public void Rollback(PublishedTree from, PublishedTree to, string? bootID) => Api.Ask(new NodeOSSpec
    {
        Goal = Goal.Rollback,
        Attempt = 1,
        Image = from.Image,
        Previous = new PreviousOS { Digest = to.Digest, Version = to.Version, BootID = bootID },
    });

    /// <summary>The next status that says so. Those that say otherwise are passed over.</summary>
    public async Task<NodeOSStatus> StatusAsync(Func<NodeOSStatus, bool> wanted)
    {
        List<string> seen = [];
        try
        {
            while (true)
            {
                var status = await Api.NextWriteAsync(Token);
                seen.Add($"{status.Step} {status.LastError?.Reason} {status.LastError?.Message}");
                if (wanted(status))
                {
                    return status;
                }
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException(
                $"The agent said: {string.Join("; ", seen)}\nThe host was asked: {string.Join('\n', Host.StubCalls.TakeLast(20))}");
        }
    }

    public Task<NodeOSStatus> StepAsync(NodeStep step) => StatusAsync(s => s.Step == step);

    public async ValueTask DisposeAsync()
    {
        await _lab.DisposeAsync();
        await Server.DisposeAsync();
        _deadline.Dispose();
    }
}
