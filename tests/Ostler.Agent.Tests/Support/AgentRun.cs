using Ostler.Agent.Logging;
using Ostler.Agent.Loop;

namespace Ostler.Agent.Tests.Support;

/// <summary>
/// A node with a simulated host, a clock that stands still and one NodeOS, and the agent on it, which can be killed and started again.
/// </summary>
internal sealed class AgentRun : IAsyncDisposable
{
    private readonly CancellationTokenSource _deadline;
    private CancellationTokenSource _life = new();
    private Task _running = Task.CompletedTask;
    private int _boots = 1;

    public AgentRun(string deployments, string version = "2022.7")
    {
        Ostree = new SimulatedOstree(Host, version, deployments);
        _deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        _deadline.CancelAfter(TimeSpan.FromMinutes(2));
    }

    /// <summary>Ends a test that waits for what does not come.</summary>
    public CancellationToken Token => _deadline.Token;

    public TempHost Host { get; } = new();

    public SimulatedOstree Ostree { get; }

    public FakeNodeOSApi Api { get; } = new();

    public TestClock Clock { get; } = new(HostTrees.Noon) { Patience = TimeSpan.FromMinutes(2) };

    public LogWatch Log { get; } = new();

    /// <summary>Half way between the bounds of every jitter.</summary>
    public const double Random = 0.5;

    /// <summary>What the host's watchdog runs.</summary>
    public static byte[] Program { get; } = [1, 2, 3];

    /// <summary>The wait of an agent that has nothing to do.</summary>
    public static TimeSpan AtRest => NodeReconciler.LookAround;

    public void Start()
    {
        _life = CancellationTokenSource.CreateLinkedTokenSource(_deadline.Token);
        var life = _life.Token;
        var agent = Agent.Create(Api, Ostree, Host.Files, new AgentLog(Log, Clock), Clock, () => Random, () => Program);
        _running = Task.Run(() => RunAsync(agent, life), CancellationToken.None);
    }

    /// <summary>Comes back when the agent has nothing more to do.</summary>
    public Task RestAsync() => Clock.WaitedForAsync(AtRest);

    /// <summary>Ends the agent in the middle of what it does.</summary>
    public async Task KillAsync()
    {
        await _life.CancelAsync();
        await _running;
    }

    /// <summary>Ends the agent from within a call of its own: the call does not come back.</summary>
    public async Task DieInAsync(CancellationToken cancellationToken)
    {
        await _life.CancelAsync();

        // When somebody else cancels it just now, that comes back before the call's own token is cancelled.
        await Task.Delay(TimeSpan.FromMinutes(1), cancellationToken);
        throw new InvalidOperationException("The call was not the agent's.");
    }

    /// <summary>The host goes down with the agent and comes up again; the agent is started.</summary>
    public async Task RebootAsync(bool finalize = true)
    {
        await KillAsync();
        Ostree.Reboot($"boot-{++_boots}", finalize);
        Start();
    }

    /// <summary>User space goes down with the agent and comes up again; the agent is started.</summary>
    public async Task SoftRebootAsync()
    {
        await KillAsync();
        Ostree.SoftReboot();
        Start();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _deadline.Dispose();
        _life.Dispose();
        Host.Dispose();
    }

    private static async Task RunAsync(AgentLoop agent, CancellationToken cancellationToken)
    {
        using (agent)
        {
            try
            {
                await agent.RunAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
            }
        }
    }
}
