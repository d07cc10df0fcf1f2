using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tests.Hosts;

/// <summary>A lab of its own for every test: real repository, real hosts, nothing shared.</summary>
public abstract class HostTest : IAsyncLifetime
{
    private readonly CancellationTokenSource _deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private OstreeLab? _lab;

    protected OstreeLab Lab => _lab!;

    /// <summary>Ends with the test, and after two minutes at the latest.</summary>
    protected CancellationToken Token => _deadline.Token;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(OstreeHost.WhyNotAvailable() is not null, OstreeHost.WhyNotAvailable() ?? "");
        _deadline.CancelAfter(TimeSpan.FromMinutes(2));
        _lab = await OstreeLab.StartAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_lab is not null)
        {
            await _lab.DisposeAsync();
        }
        _deadline.Dispose();
        GC.SuppressFinalize(this);
    }

    protected Task<OsTreeCommit> CommitAsync(OsTree tree) => Lab.Repository.CommitAsync(tree, Token);

    protected Task<OstreeHost> HostAsync(OsTreeCommit tree, string name = "node-1") =>
        Lab.CreateHostAsync(new OstreeHostOptions { Name = name, Tree = tree }, Token);

    protected async Task<OstreeHost> BootedHostAsync(OsTreeCommit tree, string name = "node-1")
    {
        var host = await HostAsync(tree, name);
        await host.BootAsync(Token);
        return host;
    }

    /// <summary>Runs a command inside that must succeed, and returns what it printed to standard output.</summary>
    protected async Task<string> RunAsync(OstreeHost host, params string[] argv) => (await host.RunAsync(argv, Token)).EnsureSuccess().Stdout;

    protected async Task PullAsync(OstreeHost host, OsTreeCommit tree) =>
        await RunAsync(host, "ostree", "pull", OstreeHost.RemoteName, $"{tree.Ref}@{tree.Checksum}");

    /// <summary>Pulls from the host's remote over HTTP and stages without a lock.</summary>
    protected async Task StageAsync(OstreeHost host, OsTreeCommit tree)
    {
        await PullAsync(host, tree);
        await RunAsync(host, "ostree", "admin", "deploy", "--stage", tree.Checksum);
    }
}
