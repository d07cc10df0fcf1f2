using Ostler.Agent.Tests.Support;
using Ostler.Api;
using Ostler.Testing.Hosts;

namespace Ostler.Agent.Tests.RealOstree;

/// <summary>A host with a real OSTree sysroot, and the agent as a process on it that talks HTTP to an API server in this process.</summary>
internal sealed class RealNode : IAsyncDisposable
{
    private readonly CancellationTokenSource _deadline;
    private readonly OstreeLab _lab;

    private RealNode(CancellationTokenSource deadline, OstreeLab lab, OsTreeCommit first, OstreeHost host) =>
        (_deadline, _lab, First, Host) = (deadline, lab, first, host);

    public OstreeHost Host { get; }

    public OsTreeRepository Repository => _lab.Repository;

    /// <summary>What the host runs at first.</summary>
    public OsTreeCommit First { get; }

    public NodeOSServer Server { get; } = new();

    public FakeNodeOSApi Api => Server.Store;

    public CancellationToken Token => _deadline.Token;

    /// <summary>Switched on, and nothing asked of it yet. Skips the test where there can be no such hosts.</summary>
    public static async Task<RealNode> StartAsync(string entry = "direct")
    {
        Assert.SkipWhen(OstreeHost.WhyNotAvailable() is not null, OstreeHost.WhyNotAvailable() ?? "");
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(4));
        var lab = await OstreeLab.StartAsync(deadline.Token);
        var first = await lab.Repository.CommitAsync(OsTree.Of("1.0"), deadline.Token);
        var host = await lab.CreateHostAsync(
            new OstreeHostOptions { Name = "node-1", Tree = first, Expose = [AppContext.BaseDirectory] }, deadline.Token);
        var node = new RealNode(deadline, lab, first, host);
        host.WriteVar("lib/agent-token", "token");
        await host.BootAsync(deadline.Token);
        node.Api.Ask(Trees.Observe());
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

    public Task<OsTreeCommit> CommitAsync(OsTree tree) => Repository.CommitAsync(tree, Token);

    public static NodeImage Image(OsTreeCommit tree) => new()
    {
        Ostree = new NodeOstreeImage { Remote = OstreeHost.RemoteName, Ref = tree.Ref },
        Digest = tree.Checksum,
        Version = tree.Version,
    };

    public void Stage(OsTreeCommit tree, long attempt = 1) => Api.Ask(new NodeOSSpec { Goal = Goal.Stage, Attempt = attempt, Image = Image(tree) });

    public void Boot(OsTreeCommit tree, long attempt = 1, params HealthCheck[] checks) => Api.Ask(new NodeOSSpec
    {
        Goal = Goal.Boot,
        Attempt = attempt,
        Image = Image(tree),
        Previous = new PreviousOS { Digest = Host.Booted!.Commit, Version = Host.Booted.Version, BootID = Host.Booted.BootId },
        HostChecks = checks,
    });

    public void Rollback(OsTreeCommit from, OsTreeCommit to, string? bootID) => Api.Ask(new NodeOSSpec
    {
        Goal = Goal.Rollback,
        Attempt = 1,
        Image = Image(from),
        Previous = new PreviousOS { Digest = to.Checksum, Version = to.Version, BootID = bootID },
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
            throw new TimeoutException($"The agent said: {string.Join("; ", seen)}");
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
