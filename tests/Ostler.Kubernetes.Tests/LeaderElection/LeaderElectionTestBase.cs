using Ostler.Kubernetes.LeaderElection;
using Ostler.Kubernetes.Tests.Support;

namespace Ostler.Kubernetes.Tests.LeaderElection;

/// <summary>A lease and those who want it.</summary>
public abstract class LeaderElectionTestBase : IAsyncLifetime
{
    private readonly List<Contender> _contenders = [];

    private protected LeaseServer Server { get; } = new();

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync()
    {
        foreach (var contender in _contenders)
        {
            await contender.DisposeAsync();
        }
        await Server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected Contender New(string identity, LeaderElectionOptions? options = null)
    {
        var contender = new Contender(Server, identity, options);
        _contenders.Add(contender);
        return contender;
    }
}
